//! Dissatisfaction reaches staff while the client is still in the chat.

use std::time::Duration;

use tempfile::TempDir;

use huifang::clock::Clock;
use huifang::domain::flag::FlagKind;
use huifang::domain::ids::MediaId;

use crate::person::Person;
use crate::records::Records;
use crate::service::Service;
use crate::staff::Staff;

/// From the transcript to the board.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_dissatisfied_voice_answer_is_on_the_board_within_two_seconds_of_its_transcript() {
    let directory = TempDir::new().unwrap();
    let service = Service::start(directory.path()).await;
    let staff = Staff::logs_in(&service).await;
    let records = Records::of(service.directory()).await;
    let clock = Clock::system();
    let mut person = Person::bound(&service, "dissatisfied").await;
    person.says("/survey").await;
    let response = records.responses(&person).await[0].id;
    let entry = format!("/console/responses/{response}");
    let mut live = staff.follows().await;
    live.changes(SOON).await; // the state at the beginning
    assert!(!staff.page("/console/board").await.contains(&entry));

    let answer = person.speaks("dissatisfied.ogg").await;
    // The board is fetched whenever the console says so, as its page does.
    let seen_at = loop {
        live.changes(Duration::from_secs(60)).await;
        if staff.page("/console/board").await.contains(&entry) {
            break clock.now();
        }
    };
    drop(answer);
    let history = person.history().await;
    let voice = history.iter().find(|message| message.transcript.is_some()).expect("the recording was heard");
    assert!(voice.transcript.as_ref().unwrap().contains("两分"), "{voice:?}");
    assert!(!voice.keywords.is_empty(), "the mood words are marked: {voice:?}");
    let media: MediaId = voice.media[0]["id"].as_str().unwrap().parse().unwrap();
    let heard_at = records.transcript(media).await.unwrap().at;
    let took = seen_at.since(heard_at);
    println!("from the transcript to the board: {took:?}");
    assert!(took <= SOON, "{took:?}");
    let flags = records.flags(&person).await;
    assert_eq!(flags.iter().map(|flag| flag.kind).collect::<Vec<_>>(), [FlagKind::NegativeFeedback]);

    // Its page shows the words, marked; a form with the right token takes it off the board.
    let page = staff.page(&format!("/console/conversations/{}", records.dialogue(&person).await)).await;
    assert!(page.contains("<mark") && page.contains("<audio"), "{page}");
    let board = staff.page("/console").await;
    let csrf = board.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap();
    let seen = format!("/console/flags/{}/seen", flags[0].id);
    assert_eq!(staff.submits(&seen, "forged").await, reqwest::StatusCode::FORBIDDEN);
    assert_eq!(staff.submits(&seen, csrf).await, reqwest::StatusCode::OK);
    assert!(records.flags(&person).await.is_empty());
}

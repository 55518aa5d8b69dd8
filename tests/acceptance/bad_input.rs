//! What nobody should send, and somebody will: each is answered politely in the person's language,
//! nothing is lost, the program lives on, and its log names the cause without the person's words.

use std::fs;
use std::path::Path;
use std::time::Duration;

use huifang::clock::Clock;
use huifang::domain::language::Language;
use huifang::domain::media::{MOST_CHARACTERS, MOST_MEGABYTES, MOST_MINUTES};
use huifang::domain::survey::AnswerSource;
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use crate::person::{Answer, Person, photo, reply_to, transcript};
use crate::records::Records;
use crate::service::Service;
use crate::words::{is_in, text};

/// Part of everything a person writes here; no line of the log may hold it.
const SECRET: &str = "紫藤花开在七号窗";
const SECRET_EN: &str = "wisteria blooms by the lantern";

/// A service with a person of each language.
struct Scene {
    service: Service,
    people: [(Language, Person); 2],
    _directory: TempDir,
}

impl Scene {
    async fn set() -> Scene {
        let directory = TempDir::new().unwrap();
        let service = Service::start(directory.path()).await;
        let chinese = Person::bound(&service, "zh-person-0001").await;
        let mut english = Person::bound(&service, "en-person-0001").await;
        let answer = english.says(&format!("Good morning, {SECRET_EN}")).await;
        assert!(is_in(Language::English, &answer.said()), "who writes English is answered in English: {answer:?}");
        let people = [(Language::Chinese, chinese), (Language::English, english)];
        Scene { service, people, _directory: directory }
    }

    /// The program lives, answers, and its log holds the cause (if there is a fault) and none of the words.
    async fn closes(mut self, cause: &str) {
        for (language, person) in &mut self.people {
            let answer = person.says("/help").await;
            assert!(answer.said().contains(&text(*language, "help", &[])), "it goes on answering: {answer:?}");
        }
        self.service.assert_alive();
        let log = self.service.log();
        assert!(log.contains(cause), "the log does not name {cause:?}:\n{log}");
        for words in [SECRET, SECRET_EN] {
            assert!(!log.contains(words), "somebody's words are in the log:\n{log}");
        }
        assert!(!log.contains("panicked"), "{log}");
    }
}

fn assert_said(answer: &Answer, language: Language, key: &str, args: &[(&str, &str)]) {
    let expected = text(language, key, args);
    assert!(answer.said().contains(&expected), "{expected:?} is not in {answer:?}");
}

fn secret(language: Language) -> &'static str {
    match language {
        Language::Chinese => SECRET,
        Language::English => SECRET_EN,
    }
}

fn clip(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/voices").join(name)).unwrap()
}

#[tokio::test]
async fn an_unknown_token_is_told_from_a_good_one() {
    let mut scene = Scene::set().await;
    for (language, person) in &mut scene.people {
        let mut forged = scene.service.token.clone();
        forged.replace_range(20..21, if forged.as_bytes()[20] == b'A' { "B" } else { "A" });
        for token in ["nonsense", forged.as_str()] {
            let answer = person.says(&format!("/start {token}")).await;
            assert_said(&answer, *language, "token_unknown", &[]);
        }
    }
    scene.closes("token_unknown").await;
}

#[tokio::test]
async fn an_expired_token_is_told_from_an_unknown_one() {
    let mut scene = Scene::set().await;
    let records = Records::of(scene.service.directory()).await;
    let (key, flat) = records.key_and_flat().await;
    let now = Clock::system().now();
    let fresh = key.sign(flat, now + Duration::from_secs(60));
    let old = key.sign(flat, huifang::domain::time::Timestamp(now.0 - 60_000));
    for (language, person) in &mut scene.people {
        let answer = person.says(&format!("/start {old}")).await;
        assert_said(&answer, *language, "token_expired", &[]);
        assert!(person.says(&format!("/start {fresh}")).await.said().contains("翠湖花园"), "the key is the right one");
    }
    scene.closes("token_expired").await;
}

#[tokio::test]
async fn a_file_of_30_mb_is_refused_and_the_words_beside_it_are_kept() {
    let mut scene = Scene::set().await;
    let mut large = photo();
    large.resize(30 * 1024 * 1024, 0);
    for (language, person) in &mut scene.people {
        let id = person.next_id();
        let words = format!("{} 阳台窗户关不严", secret(*language));
        let words = if *language == Language::English { secret(*language) } else { &words };
        let request = person.upload(&id, "big.jpg", "image/jpeg", large.clone(), Some(words));
        let answer = reply_to(request).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        let limit = MOST_MEGABYTES.to_string();
        let polite = text(*language, "refused.too_large", &[("limit", &limit)]);
        assert_eq!(answer.body["error"]["message"], polite, "{answer:?}");
        let history = person.history().await;
        assert!(history.iter().any(|message| message.text == polite), "{}", transcript(&history));
        assert!(history.iter().any(|message| message.from == "you" && message.text == words), "the words are kept");
    }
    scene.closes("refused.too_large").await;
}

#[tokio::test]
async fn a_recording_of_20_minutes_is_kept_and_a_shorter_one_asked_for() {
    let mut scene = Scene::set().await;
    // AMR in storage format: frames of 20 ms that hold nothing (RFC 4867, frame type 15).
    let mut recording = b"#!AMR\n".to_vec();
    recording.resize(recording.len() + 20 * 60 * 50, 0x7c);
    for (language, person) in &mut scene.people {
        let id = person.next_id();
        let answer = reply_to(person.upload(&id, "long.amr", "audio/amr", recording.clone(), None)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_said(&answer, *language, "voice.received", &[]);
        let limit = MOST_MINUTES.to_string();
        person.hears(&text(*language, "refused.too_long_recording", &[("limit", &limit)])).await;
        let history = person.history().await;
        assert_eq!(history.iter().find(|message| message.id == id).unwrap().media.len(), 1, "the recording is kept");
    }
    scene.closes("was not heard").await;
}

#[tokio::test]
async fn an_image_that_is_named_ogg_is_a_photo() {
    let mut scene = Scene::set().await;
    for (language, person) in &mut scene.people {
        let id = person.next_id();
        let answer = reply_to(person.upload(&id, "voice.ogg", "audio/ogg", photo(), None)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_said(&answer, *language, "photo.received", &[]);
        let history = person.history().await;
        let sent = history.iter().find(|message| message.id == id).unwrap();
        assert_eq!((&sent.media[0]["kind"], &sent.media[0]["content_type"]), (&json!("photo"), &json!("image/jpeg")));
    }
    scene.closes("").await;
}

#[tokio::test]
async fn a_file_of_a_kind_nobody_knows_is_declined() {
    let mut scene = Scene::set().await;
    for (language, person) in &mut scene.people {
        let id = person.next_id();
        let page = format!("<!doctype html><script>alert('{SECRET}')</script>").into_bytes();
        let answer = reply_to(person.upload(&id, "voice.ogg", "audio/ogg", page, None)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_said(&answer, *language, "refused.unknown_kind", &[]);
    }
    scene.closes("refused.unknown_kind").await;
}

#[tokio::test]
async fn a_truncated_recording_is_kept_and_asked_for_again() {
    let mut scene = Scene::set().await;
    let whole = clip("leak.ogg");
    for (language, person) in &mut scene.people {
        // So short that nothing can be heard in it.
        let id = person.next_id();
        reply_to(person.upload(&id, "v.ogg", "audio/ogg", whole[..100].to_vec(), None)).await;
        person.hears(&text(*language, "refused.broken_file", &[])).await;
        let history = person.history().await;
        assert_eq!(history.iter().find(|message| message.id == id).unwrap().media.len(), 1, "the recording is kept");
        // Torn off in the middle of a page: what can be heard is, and answered either way.
        let id = person.next_id();
        reply_to(person.upload(&id, "v.ogg", "audio/ogg", whole[..whole.len() / 2 + 7].to_vec(), None)).await;
        crate::until::until("an answer to half a recording", async || {
            let history = person.history().await;
            let at = history.iter().position(|message| message.id == id)?;
            let answers: Vec<_> = history[at + 1..].iter().filter(|message| message.from == "bot").collect();
            (answers.len() >= 2 && answers.iter().all(|said| !said.text.is_empty())).then_some(())
        })
        .await;
    }
    scene.closes("was not heard").await;
}

#[tokio::test]
async fn an_empty_message_is_asked_for_again() {
    let mut scene = Scene::set().await;
    for (language, person) in &mut scene.people {
        for empty in ["", " \n\t ", "\u{202e}\u{0}\u{200b}"] {
            let answer = person.says(empty).await;
            assert_said(&answer, *language, "refused.empty", &[]);
        }
        let id = person.next_id();
        let nothing = reply_to(person.json(&json!({ "session": person.session, "id": id }))).await;
        assert_said(&nothing, *language, "refused.empty", &[]);
        let id = person.next_id();
        let nothing = reply_to(person.upload(&id, "voice.ogg", "audio/ogg", Vec::new(), None)).await;
        assert_said(&nothing, *language, "refused.empty", &[]);
    }
    scene.closes("refused.empty").await;
}

#[tokio::test]
async fn a_text_of_100_000_characters_is_kept_whole_and_the_gist_asked_for() {
    let mut scene = Scene::set().await;
    for (language, person) in &mut scene.people {
        let mut long = secret(*language).repeat(100_000 / secret(*language).chars().count() + 1);
        long = long.chars().take(100_000).collect();
        let answer = person.says(&long).await;
        let limit = MOST_CHARACTERS.to_string();
        assert_said(&answer, *language, "refused.too_long", &[("limit", &limit)]);
        // The answer says that the text is kept as it is.
        let history = person.history().await;
        let kept = history.iter().filter(|message| message.from == "you").map(|message| message.text.chars().count());
        assert_eq!(kept.max(), Some(100_000));
    }
    scene.closes("refused.too_long").await;
}

#[tokio::test]
async fn a_message_beyond_all_measure_is_refused_unread() {
    let mut scene = Scene::set().await;
    for (_, person) in &mut scene.people {
        let id = person.next_id();
        let text = SECRET.repeat(300_000); // 7 MB
        let answer = reply_to(person.json(&json!({ "session": person.session, "id": id, "text": text }))).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answer.body["error"]["code"], "body_too_large");
    }
    scene.closes("body_too_large").await;
}

#[tokio::test]
async fn nothing_but_emoji_is_answered_in_words() {
    let mut scene = Scene::set().await;
    for (language, person) in &mut scene.people {
        for emoji in ["😀😀😀", "👨\u{200d}👩\u{200d}👧", "🤷"] {
            let answer = person.says(emoji).await;
            assert!(is_in(*language, &answer.said()), "{emoji}: {answer:?}");
            let history = person.history().await;
            assert!(history.iter().any(|message| message.from == "you" && message.text == emoji), "kept as it is");
        }
    }
    scene.closes("").await;
}

#[tokio::test]
async fn control_and_bidi_characters_are_taken_out_and_the_words_understood() {
    let mut scene = Scene::set().await;
    let hostile = [
        (Language::Chinese, "\u{202e}厨房\u{0}水槽\u{7}漏水\u{1b}[31m\u{2066}", "厨房水槽漏水[31m"),
        (Language::English, "\u{202e}The kitchen\u{0} sink\u{7} is leaking\u{2066}", "The kitchen sink is leaking"),
    ];
    for ((language, person), (_, sent, kept)) in scene.people.iter_mut().zip(hostile) {
        let answer = person.says(sent).await;
        assert_said(&answer, *language, "report.confirm", &[]);
        let history = person.history().await;
        assert!(
            history.iter().any(|message| message.from == "you" && message.text == kept),
            "{}",
            transcript(&history)
        );
        let odd = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{2069}').contains(&c);
        assert!(!answer.said().chars().any(odd), "{answer:?}");
    }
    scene.closes("").await;
}

#[tokio::test]
async fn an_unknown_command_is_answered_with_what_there_is() {
    let mut scene = Scene::set().await;
    for (language, person) in &mut scene.people {
        for command in ["/frobnicate", "/Report_all now", "/"] {
            let answer = person.says(command).await;
            assert_said(&answer, *language, "unknown_command", &[]);
        }
    }
    scene.closes("unknown_command").await;
}

#[tokio::test]
async fn a_survey_answer_out_of_range_is_asked_again() {
    let mut scene = Scene::set().await;
    let records = Records::of(scene.service.directory()).await;
    for (language, person) in &mut scene.people {
        person.says("/survey").await;
        for beyond in ["7", "0", "-3", "－1", "99999999999999999999", "3.7"] {
            let answer = person.says(beyond).await;
            assert!(answer.said().contains("1/5"), "the question stands: {beyond}: {answer:?}");
            assert!(is_in(*language, &answer.said()), "{answer:?}");
        }
        let answer = person.says("7").await;
        assert_said(&answer, *language, "survey.out_of_range", &[("low", "1"), ("high", "5")]);
        let response = &records.responses(person).await[0];
        assert!(records.answers(response).await.is_empty(), "nothing was taken for an answer");
        // A button that was never on a message of ours.
        let shown = person.button("5").await;
        let id = person.next_id();
        let answer = reply_to(person.press(&id, &shown.replace(":5", ":500"))).await;
        assert!(answer.said().contains("1/5"), "{answer:?}");
    }
    scene.closes("survey.out_of_range").await;
}

#[tokio::test]
async fn one_button_pressed_in_two_tabs_at_once_counts_once() {
    let mut scene = Scene::set().await;
    let records = Records::of(scene.service.directory()).await;
    for (language, person) in &mut scene.people {
        person.says("/survey").await;
        for value in ["5", "4", "5", "4", "10"] {
            let shown = person.button(value).await;
            both_tabs(person, &shown, *language).await;
        }
        let responses = records.responses(person).await;
        assert_eq!(responses.len(), 1);
        assert_eq!((responses[0].score, responses[0].nps), (Some(4.6), Some(10)));
        let answers = records.answers(&responses[0]).await;
        assert_eq!(answers.len(), 5);
        let button = serde_json::to_value(AnswerSource::Button).unwrap();
        assert!(answers.iter().all(|answer| answer.source == button.as_str().unwrap()));

        person.says(if *language == Language::Chinese { "厨房水槽漏水" } else { "The kitchen sink is leaking" }).await;
        let shown = person.button(&text(*language, "report.yes", &[])).await;
        both_tabs(person, &shown, *language).await;
        assert_eq!(records.tickets(person).await.len(), 1);
    }
    scene.closes("choice_gone").await;
}

/// Presses a button in two tabs at the same moment; both are answered.
async fn both_tabs(person: &mut Person, choice: &str, language: Language) {
    let (one, other) = (person.next_id(), person.next_id());
    let (one, other) = tokio::join!(reply_to(person.press(&one, choice)), reply_to(person.press(&other, choice)));
    for answer in [one, other] {
        assert_eq!(answer.status, StatusCode::OK);
        assert!(is_in(language, &answer.said()), "{answer:?}");
    }
}

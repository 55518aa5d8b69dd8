//! The main job: a survey and a leak report by voice and photo end in a response and a ticket.

use huifang::domain::understanding::{Category, Sentiment, Urgency};
use huifang::store::responses::Progress;
use tempfile::TempDir;

use crate::person::{Act, Person, transcript};
use crate::records::Records;
use crate::service::Service;
use crate::staff::Staff;
use crate::until::until;

/// One step of the conversation and words the bot says to it, at once or after listening.
pub(crate) struct Line {
    pub(crate) act: Act,
    pub(crate) answer: &'static str,
}

fn line(act: Act, answer: &'static str) -> Line {
    Line { act, answer }
}

/// The whole conversation: binding, a five-question survey with one answer by voice and a comment,
/// a leak report by voice and photo.
pub(crate) fn script(token: &str) -> Vec<Line> {
    let says = |words: &str| Act::Says(words.to_owned());
    vec![
        line(says(&format!("/start {token}")), "翠湖花园"),
        line(says("/survey"), "（1/5）"),
        line(Act::Taps("5"), "（2/5）"),
        line(says("4"), "（3/5）"),
        line(Act::Speaks("four.ogg"), "→ 4 分，对吗？"),
        line(Act::Taps("对"), "（4/5）"),
        line(Act::Taps("5"), "（5/5）"),
        line(says("9"), "谢谢您的认可"),
        line(says("师傅很专业，就是来得太慢"), "您的补充已记下"),
        line(Act::Speaks("leak.ogg"), "这样提交可以吗？"),
        line(Act::Photographs(Some("催了几次都没人来，太慢了")), "附件：2 个"),
        line(Act::Taps("提交"), "已登记，工单号"),
    ]
}

/// Asserts that the conversation came to one complete response and one ticket, with all that
/// belongs to them.
pub(crate) async fn assert_filed(records: &Records, person: &Person) {
    let responses = records.responses(person).await;
    let [response] = &responses[..] else { panic!("one response: {responses:?}") };
    assert_eq!((response.survey.as_str(), response.progress), ("maintenance", Progress::Complete));
    assert_eq!(
        (response.score, response.band.as_deref(), response.nps),
        (Some(4.5), Some("satisfied"), Some(9)),
        "5, 4, 4, 5 with 40, 30, 20, 10 per cent"
    );
    let mut answers = records.answers(response).await;
    answers.sort_by_key(|answer| answer.answered_at);
    let given: Vec<_> = answers.iter().map(|a| (a.question.as_str(), a.value, a.source.as_str())).collect();
    assert_eq!(
        given,
        [
            ("overall", Some(5.0), "button"),
            ("speed", Some(4.0), "digit"),
            ("skill", Some(4.0), "voice"),
            ("communication", Some(5.0), "button"),
            ("nps", Some(9.0), "digit"),
        ]
    );
    assert!(answers[2].media_id.is_some(), "the recording of a spoken answer is found again");
    let comment = response.comment.as_deref().unwrap_or_default();
    assert_eq!(comment.matches("来得太慢").count(), 1, "the comment is kept, once: {comment}");
    assert_spans(comment, &response.keywords);
    assert!(!response.keywords.is_empty(), "the comment's mood is marked");

    let tickets = records.tickets(person).await;
    let [ticket] = &tickets[..] else { panic!("one ticket: {tickets:?}") };
    assert!(ticket.number.starts_with("HF"), "{}", ticket.number);
    assert_eq!(ticket.category, Some(Category::Leak));
    assert!(ticket.urgency >= Urgency::Normal, "{:?}", ticket.urgency);
    assert_eq!(ticket.location.as_deref(), Some("主卧卫生间天花板"));
    assert!(ticket.unit_id.is_some() && ticket.project_id.is_some(), "the flat is known from the code at its door");
    assert!(ticket.description.contains("主卧卫生间天花板漏水"), "the transcript: {}", ticket.description);
    assert!(ticket.description.contains("催了几次"), "the words with the photo: {}", ticket.description);
    assert_eq!(ticket.sentiment, Sentiment::Negative);
    assert_spans(&ticket.description, &ticket.keywords);
    assert!(ticket.keywords.iter().any(|word| word.text.contains("太慢")), "{:?}", ticket.keywords);

    let media = records.media_of(ticket).await;
    let mut kinds: Vec<_> = media.iter().map(|file| (file.kind.as_str(), file.content_type.as_str())).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [("photo", "image/jpeg"), ("voice", "audio/ogg")]);
    let voice = media.iter().find(|file| file.kind == "voice").unwrap();
    let heard = records.transcript(voice.id).await.unwrap();
    assert_eq!(heard.words(), Some("主卧卫生间天花板漏水"));
    assert!(voice.seconds.is_some_and(|seconds| seconds > 1.0));
}

/// Asserts that every keyword stands where it is said to stand, counted in characters.
fn assert_spans(text: &str, keywords: &[huifang::domain::understanding::Keyword]) {
    for word in keywords {
        let marked: String = text.chars().skip(word.start).take(word.end - word.start).collect();
        assert_eq!(marked, word.text, "{text}");
        assert!(!word.why.is_empty(), "{word:?}");
    }
}

/// Waits until the model has judged what was filed: after that nothing changes any more.
pub(crate) async fn until_judged(records: &Records, person: &Person) {
    until("the ticket to be judged", async || {
        let tickets = records.tickets(person).await;
        tickets.first().filter(|ticket| !ticket.keywords.is_empty()).map(drop)
    })
    .await;
}

#[tokio::test]
async fn a_survey_and_a_leak_report_by_voice_and_photo_end_in_a_response_and_a_ticket() {
    let directory = TempDir::new().unwrap();
    let mut service = Service::start(directory.path()).await;
    let mut person = Person::new(&service, "main-job");
    for line in script(&service.token) {
        person.does(&line.act).await;
        person.hears(line.answer).await;
    }
    let records = Records::of(service.directory()).await;
    until_judged(&records, &person).await;
    assert_filed(&records, &person).await;

    // What the person sees of their own words.
    let messages = person.history().await;
    let voices: Vec<_> = messages.iter().filter_map(|message| message.transcript.as_deref()).collect();
    assert_eq!(voices, ["四分", "主卧卫生间天花板漏水"], "{}", transcript(&messages));
    let comment = messages.iter().find(|message| message.text.contains("来得太慢")).unwrap();
    assert!(!comment.keywords.is_empty(), "{comment:?}");

    // What staff sees of it.
    let staff = Staff::logs_in(&service).await;
    let ticket = &records.tickets(&person).await[0];
    let page = staff.page(&format!("/console/tickets/{}", ticket.id)).await;
    for shown in [ticket.number.as_str(), "主卧卫生间天花板漏水", "<mark", "<audio", "<img"] {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
    service.assert_alive();
}

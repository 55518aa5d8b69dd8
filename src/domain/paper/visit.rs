//! The record of one follow-up (《工程回访单》, 回访记录表): who was asked what, and what was said.

use super::{Block, Field, Paper, Photo, Terms};
use crate::domain::time::Timestamp;

/// What is known of a visit when its paper is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// What the survey is called, in the reader's language.
    pub survey: String,
    pub project: Option<String>,
    pub unit: Option<String>,
    pub contact: Option<String>,
    pub phone: Option<String>,
    /// When it was answered, or began.
    pub at: Timestamp,
    /// Whether it was answered to its end.
    pub complete: bool,
    /// How: a name with a text `web.paper.way.<name>`.
    pub way: String,
    /// The member of staff who asked.
    pub by: Option<String>,
    /// Where, if somebody went there.
    pub place: Option<String>,
    pub answers: Vec<Asked>,
    /// On 1–5.
    pub score: Option<f64>,
    /// Name of the band: its text is `band.<name>`.
    pub band: Option<String>,
    /// 0–10.
    pub nps: Option<u8>,
    pub comment: Option<String>,
    /// What the member of staff noted for the file.
    pub note: Option<String>,
    /// Photos taken on site.
    pub photos: Vec<Photo>,
    /// What was heard in the recordings of the visit.
    pub heard: Vec<String>,
    /// What the client said to the record: name of a text `web.paper.client_<name>`; `None` where
    /// nothing was recorded by staff.
    pub client: Option<&'static str>,
    /// The ticket it was about.
    pub ticket: Option<String>,
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub question: String,
    pub answer: String,
    /// What was said beside the value.
    pub words: String,
}

/// Writes the record of a visit.
pub fn record(visit: &Visit, terms: &Terms<'_>) -> Paper {
    let mut head = vec![
        terms.field("project", visit.project.clone()),
        terms.field("unit", visit.unit.clone()),
        terms.field("contact", visit.contact.as_deref().map(|name| terms.name(name))),
        terms.field("phone", visit.phone.as_deref().map(|phone| terms.phone(phone))),
        Field { label: terms.label("survey"), value: visit.survey.clone() },
        terms.field("visited_at", Some(terms.time(visit.at))),
        terms.field("way_label", Some(terms.label(&format!("way.{}", visit.way)))),
        terms.field("visited_by", visit.by.clone()),
        terms.field("visit_place", visit.place.clone()),
        terms.field("ticket", visit.ticket.clone()),
    ];
    if let Some(says) = visit.client {
        head.push(terms.field("visit_photos", (!visit.photos.is_empty()).then(|| visit.photos.len().to_string())));
        head.push(terms.field("client_says", Some(terms.label(&format!("client_{says}")))));
    }
    let rows = visit.answers.iter().map(|a| vec![a.question.clone(), a.answer.clone(), a.words.clone()]).collect();
    let state = terms.label(if visit.complete { "complete" } else { "incomplete" });
    let result = vec![
        terms.field("score", visit.score.map(|score| format!("{score:.2} / 5"))),
        terms.field("band", visit.band.as_deref().map(|band| (terms.say)(&format!("band.{band}")))),
        terms.field("nps", visit.nps.map(|nps| format!("{nps} / 10"))),
        terms.field("state", Some(state)),
    ];
    let mut blocks = vec![Block::Heading(terms.label("visit_heading")), Block::Fields(head)];
    if !visit.answers.is_empty() || visit.client.is_none() {
        blocks.extend([
            Block::Heading(terms.label("answers_heading")),
            Block::Table { head: ["question", "answer", "remark"].map(|key| terms.label(key)).to_vec(), rows },
            Block::Fields(result),
        ]);
    }
    // What staff noted is the comment of its response, too.
    let comment = visit.comment.clone().filter(|comment| Some(comment) != visit.note.as_ref());
    if comment.is_some() || visit.client.is_none() {
        blocks.push(Block::Text(terms.field("comment", comment)));
    }
    blocks.extend(visit.note.clone().map(|note| Block::Text(terms.field("note", Some(note)))));
    blocks.extend(visit.heard.iter().map(|words| Block::Text(terms.field("heard", Some(words.clone())))));
    blocks
        .push(Block::Signatures(["sign_client", "sign_visitor", "sign_manager"].map(|key| terms.label(key)).to_vec()));
    blocks.extend(terms.pictures(&visit.photos));
    Paper { title: terms.label("visit.title"), number: terms.time(visit.at), blocks, foot: terms.foot() }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::samples::{lines, terms};
    use super::super::{Reader, Taker};
    use super::*;
    use crate::domain::ids::MediaId;

    fn photo(n: u128, gone: bool) -> Photo {
        let by = Taker::Staff(Some("吴工".to_owned()));
        Photo { id: MediaId(uuid::Uuid::from_u128(n)), by, at: Timestamp(1_795_226_400_000), gone }
    }

    pub(crate) fn visit() -> Visit {
        let asked = |question: &str, answer: &str, words: &str| Asked {
            question: question.to_owned(),
            answer: answer.to_owned(),
            words: words.to_owned(),
        };
        Visit {
            survey: "工程质量回访".to_owned(),
            project: Some("翠湖花园".to_owned()),
            unit: Some("3栋1单元502".to_owned()),
            contact: Some("李静".to_owned()),
            phone: Some("13812345678".to_owned()),
            at: Timestamp(1_795_226_400_000),
            complete: true,
            way: "chat".to_owned(),
            by: None,
            place: None,
            answers: vec![asked("外观怎么样？", "4 / 5", ""), asked("用起来怎么样？", "2 / 5", "空调一直不凉")],
            score: Some(3.0),
            band: Some("neutral".to_owned()),
            nps: None,
            comment: Some("整体还行，空调尽快看看。".to_owned()),
            note: None,
            photos: vec![],
            heard: vec![],
            client: None,
            ticket: None,
        }
    }

    #[test]
    fn the_record_of_a_visit_names_who_when_how_and_every_answer() {
        insta::assert_snapshot!(lines(&record(&visit(), &terms(Reader::Staff))));
    }

    #[test]
    fn what_staff_noted_stands_on_the_record_only_where_there_is_something() {
        let with = Visit { note: Some("已约下周二上门".to_owned()), ..visit() };
        let paper = |visit: &Visit| lines(&record(visit, &terms(Reader::Staff)));
        assert!(paper(&with).contains("note:\n已约下周二上门") && !paper(&visit()).contains("note:"));
    }

    #[test]
    fn a_visit_that_staff_made_shows_place_photos_recording_and_what_the_client_says() {
        let made = Visit {
            way: "on_site".to_owned(),
            by: Some("吴工".to_owned()),
            place: Some("3栋1单元502".to_owned()),
            answers: vec![],
            score: None,
            band: None,
            comment: None,
            note: Some("阳台门关不严，已调整".to_owned()),
            photos: vec![photo(1, false), photo(2, true)],
            heard: vec!["阳台门有点漏风".to_owned()],
            client: Some("right"),
            ..visit()
        };
        insta::assert_snapshot!(lines(&record(&made, &terms(Reader::Staff))));
    }
}

//! The two papers of a repair: the confirmation for the file, and the report of what was done.

use super::{Block, Field, Paper, Photo, Taker, Terms};
use crate::domain::ticket::{Cause, Status, TicketKind};
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Category, Urgency};

/// What is known of a repair when a paper is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    pub number: String,
    pub kind: TicketKind,
    pub status: Status,
    /// Closed on the client's silence.
    pub unverified: bool,
    pub project: Option<String>,
    pub unit: Option<String>,
    pub contact: Option<String>,
    pub phone: Option<String>,
    pub category: Option<Category>,
    pub urgency: Urgency,
    pub location: Option<String>,
    pub component: Option<String>,
    pub description: String,
    pub in_warranty: Option<bool>,
    pub cause: Option<Cause>,
    /// Who repaired it.
    pub assignee: Option<String>,
    /// The firm that was sent.
    pub firm: Option<String>,
    pub reopened: u32,
    /// The owner's, and those that show the fix; oldest first.
    pub photos: Vec<Photo>,
    /// What the owner gave it afterwards, on 1–5.
    pub score: Option<f64>,
    /// What happened, oldest first.
    pub history: Vec<Moment>,
}

/// Something that happened to the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The event's name in `ticket_events`.
    pub event: String,
    pub at: Timestamp,
    /// Words that were meant for the client's eyes as well.
    pub words: Option<String>,
}

/// Events that a paper tells of; internal notes and corrections are none of them. Each has a text
/// `web.paper.event.<name>`.
pub const TOLD: [&str; 8] =
    ["reported", "assigned", "on_site", "rectified", "verified", "reopened", "closed", "closed_unverified"];

impl Repair {
    fn when(&self, event: &str) -> Option<Timestamp> {
        self.history.iter().rev().find(|moment| moment.event == event).map(|moment| moment.at)
    }

    /// What was done, of the fix that holds.
    fn measures(&self) -> Option<String> {
        self.history.iter().rev().find(|moment| moment.event == "rectified")?.words.clone()
    }
}

/// Writes the confirmation that a repair is complete (《保修完成确认单》): for the file of the
/// project and of the owner. One that the owner never confirmed says so.
pub fn completion(repair: &Repair, terms: &Terms<'_>) -> Paper {
    let confirmed = repair.when("verified").filter(|_| !repair.unverified);
    let verdict = terms.label(if confirmed.is_some() { "confirmed" } else { "unconfirmed" });
    let at = confirmed.or_else(|| repair.when("closed_unverified")).or_else(|| repair.when("closed"));
    let done = vec![
        terms.field("repaired_by", repair.assignee.clone()),
        terms.field("firm", repair.firm.clone()),
        terms.field("rectified_at", repair.when("rectified").map(|at| terms.time(at))),
        terms.field("reopened", Some(repair.reopened.to_string())),
    ];
    let verdicts = vec![
        Field { label: terms.label("verdict"), value: verdict },
        terms.field("confirmed_at", at.map(|at| terms.time(at))),
        terms.field("score", repair.score.map(|score| format!("{score:.1} / 5"))),
    ];
    let mut blocks = vec![
        Block::Heading(terms.label("place_heading")),
        Block::Fields(place(repair, terms)),
        Block::Heading(terms.label("fault_heading")),
        Block::Fields(fault(repair, terms)),
        Block::Text(terms.field("description", Some(repair.description.clone()))),
        Block::Heading(terms.label("repair_heading")),
        Block::Fields(done),
        Block::Text(terms.field("measures", repair.measures())),
        Block::Heading(terms.label("confirm_heading")),
        Block::Fields(verdicts),
        Block::Text(terms.field("declaration_label", Some(terms.label("declaration")))),
        Block::Signatures(["sign_owner", "sign_repairer", "sign_manager"].map(|key| terms.label(key)).to_vec()),
    ];
    // What the owner sent says what was broken; what is confirmed is the fix.
    let evidence: Vec<_> = repair.photos.iter().filter(|photo| matches!(photo.by, Taker::Staff(_))).cloned().collect();
    blocks.extend(terms.pictures(&evidence));
    let title = terms.label("completion.title");
    Paper { title, number: repair.number.clone(), blocks, foot: terms.foot() }
}

/// Writes the report of what was done, step by step (电子服务报告).
pub fn service(repair: &Repair, terms: &Terms<'_>) -> Paper {
    let told = repair.history.iter().filter(|moment| TOLD.contains(&moment.event.as_str()));
    let rows = told.map(|moment| {
        let what = terms.label(&format!("event.{}", moment.event));
        vec![terms.time(moment.at), what, moment.words.clone().unwrap_or_default()]
    });
    let rows = rows.collect();
    let state = vec![
        Field { label: terms.label("status"), value: (terms.say)(&format!("ticket.status.{}", repair.status.name())) },
        terms.field("repaired_by", repair.assignee.clone()),
        terms.field("firm", repair.firm.clone()),
        terms.field("photos", Some(repair.photos.len().to_string())),
    ];
    let mut blocks = vec![
        Block::Heading(terms.label("place_heading")),
        Block::Fields(place(repair, terms)),
        Block::Heading(terms.label("fault_heading")),
        Block::Fields(fault(repair, terms)),
        Block::Text(terms.field("description", Some(repair.description.clone()))),
        Block::Heading(terms.label("course_heading")),
        Block::Fields(state),
        Block::Table { head: ["time", "step", "remark"].map(|key| terms.label(key)).to_vec(), rows },
    ];
    blocks.extend(terms.pictures(&repair.photos));
    Paper { title: terms.label("service.title"), number: repair.number.clone(), blocks, foot: terms.foot() }
}

fn place(repair: &Repair, terms: &Terms<'_>) -> Vec<Field> {
    vec![
        terms.field("project", repair.project.clone()),
        terms.field("unit", repair.unit.clone()),
        terms.field("contact", repair.contact.as_deref().map(|name| terms.name(name))),
        terms.field("phone", repair.phone.as_deref().map(|phone| terms.phone(phone))),
    ]
}

fn fault(repair: &Repair, terms: &Terms<'_>) -> Vec<Field> {
    let category = repair.category.map(|category| (terms.say)(&format!("category.{}", category.name())));
    let warranty = terms.label(match repair.in_warranty {
        Some(true) => "warranty_in",
        Some(false) => "warranty_out",
        None => "warranty_unknown",
    });
    let cause = repair.cause.map(|cause| terms.label(&format!("cause.{}", cause.name())));
    vec![
        terms.field("reported_at", repair.when("reported").map(|at| terms.time(at))),
        terms.field("category", category),
        terms.field("location", repair.location.clone()),
        terms.field("component", repair.component.clone()),
        terms.field("urgency", Some((terms.say)(&format!("urgency.{}", repair.urgency.name())))),
        terms.field("warranty", Some(warranty)),
        terms.field("cause_label", cause),
    ]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::samples::{lines, terms};
    use super::super::{Kind, Reader};
    use super::*;
    use crate::domain::ids::MediaId;

    fn photo(n: u128, by: Taker, at: Timestamp) -> Photo {
        Photo { id: MediaId(uuid::Uuid::from_u128(n)), by, at, gone: false }
    }

    pub(crate) fn repair() -> Repair {
        let at = |minute: i64| Timestamp(1_795_226_400_000 + minute * 60_000);
        let moment = |event: &str, minute, words: Option<&str>| Moment {
            event: event.to_owned(),
            at: at(minute),
            words: words.map(str::to_owned),
        };
        Repair {
            number: "HF2611-0042".to_owned(),
            kind: TicketKind::Repair,
            status: Status::Closed,
            unverified: false,
            project: Some("翠湖花园".to_owned()),
            unit: Some("3栋1单元502".to_owned()),
            contact: Some("李静".to_owned()),
            phone: Some("13812345678".to_owned()),
            category: Some(Category::Leak),
            urgency: Urgency::High,
            location: Some("主卧卫生间".to_owned()),
            component: Some("地漏".to_owned()),
            description: "主卧卫生间地漏一直渗水".to_owned(),
            in_warranty: Some(true),
            cause: Some(Cause::ConstructionDefect),
            assignee: Some("王工".to_owned()),
            firm: None,
            reopened: 1,
            photos: vec![
                photo(1, Taker::Client(Some("李静".to_owned())), at(0)),
                photo(2, Taker::Staff(Some("王工".to_owned())), at(200)),
            ],
            score: Some(5.0),
            history: vec![
                moment("reported", 0, None),
                moment("assigned", 10, None),
                moment("note", 12, Some("业主难缠")),
                moment("on_site", 60, None),
                moment("rectified", 90, Some("重做防水层")),
                moment("reopened", 100, None),
                moment("rectified", 200, Some("更换地漏并重做防水，闭水 24 小时无渗漏")),
                moment("verified", 260, None),
            ],
        }
    }

    #[test]
    fn the_confirmation_names_place_fault_fix_and_verdict_and_the_fix_that_held() {
        insta::assert_snapshot!(lines(&completion(&repair(), &terms(Reader::Staff))));
    }

    #[test]
    fn behind_a_link_the_report_tells_every_step_and_hides_the_person() {
        insta::assert_snapshot!(lines(&service(&repair(), &terms(Reader::Link))));
    }

    #[test]
    fn an_internal_note_stands_on_no_paper() {
        for paper in [completion(&repair(), &terms(Reader::Staff)), service(&repair(), &terms(Reader::Staff))] {
            assert!(!lines(&paper).contains("业主难缠"));
        }
    }

    #[test]
    fn a_closure_on_silence_is_not_called_confirmed() {
        let mut repair = Repair { unverified: true, ..repair() };
        repair.history.pop();
        let silent =
            Moment { event: "closed_unverified".to_owned(), at: Timestamp(0), words: Some("理由".to_owned()) };
        repair.history.push(silent);
        let paper = lines(&completion(&repair, &terms(Reader::Staff)));
        assert!(paper.contains("verdict: unconfirmed") && !paper.contains("verdict: confirmed"), "{paper}");
    }

    #[test]
    fn there_is_no_confirmation_before_the_end_and_no_report_before_the_fix() {
        let has = |status: Status| [Kind::Service, Kind::Completion].map(|kind| kind.is_due(status));
        assert_eq!(has(Status::OnSite), [false, false]);
        assert_eq!(has(Status::Rectified), [true, false]);
        assert_eq!(has(Status::Reopened), [false, false]);
        assert_eq!(has(Status::Closed), [true, true]);
        assert_eq!(has(Status::Cancelled), [false, false]);
    }
}

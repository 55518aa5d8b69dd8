//! `GET /console/tickets/{id}`: one ticket with everything that belongs to it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use serde_json::Value;

use super::correct::{self, Judged};
use super::incidents;
use super::marks::{self, Piece};
use super::session::Staff;
use super::thread::{self, Talk, Voice};
use super::view::{Fact, Link, Shell, Tag, When};
use super::work::{Around, Work};
use crate::domain::appointment::Window;
use crate::domain::calendar::by_when;
use crate::domain::correction::About;
use crate::domain::ids::TicketId;
use crate::domain::paper::Kind;
use crate::domain::staff::Staff as Person;
use crate::domain::ticket::{Actor, Cause, Ticket};
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Category, Keyword};
use crate::store::tickets::{self, TicketEvent};
use crate::store::{self, Tx, contacts, media, projects, staff, transcripts, units};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

pub(super) async fn show(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Html<String>, WebError> {
    let id: TicketId = id.parse().map_err(|_| WebError::NotFound)?;
    let shell = Shell::of(&staff, format!("/console/tickets/{id}"), web.demo);
    let page = TicketPage::load(&web, id, staff.person.clone(), shell).await?.ok_or(WebError::NotFound)?;
    Ok(Html(page.render()?))
}

/// The page of a ticket.
#[derive(Debug, Template)]
#[template(path = "console/ticket.html")]
pub(super) struct TicketPage {
    shell: Shell,
    number: String,
    urgency: Tag,
    status: Tag,
    kind_key: String,
    unverified: bool,
    facts: Vec<Fact>,
    /// The fault of several homes that it is part of, for whoever may see that.
    incident: Option<Link>,
    words: Vec<Piece>,
    /// The words before what was misheard in them was put right.
    misheard: Option<String>,
    /// Nothing where there are no words.
    judged: Option<Judged>,
    voices: Vec<Voice>,
    keywords: Vec<KeywordRow>,
    /// Addresses.
    photos: Vec<String>,
    /// The documents there are by now, by name.
    papers: Vec<&'static str>,
    history: Vec<EventRow>,
    talk: Option<Talk>,
    work: Work,
}

/// A mood word and why it was marked.
#[derive(Debug, Clone)]
pub(super) struct KeywordRow {
    pub(super) text: String,
    pub(super) mood: &'static str,
    pub(super) why: String,
}

/// One line of the history.
#[derive(Debug, Clone)]
struct EventRow {
    at: When,
    what: String,
    who: String,
    note: String,
}

impl KeywordRow {
    pub(super) fn all(keywords: &[Keyword], w: &Words) -> Vec<KeywordRow> {
        let row = |keyword: &Keyword| {
            let mark = marks::mark_of(keyword, w);
            KeywordRow { text: keyword.text.clone(), mood: mark.mood, why: mark.why }
        };
        keywords.iter().map(row).collect()
    }
}

impl TicketPage {
    async fn load(web: &Web, id: TicketId, who: Person, shell: Shell) -> Result<Option<TicketPage>, WebError> {
        let web_ = web.clone();
        web.store
            .read(|tx| {
                Box::pin(async move {
                    let Some(ticket) = tickets::find(tx, id).await? else { return Ok(None) };
                    let people = staff::list(tx).await?;
                    let mut files = Vec::new();
                    for file in media::list_for_ticket(tx, id).await? {
                        let heard = transcripts::find(tx, file.id).await?;
                        files.push((file, heard));
                    }
                    let (voices, photos) = thread::files(&web_, tx, files, &shell.w).await?;
                    let talk = match ticket.dialogue_id {
                        Some(dialogue) => thread::load(&web_, tx, dialogue, &who, &shell.w).await?,
                        None => None,
                    };
                    // Whoever had it reads on only as long as they have something of the person's.
                    let talk = talk.filter(|talk| talk.may_answer || ticket.status.is_open());
                    let (words, recognised) = web_.desk.judged_ticket(tx, &ticket).await?;
                    let (labels, judged) = Judged::load(tx, About::Ticket(id), recognised, &shell.w).await?;
                    let name_of = |id| people.iter().find(|person| person.id == id).map(|person| person.name.clone());
                    let events = tickets::events(tx, id).await?;
                    let label = |window: Window| web_.intake.window_label(shell.w.language, window);
                    let row = |event: &TicketEvent| event_row(event, &name_of, &label, &shell.w);
                    let history = events.iter().rev().map(row).collect();
                    let around = Around { people: &people, events: &events, category: labels.category, who: &who };
                    let work = Work::load(&web_, tx, &ticket, &around, &shell.w).await?;
                    let incident = match ticket.incident_id {
                        Some(incident) => store::incidents::find(tx, incident).await?,
                        None => None,
                    };
                    let incident = match incident {
                        Some(incident) => incidents::link(tx, &incident, &who).await?,
                        None => None,
                    };
                    let warranty = super::warranty::line(&web_, tx, &ticket, labels.category, &shell.w).await?;
                    Ok::<_, WebError>(Some(TicketPage {
                        number: ticket.number.clone(),
                        urgency: labels.urgency.into(),
                        status: ticket.status.into(),
                        kind_key: format!("web.console.kind.{}", ticket.kind.name()),
                        unverified: ticket.unverified,
                        facts: facts(
                            tx,
                            &ticket,
                            labels.category,
                            ticket.assignee.and_then(name_of),
                            warranty,
                            &shell.w,
                        )
                        .await?,
                        incident,
                        misheard: (words != ticket.description).then(|| ticket.description.clone()),
                        judged: (!words.is_empty()).then_some(judged),
                        words: marks::cut(&words, &ticket.keywords, &shell.w),
                        keywords: KeywordRow::all(&ticket.keywords, &shell.w),
                        work,
                        voices,
                        photos,
                        papers: Kind::ALL
                            .into_iter()
                            .filter(|kind| kind.is_due(ticket.status))
                            .map(Kind::name)
                            .collect(),
                        history,
                        talk,
                        shell,
                    }))
                })
            })
            .await
    }
}

fn cause_key(cause: Cause) -> String {
    format!("web.console.cause.{}", cause.name())
}

async fn facts(
    tx: &mut Tx,
    ticket: &Ticket,
    category: Option<Category>,
    assignee: Option<String>,
    warranty: String,
    w: &Words,
) -> Result<Vec<Fact>, WebError> {
    let contact = contacts::find(tx, ticket.contact_id).await?;
    let unit = match ticket.unit_id {
        Some(id) => units::find(tx, id).await?.map(|unit| unit.label),
        None => None,
    };
    let project = match ticket.project_id {
        Some(id) => projects::find(tx, id).await?.map(|project| project.name),
        None => None,
    };
    let category = category.map(|category| w.get(&format!("category.{}", category.name())));
    let known = [
        Fact::known("web.console.ticket.project", project),
        Fact::known("web.console.ticket.unit", unit),
        Fact::known("web.console.ticket.contact", contact.as_ref().and_then(|contact| contact.name.clone())),
        Fact::known("web.console.ticket.phone", contact.and_then(|contact| contact.phone)),
        Fact::known("web.console.ticket.category", category),
        Fact::known("web.console.ticket.location", ticket.location.clone()),
        Fact::known("web.console.ticket.component", ticket.component.clone()),
        Fact::known("web.console.ticket.symptom", ticket.symptom.clone()),
        Fact::known("web.console.ticket.since", ticket.since.clone()),
        Fact::known("web.console.ticket.wished", ticket.wished_time.clone()),
        Fact::known("web.console.ticket.warranty", Some(warranty)),
        Fact::known("web.console.ticket.cause", ticket.cause.map(|cause| w.get(&cause_key(cause)))),
        Fact::known("web.console.ticket.expected", ticket.expected_at.map(|at| by_when(at, &w.zone))),
        Fact::known("web.console.ticket.reopened", (ticket.reopened > 0).then(|| ticket.reopened.to_string())),
        Fact::known("web.console.ticket.created", Some(When::of(ticket.created_at, w).full)),
        Fact::known("web.console.ticket.assignee", assignee.or_else(|| Some(w.get("web.console.tickets.nobody")))),
        Fact::known("web.console.ticket.priority", (ticket.priority > 0).then(|| ticket.priority.to_string())),
    ];
    Ok(known.into_iter().flatten().collect())
}

fn event_row(
    event: &TicketEvent,
    name_of: &impl Fn(crate::domain::ids::StaffId) -> Option<String>,
    label: &impl Fn(Window) -> String,
    w: &Words,
) -> EventRow {
    let who = match event.actor {
        Actor::Client => w.get("web.console.actor.client"),
        Actor::Bot => w.get("web.console.actor.bot"),
        Actor::System => w.get("web.console.actor.system"),
        Actor::Staff(id) => name_of(id).unwrap_or_default(),
        Actor::Firm(_) => w.get("web.console.actor.firm"),
    };
    let body: Value = serde_json::from_str(&event.body).unwrap_or_default();
    let said = ["to", "text"].into_iter().filter_map(|name| Some(body.get(name)?.as_str()?.to_owned()));
    let said = said.chain(about_clock(&body, w)).chain(about_time(event, &body, label, w));
    let note: Vec<String> = said.chain(correct::changes(&body, w)).collect();
    EventRow {
        at: When::of(event.at, w),
        what: w.find(&format!("web.console.event.{}", event.kind)).unwrap_or_else(|| event.kind.clone()),
        who,
        note: note.join("\n"),
    }
}

/// The day that was promised, and the times of an appointment.
fn about_time(event: &TicketEvent, body: &Value, label: &impl Fn(Window) -> String, w: &Words) -> Vec<String> {
    let promised = body.get("at").and_then(Value::as_i64).filter(|_| event.kind == "expected");
    let promised = promised.map(|at| by_when(Timestamp(at), &w.zone));
    let windows = body.get("windows").cloned().and_then(|windows| serde_json::from_value::<Vec<Window>>(windows).ok());
    promised.into_iter().chain(windows.into_iter().flatten().map(label)).collect()
}

/// What an event says of a clock or a cause, in words.
fn about_clock(body: &Value, w: &Words) -> Vec<String> {
    let name = |field: &str| body.get(field).and_then(Value::as_str);
    let clock = name("clock").and_then(|clock| w.find(&format!("web.console.clock.{clock}")));
    let clock = clock.map(|clock| match body.get("percent").and_then(Value::as_u64) {
        Some(percent) => format!("{clock} {percent} %"),
        None => clock,
    });
    let cause = name("cause").and_then(|cause| w.find(&format!("web.console.cause.{cause}")));
    let why = name("why").and_then(|why| w.find(&format!("web.console.why_short.{why}")));
    clock.into_iter().chain(cause).chain(why).collect()
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::{check, words};
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::reach::Shut;
    use crate::domain::ticket::Status;
    use crate::domain::understanding::Urgency;
    use crate::store::outbox::Delivery;
    use crate::web::console::thread::Lost;

    impl KeywordRow {
        pub(in crate::web::console) fn sample() -> KeywordRow {
            KeywordRow { text: "敷衍".to_owned(), mood: "negative", why: "不满 · 敷衍 → negative".to_owned() }
        }
    }

    impl Voice {
        pub(in crate::web::console) fn sample() -> Voice {
            let piece = |text: &str, marked: bool| Piece {
                text: text.to_owned(),
                mark: marked.then(|| marks::Mark { mood: "negative", why: "不满 · 敷衍 → negative".to_owned() }),
            };
            Voice {
                url: "/console/media/1".to_owned(),
                state_key: None,
                transcript: vec![piece("我打两分，师傅", false), piece("敷衍", true), piece("了事", false)],
                raw: Some("我打兩分，師傅敷衍了事".to_owned()),
                by: Some(correct::Signature::sample()),
                words: "我打两分，师傅敷衍了事".to_owned(),
                given_up: false,
            }
        }
    }

    impl Talk {
        pub(in crate::web::console) fn sample(language: Language) -> Talk {
            let w = words(language);
            let line = |who: &'static str, text: &str, voices: Vec<Voice>, photos: Vec<String>| thread::Line {
                who,
                name: w.get(&format!("web.console.conversation.{who}")),
                at: When::of(Timestamp(1_795_000_000_000), &words(language)),
                text: marks::cut(text, &[], &w),
                voices,
                photos,
                lost: None,
            };
            let held_back = Lost::of(Delivery::Withheld, Shut::TooLate.reason(), &w);
            let unsure = Lost::of(Delivery::Uncertain, "no answer within 10 s", &w);
            Talk {
                id: "1".to_owned(),
                href: "/console/conversations/1".to_owned(),
                may_answer: true,
                handed_over: true,
                drawn_at: 1_795_000_000_000,
                entries: vec![
                    line("client", "主卧卫生间天花板漏水", Vec::new(), vec!["/assets/icon.svg".to_owned()]),
                    line("bot", "我听到：主卧卫生间天花板漏水。\n工单 HF2611-0042 已登记。", Vec::new(), Vec::new()),
                    line("client", "", vec![Voice::sample()], Vec::new()),
                    line("staff", "您好，我是客服李静，师傅一小时内到。", Vec::new(), Vec::new()),
                    thread::Line { lost: unsure, ..line("bot", "请问修好了吗？", Vec::new(), Vec::new()) },
                    thread::Line {
                        lost: held_back,
                        ..line("staff", "师傅明早九点到，请留人。", Vec::new(), Vec::new())
                    },
                ],
            }
        }
    }

    #[test]
    fn the_history_says_which_day_was_promised_and_which_times_were_offered() {
        let w = words(Language::English);
        let event = |kind: &str, body: &str| TicketEvent {
            id: uuid::Uuid::nil(),
            ticket_id: TicketId(uuid::Uuid::nil()),
            seq: 1,
            kind: kind.to_owned(),
            actor: Actor::System,
            body: body.to_owned(),
            at: Timestamp(0),
        };
        let note = |event: &TicketEvent| {
            event_row(event, &|_| None, &|window: Window| format!("from {}", window.from.0), &w).note
        };
        // The end of 30 November 2026 in China.
        assert_eq!(note(&event("expected", r#"{"at":1796054400000}"#)), "2026-11-30");
        assert_eq!(note(&event("appointment_agreed", r#"{"windows":[{"from":1,"until":2}]}"#)), "from 1");
        assert_eq!(note(&event("appointment_agreed", r#"{"text":"11月24日 09:00–12:00"}"#)), "11月24日 09:00–12:00");
    }

    #[test]
    fn the_page_is_drawn_in_every_language() {
        for language in Language::ALL {
            let event = |what: &str, who: &str, note: &str| EventRow {
                at: When::of(Timestamp(1_795_000_000_000), &words(language)),
                what: what.to_owned(),
                who: who.to_owned(),
                note: note.to_owned(),
            };
            let page = TicketPage {
                shell: Shell::sample(language, "/console/tickets/1"),
                number: "HF2611-0042".to_owned(),
                urgency: Urgency::High.into(),
                status: Status::Assigned.into(),
                kind_key: "web.console.kind.repair".to_owned(),
                unverified: false,
                facts: vec![
                    Fact::of("web.console.ticket.project", "云栖花园"),
                    Fact::of("web.console.ticket.unit", "3栋1单元502"),
                    Fact::of("web.console.ticket.location", "主卧卫生间天花板"),
                    Fact::of("web.console.ticket.symptom", "漏水"),
                ],
                incident: Some(Link { href: "/console/incidents/1".to_owned(), label: "IN2611-01".to_owned() }),
                words: marks::cut("主卧卫生间天花板漏水，师傅态度敷衍", &[], &words(language)),
                misheard: Some("主卧卫生间天花板漏税".to_owned()),
                judged: Some(Judged::sample(&words(language))),
                voices: vec![
                    Voice::sample(),
                    Voice { transcript: Vec::new(), words: String::new(), given_up: true, ..Voice::sample() },
                ],
                keywords: vec![KeywordRow::sample()],
                photos: vec!["/assets/icon.svg".to_owned(); 2],
                papers: vec!["completion", "service"],
                history: vec![event("派单", "李静", "李师傅"), event("报修", "业主", "")],
                talk: Some(Talk::sample(language)),
                work: Work::sample(&words(language), Status::Assigned),
            };
            let drawn = page.render().unwrap();
            check("ticket", language, &drawn);
            let hint = words(language).get("web.console.correct.unheard_hint");
            assert_eq!(drawn.matches(&hint).count(), 1, "the one that nobody could hear");
        }
    }
}

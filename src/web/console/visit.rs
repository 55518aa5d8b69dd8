//! `/console/visits/{id}`: one visit, what to say on the phone, and what staff writes down of it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::csrf::{Signed, Uploaded};
use super::response::yes_or_no;
use super::session::Staff;
use super::thread::{self, Voice};
use super::view::{Choice, Fact, Link, Shell, When};
use super::visits::{place, whom};
use crate::domain::calendar;
use crate::domain::ids::{StaffId, VisitId};
use crate::domain::survey::{QuestionKind, Survey};
use crate::domain::time::Timestamp;
use crate::domain::visit::{Record, Visit, VisitStatus, Way};
use crate::planner::record::Written;
use crate::planner::{Planner, PlannerError};
use crate::store::{Tx, media, staff as people, transcripts, visits, withheld};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::posted::Posted;
use crate::web::words::Words;

/// Refusals shown with a visit.
const MOST_REFUSALS: u32 = 30;
/// How a form writes an instant.
const LOCAL: &str = "%Y-%m-%dT%H:%M";

pub(super) async fn show(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Html<String>, WebError> {
    let id = visit(&id)?;
    let shell = Shell::of(&staff, format!("/console/visits/{id}"), web.demo);
    let page = VisitPage::load(&web, id, shell).await?.ok_or(WebError::NotFound)?;
    Ok(Html(page.render()?))
}

/// Takes what was written down; the answers are named `q_<question>`.
pub(super) async fn record(
    State(web): State<Web>,
    Path(id): Path<String>,
    Uploaded(by, posted): Uploaded,
) -> Result<Redirect, WebError> {
    let done = match (visit(&id), posted.refused) {
        (Ok(id), None) => write(&web, id, &posted, by.staff).await,
        (Err(error), _) => Err(error),
        // A file that cannot be taken is told, not dropped.
        (Ok(_), Some(_)) => Err(WebError::BadFile),
    };
    if let Err(error) = &done {
        posted.forget_refused(&web, error).await;
    }
    done.map(|()| Redirect::to(&format!("/console/visits/{id}")))
}

async fn write(web: &Web, id: VisitId, posted: &Posted, by: StaffId) -> Result<(), WebError> {
    let field = |name: &str| posted.fields.get(name).map(String::as_str).unwrap_or_default();
    let way = match field("way") {
        "phone" => Way::Phone,
        "on_site" => Way::OnSite,
        _ => return Err(WebError::BadRequest),
    };
    let at = match field("at") {
        "" => None,
        given => Some(instant(given, web.intake.zone()).ok_or(WebError::BadRequest)?),
    };
    let answers = posted
        .fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("q_")?.to_owned(), value.parse::<f64>().ok()?)));
    let written = Written {
        way,
        at,
        place: field("place").to_owned(),
        note: posted.text.clone().unwrap_or_default(),
        answers: answers.collect(),
        files: posted.files.clone(),
        contact: None,
    };
    let planner = Planner::new(web.intake.clone());
    web.store.write(move |tx| Box::pin(async move { planner.record(tx, id, written, by).await })).await?;
    Ok(())
}

#[derive(Debug, Deserialize)]
pub(super) struct GivenUp {
    why: String,
}

pub(super) async fn give_up(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, form): Signed<GivenUp>,
) -> Result<Redirect, WebError> {
    let id = visit(&id)?;
    let (planner, by, not_reached) = (Planner::new(web.intake.clone()), by.person.id, form.why == "not_reached");
    web.store.write(move |tx| Box::pin(async move { planner.give_up(tx, id, by, not_reached).await })).await?;
    Ok(Redirect::to("/console/visits"))
}

/// The page of a visit.
#[derive(Debug, Template)]
#[template(path = "console/visit.html")]
struct VisitPage {
    shell: Shell,
    place: String,
    kind: String,
    status: &'static str,
    status_label: String,
    facts: Vec<Fact>,
    phone: Option<String>,
    links: Vec<Link>,
    record: Option<Recorded>,
    withheld: Vec<Refusal>,
    /// Nothing where there is nothing more to be done.
    form: Option<ToWrite>,
    /// There is a paper of it.
    paper: bool,
}

/// What was written down.
#[derive(Debug)]
struct Recorded {
    facts: Vec<Fact>,
    note: String,
    voices: Vec<Voice>,
    /// Addresses of the photos.
    photos: Vec<String>,
    /// Files that were removed since, and how many.
    removed: Option<String>,
}

#[derive(Debug)]
struct Refusal {
    at: When,
    rule: String,
    detail: String,
    until: Option<String>,
}

/// What there is to say and to write.
#[derive(Debug)]
struct ToWrite {
    script: Vec<String>,
    questions: Vec<Question>,
    /// Local time, as the form wants it.
    now: String,
    /// It is on the call list.
    called: bool,
}

#[derive(Debug)]
struct Question {
    id: String,
    text: String,
    options: Vec<Choice>,
}

impl VisitPage {
    async fn load(web: &Web, id: VisitId, shell: Shell) -> Result<Option<VisitPage>, WebError> {
        let web_ = web.clone();
        let found = web.store.read(|tx| {
            Box::pin(async move {
                let Some(visit) = visits::find(tx, id).await? else { return Ok(None) };
                // Also while it is being answered.
                let visit = visits::without_anonymous(tx, visit).await?;
                let w = &shell.w;
                let contact = whom(tx, &visit, visit.contact_id).await?;
                let where_ = place(tx, &visit).await?;
                let survey = web_.catalog.script().surveys.get(&visit.survey);
                let rows = withheld::list(tx, Some(id), None, MOST_REFUSALS).await?;
                let refusal = |row: &withheld::Withheld| Refusal {
                    at: When::of(row.at, w),
                    rule: w.get(&format!("web.console.visits.rule.{}", row.rule.name())),
                    detail: row.detail.clone(),
                    until: row.until.map(|until| w.fill("web.console.visits.until", "time", &When::of(until, w).full)),
                };
                let record = match &visit.record {
                    Some(record) => Some(written(&web_, tx, record, w).await?),
                    None => None,
                };
                let name = contact.as_ref().and_then(|contact| contact.name.clone());
                let open = !visit.status.is_final() || visit.status == VisitStatus::Expired;
                let now = web_.clock.now();
                let form = open.then(|| ToWrite {
                    script: script(&visit, &where_, survey, w),
                    questions: survey.map(|survey| questions(survey, w)).unwrap_or_default(),
                    now: local(now, web_.intake.zone()),
                    called: visit.status == VisitStatus::Call,
                });
                Ok::<_, WebError>(Some(VisitPage {
                    kind: w.get(&format!("web.console.visits.kind.{}", visit.kind.name())),
                    status: visit.status.name(),
                    status_label: w.get(&format!("web.console.visits.status.{}", visit.status.name())),
                    facts: facts(&visit, name, w),
                    phone: contact.and_then(|contact| contact.phone),
                    links: links(&visit, w),
                    withheld: rows.iter().map(refusal).collect(),
                    place: where_,
                    paper: record.is_some() || visit.response_id.is_some(),
                    record,
                    form,
                    shell,
                }))
            })
        });
        found.await
    }
}

fn facts(visit: &Visit, contact: Option<String>, w: &Words) -> Vec<Fact> {
    let reason = visit.reason.map(|reason| w.get(&format!("web.console.visits.reason.{}", reason.name())));
    let local = |at: Timestamp| When::of(at, w).full;
    let known = [
        Fact::known("web.console.ticket.contact", contact),
        Fact::known("web.console.visits.planned", Some(local(visit.planned_at))),
        Fact::known("web.console.visits.due", (visit.due_at != visit.planned_at).then(|| local(visit.due_at))),
        Fact::known("web.console.visits.sent", visit.sent_at.map(local)),
        Fact::known("web.console.visits.ended", visit.ended_at.map(local)),
        Fact::known("web.console.visits.column.why", reason),
    ];
    known.into_iter().flatten().collect()
}

fn links(visit: &Visit, w: &Words) -> Vec<Link> {
    let link = |href: String, key: &str| Link { href, label: w.get(key) };
    let known = [
        visit.response_id.map(|id| link(format!("/console/responses/{id}"), "web.console.flags.open_response")),
        visit.dialogue_id.map(|id| link(format!("/console/conversations/{id}"), "web.console.flags.open_dialogue")),
        visit.ticket_id.map(|id| link(format!("/console/tickets/{id}"), "web.console.flags.open_ticket")),
    ];
    known.into_iter().flatten().collect()
}

async fn written(web: &Web, tx: &mut Tx, record: &Record, w: &Words) -> Result<Recorded, WebError> {
    let by = people::find(tx, record.by).await?.map(|person| person.name);
    let way = match record.way {
        Way::Phone => "phone",
        Way::OnSite => "on_site",
    };
    let confirmed = match record.confirmed {
        None => "open",
        Some(true) => "right",
        Some(false) => "wrong",
    };
    let known = [
        Fact::known("web.console.visits.way", Some(w.get(&format!("web.console.visits.ways.{way}")))),
        Fact::known("web.console.visits.at", Some(When::of(record.at, w).full)),
        Fact::known("web.console.visits.at_place", record.place.clone()),
        Fact::known("web.console.visits.by", by),
        Fact::known("web.console.visits.confirmed", Some(w.get(&format!("web.console.visits.says.{confirmed}")))),
    ];
    let (mut files, mut removed) = (Vec::new(), 0);
    for id in &record.media {
        match media::find(tx, *id).await? {
            Some(file) if file.lost.is_none() => files.push((file, transcripts::find(tx, *id).await?)),
            Some(_) | None => removed += 1,
        }
    }
    let removed = (removed > 0).then(|| w.fill("web.console.visits.removed", "count", &removed.to_string()));
    let (voices, photos) = thread::files(web, tx, files, w).await?;
    let facts = known.into_iter().flatten().collect();
    Ok(Recorded { facts, note: record.note.clone(), voices, photos, removed })
}

/// What to say on the phone, line by line.
fn script(visit: &Visit, place: &str, survey: Option<&Survey>, w: &Words) -> Vec<String> {
    let aim = w.get(&format!("web.console.visits.script.{}", visit.kind.name()));
    let questions = survey.into_iter().flat_map(|survey| &survey.questions).filter(|question| question.required);
    let asked = questions.map(|question| w.get(&question.prompt_key));
    let opening = w.fill("web.console.visits.script.opening", "place", place);
    let closing = w.get("web.console.visits.script.closing");
    [opening, aim].into_iter().chain(asked).chain([closing]).collect()
}

/// The questions that are answered with a value.
fn questions(survey: &Survey, w: &Words) -> Vec<Question> {
    let asked = survey.questions.iter().filter(|question| question.kind != QuestionKind::Open);
    let question = |asked: &crate::domain::survey::Question| {
        let (low, high) = asked.kind.range().unwrap_or((0.0, 1.0));
        let values = std::iter::successors(Some(low), |value| Some(value + 1.0)).take_while(|value| *value <= high);
        let label = |value: f64| yes_or_no(asked, value, w).unwrap_or_else(|| format!("{value}"));
        let options = values.map(|value| Choice { value: format!("{value}"), label: label(value), chosen: false });
        Question { id: asked.id.clone(), text: w.get(&asked.prompt_key), options: options.collect() }
    };
    asked.map(question).collect()
}

fn visit(id: &str) -> Result<VisitId, WebError> {
    id.parse().map_err(|_| WebError::NotFound)
}

fn local(at: Timestamp, zone: &TimeZone) -> String {
    calendar::local(at, zone).strftime(LOCAL).to_string()
}

/// Reads what the form wrote; `None` for what is no time.
fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local = DateTime::strptime(LOCAL, text).ok()?;
    calendar::instant(local.date(), local.time(), zone)
}

impl From<PlannerError> for WebError {
    fn from(cause: PlannerError) -> WebError {
        match cause {
            PlannerError::Visit(_) => WebError::Conflict,
            PlannerError::Needed(_) => WebError::BadRequest,
            PlannerError::Ahead => WebError::Because(StatusCode::BAD_REQUEST, "visit_ahead"),
            PlannerError::Store(cause) => cause.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::check;
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn a_visit_is_drawn_in_every_language() {
        for language in Language::ALL {
            let shell = Shell::sample(language, "/console/visits/1");
            let w = shell.w.clone();
            let catalog = crate::catalog::Catalog::embedded().unwrap();
            let survey = catalog.script().surveys.get("post_repair").unwrap();
            let at = Timestamp(1_795_226_400_000);
            let page = VisitPage {
                place: "翠湖花园 3栋2单元1201".to_owned(),
                kind: w.get("web.console.visits.kind.post_repair"),
                status: "call",
                status_label: w.get("web.console.visits.status.call"),
                facts: vec![Fact::of("web.console.ticket.contact", "王敏")],
                phone: Some("13800000000".to_owned()),
                links: vec![],
                record: Some(Recorded {
                    facts: vec![],
                    note: "已通话".to_owned(),
                    voices: vec![],
                    photos: vec!["/console/media/1".to_owned()],
                    removed: Some(w.fill("web.console.visits.removed", "count", "2")),
                }),
                withheld: vec![Refusal {
                    at: When::of(at, &w),
                    rule: "规则".to_owned(),
                    detail: "wechat".to_owned(),
                    until: None,
                }],
                form: Some(ToWrite {
                    script: vec![w.fill("web.console.visits.script.opening", "place", "翠湖花园")],
                    questions: questions(survey, &w),
                    now: local(at, &TimeZone::UTC),
                    called: true,
                }),
                paper: true,
                shell,
            };
            check("visit", language, &page.render().unwrap());
        }
    }

    #[test]
    fn the_time_of_a_form_is_local() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let at = Timestamp(1_795_226_400_000);
        assert_eq!(local(at, &zone), "2026-11-21T10:00");
        assert_eq!(instant("2026-11-21T10:00", &zone), Some(at));
        assert_eq!(instant("", &zone), None);
    }
}

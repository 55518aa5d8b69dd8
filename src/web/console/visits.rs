//! `GET /console/visits`: the call list, what is due, what is under way, what came of it, and why
//! something was not sent.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;

use super::session::Staff;
use super::view::{Shell, When};
use crate::domain::access::{Right, Scope};
use crate::domain::contact::Contact;
use crate::domain::ids::ContactId;
use crate::domain::visit::{Visit, VisitStatus};
use crate::store::withheld::Withheld;
use crate::store::{Tx, contact_units, contacts, projects, units, visits, withheld};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

/// Lines a list shows.
const MOST: u32 = 200;

/// The lists, in the order of their tabs: name in the address and in texts.
const LISTS: [&str; 5] = ["call", "due", "under_way", "ended", "withheld"];

/// Which list is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    list: Option<String>,
}

pub(super) async fn show(
    State(web): State<Web>,
    staff: Staff,
    Query(chosen): Query<Chosen>,
) -> Result<Html<String>, WebError> {
    let list = LISTS.into_iter().find(|list| Some(*list) == chosen.list.as_deref()).unwrap_or("call");
    let shell = Shell::of(&staff, format!("/console/visits?list={list}"), web.demo);
    let w = staff.words.clone();
    let within = staff.person.scope(Right::Visits).ok_or(WebError::NotFound)?;
    let (rows, counts) = web
        .store
        .read(|tx| {
            Box::pin(async move {
                Ok::<_, WebError>((load(tx, list, &within, &w).await?, visits::count(tx, &within).await?))
            })
        })
        .await?;
    let w = &shell.w;
    let count = |list: &str| {
        let wanted: &[VisitStatus] = match list {
            "call" => &[VisitStatus::Call],
            "due" => &[VisitStatus::Planned],
            "under_way" => &[VisitStatus::Sent, VisitStatus::Reminded],
            _ => return None,
        };
        Some(counts.iter().filter(|(status, _)| wanted.contains(status)).map(|(_, count)| count).sum())
    };
    let tab = |name: &'static str| Tab {
        href: format!("/console/visits?list={name}"),
        label: w.get(&format!("web.console.visits.list.{name}")),
        count: count(name),
        chosen: name == list,
    };
    let capped = (rows.len() >= MOST as usize).then(|| w.fill("web.console.visits.capped", "count", &MOST.to_string()));
    let hint = w.get(&format!("web.console.visits.hint.{list}"));
    let page = VisitsPage { tabs: LISTS.into_iter().map(tab).collect(), hint, capped, rows, shell };
    Ok(Html(page.render()?))
}

/// The page of lists.
#[derive(Debug, Template)]
#[template(path = "console/visits.html")]
struct VisitsPage {
    shell: Shell,
    tabs: Vec<Tab>,
    hint: String,
    capped: Option<String>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Tab {
    href: String,
    label: String,
    count: Option<u64>,
    chosen: bool,
}

/// One visit in a list.
#[derive(Debug)]
struct Row {
    href: String,
    place: String,
    kind: String,
    who: String,
    phone: Option<String>,
    why: String,
    at: When,
}

async fn load(tx: &mut Tx, list: &str, within: &Scope, w: &Words) -> Result<Vec<Row>, WebError> {
    let found = match list {
        "due" => visits::list(tx, VisitStatus::Planned, within, MOST).await?,
        "under_way" => {
            let mut found = visits::list(tx, VisitStatus::Sent, within, MOST).await?;
            found.extend(visits::list(tx, VisitStatus::Reminded, within, MOST).await?);
            found.sort_by_key(|visit| visit.due_at);
            found.truncate(MOST as usize);
            found
        }
        "ended" => visits::list_ended(tx, within, MOST).await?,
        "withheld" => return refusals(tx, within, w).await,
        _ => visits::list(tx, VisitStatus::Call, within, MOST).await?,
    };
    let mut rows = Vec::new();
    for visit in found {
        let why = match (visit.reason, visit.status) {
            (Some(reason), _) => w.get(&format!("web.console.visits.reason.{}", reason.name())),
            (None, VisitStatus::Planned) => String::new(),
            (None, status) => w.get(&format!("web.console.visits.status.{}", status.name())),
        };
        let at = visit.ended_at.or(visit.sent_at).unwrap_or(visit.due_at);
        rows.push(row(tx, &visit, why, When::of(at, w), w).await?);
    }
    Ok(rows)
}

/// What was not sent, the latest first, with the rule and how long it waits.
async fn refusals(tx: &mut Tx, within: &Scope, w: &Words) -> Result<Vec<Row>, WebError> {
    let mut rows = Vec::new();
    for refusal in withheld::list_of_visits(tx, within, MOST).await? {
        let Some(id) = refusal.visit_id else { continue };
        let Some(visit) = visits::find(tx, id).await? else { continue };
        rows.push(row(tx, &visit, said(&refusal, w), When::of(refusal.at, w), w).await?);
    }
    Ok(rows)
}

/// Says why something was not sent, and until when it waits.
fn said(refusal: &Withheld, w: &Words) -> String {
    let rule = w.get(&format!("web.console.visits.rule.{}", refusal.rule.name()));
    match refusal.until {
        Some(until) => format!("{rule} · {}", w.fill("web.console.visits.until", "time", &When::of(until, w).full)),
        None => rule,
    }
}

async fn row(tx: &mut Tx, visit: &Visit, why: String, at: When, w: &Words) -> Result<Row, WebError> {
    let contact = whom(tx, visit, visit.contact_id).await?;
    Ok(Row {
        href: format!("/console/visits/{}", visit.id),
        place: place(tx, visit).await?,
        kind: w.get(&format!("web.console.visits.kind.{}", visit.kind.name())),
        who: contact.as_ref().and_then(|contact| contact.name.clone()).unwrap_or_default(),
        phone: contact.and_then(|contact| contact.phone),
        why,
        at,
    })
}

/// Returns where a visit is, as people say it.
pub(super) async fn place(tx: &mut Tx, visit: &Visit) -> Result<String, WebError> {
    let project = projects::find(tx, visit.project_id).await?.map(|project| project.name).unwrap_or_default();
    let unit = match visit.unit_id {
        Some(unit) => units::find(tx, unit).await?.map(|unit| unit.label),
        None => None,
    };
    Ok(unit.map_or_else(|| project.clone(), |unit| format!("{project} {unit}")))
}

/// Returns the person to call: the one it went to, else whoever of the unit is called.
pub(super) async fn whom(tx: &mut Tx, visit: &Visit, contact: Option<ContactId>) -> Result<Option<Contact>, WebError> {
    Ok(match (contact, visit.unit_id) {
        (Some(contact), _) => contacts::find(tx, contact).await?,
        (None, Some(unit)) => contact_units::to_call(tx, unit).await?,
        (None, None) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::check;
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::time::Timestamp;

    #[test]
    fn the_lists_are_drawn_in_every_language() {
        for language in Language::ALL {
            let shell = Shell::sample(language, "/console/visits?list=call");
            let tab = |name: &str, count| Tab {
                href: String::new(),
                label: shell.w.get(&format!("web.console.visits.list.{name}")),
                count,
                chosen: name == "call",
            };
            let row = |place: &str, phone: Option<&str>| Row {
                href: "/console/visits/1".to_owned(),
                place: place.to_owned(),
                kind: shell.w.get("web.console.visits.kind.first"),
                who: "王敏".to_owned(),
                phone: phone.map(str::to_owned),
                why: shell.w.get("web.console.visits.reason.unanswered"),
                at: When::of(Timestamp(1_795_226_400_000), &shell.w),
            };
            let page = VisitsPage {
                tabs: vec![tab("call", Some(2)), tab("due", Some(14)), tab("withheld", None)],
                hint: shell.w.get("web.console.visits.hint.call"),
                capped: None,
                rows: vec![row("翠湖花园 3栋", Some("13800000000")), row("冷水机组 CH-02", None)],
                shell,
            };
            check("visits", language, &page.render().unwrap());
        }
    }
}

//! `/console/contacts/{id}`: one person: channels and whether they are reached there, flats, what they
//! agreed to, what happened, why something did not go out; two that are one, and who is forgotten. Who
//! may look, and who may join, part and remove, says [`super::access`].

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::access;
use super::contacts::name;
use super::csrf::Signed;
use super::session::Staff;
use super::thread::why_unsent;
use super::view::{Fact, Link, Shell, When};
use crate::domain::access::Right;
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, MergeId};
use crate::domain::staff::Staff as Person;
use crate::domain::{phone, policy};
use crate::planner::Planner;
use crate::store::contact_merges::Merge;
use crate::store::erasures::Erasure;
use crate::store::{
    Tx, contact_merges, contact_units, contacts, dialogues, erasures, outbox, projects, responses, tickets, visits,
    withheld,
};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

/// Lines of each part of a person's history.
const MOST: u32 = 30;

/// The page and what can be done on it.
pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/console/contacts/{id}", get(show))
        .route("/console/contacts/{id}/unite", post(unite))
        .route("/console/contacts/{id}/part", post(part))
        .route("/console/contacts/{id}/forget", post(forget))
}

async fn show(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Result<Response, WebError> {
    let id = contact(&id)?;
    let shell = Shell::of(&staff, format!("/console/contacts/{id}"), web.demo);
    let (web_, person) = (web.clone(), staff.person.clone());
    let found = web.store.read(|tx| {
        Box::pin(async move {
            let Some(found) = contacts::find(tx, id).await? else { return Err(WebError::NotFound) };
            match found.merged_into {
                Some(into) => Ok(Err(into)),
                None => ContactPage::load(&web_, tx, found, &person, shell).await.map(Ok),
            }
        })
    });
    Ok(match found.await? {
        Ok(page) => Html(page.render()?).into_response(),
        Err(into) => Redirect::to(&format!("/console/contacts/{into}")).into_response(),
    })
}

/// Whom they are one person with: the address of their page, or their telephone number.
#[derive(Debug, Deserialize)]
struct Other {
    other: String,
    sure: Option<String>,
}

async fn unite(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, form): Signed<Other>,
) -> Result<Redirect, WebError> {
    let id = contact(&id)?;
    sure(form.sure.as_deref())?;
    let (person, named) = (by.person.clone(), form.other);
    let other = web.store.read(|tx| Box::pin(async move { other(tx, &person, id, &named).await })).await?;
    let kept = web.desk.unite(id, other, by.person.id).await?;
    Ok(Redirect::to(&format!("/console/contacts/{kept}")))
}

/// Finds whom a form means besides `this`, among those whom `person` may join with somebody: others
/// are not there.
async fn other(tx: &mut Tx, person: &Person, this: ContactId, named: &str) -> Result<ContactId, WebError> {
    let found = match named.trim().rsplit('/').next().unwrap_or_default().parse() {
        Ok(id) => vec![id],
        Err(_) => {
            let number = phone::normalised(named).ok_or(WebError::BadRequest)?;
            let found = contacts::of_phone(tx, &number).await?;
            found.into_iter().map(|other| other.id).filter(|id| *id != this).collect()
        }
    };
    let mut others = Vec::new();
    for id in found {
        if access::may_contact(tx, person, Right::Registers, id).await? {
            others.push(id);
        }
    }
    match others.as_slice() {
        [other] => Ok(*other),
        [] => Err(WebError::NotFound),
        _ => Err(WebError::Conflict),
    }
}

#[derive(Debug, Deserialize)]
struct Which {
    merge: String,
}

async fn part(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, form): Signed<Which>,
) -> Result<Redirect, WebError> {
    let (id, merge) = (contact(&id)?, form.merge.parse::<MergeId>().map_err(|_| WebError::BadRequest)?);
    web.desk.part(id, merge, by.person.id).await?;
    Ok(Redirect::to(&format!("/console/contacts/{id}")))
}

#[derive(Debug, Deserialize)]
struct Sure {
    sure: Option<String>,
}

async fn forget(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, form): Signed<Sure>,
) -> Result<Redirect, WebError> {
    let id = contact(&id)?;
    sure(form.sure.as_deref())?;
    web.desk.forget(id, by.person.id).await?;
    Ok(Redirect::to(&format!("/console/contacts/{id}")))
}

fn contact(id: &str) -> Result<ContactId, WebError> {
    id.parse().map_err(|_| WebError::NotFound)
}

/// What cannot be taken back lightly wants a tick.
fn sure(tick: Option<&str>) -> Result<(), WebError> {
    if tick == Some("yes") { Ok(()) } else { Err(WebError::BadRequest) }
}

/// The page of a person.
#[derive(Debug, Template)]
#[template(path = "console/contact.html")]
struct ContactPage {
    shell: Shell,
    name: String,
    phone: Option<String>,
    facts: Vec<Fact>,
    ways: Vec<Way>,
    history: Vec<Happened>,
    withheld: Vec<Refusal>,
    merges: Vec<Joined>,
    erasures: Vec<Removal>,
    /// Others of the same number.
    same: Vec<Link>,
    erased: bool,
}

/// A conversation, as a way to reach them.
#[derive(Debug)]
struct Way {
    href: String,
    channel: String,
    reach: String,
    open: bool,
    heard: Option<When>,
}

/// Something of their history.
#[derive(Debug)]
struct Happened {
    at: When,
    sort: i64,
    what: String,
    link: Link,
    state: String,
}

#[derive(Debug)]
struct Refusal {
    at: When,
    sort: i64,
    why: String,
    detail: String,
    href: Option<String>,
}

#[derive(Debug)]
struct Joined {
    id: String,
    at: When,
    why: String,
    undone: bool,
    can_part: bool,
}

#[derive(Debug)]
struct Removal {
    at: When,
    why: String,
    state: String,
}

impl ContactPage {
    async fn load(
        web: &Web,
        tx: &mut Tx,
        found: Contact,
        person: &Person,
        shell: Shell,
    ) -> Result<ContactPage, WebError> {
        let w = &shell.w;
        let (planner, now) = (Planner::new(web.intake.clone()), web.clock.now());
        let (mut ways, mut refusals) = (Vec::new(), Vec::new());
        for talk in dialogues::list_for_contact(tx, found.id).await? {
            let line = planner.line(tx, &talk).await?;
            let shut =
                policy::reach(std::slice::from_ref(&line), now).err().and_then(|why| why.first().map(|why| why.1));
            let href = format!("/console/conversations/{}", talk.id);
            let channel = w.get(&format!("web.console.channel.{}", talk.channel));
            for message in outbox::not_brought(tx, talk.id, MOST).await? {
                refusals.push(Refusal {
                    at: When::of(message.created_at, w),
                    sort: message.created_at.0,
                    why: w.get("web.console.contact.not_brought"),
                    detail: format!("{channel}: {}", why_unsent(&message.reason.unwrap_or_default(), w)),
                    href: Some(href.clone()),
                });
            }
            ways.push(Way {
                href,
                channel,
                open: shut.is_none(),
                reach: shut.map_or_else(
                    || w.get("web.console.contact.reached"),
                    |rule| w.get(&format!("web.console.visits.rule.{}", rule.name())),
                ),
                heard: talk.heard_at.map(|at| When::of(at, w)),
            });
        }
        for row in withheld::list(tx, None, Some(found.id), MOST).await? {
            let until = row.until.map(|until| w.fill("web.console.visits.until", "time", &When::of(until, w).local));
            refusals.push(Refusal {
                at: When::of(row.at, w),
                sort: row.at.0,
                why: w.get(&format!("web.console.visits.rule.{}", row.rule.name())),
                detail: [row.detail, until.unwrap_or_default()].join(" ").trim().to_owned(),
                href: row.visit_id.map(|visit| format!("/console/visits/{visit}")),
            });
        }
        refusals.sort_by_key(|row| std::cmp::Reverse(row.sort));
        let mut same = Vec::new();
        if let Some(number) = &found.phone {
            for other in contacts::of_phone(tx, number).await?.iter().filter(|other| other.id != found.id) {
                if !access::may_contact(tx, person, Right::Clients, other.id).await? {
                    continue;
                }
                same.push(Link { href: format!("/console/contacts/{}", other.id), label: name(other, w) });
            }
        }
        let merges = contact_merges::list(tx, found.id).await?;
        let removals = erasures::list(tx, found.id).await?;
        Ok(ContactPage {
            name: name(&found, w),
            phone: found.phone.clone(),
            facts: facts(tx, &found, w).await?,
            history: history(tx, &found, w).await?,
            ways,
            withheld: refusals,
            merges: merges.iter().map(|merge| joined(merge, found.id, w)).collect(),
            erasures: removals.iter().map(|removal| removed(removal, w)).collect(),
            same,
            erased: found.erased_at.is_some(),
            shell,
        })
    }
}

async fn facts(tx: &mut Tx, found: &Contact, w: &Words) -> Result<Vec<Fact>, WebError> {
    let mut units = Vec::new();
    for unit in contact_units::list(tx, found.id).await? {
        let project = projects::find(tx, unit.project_id).await?.map(|project| project.name).unwrap_or_default();
        units.push(format!("{project} {}", unit.label));
    }
    let role = serde_json::to_value(found.role).ok();
    let role = role.as_ref().and_then(|role| role.as_str()).unwrap_or("owner");
    let at = |at: Option<_>| at.map(|at| When::of(at, w).local);
    let language = if found.language.tag() == "en" { "language.english" } else { "language.chinese" };
    let shown = [
        Fact::known("web.console.ticket.unit", Some(units.join(" · "))),
        Fact::known("web.console.contact.role", Some(w.get(&format!("web.console.contact.roles.{role}")))),
        Fact::known("web.console.contact.language", Some(w.get(language))),
        Fact::known("web.console.contact.verified", at(found.phone_verified_at)),
        Fact::known("web.console.contact.consent", at(found.consent_at)),
        Fact::known("web.console.contact.stopped", at(found.surveys_stopped_at)),
        Fact::known("web.console.contact.since", at(Some(found.created_at))),
        Fact::known("web.console.contact.erased_at", at(found.erased_at)),
    ];
    Ok(shown.into_iter().flatten().collect())
}

/// What happened, the latest first: reports, answers, visits.
async fn history(tx: &mut Tx, found: &Contact, w: &Words) -> Result<Vec<Happened>, WebError> {
    let mut all = Vec::new();
    for ticket in tickets::list_for_contact(tx, found.id, MOST).await? {
        all.push(Happened {
            at: When::of(ticket.created_at, w),
            sort: ticket.created_at.0,
            what: w.get(&format!("web.console.kind.{}", ticket.kind.name())),
            link: Link { href: format!("/console/tickets/{}", ticket.id), label: ticket.number },
            state: w.get(&format!("web.console.status.{}", ticket.status.name())),
        });
    }
    let theirs = responses::Filter { contact_id: Some(found.id), ..responses::Filter::default() };
    for response in responses::list(tx, &theirs, MOST).await? {
        let name = w.find(&format!("survey.{}.title", response.survey)).unwrap_or(response.survey);
        all.push(Happened {
            at: When::of(response.started_at, w),
            sort: response.started_at.0,
            what: w.get("web.console.contact.answer"),
            link: Link { href: format!("/console/responses/{}", response.id), label: name },
            state: response.score.map(|score| format!("{score:.1}")).unwrap_or_default(),
        });
    }
    for visit in visits::list_for_contact(tx, found.id, MOST).await? {
        all.push(Happened {
            at: When::of(visit.due_at, w),
            sort: visit.due_at.0,
            what: w.get("web.console.visits.title"),
            link: Link {
                href: format!("/console/visits/{}", visit.id),
                label: w.get(&format!("web.console.visits.kind.{}", visit.kind.name())),
            },
            state: w.get(&format!("web.console.visits.status.{}", visit.status.name())),
        });
    }
    all.sort_by_key(|happened| std::cmp::Reverse(happened.sort));
    Ok(all)
}

fn joined(merge: &Merge, this: ContactId, w: &Words) -> Joined {
    Joined {
        id: merge.id.to_string(),
        at: When::of(merge.at, w),
        why: w.get(&format!("web.console.contact.proof.{}", merge.why.name())),
        undone: merge.undone_at.is_some(),
        can_part: merge.undone_at.is_none() && merge.moved.is_some() && merge.kept == this,
    }
}

fn removed(removal: &Erasure, w: &Words) -> Removal {
    let state = match removal.done_at {
        Some(at) => w.fill("web.console.contact.removed", "time", &When::of(at, w).local),
        None => w.fill("web.console.contact.due", "time", &When::of(removal.due_at, w).local),
    };
    let why = w.get(&format!("web.console.contact.wish.{}", removal.why.name()));
    Removal { at: When::of(removal.asked_at, w), why, state }
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::check;
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_person_is_drawn_in_every_language() {
        for language in Language::ALL {
            let shell = Shell::sample(language, "/console/contacts/1");
            let w = shell.w.clone();
            let at = || When::of(Timestamp(1_795_226_400_000), &w);
            let page = ContactPage {
                name: "王敏".to_owned(),
                phone: Some("13800000000".to_owned()),
                facts: vec![Fact::of("web.console.ticket.unit", "翠湖花园 3栋2单元1201")],
                ways: vec![Way {
                    href: "/console/conversations/1".to_owned(),
                    channel: w.get("web.console.channel.wechat"),
                    reach: w.get("web.console.visits.rule.window_over"),
                    open: false,
                    heard: Some(at()),
                }],
                history: vec![Happened {
                    at: at(),
                    sort: 0,
                    what: w.get("web.console.contact.answer"),
                    link: Link { href: "/console/tickets/1".to_owned(), label: "HF2611-0042".to_owned() },
                    state: "4.2".to_owned(),
                }],
                withheld: vec![Refusal {
                    at: at(),
                    sort: 0,
                    why: w.get("web.console.contact.not_brought"),
                    detail: "wechat".to_owned(),
                    href: None,
                }],
                merges: vec![Joined {
                    id: "1".to_owned(),
                    at: at(),
                    why: w.get("web.console.contact.proof.phone"),
                    undone: false,
                    can_part: true,
                }],
                erasures: vec![Removal {
                    at: at(),
                    why: w.get("web.console.contact.wish.client"),
                    state: w.fill("web.console.contact.due", "time", "11-21 10:00"),
                }],
                same: vec![Link { href: "/console/contacts/2".to_owned(), label: "李强".to_owned() }],
                erased: false,
                shell,
            };
            check("contact", language, &page.render().unwrap());
        }
    }
}

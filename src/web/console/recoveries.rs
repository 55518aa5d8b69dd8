//! `/console/recoveries`: clients who are to be won back or asked why, by deadline; how many were won
//! back; and the quality-client list with what may be offered to them.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;

use super::csrf::{Nothing, Signed};
use super::session::Staff;
use super::view::{self, Choice, Fact, Shell, When};
use crate::domain::access::Right;
use crate::domain::ids::{RecoveryId, ResponseId, StaffId};
use crate::domain::recovery::{Rate, Recovery, RootCause, Status};
use crate::domain::score::Band;
use crate::domain::staff::Staff as Person;
use crate::domain::time::Timestamp;
use crate::store::follow_ups::{self, QualityClient};
use crate::store::offers;
use crate::store::{Tx, contacts, projects, recoveries, responses, staff, units};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

const MOST_SHOWN: u32 = 300;

/// The pages and what can be done on them.
pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/console/recoveries", get(list))
        .route("/console/recoveries/{id}", get(show))
        .route("/console/recoveries/{id}/person", post(give))
        .route("/console/recoveries/{id}/review", post(review))
        .route("/console/recoveries/{id}/asked", post(asked))
        .route("/console/recoveries/{id}/visit", post(visit))
        .route("/console/recoveries/{id}/end", post(end))
        .route("/console/responses/{id}/offer", post(offer))
}

#[derive(Debug, Default, Deserialize)]
struct Chosen {
    #[serde(default)]
    list: String,
}

async fn list(State(web): State<Web>, by: Staff, Query(chosen): Query<Chosen>) -> Result<Html<String>, WebError> {
    let shell = Shell::of(&by, "/console/recoveries".to_owned(), web.demo);
    let now = web.clock.now();
    let within = by.person.scope(Right::Recoveries).unwrap_or_default();
    let which = ["ended", "quality"].into_iter().find(|name| *name == chosen.list).unwrap_or("open");
    let found = web.store.read(|tx| {
        Box::pin(async move {
            let rate = Rate::of(recoveries::measured(tx, &within).await?);
            let mut clients = Vec::new();
            if which == "quality" {
                for client in follow_ups::quality_clients(tx, &within, MOST_SHOWN).await? {
                    let made = offers::of_response(tx, client.response).await?;
                    clients.push((client, made));
                }
            }
            let mut rows = Vec::new();
            if which != "quality" {
                let people = staff::list(tx).await?;
                for recovery in recoveries::list_within(tx, which == "open", &within, MOST_SHOWN).await? {
                    let about = About::load(tx, &recovery).await?;
                    rows.push((recovery, about, people.clone()));
                }
            }
            Ok::<_, WebError>((rate, clients, rows))
        })
    });
    let (rate, clients, rows) = found.await?;
    let page = ListPage {
        which,
        rows: rows.into_iter().map(|(found, about, people)| Row::of(&found, about, &people, now, &shell.w)).collect(),
        clients: clients
            .into_iter()
            .map(|(client, made)| ClientRow::of(client, offer_rows(&web, &made, &shell.w), &shell.w))
            .collect(),
        measured: rate.measured,
        recovered: rate.recovered,
        percent: rate.percent().map_or_else(|| "-".to_owned(), |percent| format!("{percent:.0} %")),
        gain: if rate.measured > 0 { format!("{:+.1}", rate.mean_gain) } else { "-".to_owned() },
        shell,
    };
    Ok(Html(page.render()?))
}

async fn show(State(web): State<Web>, by: Staff, Path(id): Path<String>) -> Result<Html<String>, WebError> {
    let id: RecoveryId = id.parse().map_err(|_| WebError::NotFound)?;
    let shell = Shell::of(&by, format!("/console/recoveries/{id}"), web.demo);
    let now = web.clock.now();
    let found = web.store.read(|tx| {
        Box::pin(async move {
            let Some(recovery) = recoveries::find(tx, id).await? else { return Ok(None) };
            let about = About::load(tx, &recovery).await?;
            let comment = responses::find(tx, recovery.response_id).await?.and_then(|found| found.comment);
            Ok::<_, WebError>(Some((recovery, about, comment, staff::list(tx).await?)))
        })
    });
    let (recovery, about, comment, people) = found.await?.ok_or(WebError::NotFound)?;
    let page = RecoveryPage {
        facts: facts(&recovery, &about, &people, &shell.w),
        causes: cause_choices(&recovery, &shell.w),
        staff: staff_choices(&people, recovery.person, &shell.w),
        can_review: matches!(recovery.status, Status::Open | Status::Reviewed),
        can_ask: recovery.status == Status::ToAsk,
        can_visit: recovery.may_be_visited(),
        can_end: recovery.may_be_ended(),
        open: recovery.status.is_open(),
        review: recovery.review.clone().unwrap_or_default(),
        comment,
        row: Row::of(&recovery, about, &people, now, &shell.w),
        shell,
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
struct Given {
    staff: String,
}

#[derive(Deserialize)]
struct Review {
    /// Nothing while none was chosen: then a browser sends no such field.
    #[serde(default)]
    cause: String,
    review: String,
}

#[derive(Deserialize)]
struct Said {
    said: String,
}

#[derive(Deserialize)]
struct Offer {
    offer: String,
}

type Answer = Result<Redirect, WebError>;

async fn give(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Given>) -> Answer {
    let to: StaffId = form.staff.parse().map_err(|_| WebError::BadRequest)?;
    web.desk.give_recovery(recovery(&id)?, to, by.person.id).await?;
    Ok(back(&id))
}

async fn review(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Review>) -> Answer {
    let cause = RootCause::from_name(&form.cause).ok_or(WebError::Because(StatusCode::BAD_REQUEST, "cause_needed"))?;
    web.desk.review(recovery(&id)?, cause, &form.review, by.person.id).await?;
    Ok(back(&id))
}

async fn asked(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Said>) -> Answer {
    web.desk.asked_why(recovery(&id)?, &form.said, by.person.id).await?;
    Ok(back(&id))
}

async fn visit(State(web): State<Web>, Path(id): Path<String>, Signed(by, Nothing {}): Signed<Nothing>) -> Answer {
    web.desk.second_visit(recovery(&id)?, by.person.id).await?;
    Ok(back(&id))
}

async fn end(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Said>) -> Answer {
    web.desk.end_recovery(recovery(&id)?, &form.said, by.person.id).await?;
    Ok(back(&id))
}

async fn offer(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Offer>) -> Answer {
    let id: ResponseId = id.parse().map_err(|_| WebError::NotFound)?;
    web.desk.invite(id, &form.offer, by.person.id).await?;
    Ok(Redirect::to("/console/recoveries?list=quality"))
}

fn recovery(id: &str) -> Result<RecoveryId, WebError> {
    id.parse().map_err(|_| WebError::NotFound)
}

fn back(id: &str) -> Redirect {
    Redirect::to(&format!("/console/recoveries/{id}"))
}

fn offer_rows(web: &Web, made: &[offers::Offer], w: &Words) -> Vec<OfferRow> {
    let row = |name: &String| OfferRow {
        name: name.clone(),
        label: w.find(&format!("web.console.recovery.offer.{name}")).unwrap_or_else(|| name.clone()),
        made: made.iter().find(|offer| offer.name == *name).map(|offer| When::of(offer.at, w).full),
    };
    web.catalog.recovery().offers.iter().map(row).collect()
}

/// Whom it is about, by name.
#[derive(Debug, Default)]
struct About {
    contact: Option<String>,
    unit: Option<String>,
    project: Option<String>,
}

impl About {
    async fn load(tx: &mut Tx, recovery: &Recovery) -> Result<About, WebError> {
        let contact = match recovery.contact_id {
            Some(id) => contacts::find(tx, id).await?.and_then(|contact| contact.name),
            None => None,
        };
        let unit = match recovery.unit_id {
            Some(id) => units::find(tx, id).await?.map(|unit| unit.label),
            None => None,
        };
        let project = match recovery.project_id {
            Some(id) => projects::find(tx, id).await?.map(|project| project.name),
            None => None,
        };
        Ok(About { contact, unit, project })
    }
}

fn facts(recovery: &Recovery, about: &About, people: &[Person], w: &Words) -> Vec<Fact> {
    let person = recovery.person.and_then(|id| people.iter().find(|person| person.id == id));
    let known = [
        Fact::known("web.console.ticket.contact", about.contact.clone()),
        Fact::known("web.console.ticket.unit", about.unit.clone()),
        Fact::known("web.console.ticket.project", about.project.clone()),
        Fact::known("web.console.recovery.first", Some(format!("{:.2} / 5", recovery.first_score))),
        Fact::known("web.console.recovery.second", recovery.second_score.map(|score| format!("{score:.2} / 5"))),
        Fact::known("web.console.recovery.person", person.map(|person| person.name.clone())),
        Fact::known("web.console.recovery.deadline", Some(When::of(recovery.deadline_at, w).full)),
        Fact::known("web.console.recovery.begun", Some(When::of(recovery.created_at, w).full)),
    ];
    known.into_iter().flatten().collect()
}

/// Returns whom it may be given to: who may see none would not find it.
fn staff_choices(people: &[Person], given: Option<StaffId>, w: &Words) -> Vec<Choice> {
    let may = people.iter().filter(|person| person.active && person.role.has(Right::Recoveries));
    let choice = |person: &Person| {
        let role = w.get(&format!("web.console.staff.role.{}", person.role.name()));
        Choice {
            value: person.id.to_string(),
            label: format!("{} · {role}", person.name),
            chosen: given == Some(person.id),
        }
    };
    or_none_yet(may.map(choice).collect(), w)
}

fn cause_choices(recovery: &Recovery, w: &Words) -> Vec<Choice> {
    let choice = |cause: RootCause| Choice {
        value: cause.name().to_owned(),
        label: w.get(&format!("web.console.recovery.cause.{}", cause.name())),
        chosen: recovery.root_cause == Some(cause),
    };
    or_none_yet(RootCause::ALL.into_iter().map(choice).collect(), w)
}

/// While nothing was chosen, a list begins with that: what merely stands first is nobody's choice.
fn or_none_yet(mut choices: Vec<Choice>, w: &Words) -> Vec<Choice> {
    if choices.iter().all(|choice| !choice.chosen) {
        choices.insert(0, Choice { value: String::new(), label: w.get("web.console.do.choose"), chosen: true });
    }
    choices
}

/// The list by deadline, or of those that ended, or of quality clients.
#[derive(Debug, Template)]
#[template(path = "console/recoveries.html")]
struct ListPage {
    shell: Shell,
    which: &'static str,
    rows: Vec<Row>,
    clients: Vec<ClientRow>,
    measured: usize,
    recovered: usize,
    percent: String,
    gain: String,
}

/// One recovery with everything that can be done about it.
#[derive(Debug, Template)]
#[template(path = "console/recovery.html")]
#[expect(clippy::struct_excessive_bools, reason = "which of the forms are shown")]
struct RecoveryPage {
    shell: Shell,
    row: Row,
    facts: Vec<Fact>,
    review: String,
    comment: Option<String>,
    causes: Vec<Choice>,
    staff: Vec<Choice>,
    can_review: bool,
    can_ask: bool,
    can_visit: bool,
    can_end: bool,
    open: bool,
}

#[derive(Debug)]
struct Row {
    href: String,
    response: String,
    status_key: String,
    status: &'static str,
    band: &'static str,
    about: String,
    scores: String,
    person: String,
    deadline: When,
    overdue: bool,
    left: String,
    cause_key: Option<String>,
}

impl Row {
    fn of(found: &Recovery, about: About, people: &[Person], now: Timestamp, w: &Words) -> Row {
        let named = [about.contact, about.project, about.unit].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let person = found.person.and_then(|id| people.iter().find(|person| person.id == id));
        let second = found.second_score.map(|second| format!(" → {second:.1}")).unwrap_or_default();
        let overdue = found.is_overdue(now);
        let span = if overdue { now.since(found.deadline_at) } else { found.deadline_at.since(now) };
        Row {
            href: format!("/console/recoveries/{}", found.id),
            response: format!("/console/responses/{}", found.response_id),
            status_key: format!("web.console.recovery.status.{}", found.status.name()),
            status: found.status.name(),
            band: if Band::of(found.first_score) == Band::Dissatisfied { "dissatisfied" } else { "neutral" },
            about: if named.is_empty() { w.get(unnamed(found)) } else { named },
            scores: format!("{:.1}{second}", found.first_score),
            person: person.map_or_else(|| w.get("web.console.tickets.nobody"), |person| person.name.clone()),
            deadline: When::of(found.deadline_at, w),
            left: view::span(span, w),
            cause_key: found.root_cause.map(|cause| format!("web.console.recovery.cause.{}", cause.name())),
            overdue,
        }
    }
}

/// What a client is called of whom neither name nor home is known.
fn unnamed(found: &Recovery) -> &'static str {
    match found.contact_id {
        Some(_) => "web.console.recovery.unnamed",
        None => "web.console.recovery.anonymous",
    }
}

#[derive(Debug)]
struct ClientRow {
    response: String,
    about: String,
    score: String,
    nps: String,
    at: String,
    stopped: bool,
    offers: Vec<OfferRow>,
}

/// What may be offered to a client, or was, and when.
#[derive(Debug)]
struct OfferRow {
    name: String,
    label: String,
    made: Option<String>,
}

impl ClientRow {
    fn of(client: QualityClient, offers: Vec<OfferRow>, w: &Words) -> ClientRow {
        let about = [client.name, client.project, client.unit].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        ClientRow {
            response: format!("/console/responses/{}", client.response),
            about: if about.is_empty() { "-".to_owned() } else { about },
            score: format!("{:.1}", client.score),
            nps: client.nps.map(|nps| nps.to_string()).unwrap_or_default(),
            at: When::of(client.at, w).full,
            stopped: client.stopped,
            offers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::{check, words};
    use super::*;
    use crate::domain::ids::ContactId;
    use crate::domain::language::Language;
    use crate::domain::recovery::tests::recovery;
    use crate::domain::staff::Role;

    fn about() -> About {
        let named = |name: &str| Some(name.to_owned());
        About { contact: named("李静"), unit: named("3栋1单元502"), project: named("翠湖花园") }
    }

    #[test]
    fn every_list_is_drawn_in_every_language() {
        for language in Language::ALL {
            for which in ["open", "ended", "quality"] {
                let w = words(language);
                let overdue = Row::of(&recovery(Status::Open), about(), &[], Timestamp(90_000_000), &w);
                assert!(overdue.overdue && !overdue.left.is_empty());
                let calm = Row::of(&recovery(Status::ToAsk), About::default(), &[], Timestamp(0), &w);
                let offer = |name: &str, made: Option<&str>| OfferRow {
                    name: name.to_owned(),
                    label: w.get(&format!("web.console.recovery.offer.{name}")),
                    made: made.map(str::to_owned),
                };
                let client = ClientRow {
                    response: "/console/responses/1".to_owned(),
                    about: "王强 · 翠湖花园".to_owned(),
                    score: "4.8".to_owned(),
                    nps: "10".to_owned(),
                    at: "11-20 14:32".to_owned(),
                    stopped: false,
                    offers: vec![offer("recommend", Some("2026-11-21 09:00")), offer("upkeep", None)],
                };
                let page = ListPage {
                    shell: Shell::sample(language, "/console/recoveries"),
                    which,
                    rows: if which == "quality" { Vec::new() } else { vec![overdue, calm] },
                    clients: if which == "quality" { vec![client] } else { Vec::new() },
                    measured: 4,
                    recovered: 3,
                    percent: "75 %".to_owned(),
                    gain: "+1.6".to_owned(),
                };
                check(&format!("recoveries_{which}"), language, &page.render().unwrap());
            }
        }
    }

    #[test]
    fn anonymous_is_only_who_is_not_known_at_all() {
        let w = words(Language::Chinese);
        let about = |found: &Recovery| Row::of(found, About::default(), &[], Timestamp(0), &w).about;
        let hidden = recovery(Status::Open);
        let known = Recovery { contact_id: Some(ContactId(uuid::Uuid::nil())), ..hidden.clone() };
        assert_eq!([about(&hidden), about(&known)], ["匿名客户", "未留姓名的客户"]);
    }

    #[test]
    fn only_who_may_see_recoveries_can_be_given_one_and_the_role_is_told() {
        let person = |id: u128, name: &str, role| Person {
            name: name.to_owned(),
            ..Person::new(StaffId(uuid::Uuid::from_u128(id)), "somebody", role, Timestamp(0))
        };
        let gone = Person { active: false, ..person(3, "李", Role::Agent) };
        let people = [person(1, "王", Role::Engineer), person(2, "某公司", Role::Subcontractor), gone];
        let choices = staff_choices(&people, Some(people[0].id), &words(Language::Chinese));
        let shown: Vec<_> = choices.iter().map(|choice| (choice.label.as_str(), choice.chosen)).collect();
        assert_eq!(shown, [("王 · 责任工程师", true)]);
    }

    #[test]
    fn nothing_is_chosen_before_somebody_has() {
        let w = words(Language::Chinese);
        let chosen = |choices: Vec<Choice>| -> Vec<String> {
            choices.into_iter().filter(|choice| choice.chosen).map(|choice| choice.label).collect()
        };
        let open = recovery(Status::Open);
        assert_eq!(chosen(cause_choices(&open, &w)), ["请选择"]);
        assert_eq!(chosen(staff_choices(&[], None, &w)), ["请选择"]);
        let reviewed = Recovery { root_cause: Some(RootCause::Process), ..open };
        assert_eq!(chosen(cause_choices(&reviewed, &w)), ["流程缺陷"]);
        assert!(cause_choices(&reviewed, &w).iter().all(|choice| !choice.value.is_empty()));
    }

    #[test]
    fn the_page_of_one_is_drawn_in_every_language() {
        for language in Language::ALL {
            for status in Status::ALL {
                let (found, w) = (recovery(status), words(language));
                let page = RecoveryPage {
                    facts: facts(&found, &about(), &[], &w),
                    causes: cause_choices(&found, &w),
                    staff: Vec::new(),
                    can_review: status == Status::Open,
                    can_ask: status == Status::ToAsk,
                    can_visit: status == Status::Reviewed,
                    can_end: status == Status::Reviewed,
                    open: status.is_open(),
                    review: "派单太慢".to_owned(),
                    comment: Some("等了三天才来".to_owned()),
                    row: Row::of(&found, about(), &[], Timestamp(0), &w),
                    shell: Shell::sample(language, "/console/recoveries/1"),
                };
                check(&format!("recovery_{}", status.name()), language, &page.render().unwrap());
            }
        }
    }
}

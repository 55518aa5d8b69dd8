//! When and by whom a ticket is worked: whose it is, its clocks, its appointment, the firm that is
//! sent. One form, one call of the desk, back to the page.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::routing::post;
use jiff::civil::{Date, Time};
use serde::Deserialize;

use super::access;
use super::actions::{Answer, back_to_ticket, ticket};
use super::csrf::{Acting, Nothing};
use super::session::Staff;
use super::view::{Shell, When};
use crate::domain::access::Right;
use crate::domain::appointment::Window;
use crate::domain::calendar::instant;
use crate::domain::ids::{StaffId, SubcontractorId, TicketId};
use crate::domain::sla::ClockKind;
use crate::store::{StoreError, subcontractors, tickets};
use crate::web::error::WebError;
use crate::web::{Web, secret};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/console/tickets/{id}/assign", post(assign))
        .route("/console/tickets/{id}/take", post(take))
        .route("/console/tickets/{id}/accept", post(accept))
        .route("/console/tickets/{id}/transfer", post(transfer))
        .route("/console/tickets/{id}/release", post(release))
        .route("/console/tickets/{id}/clock", post(clock))
        .route("/console/tickets/{id}/expected", post(expected))
        .route("/console/tickets/{id}/appointment", post(appointment))
        .route("/console/tickets/{id}/withdraw", post(withdraw))
        .route("/console/tickets/{id}/firm", post(firm))
        .route("/console/tickets/{id}/recall", post(recall))
}

#[derive(Deserialize)]
struct Assignment {
    staff: String,
}

#[derive(Deserialize)]
struct Transfer {
    staff: String,
    reason: String,
}

#[derive(Deserialize)]
struct Reason {
    reason: String,
}

#[derive(Deserialize)]
struct ClockForm {
    clock: String,
    /// Of a pause; a clock that is paused runs on without one.
    #[serde(default)]
    reason: String,
    /// `pause`; anything else lets it run on.
    what: String,
}

#[derive(Deserialize)]
struct Expected {
    day: String,
}

/// Up to three windows; the rows that were left empty do not count.
#[derive(Deserialize)]
struct Windows {
    day1: String,
    from1: String,
    until1: String,
    #[serde(default)]
    day2: String,
    #[serde(default)]
    from2: String,
    #[serde(default)]
    until2: String,
    #[serde(default)]
    day3: String,
    #[serde(default)]
    from3: String,
    #[serde(default)]
    until3: String,
    /// Present if the first one was agreed on by telephone.
    agreed: Option<String>,
}

#[derive(Deserialize)]
struct FirmForm {
    firm: String,
}

async fn assign(State(web): State<Web>, Path(id): Path<String>, Acting(by, form): Acting<Assignment>) -> Answer {
    web.desk.assign(ticket(&id)?, person(&form.staff)?, by).await?;
    Ok(back_to_ticket(&id))
}

async fn take(State(web): State<Web>, Path(id): Path<String>, Acting(by, Nothing {}): Acting<Nothing>) -> Answer {
    web.desk.take(ticket(&id)?, by).await?;
    Ok(back_to_ticket(&id))
}

async fn accept(State(web): State<Web>, Path(id): Path<String>, Acting(by, Nothing {}): Acting<Nothing>) -> Answer {
    web.desk.accept(ticket(&id)?, by).await?;
    Ok(back_to_ticket(&id))
}

async fn transfer(
    State(web): State<Web>,
    Path(id): Path<String>,
    staff: Staff,
    Acting(by, form): Acting<Transfer>,
) -> Answer {
    let id = ticket(&id)?;
    web.desk.transfer(id, person(&form.staff)?, &form.reason, by).await?;
    back_from(&web, id, staff).await
}

async fn release(
    State(web): State<Web>,
    Path(id): Path<String>,
    staff: Staff,
    Acting(by, form): Acting<Reason>,
) -> Answer {
    let id = ticket(&id)?;
    web.desk.release(id, &form.reason, by).await?;
    back_from(&web, id, staff).await
}

/// Back to a ticket that was handed on; to the board for those who may see it no more.
async fn back_from(web: &Web, id: TicketId, staff: Staff) -> Answer {
    let seen = web.store.read(|tx| {
        Box::pin(async move {
            let Some(ticket) = tickets::find(tx, id).await? else { return Ok(false) };
            Ok::<_, StoreError>(staff.person.may(Right::Tickets, &access::of_ticket(tx, &ticket).await?))
        })
    });
    Ok(if seen.await? { back_to_ticket(&id.to_string()) } else { Redirect::to("/console") })
}

async fn clock(State(web): State<Web>, Path(id): Path<String>, Acting(by, form): Acting<ClockForm>) -> Answer {
    let clock = ClockKind::from_name(&form.clock).ok_or(WebError::BadRequest)?;
    if form.what == "pause" {
        web.desk.pause(ticket(&id)?, clock, &form.reason, by).await?;
    } else {
        web.desk.resume(ticket(&id)?, clock, by).await?;
    }
    Ok(back_to_ticket(&id))
}

async fn expected(State(web): State<Web>, Path(id): Path<String>, Acting(by, form): Acting<Expected>) -> Answer {
    let day: Date = form.day.parse().map_err(|_| WebError::BadRequest)?;
    let end = day.tomorrow().ok().and_then(|next| instant(next, Time::midnight(), web.intake.zone()));
    web.desk.expect(ticket(&id)?, end.ok_or(WebError::BadRequest)?, by).await?;
    Ok(back_to_ticket(&id))
}

async fn appointment(State(web): State<Web>, Path(id): Path<String>, Acting(by, form): Acting<Windows>) -> Answer {
    let windows = form.windows(&web)?;
    match (form.agreed, windows.first()) {
        (Some(_), Some(first)) => web.desk.agree(ticket(&id)?, *first, by).await?,
        _ => web.desk.offer(ticket(&id)?, windows, by).await?,
    }
    Ok(back_to_ticket(&id))
}

async fn withdraw(State(web): State<Web>, Path(id): Path<String>, Acting(by, Nothing {}): Acting<Nothing>) -> Answer {
    web.desk.withdraw(ticket(&id)?, by).await?;
    Ok(back_to_ticket(&id))
}

async fn recall(State(web): State<Web>, Path(id): Path<String>, Acting(by, Nothing {}): Acting<Nothing>) -> Answer {
    web.desk.recall_firm(ticket(&id)?, by).await?;
    Ok(back_to_ticket(&id))
}

/// Makes a link for a firm. It is shown once, on the page that answers: only its hash is kept.
async fn firm(
    State(web): State<Web>,
    Path(id): Path<String>,
    staff: Staff,
    Acting(by, form): Acting<FirmForm>,
) -> Result<Html<String>, WebError> {
    let wanted: SubcontractorId = form.firm.parse().map_err(|_| WebError::BadRequest)?;
    let token = secret::mint()?;
    let link = web.desk.send_firm(ticket(&id)?, wanted, secret::hash(&token), by).await?;
    let found = web.store.read(|tx| Box::pin(async move { subcontractors::find(tx, wanted).await })).await?;
    let found = found.ok_or(WebError::NotFound)?;
    let page = LinkPage {
        shell: Shell::of(&staff, format!("/console/tickets/{id}"), web.demo),
        firm: found.name,
        phone: found.phone,
        url: format!("{}/j/{token}", web.public_url),
        until: When::of(link.expires_at, &staff.words),
    };
    Ok(Html(page.render()?))
}

/// The page that shows a link, once.
#[derive(Debug, Template)]
#[template(path = "console/job_link.html")]
struct LinkPage {
    shell: Shell,
    firm: String,
    phone: Option<String>,
    url: String,
    until: When,
}

fn person(id: &str) -> Result<StaffId, WebError> {
    id.parse().map_err(|_| WebError::BadRequest)
}

impl Windows {
    fn windows(&self, web: &Web) -> Result<Vec<Window>, WebError> {
        let rows = [
            (&self.day1, &self.from1, &self.until1),
            (&self.day2, &self.from2, &self.until2),
            (&self.day3, &self.from3, &self.until3),
        ];
        let written =
            rows.into_iter().filter(|(day, from, until)| !(day.is_empty() && from.is_empty() && until.is_empty()));
        let read = |(day, from, until): (&String, &String, &String)| {
            let day: Date = day.parse().ok()?;
            let at = |time: &str| instant(day, Time::strptime("%H:%M", time).ok()?, web.intake.zone());
            Some(Window { from: at(from)?, until: at(until)? })
        };
        let incomplete = WebError::Because(StatusCode::BAD_REQUEST, "window_incomplete");
        written.map(|row| read(row).ok_or_else(|| incomplete.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::check;
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::time::Timestamp;

    #[test]
    fn the_page_of_a_link_is_drawn_in_every_language() {
        for language in Language::ALL {
            let page = LinkPage {
                shell: Shell::sample(language, "/console/tickets/1"),
                firm: "安居防水".to_owned(),
                phone: Some("139 0000 0000".to_owned()),
                url: format!("https://huifang.example.cn/j/{}", "A".repeat(43)),
                until: When::of(Timestamp(1_795_000_000_000), &crate::web::console::view::samples::words(language)),
            };
            check("job_link", language, &page.render().unwrap());
        }
    }
}

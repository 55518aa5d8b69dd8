//! What staff does with a ticket or a conversation: one form, one call of the desk, back to the page.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::routing::post;
use serde::Deserialize;

use super::csrf::{Nothing, Signed};
use crate::domain::ids::{DialogueId, StaffId, TicketId};
use crate::web::Web;
use crate::web::error::WebError;

/// The actions of a ticket and of a conversation.
pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/console/tickets/{id}/assign", post(assign))
        .route("/console/tickets/{id}/note", post(note))
        .route("/console/tickets/{id}/arrived", post(arrived))
        .route("/console/tickets/{id}/rectified", post(rectified))
        .route("/console/tickets/{id}/close", post(close))
        .route("/console/conversations/{id}/reply", post(reply))
        .route("/console/conversations/{id}/handback", post(hand_back))
}

#[derive(Debug, Deserialize)]
struct Assignment {
    staff: String,
}

#[derive(Deserialize)]
struct Note {
    note: String,
}

#[derive(Deserialize)]
struct Reason {
    reason: String,
}

#[derive(Deserialize)]
struct Reply {
    text: String,
    /// The page to come back to; the conversation's own when absent.
    back: Option<String>,
}

type Answer = Result<Redirect, WebError>;

async fn assign(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Assignment>) -> Answer {
    let to: StaffId = form.staff.parse().map_err(|_| WebError::BadRequest)?;
    web.desk.assign(ticket(&id)?, to, by.person.id).await?;
    Ok(back_to_ticket(&id))
}

async fn note(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Note>) -> Answer {
    web.desk.note(ticket(&id)?, &form.note, by.person.id).await?;
    Ok(back_to_ticket(&id))
}

async fn arrived(State(web): State<Web>, Path(id): Path<String>, Signed(by, Nothing {}): Signed<Nothing>) -> Answer {
    web.desk.arrive(ticket(&id)?, by.person.id).await?;
    Ok(back_to_ticket(&id))
}

async fn rectified(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Note>) -> Answer {
    web.desk.rectify(ticket(&id)?, &form.note, Vec::new(), by.person.id).await?;
    Ok(back_to_ticket(&id))
}

async fn close(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Reason>) -> Answer {
    web.desk.close(ticket(&id)?, &form.reason, by.person.id).await?;
    Ok(back_to_ticket(&id))
}

async fn reply(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Reply>) -> Answer {
    web.desk.reply(dialogue(&id)?, &form.text, by.person.id).await?;
    Ok(back_to(form.back.as_deref(), &id))
}

#[derive(Debug, Deserialize)]
struct Back {
    back: Option<String>,
}

async fn hand_back(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Back>) -> Answer {
    web.desk.hand_back(dialogue(&id)?, by.person.id).await?;
    Ok(back_to(form.back.as_deref(), &id))
}

fn ticket(id: &str) -> Result<TicketId, WebError> {
    id.parse().map_err(|_| WebError::NotFound)
}

fn dialogue(id: &str) -> Result<DialogueId, WebError> {
    id.parse().map_err(|_| WebError::NotFound)
}

fn back_to_ticket(id: &str) -> Redirect {
    Redirect::to(&format!("/console/tickets/{id}"))
}

fn back_to(page: Option<&str>, dialogue: &str) -> Redirect {
    let own = format!("/console/conversations/{dialogue}");
    Redirect::to(super::language::within_console(Some(page.unwrap_or(&own))))
}

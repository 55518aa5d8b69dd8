//! What staff does with a ticket or a conversation: one form, one call of the desk, back to the page.
//! What concerns when and by whom a ticket is worked stands in `arrange.rs`.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::post;
use serde::Deserialize;

use super::access;
use super::csrf::{Acting, Nothing, Signed, Uploaded};
use super::session::Staff;
use crate::desk::Refusal;
use crate::domain::access::Right;
use crate::domain::ids::{DialogueId, TicketId};
use crate::domain::ticket::Cause;
use crate::domain::understanding::Category;
use crate::store::{StoreError, tickets};
use crate::web::error::WebError;
use crate::web::posted::LARGEST_UPLOAD;
use crate::web::{Web, secret};

/// The actions of a ticket and of a conversation.
pub(super) fn routes() -> Router<Web> {
    let upload = DefaultBodyLimit::max(LARGEST_UPLOAD);
    Router::new()
        .route("/console/tickets/{id}/note", post(note))
        .route("/console/tickets/{id}/called", post(called))
        .route("/console/tickets/{id}/way", post(way))
        .route("/console/tickets/{id}/arrived", post(arrived))
        .route("/console/tickets/{id}/rectified", post(rectified).layer(upload))
        .route("/console/tickets/{id}/close", post(close))
        .route("/console/tickets/{id}/refuse", post(refuse))
        .route("/console/tickets/{id}/cause", post(cause))
        .route("/console/tickets/{id}/merge", post(merge))
        .route("/console/tickets/{id}/split", post(split))
        .route("/console/conversations/{id}/reply", post(reply))
        .route("/console/conversations/{id}/handback", post(hand_back))
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
struct Refused {
    /// `rejected`; anything else is a cancellation.
    how: String,
    reason: String,
}

#[derive(Deserialize)]
struct Found {
    /// Empty: nobody knows after all.
    cause: String,
}

#[derive(Deserialize)]
struct Merged {
    into: String,
    reason: String,
}

#[derive(Deserialize)]
struct Split {
    words: String,
    /// Empty: read from the words.
    category: String,
}

#[derive(Deserialize)]
struct Reply {
    text: String,
    /// The page to come back to; the conversation's own when absent.
    back: Option<String>,
    /// When the page was drawn, in Unix milliseconds: a form that is sent twice comes with the same.
    at: Option<String>,
}

pub(super) type Answer = Result<Redirect, WebError>;

async fn note(State(web): State<Web>, Path(id): Path<String>, Acting(by, form): Acting<Note>) -> Answer {
    web.desk.note(ticket(&id)?, &form.note, by).await?;
    Ok(back_to_ticket(&id))
}

async fn called(State(web): State<Web>, Path(id): Path<String>, Acting(by, form): Acting<Note>) -> Answer {
    web.desk.called(ticket(&id)?, &form.note, by).await?;
    Ok(back_to_ticket(&id))
}

async fn way(State(web): State<Web>, Path(id): Path<String>, Acting(by, Nothing {}): Acting<Nothing>) -> Answer {
    web.desk.on_the_way(ticket(&id)?, by).await?;
    Ok(back_to_ticket(&id))
}

async fn arrived(State(web): State<Web>, Path(id): Path<String>, Acting(by, Nothing {}): Acting<Nothing>) -> Answer {
    web.desk.arrive(ticket(&id)?, by).await?;
    Ok(back_to_ticket(&id))
}

async fn rectified(State(web): State<Web>, Path(id): Path<String>, Uploaded(by, posted): Uploaded) -> Answer {
    let note = posted.text.clone().unwrap_or_default();
    let done = match (ticket(&id), posted.refused) {
        (Ok(id), None) => web.desk.rectify(id, &note, posted.files.clone(), by).await.map_err(WebError::from),
        (Err(error), _) => Err(error),
        // A photo that cannot be taken is told, not dropped.
        (Ok(_), Some(_)) => Err(WebError::BadFile),
    };
    if let Err(error) = &done {
        posted.forget_refused(&web, error).await;
    }
    done.map(|()| back_to_ticket(&id))
}

async fn close(State(web): State<Web>, Path(id): Path<String>, Acting(by, form): Acting<Reason>) -> Answer {
    web.desk.close(ticket(&id)?, &form.reason, by).await?;
    Ok(back_to_ticket(&id))
}

async fn refuse(State(web): State<Web>, Path(id): Path<String>, Acting(by, form): Acting<Refused>) -> Answer {
    let how = if form.how == "rejected" { Refusal::Rejected } else { Refusal::Cancelled };
    web.desk.refuse(ticket(&id)?, how, &form.reason, by).await?;
    Ok(back_to_ticket(&id))
}

async fn cause(State(web): State<Web>, Path(id): Path<String>, Acting(by, form): Acting<Found>) -> Answer {
    web.desk.set_cause(ticket(&id)?, Cause::from_name(&form.cause), by).await?;
    Ok(back_to_ticket(&id))
}

/// A ticket they may not decide over is none to merge into: a number is easily guessed.
async fn merge(
    State(web): State<Web>,
    Path(id): Path<String>,
    staff: Staff,
    Acting(by, form): Acting<Merged>,
) -> Answer {
    let (own, into) = (ticket(&id)?, form.into.clone());
    let target = web.store.read(|tx| {
        Box::pin(async move {
            let Some(into) = tickets::find_by_number(tx, &into).await? else { return Ok(None) };
            let allowed = staff.person.may(Right::Direct, &access::of_ticket(tx, &into).await?);
            Ok::<_, StoreError>(allowed.then_some(into.id))
        })
    });
    match target.await? {
        None => return Err(WebError::Because(StatusCode::NOT_FOUND, "merge_unknown")),
        Some(target) if target == own => return Err(WebError::Because(StatusCode::BAD_REQUEST, "merge_itself")),
        Some(_) => {}
    }
    web.desk.merge(own, &form.into, &form.reason, by).await?;
    Ok(back_to_ticket(&id))
}

async fn split(State(web): State<Web>, Path(id): Path<String>, Acting(by, form): Acting<Split>) -> Answer {
    let category = Category::ALL.into_iter().find(|category| category.name() == form.category);
    let new = web.desk.split(ticket(&id)?, &form.words, category, by).await?;
    Ok(back_to_ticket(&new.id.to_string()))
}

async fn reply(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Reply>) -> Answer {
    let (talk, staff) = (dialogue(&id)?, by.person.id);
    match form.at {
        Some(at) => {
            let at: i64 = at.parse().map_err(|_| WebError::BadRequest)?;
            // Other words, written on a page that was gone back to, are another answer.
            let act = format!("reply:{talk}:{staff}:{at}:{}", secret::hash(&form.text));
            web.desk.reply_once(talk, &form.text, staff, act).await?;
        }
        None => web.desk.reply(talk, &form.text, staff).await?,
    }
    Ok(back_to(form.back.as_deref(), &id))
}

/// A form that says no more than where to come back to.
#[derive(Debug, Deserialize)]
pub(super) struct Back {
    pub(super) back: Option<String>,
}

async fn hand_back(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<Back>) -> Answer {
    web.desk.hand_back(dialogue(&id)?, by.person.id).await?;
    Ok(back_to(form.back.as_deref(), &id))
}

pub(super) fn ticket(id: &str) -> Result<TicketId, WebError> {
    id.parse().map_err(|_| WebError::NotFound)
}

fn dialogue(id: &str) -> Result<DialogueId, WebError> {
    id.parse().map_err(|_| WebError::NotFound)
}

pub(super) fn back_to_ticket(id: &str) -> Redirect {
    Redirect::to(&format!("/console/tickets/{id}"))
}

fn back_to(page: Option<&str>, dialogue: &str) -> Redirect {
    let own = format!("/console/conversations/{dialogue}");
    Redirect::to(super::language::within_console(Some(page.unwrap_or(&own))))
}

//! `GET /chat/api/events`: what is said, as it is said.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::StreamExt;

use super::messages::{self, From};
use super::session::ChatSession;
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::live::{self, Found, Wake};

/// Follows a conversation from `after`, or from where a broken connection left off.
pub(super) async fn follow(
    State(web): State<Web>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let session = ChatSession::of(from.session.as_deref(), &headers).map_err(|_| WebError::BadSession)?;
    let session = session.ok_or(WebError::NoSession)?;
    let place = web.follower(session.address())?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let last = seen.unwrap_or(from.after).max(from.after);
    let looking = web.clone();
    let events = live::follow(Wake::for_a_while(&web), last, move |last| {
        let (web, session) = (looking.clone(), session.clone());
        async move {
            let messages = messages::after(&web, &session, last).await?;
            let last = messages.last().map_or(last, |message| message.seq);
            let events = messages.iter().map(|message| live::event(message.seq, message)).collect();
            Ok(Found { events, last })
        }
    });
    // The place is held as long as the stream is.
    let events = events.inspect(move |_| {
        let _ = &place;
    });
    Ok(live::answer(events))
}

//! `GET /chat/api/events`: what is said, as it is said.

use std::collections::VecDeque;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::messages::{self, From};
use super::session::ChatSession;
use super::wire::Message;
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::live::{self, Wake};

/// Follows a conversation from `after`, or from where a broken connection left off.
pub(super) async fn follow(
    State(web): State<Web>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let session = ChatSession::of(from.session.as_deref(), &headers).map_err(|_| WebError::BadSession)?;
    let session = session.ok_or(WebError::NoSession)?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let last = seen.unwrap_or(from.after).max(from.after);
    let follower = Follower { wake: Wake::of(&web), web, session, last, waiting: VecDeque::new() };
    let events = stream::unfold(follower, |mut follower| async move {
        let message = follower.next().await?;
        Some((event_of(&message), follower))
    });
    Ok(live::answer(events).into_response())
}

struct Follower {
    web: Web,
    session: ChatSession,
    last: i64,
    waiting: VecDeque<Message>,
    wake: Wake,
}

impl Follower {
    /// Waits for the next message; `None` ends the connection, and the browser opens another.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                self.last = message.seq;
                return Some(message);
            }
            match messages::after(&self.web, &self.session, self.last).await {
                Ok(messages) => self.waiting.extend(messages),
                Err(cause) => {
                    tracing::warn!(%cause, "a live conversation could not be read");
                    return None;
                }
            }
            if self.waiting.is_empty() && !self.wake.wait().await {
                return None;
            }
        }
    }
}

fn event_of(message: &Message) -> Event {
    let event = Event::default().event("message").id(message.seq.to_string());
    event.json_data(message).unwrap_or_default()
}

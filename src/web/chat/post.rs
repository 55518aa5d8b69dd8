//! `POST /chat/api/messages`: a message is stored, understood and answered.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::messages::{external_id, shown};
use super::request;
use super::session::ChatSession;
use super::wire::{Answered, Message};
use crate::channel::{ChannelKind, Content, Inbound};
use crate::domain::ids::DialogueId;
use crate::domain::language::Language;
use crate::domain::media::MOST_MEGABYTES;
use crate::store::thread::{self, Entry, Speaker};
use crate::web::error::WebError;
use crate::web::posted::Posted;
use crate::web::words::language_of;
use crate::web::{Web, secret};

/// How far back the answers to a repeated message are looked for.
const LOOK_BACK: u32 = 200;

/// Answers 200 only when the message and everything it led to are on disk.
pub(super) async fn post(State(web): State<Web>, headers: HeaderMap, request: Request) -> Result<Response, WebError> {
    let posted = request::read(&web, request).await?;
    let session = match ChatSession::of(posted.session.as_deref(), &headers) {
        Ok(Some(session)) => session,
        Ok(None) => ChatSession::begin()?,
        Err(_) => {
            posted.forget_files(&web).await;
            return Err(WebError::BadSession);
        }
    };
    let id = match &posted.id {
        Some(id) => id.clone(),
        None => secret::mint()?,
    };
    let language = posted.language.unwrap_or_else(|| language_of(&headers));
    let taken = take(&web, &posted, &session, &id, language).await?;
    let answered =
        Answered { session: session.secret().to_owned(), id, duplicate: taken.duplicate, messages: taken.messages };
    let cookie = [(SET_COOKIE, session.cookie(web.https()))];
    if posted.is_too_large() {
        let message = web.words(language).fill("web.chat.error.too_large", "limit", &MOST_MEGABYTES.to_string());
        let said = answered.messages.last().map_or(message, |last| last.text.clone());
        let error = json!({ "code": "too_large", "message": said });
        let body =
            json!({ "error": error, "session": answered.session, "id": answered.id, "messages": answered.messages });
        return Ok((StatusCode::PAYLOAD_TOO_LARGE, cookie, Json(body)).into_response());
    }
    Ok((cookie, Json(answered)).into_response())
}

struct Taken {
    duplicate: bool,
    messages: Vec<Message>,
}

/// Hands every piece of the message to the conversation and returns what was said to it.
async fn take(
    web: &Web,
    posted: &Posted,
    session: &ChatSession,
    id: &str,
    language: Language,
) -> Result<Taken, WebError> {
    let address = session.address();
    let handed = posted
        .hand_over(web, |suffix, content| inbound(&address, &external_id(&address, id, suffix), language, content));
    let handed = handed.await?;
    let externals = posted.contents().into_iter().map(|(suffix, _)| external_id(&address, id, suffix)).collect();
    let messages = match handed.dialogue {
        Some(dialogue) => answers(web, dialogue, externals).await?,
        None => Vec::new(),
    };
    Ok(Taken { duplicate: handed.duplicate, messages })
}

fn inbound(address: &str, external: &str, language: Language, content: Content) -> Inbound {
    Inbound {
        channel: ChannelKind::Web,
        address: address.to_owned(),
        external_id: external.to_owned(),
        language: Some(language),
        content,
    }
}

/// Returns what was said after these messages, up to the person's next one.
async fn answers(web: &Web, dialogue: DialogueId, externals: Vec<String>) -> Result<Vec<Message>, WebError> {
    let web_ = web.clone();
    web.store
        .read(|tx| {
            Box::pin(async move {
                let entries = thread::latest(tx, dialogue, LOOK_BACK).await?;
                shown(&web_, tx, &answers_among(entries, &externals)).await
            })
        })
        .await
}

fn answers_among(entries: Vec<Entry>, externals: &[String]) -> Vec<Entry> {
    let mut listening = false;
    let mut answers = Vec::new();
    for entry in entries {
        if entry.speaker == Speaker::Client {
            listening = entry.external_id.as_ref().is_some_and(|id| externals.contains(id));
        } else if listening {
            answers.push(entry);
        }
    }
    answers
}

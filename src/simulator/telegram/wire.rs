//! How the Bot API is called: `POST /bot<token>/<method>` with JSON or a form, files by
//! `GET /file/bot<token>/<path>`.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::methods::{Refusal, bad};
use super::{Shared, TOKEN};
use crate::simulator::locked;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().route("/{bot}/{method}", post(call)).route("/file/{bot}/{*path}", get(download)).with_state(shared)
}

/// Reads what a method is asked for; `None` where it is neither JSON nor a form, or does not say which.
pub fn asked(headers: &HeaderMap, body: &[u8]) -> Option<Value> {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    match body {
        [] => Some(json!({})),
        body if kind.starts_with(b"application/x-www-form") => Some(of_form(body)),
        body if kind.starts_with(b"application/json") => serde_json::from_slice(body).ok(),
        _ => None,
    }
}

/// A call as a form: what is no text is written as JSON.
fn of_form(body: &[u8]) -> Value {
    let member = |(name, value): (Cow<'_, str>, Cow<'_, str>)| {
        let read = serde_json::from_str(&value).ok().filter(|_| name != "text");
        (name.into_owned(), read.unwrap_or_else(|| json!(value)))
    };
    Value::Object(form_urlencoded::parse(body).map(member).collect())
}

async fn call(
    State(shared): State<Arc<Shared>>,
    Path((bot, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if bot != format!("bot{TOKEN}") {
        return refused((401, "Unauthorized".to_owned(), None));
    }
    let Some(asked) = asked(&headers, &body) else { return refused(bad("can't parse the request")) };
    let performed =
        if method == "getUpdates" { updates(&shared, &asked).await } else { shared.perform(&method, &asked) };
    match performed {
        Ok(result) => Json(json!({ "ok": true, "result": result })).into_response(),
        Err(refusal) => refused(refusal),
    }
}

/// Forgets what is acknowledged, then waits for what is next.
async fn updates(shared: &Shared, asked: &Value) -> Result<Value, Refusal> {
    let wait = Duration::from_secs(asked["timeout"].as_u64().unwrap_or(0));
    let until = Instant::now() + wait;
    loop {
        let news = shared.news.notified();
        tokio::pin!(news);
        news.as_mut().enable();
        {
            let mut world = locked(&shared.world);
            if world.webhook.is_some() {
                let words = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete \
                             the webhook first";
                return Err((409, words.to_owned(), None));
            }
            let offset = asked["offset"].as_i64().unwrap_or(0);
            world.updates.retain(|update| update["update_id"].as_i64().is_some_and(|id| id >= offset));
            if !world.updates.is_empty() {
                return Ok(world.updates.iter().cloned().collect());
            }
        }
        if tokio::time::timeout_at(until, news).await.is_err() {
            return Ok(json!([]));
        }
    }
}

fn refused((code, description, parameters): Refusal) -> Response {
    let mut answer = json!({ "ok": false, "error_code": code, "description": description });
    if let Some(parameters) = parameters {
        answer["parameters"] = parameters;
    }
    (StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST), Json(answer)).into_response()
}

async fn download(State(shared): State<Arc<Shared>>, Path((bot, path)): Path<(String, String)>) -> Response {
    let world = locked(&shared.world);
    let found = world.files.values().find(|(at, _)| *at == path).filter(|_| bot == format!("bot{TOKEN}"));
    match found {
        Some((_, bytes)) => bytes.clone().into_response(),
        None => (StatusCode::NOT_FOUND, "Not Found").into_response(),
    }
}

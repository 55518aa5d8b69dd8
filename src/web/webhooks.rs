//! What the platforms call: one route a channel. A handler verifies before it parses, hands what it
//! read to `crate::intake`, and answers only when that is on disk; it decides nothing.
//!
//! A channel that is not configured has no route: its path answers 404.

mod equipment;
pub(super) mod http;
mod telegram;
mod wechat;
mod wecom;

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::Web;
use super::error::WebError;
use super::posted::whole;
use crate::channel::telegram::WEBHOOK_PATH;
use crate::channel::{ChannelKind, Inbound};

/// Largest body that is read: far more than any platform sends (protocols §6.1).
const LARGEST_PUSH: usize = 256 * 1024;

/// After so long WeChat and WeCom may have hung up, and the answers take the other way.
const PATIENCE: Duration = Duration::from_millis(3_500);

/// `/webhooks/…`
pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route(WEBHOOK_PATH, post(telegram::receive))
        .merge(wechat::routes())
        .merge(wecom::routes())
        .merge(http::routes())
        .merge(equipment::routes())
}

/// Reads the body of a push up to [`LARGEST_PUSH`]; nothing of one that announces more.
async fn body(request: Request) -> Result<Bytes, StatusCode> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > LARGEST_PUSH) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    whole(request.into_body(), LARGEST_PUSH).await.map_err(|error| match error {
        WebError::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    })
}

/// How a platform takes an answer in the response to what it pushed.
struct Passive<'p> {
    /// Most bytes of a text.
    most: usize,
    /// What it takes for no answer.
    nothing: &'static str,
    /// When the push came.
    begun: Instant,
    /// Writes and seals a text.
    write: &'p (dyn Fn(&str) -> Option<String> + Sync),
}

/// Takes a message in and answers what is ready in the response; the rest goes out later.
async fn respond(web: &Web, inbound: Option<Inbound>, passive: Passive<'_>) -> Response {
    let Some(inbound) = inbound else { return passive.nothing.into_response() };
    let channel = inbound.channel.name();
    let begun = passive.begun;
    let in_time = move || begun.elapsed() < PATIENCE;
    let answered = match web.intake.receive_answered(inbound.clone(), passive.most, in_time).await {
        Ok(answered) => answered,
        // It can never be answered; staff sees it.
        Err(error) if error.is_local() && web.intake.receive_or_park(inbound).await.is_ok() => {
            return passive.nothing.into_response();
        }
        Err(error) => {
            tracing::error!(%error, channel, "a push by {channel} could not be stored, it will come again: {error}");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let Some(text) = answered.text else { return passive.nothing.into_response() };
    let written = if in_time() { (passive.write)(&text) } else { None };
    match written {
        Some(xml) => ([(CONTENT_TYPE, "application/xml; charset=utf-8")], xml).into_response(),
        None => {
            if let Err(error) = web.intake.answer_later(answered.taken).await {
                tracing::error!(%error, "an answer that came too late could not be put back: {error}");
            }
            passive.nothing.into_response()
        }
    }
}

/// One answer for every fault, and nothing in it.
fn refuse(channel: ChannelKind) -> Response {
    metrics::counter!("huifang_webhook_refused_total", "channel" => channel.name()).increment(1);
    StatusCode::FORBIDDEN.into_response()
}

//! `GET|POST /webhooks/wechat`: what WeChat calls for an Official Account.
//!
//! It waits five seconds for an answer and repeats a push it got none for, so a handler waits for
//! one transaction and for nothing else: the answers that are ready go out in the response, the rest
//! as customer-service messages later (protocols §1.8).

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::body;
use crate::channel::envelope::Refused;
use crate::channel::wechat::Wechat;
use crate::channel::wechat::push::Push;
use crate::channel::wechat::reply::MOST_BYTES;
use crate::web::Web;
use crate::web::error::WebError;

/// After so long the platform may have hung up, and the answers take the other way.
const PATIENCE: Duration = Duration::from_millis(3_500);
/// Stops the platform from repeating a push that has no answer.
const SUCCESS: &str = "success";

/// `/webhooks/wechat`
pub(super) fn routes() -> Router<Web> {
    Router::new().route("/webhooks/wechat", get(verify).post(push))
}

async fn verify(State(web): State<Web>, RawQuery(query): RawQuery) -> Response {
    let Some(wechat) = &web.channels.wechat else { return WebError::NotFound.into_response() };
    match wechat.verify(&query.unwrap_or_default()) {
        Ok(echo) => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], echo).into_response(),
        Err(refused) => refuse(refused),
    }
}

async fn push(State(web): State<Web>, RawQuery(query): RawQuery, request: Request) -> Response {
    let begun = Instant::now();
    let Some(wechat) = &web.channels.wechat else { return WebError::NotFound.into_response() };
    let query = match wechat.admit(&query.unwrap_or_default()) {
        Ok(query) => query,
        Err(refused) => return refuse(refused),
    };
    let body = match body(request).await {
        Ok(body) => body,
        Err(status) => return status.into_response(),
    };
    match wechat.open(&query, &body) {
        Ok(push) => take(&web, wechat, push, begun).await,
        Err(refused) => refuse(refused),
    }
}

async fn take(web: &Web, wechat: &Wechat, push: Push, begun: Instant) -> Response {
    let Some(inbound) = push.inbound else { return SUCCESS.into_response() };
    let answered = match web.intake.receive_answered(inbound, MOST_BYTES).await {
        Ok(answered) => answered,
        Err(error) => {
            tracing::error!(%error, "a push of WeChat could not be stored, it will come again: {error}");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let Some(text) = answered.text else { return SUCCESS.into_response() };
    let written = if begun.elapsed() < PATIENCE { wechat.answer(&push.reply, &text).ok() } else { None };
    match written {
        Some(xml) => ([(CONTENT_TYPE, "application/xml; charset=utf-8")], xml).into_response(),
        None => {
            if let Err(error) = web.intake.answer_later(answered.received.message).await {
                tracing::error!(%error, "an answer that came too late could not be put back: {error}");
            }
            SUCCESS.into_response()
        }
    }
}

/// One answer for every fault, and nothing in it.
fn refuse(_: Refused) -> Response {
    metrics::counter!("huifang_webhook_refused_total", "channel" => "wechat").increment(1);
    StatusCode::FORBIDDEN.into_response()
}

//! `GET|POST /webhooks/wechat`: what WeChat calls for an Official Account.
//!
//! It waits five seconds for an answer and repeats a push it got none for, so a handler waits for
//! one transaction and for nothing else: the answers that are ready go out in the response, the rest
//! as customer-service messages later (protocols §1.8).

use std::time::Instant;

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{Passive, body, refuse, respond};
use crate::channel::ChannelKind;
use crate::channel::wechat::reply::MOST_BYTES;
use crate::web::Web;
use crate::web::error::WebError;

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
        Err(_) => refuse(ChannelKind::Wechat),
    }
}

async fn push(State(web): State<Web>, RawQuery(query): RawQuery, request: Request) -> Response {
    let begun = Instant::now();
    let Some(wechat) = &web.channels.wechat else { return WebError::NotFound.into_response() };
    let Ok(query) = wechat.admit(&query.unwrap_or_default()) else { return refuse(ChannelKind::Wechat) };
    let body = match body(request).await {
        Ok(body) => body,
        Err(status) => return status.into_response(),
    };
    let Ok(push) = wechat.open(&query, &body) else { return refuse(ChannelKind::Wechat) };
    let write = |text: &str| wechat.answer(&push.reply, text).ok();
    respond(&web, push.inbound, Passive { most: MOST_BYTES, nothing: SUCCESS, begun, write: &write }).await
}

//! `GET|POST /webhooks/wecom`: what WeCom calls for an app of a company.
//!
//! A push about customer service only says that there is something to read. As with its relative, the answers that are ready go out in the response and the rest later. A
//! verification has one second, and needs nothing but the key (protocols §2.1).

use std::time::Instant;

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{Passive, body, refuse, respond};
use crate::channel::ChannelKind;
use crate::channel::wecom::service::Notice;
use crate::channel::wecom::{MOST_BYTES, Opened};
use crate::web::Web;
use crate::web::error::WebError;

/// How the platform reads "received, no answer".
const NOTHING: &str = "";

/// `/webhooks/wecom`
pub(super) fn routes() -> Router<Web> {
    Router::new().route("/webhooks/wecom", get(verify).post(push))
}

async fn verify(State(web): State<Web>, RawQuery(query): RawQuery) -> Response {
    let Some(wecom) = &web.channels.wecom else { return WebError::NotFound.into_response() };
    match wecom.verify(&query.unwrap_or_default()) {
        Ok(echo) => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], echo).into_response(),
        Err(_) => refuse(ChannelKind::Wecom),
    }
}

async fn push(State(web): State<Web>, RawQuery(query): RawQuery, request: Request) -> Response {
    let begun = Instant::now();
    let Some(wecom) = &web.channels.wecom else { return WebError::NotFound.into_response() };
    let Ok(query) = wecom.admit(&query.unwrap_or_default()) else { return refuse(ChannelKind::Wecom) };
    let body = match body(request).await {
        Ok(body) => body,
        Err(status) => return status.into_response(),
    };
    let push = match wecom.open(&query, &body) {
        Ok(Opened::Push(push)) => push,
        Ok(Opened::Notice(notice)) => return noticed(&web, notice).await,
        Err(_) => return refuse(ChannelKind::Wecom),
    };
    let write = |text: &str| wecom.answer(&push.reply, text).ok();
    respond(&web, push.inbound, Passive { most: MOST_BYTES, nothing: NOTHING, begun, write: &write }).await
}

/// There is something to read in customer service: a job reads it.
async fn noticed(web: &Web, notice: Notice) -> Response {
    match web.intake.service_noticed(notice).await {
        Ok(()) => NOTHING.into_response(),
        Err(error) => {
            let channel = ChannelKind::WecomKf.name();
            tracing::error!(%error, channel, "a push of {channel} could not be stored, it will come again: {error}");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

//! `POST /webhooks/telegram`: one update of the bot.
//!
//! The secret is looked at before the body is; what is answered says nothing of what was wrong.
//! 200 means that the update is on disk, or that there is nothing in it that anybody could keep:
//! anything else would hold its chat up for a day (protocols §3.2).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::body;
use crate::channel::ChannelKind;
use crate::channel::telegram::update::Update;
use crate::channel::telegram::{Mode, Telegram};
use crate::desk::HeardStaff;
use crate::store::StoreError;
use crate::web::Web;
use crate::web::error::WebError;

/// Where Telegram shows the secret that was agreed upon.
const SECRET: &str = "x-telegram-bot-api-secret-token";

pub(super) async fn receive(State(web): State<Web>, request: Request) -> Response {
    let Some(telegram) = web.channels.telegram.as_ref().filter(|bot| bot.mode() == Mode::Webhook) else {
        return WebError::NotFound.into_response();
    };
    let mut shown = request.headers().get_all(SECRET).iter();
    let secret = shown.next().filter(|_| shown.next().is_none());
    if !telegram.admits(secret.map(HeaderValue::as_bytes)) {
        refused("unauthorised");
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let body = match body(request).await {
        Ok(body) => body,
        Err(status) => {
            refused(if status == StatusCode::PAYLOAD_TOO_LARGE { "too_large" } else { "broken_off" });
            return status.into_response();
        }
    };
    let update = match Update::read(&body) {
        Ok(update) => update,
        Err(fault) => {
            refused("unreadable");
            tracing::warn!("Telegram sent {} bytes that are {fault}; they were not kept", body.len());
            return StatusCode::OK.into_response();
        }
    };
    if let Some(says) = &update.staff {
        match web.desk.hear_staff(says).await {
            Ok(HeardStaff::Answered(answer)) => return Json(answer.call()).into_response(),
            Ok(HeardStaff::Done) => return StatusCode::OK.into_response(),
            Ok(HeardStaff::NotStaff) => {}
            Err(cause) => return unstored(update.kind, &cause),
        }
    }
    if update.inbound.is_empty() {
        tracing::debug!(kind = update.kind, "an update was nothing for us");
    }
    for inbound in update.inbound {
        if let Err(cause) = web.intake.receive_or_park(inbound).await {
            return unstored(update.kind, &cause);
        }
    }
    match update.query {
        Some(query) => Json(Telegram::answer_in_response(&query)).into_response(),
        None => StatusCode::OK.into_response(),
    }
}

fn unstored(kind: &'static str, cause: &StoreError) -> Response {
    if cause.is_local() {
        tracing::error!(kind, %cause, "an update of staff was passed over: {cause}");
        return StatusCode::OK.into_response();
    }
    tracing::error!(kind, %cause, "an update could not be stored; Telegram will send it again");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

fn refused(why: &'static str) {
    let channel = ChannelKind::Telegram.name();
    metrics::counter!("huifang_webhook_refused_total", "channel" => channel, "reason" => why).increment(1);
}

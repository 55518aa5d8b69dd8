//! What the platforms call: one route a channel. A handler verifies before it parses, hands what it
//! read to `crate::intake`, and answers only when that is on disk; it decides nothing.
//!
//! A channel that is not configured has no route: its path answers 404.

mod http;
mod wechat;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use futures_util::StreamExt;

use super::Web;

/// Largest body that is read: far more than any platform sends (protocols §6.1).
const LARGEST_PUSH: usize = 256 * 1024;

/// `/webhooks/…`
pub(super) fn routes() -> Router<Web> {
    Router::new().merge(wechat::routes()).merge(http::routes())
}

/// Reads the body of a push up to [`LARGEST_PUSH`]; nothing of one that announces more.
async fn body(request: Request) -> Result<Bytes, StatusCode> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > LARGEST_PUSH) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    read(request.into_body()).await
}

async fn read(body: Body) -> Result<Bytes, StatusCode> {
    let mut whole = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| StatusCode::BAD_REQUEST)?;
        if whole.len() + chunk.len() > LARGEST_PUSH {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

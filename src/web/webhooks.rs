//! What the platforms call: one route a channel. A handler verifies before it parses, hands what it
//! read to `crate::intake`, and answers only when that is on disk; it decides nothing.
//!
//! A channel that is not configured has no route: its path answers 404.

use axum::Router;
use axum::routing::post;

use super::Web;
use crate::channel::telegram::WEBHOOK_PATH;

mod telegram;

/// Largest body that is read: far more than any platform sends (protocols §6.1).
const LARGEST_PUSH: usize = 256 * 1024;

/// `/webhooks/…`
pub(super) fn routes() -> Router<Web> {
    Router::new().route(WEBHOOK_PATH, post(telegram::receive))
}

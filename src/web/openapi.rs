//! `GET /api/openapi.json`: the interfaces for programs, as OpenAPI 3.1. Written by hand beside
//! `docs/chat-api.md` and `docs/http-channel.md`; tests hold that what it names is there.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

use super::Web;

/// The description, as it is served.
const DESCRIPTION: &str = include_str!("../../assets/openapi.json");

/// `/api/openapi.json`
pub(super) fn routes() -> Router<Web> {
    Router::new().route("/api/openapi.json", get(|| async { ([(CONTENT_TYPE, "application/json")], DESCRIPTION) }))
}

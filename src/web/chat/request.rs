//! What a client of the chat posts, as JSON or multipart.

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;

use crate::domain::language::Language;
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::posted::{LONGEST_FIELD, MOST_JSON_BYTES, Posted, whole};

#[derive(Debug, Deserialize)]
struct Fields {
    session: Option<String>,
    id: Option<String>,
    text: Option<String>,
    choice: Option<String>,
    language: Option<String>,
}

/// Reads a request. Of one that is refused no file is kept.
pub(super) async fn read(web: &Web, request: Request) -> Result<Posted, WebError> {
    let declared = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let posted = if declared.starts_with("multipart/form-data") {
        Posted::read_parts(web, request).await?
    } else if declared.starts_with("application/json") {
        read_json(request).await?
    } else {
        return Err(WebError::BadRequest);
    };
    if posted.id.as_ref().is_some_and(|id| id.is_empty() || id.len() > LONGEST_FIELD) {
        posted.forget_files(web).await;
        return Err(WebError::BadRequest);
    }
    Ok(posted)
}

async fn read_json(request: Request) -> Result<Posted, WebError> {
    let bytes = whole(request.into_body(), MOST_JSON_BYTES).await?;
    let fields: Fields = serde_json::from_slice(&bytes).map_err(|_| WebError::BadRequest)?;
    Ok(Posted {
        session: fields.session,
        id: fields.id,
        language: fields.language.as_deref().and_then(Language::from_tag),
        text: fields.text,
        choice: fields.choice.filter(|choice| !choice.is_empty()),
        ..Posted::default()
    })
}

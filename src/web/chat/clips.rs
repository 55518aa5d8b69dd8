//! Ready voice messages for the demo: somebody without a microphone, or in a quiet office, can
//! still try what voice does.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::web::error::WebError;
use crate::web::{Web, range};

/// One ready voice message.
#[derive(Debug, Clone)]
pub struct Clip {
    /// Stable name, part of its address.
    pub id: String,
    /// The words that are said in it.
    pub label: String,
    /// BCP 47 tag of the language that is spoken.
    pub language: String,
    pub content_type: String,
    pub bytes: Bytes,
}

/// `GET /chat/api/clips`
pub(super) async fn list(State(web): State<Web>) -> Json<Value> {
    let clips: Vec<Value> = web.clips.iter().map(described).collect();
    Json(json!({ "clips": clips }))
}

fn described(clip: &Clip) -> Value {
    json!({
        "id": clip.id,
        "label": clip.label,
        "language": clip.language,
        "content_type": clip.content_type,
        "url": format!("/chat/clips/{}", clip.id),
    })
}

/// `GET /chat/clips/{id}`
pub(super) async fn play(
    State(web): State<Web>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let clip = web.clips.iter().find(|clip| clip.id == id).ok_or(WebError::NotFound)?;
    Ok(range::serve(&clip.content_type, clip.bytes.clone(), &headers))
}

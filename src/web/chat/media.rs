//! `GET /chat/media/{id}`: a photo or a recording, for the person whose conversation it belongs to.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::messages::dialogue_of;
use super::session::ChatSession;
use crate::domain::ids::MediaId;
use crate::store::media::{self, Media};
use crate::web::error::WebError;
use crate::web::{Web, range};

#[derive(Debug, Deserialize)]
pub(super) struct Who {
    session: Option<String>,
}

/// Serves one file; somebody else's is as absent as one that never was.
pub(super) async fn show(
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(who): Query<Who>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let id: MediaId = id.parse().map_err(|_| WebError::NotFound)?;
    let session = ChatSession::of(who.session.as_deref(), &headers).map_err(|_| WebError::BadSession)?;
    let session = session.ok_or(WebError::NotFound)?;
    let file = owned_by(&web, &session, id).await?.ok_or(WebError::NotFound)?;
    let bytes = web.blobs.get(&file.key).await?;
    Ok(range::serve(&file.content_type, bytes, &headers))
}

async fn owned_by(web: &Web, session: &ChatSession, id: MediaId) -> Result<Option<Media>, WebError> {
    let address = session.address();
    web.store
        .read(|tx| {
            Box::pin(async move {
                let dialogue = dialogue_of(tx, &address).await?;
                let file = media::find(tx, id).await?;
                Ok(file.filter(|file| dialogue.is_some_and(|dialogue| file.dialogue_id == Some(dialogue.id))))
            })
        })
        .await
}

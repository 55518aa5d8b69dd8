//! `GET /console/media/{id}`: a photo or a recording, with seeking, for staff.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::session::Staff;
use crate::domain::ids::MediaId;
use crate::store::media;
use crate::web::error::WebError;
use crate::web::{Web, range};

pub(super) async fn show(
    State(web): State<Web>,
    _: Staff,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let id: MediaId = id.parse().map_err(|_| WebError::NotFound)?;
    let file = web.store.read(|tx| Box::pin(async move { media::find(tx, id).await })).await?;
    let file = file.ok_or(WebError::NotFound)?;
    let bytes = web.blobs.get(&file.key).await?;
    Ok(range::serve(&file.content_type, bytes, &headers))
}

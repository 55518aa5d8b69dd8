//! Photos and voice messages: what is known of them. Their bytes lie in [`super::blobs`] under
//! `key` and are there before the row is, unless they are yet to be fetched from a platform.

use sqlx::FromRow;

use super::tx::both;
use super::value::{Row, clean, clean_opt};
use super::{StoreError, Tx};
use crate::domain::ids::{DialogueId, MediaId, TicketId, VisitId};
use crate::domain::time::Timestamp;

/// One stored file.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    pub id: MediaId,
    /// `voice` or `photo`.
    pub kind: String,
    /// Sniffed from the bytes: `audio/ogg`, `image/jpeg`.
    pub content_type: String,
    pub bytes: u64,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// Where the bytes lie in the media store.
    pub key: String,
    pub dialogue_id: Option<DialogueId>,
    /// How long a recording is, once it has been decoded.
    pub seconds: Option<f64>,
    pub created_at: Timestamp,
    /// What the platform calls it, if it came as a reference.
    pub remote: Option<String>,
    /// Why its bytes could not be had from the platform; given up then.
    pub lost: Option<String>,
}

impl Media {
    /// Whether the bytes still lie with the platform.
    pub fn is_awaited(&self) -> bool {
        self.remote.is_some() && self.sha256.is_empty() && self.lost.is_none()
    }
}

/// Inserts a file's record.
pub async fn insert(tx: &mut Tx, media: &Media) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO media \
                       (id, kind, content_type, bytes, sha256, key, dialogue_id, seconds, created_at, remote, lost) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    both!(tx, |c| sqlx::query(SQL)
        .bind(media.id.to_string())
        .bind(&media.kind)
        .bind(clean(&media.content_type))
        .bind(i64::try_from(media.bytes).unwrap_or(i64::MAX))
        .bind(&media.sha256)
        .bind(&media.key)
        .bind(media.dialogue_id.map(|id| id.to_string()))
        .bind(media.seconds)
        .bind(media.created_at.0)
        .bind(clean_opt(media.remote.as_deref()))
        .bind(media.lost.as_deref())
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns one file's record.
pub async fn find(tx: &mut Tx, id: MediaId) -> Result<Option<Media>, StoreError> {
    const SQL: &str = "SELECT id, kind, content_type, bytes, sha256, key, dialogue_id, seconds, created_at, remote, lost \
                       FROM media WHERE id = $1";
    let row = both!(tx, |c| sqlx::query_as::<_, MediaRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Media::try_from).transpose()
}

/// Returns the files of a ticket, oldest first.
pub async fn list_for_ticket(tx: &mut Tx, ticket: TicketId) -> Result<Vec<Media>, StoreError> {
    const SQL: &str = "SELECT m.id, m.kind, m.content_type, m.bytes, m.sha256, m.key, m.dialogue_id, m.seconds, \
                       m.created_at, m.remote, m.lost FROM ticket_media t JOIN media m ON m.id = t.media_id \
                       WHERE t.ticket_id = $1 ORDER BY m.created_at, m.id";
    let rows = both!(tx, |c| sqlx::query_as::<_, MediaRow>(SQL).bind(ticket.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Media::try_from).collect()
}

/// Notes that a file belongs to the record of a visit.
pub async fn is_of_visit(tx: &mut Tx, id: MediaId, visit: VisitId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE media SET visit_id = $2 WHERE id = $1";
    both!(tx, |c| sqlx::query(SQL).bind(id.to_string()).bind(visit.to_string()).execute(c).await.map(drop))?;
    Ok(())
}

/// Returns a file if it belongs to the record of an answered visit about that ticket.
pub async fn of_visit_about(tx: &mut Tx, id: MediaId, ticket: TicketId) -> Result<Option<Media>, StoreError> {
    const SQL: &str = "SELECT m.id, m.kind, m.content_type, m.bytes, m.sha256, m.key, m.dialogue_id, m.seconds, \
                       m.created_at, m.remote, m.lost FROM media m JOIN visits v ON v.id = m.visit_id \
                       JOIN responses r ON r.id = v.response_id \
                       WHERE m.id = $1 AND v.ticket_id = $2 AND r.status = 'complete'";
    let row = both!(tx, |c| sqlx::query_as::<_, MediaRow>(SQL)
        .bind(id.to_string())
        .bind(ticket.to_string())
        .fetch_optional(c)
        .await)?;
    row.map(Media::try_from).transpose()
}

/// Stores how long a recording is.
pub async fn set_seconds(tx: &mut Tx, id: MediaId, seconds: f64) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE media SET seconds = $2 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(seconds)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if changed == 0 { Err(StoreError::Missing { table: "media", id: id.to_string() }) } else { Ok(()) }
}

/// Stores what the bytes turned out to be; they lie in the media store. Returns false if the file was given
/// up meanwhile, as when its owner was forgotten: then they must not stay there.
pub async fn brought(
    tx: &mut Tx,
    id: MediaId,
    content_type: &str,
    bytes: u64,
    sha256: &str,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE media SET content_type = $2, bytes = $3, sha256 = $4 WHERE id = $1 AND lost IS NULL";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(clean(content_type))
        .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
        .bind(sha256)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Notes that the bytes cannot be had, and why; what was noted first stays.
pub async fn lose(tx: &mut Tx, id: MediaId, reason: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE media SET lost = COALESCE(lost, $2) WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(clean(reason))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if changed == 0 { Err(StoreError::Missing { table: "media", id: id.to_string() }) } else { Ok(()) }
}

#[derive(FromRow)]
struct MediaRow {
    id: String,
    kind: String,
    content_type: String,
    bytes: i64,
    sha256: String,
    key: String,
    dialogue_id: Option<String>,
    seconds: Option<f64>,
    created_at: i64,
    remote: Option<String>,
    lost: Option<String>,
}

impl TryFrom<MediaRow> for Media {
    type Error = StoreError;

    fn try_from(row: MediaRow) -> Result<Media, StoreError> {
        let at = Row { table: "media", id: &row.id };
        Ok(Media {
            id: at.parse("id", &row.id)?,
            bytes: at.number("bytes", row.bytes)?,
            dialogue_id: at.parse_opt("dialogue_id", row.dialogue_id.as_deref())?,
            created_at: Timestamp(row.created_at),
            kind: row.kind,
            content_type: row.content_type,
            sha256: row.sha256,
            key: row.key,
            seconds: row.seconds,
            remote: row.remote,
            lost: row.lost,
        })
    }
}

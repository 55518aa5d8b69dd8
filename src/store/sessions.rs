//! Log-ins of staff. The token itself is never stored, only its hash.

use sqlx::FromRow;

use super::tx::both;
use super::value::Row;
use super::{StoreError, Tx};
use crate::domain::ids::StaffId;
use crate::domain::time::Timestamp;

/// One log-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the cookie's token, hex.
    pub token_hash: String,
    pub staff_id: StaffId,
    /// What forms must carry.
    pub csrf: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Stores a new log-in.
pub async fn insert(tx: &mut Tx, session: &Session) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO staff_sessions (token_hash, staff_id, csrf, created_at, last_seen_at, expires_at) \
                       VALUES ($1, $2, $3, $4, $5, $6)";
    both!(tx, |c| sqlx::query(SQL)
        .bind(&session.token_hash)
        .bind(session.staff_id.to_string())
        .bind(&session.csrf)
        .bind(session.created_at.0)
        .bind(session.last_seen_at.0)
        .bind(session.expires_at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns a log-in that has not expired and whose owner may still log in.
pub async fn find(tx: &mut Tx, token_hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
    const SQL: &str = "SELECT s.token_hash, s.staff_id, s.csrf, s.created_at, s.last_seen_at, s.expires_at \
                       FROM staff_sessions s JOIN staff p ON p.id = s.staff_id \
                       WHERE s.token_hash = $1 AND s.expires_at > $2 AND p.active = 1";
    let row = both!(tx, |c| sqlx::query_as::<_, SessionRow>(SQL).bind(token_hash).bind(now.0).fetch_optional(c).await)?;
    row.map(Session::try_from).transpose()
}

/// Notes that a log-in is in use, and until when it now lasts.
pub async fn touch(tx: &mut Tx, token_hash: &str, now: Timestamp, expires_at: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE staff_sessions SET last_seen_at = $2, expires_at = $3 WHERE token_hash = $1";
    both!(tx, |c| sqlx::query(SQL).bind(token_hash).bind(now.0).bind(expires_at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Ends a log-in.
pub async fn end(tx: &mut Tx, token_hash: &str) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM staff_sessions WHERE token_hash = $1";
    both!(tx, |c| sqlx::query(SQL).bind(token_hash).execute(c).await.map(drop))?;
    Ok(())
}

/// Ends every log-in of one member of staff: after a new password.
pub async fn end_all(tx: &mut Tx, staff: StaffId) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM staff_sessions WHERE staff_id = $1";
    both!(tx, |c| sqlx::query(SQL).bind(staff.to_string()).execute(c).await.map(drop))?;
    Ok(())
}

/// Removes what has expired; returns how many there were.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM staff_sessions WHERE expires_at <= $1";
    Ok(both!(tx, |c| sqlx::query(SQL).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?)
}

#[derive(FromRow)]
struct SessionRow {
    token_hash: String,
    staff_id: String,
    csrf: String,
    created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
}

impl TryFrom<SessionRow> for Session {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Session, StoreError> {
        // A session is named by its owner: the hash of the token is nobody's business.
        let at = Row { table: "staff_sessions", id: &row.staff_id };
        Ok(Session {
            staff_id: at.parse("staff_id", &row.staff_id)?,
            created_at: Timestamp(row.created_at),
            last_seen_at: Timestamp(row.last_seen_at),
            expires_at: Timestamp(row.expires_at),
            token_hash: row.token_hash,
            csrf: row.csrf,
        })
    }
}

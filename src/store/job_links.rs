//! One-job links of subcontractors. The link itself is not kept, only its hash: whoever reads the
//! database cannot open one.

use sqlx::FromRow;

use super::tx::both;
use super::value::Row;
use super::{StoreError, Tx};
use crate::domain::ids::{SubcontractorId, TicketId};
use crate::domain::time::Timestamp;

/// A link to one job for one firm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLink {
    /// SHA-256 of the token, lower-case hex.
    pub token_hash: String,
    pub ticket_id: TicketId,
    pub subcontractor_id: SubcontractorId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When it was taken back or its job ended.
    pub ended_at: Option<Timestamp>,
}

/// Stores a new link.
pub async fn insert(tx: &mut Tx, link: &JobLink) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO job_links (token_hash, ticket_id, subcontractor_id, created_at, expires_at, \
                       ended_at) VALUES ($1, $2, $3, $4, $5, $6)";
    both!(tx, |c| sqlx::query(SQL)
        .bind(&link.token_hash)
        .bind(link.ticket_id.to_string())
        .bind(link.subcontractor_id.to_string())
        .bind(link.created_at.0)
        .bind(link.expires_at.0)
        .bind(link.ended_at.map(|at| at.0))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns the link with that hash.
pub async fn find(tx: &mut Tx, token_hash: &str) -> Result<Option<JobLink>, StoreError> {
    const SQL: &str = "SELECT token_hash, ticket_id, subcontractor_id, created_at, expires_at, ended_at \
                       FROM job_links WHERE token_hash = $1";
    let row = both!(tx, |c| sqlx::query_as::<_, LinkRow>(SQL).bind(token_hash).fetch_optional(c).await)?;
    row.map(JobLink::try_from).transpose()
}

/// Ends every link of a ticket that has not ended; returns how many there were.
pub async fn end_of_ticket(tx: &mut Tx, ticket: TicketId, now: Timestamp) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE job_links SET ended_at = $2 WHERE ticket_id = $1 AND ended_at IS NULL";
    let ended = both!(tx, |c| sqlx::query(SQL)
        .bind(ticket.to_string())
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(ended)
}

#[derive(FromRow)]
struct LinkRow {
    token_hash: String,
    ticket_id: String,
    subcontractor_id: String,
    created_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

impl TryFrom<LinkRow> for JobLink {
    type Error = StoreError;

    fn try_from(row: LinkRow) -> Result<JobLink, StoreError> {
        let at = Row { table: "job_links", id: &row.token_hash };
        Ok(JobLink {
            ticket_id: at.parse("ticket_id", &row.ticket_id)?,
            subcontractor_id: at.parse("subcontractor_id", &row.subcontractor_id)?,
            created_at: Timestamp(row.created_at),
            expires_at: Timestamp(row.expires_at),
            ended_at: row.ended_at.map(Timestamp),
            token_hash: row.token_hash,
        })
    }
}

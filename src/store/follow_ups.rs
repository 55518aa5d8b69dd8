//! What papers and recovery ask of visits and responses together: whose visit a response belongs
//! to, which responses are about a ticket, and how a team's latest visits went.

use sqlx::FromRow;

use super::scope::response_within;
use super::tx::both;
use super::value::Row;
use super::{StoreError, Tx};
use crate::domain::access::Scope;
use crate::domain::ids::{ContactId, ProjectId, ResponseId, TicketId, VisitId};
use crate::domain::time::Timestamp;

/// The visit a response belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    pub visit: VisitId,
    /// The kind of visit, by name.
    pub kind: String,
    pub project: ProjectId,
    /// The name of the member of staff it was given to.
    pub by: Option<String>,
    /// What that person recorded, as JSON.
    pub record: Option<String>,
    /// The number of the ticket it is about.
    pub ticket: Option<String>,
}

/// Returns the visit a response belongs to.
pub async fn of_response(tx: &mut Tx, response: ResponseId) -> Result<Option<FollowUp>, StoreError> {
    const SQL: &str = "SELECT v.id, v.kind, v.project_id, s.name AS by_name, v.record, t.number AS ticket \
                       FROM visits v LEFT JOIN staff s ON s.id = v.assignee LEFT JOIN tickets t ON t.id = v.ticket_id \
                       WHERE v.response_id = $1 ORDER BY v.created_at DESC, v.id DESC LIMIT 1";
    let row = both!(tx, |c| sqlx::query_as::<_, FollowUpRow>(SQL).bind(response.to_string()).fetch_optional(c).await)?;
    row.map(FollowUp::try_from).transpose()
}

/// Returns the finished responses about a ticket, the latest first.
pub async fn of_ticket(tx: &mut Tx, ticket: TicketId) -> Result<Vec<ResponseId>, StoreError> {
    const SQL: &str = "SELECT r.id FROM responses r JOIN visits v ON v.response_id = r.id \
                       WHERE v.ticket_id = $1 AND r.status = 'complete' ORDER BY r.completed_at DESC, r.id DESC";
    let ids: Vec<String> = both!(tx, |c| sqlx::query_scalar(SQL).bind(ticket.to_string()).fetch_all(c).await)?;
    ids.iter().map(|id| Row { table: "responses", id }.parse("id", id)).collect()
}

/// Returns the latest score that the owner gave the repair of a ticket, on 1–5; none that was of a fix before
/// the one that stands.
pub async fn score_of_ticket(tx: &mut Tx, ticket: TicketId) -> Result<Option<f64>, StoreError> {
    const SQL: &str = "SELECT r.score FROM responses r JOIN visits v ON v.response_id = r.id \
                       JOIN tickets t ON t.id = v.ticket_id \
                       WHERE v.ticket_id = $1 AND v.kind = 'post_repair' AND r.score IS NOT NULL \
                       AND (t.rectified_at IS NULL OR r.completed_at >= t.rectified_at) \
                       ORDER BY r.completed_at DESC, r.id DESC LIMIT 1";
    Ok(both!(tx, |c| sqlx::query_scalar(SQL).bind(ticket.to_string()).fetch_optional(c).await)?)
}

/// Returns how the latest visits to a team's projects went, also anonymous ones, the latest first: project and
/// score.
pub async fn scores_of_team(tx: &mut Tx, team: &str, limit: u32) -> Result<Vec<(ProjectId, f64)>, StoreError> {
    const SQL: &str = "SELECT p.id, r.score FROM responses r LEFT JOIN units u ON u.id = r.unit_id \
                       LEFT JOIN visits v ON v.response_id = r.id \
                       JOIN projects p ON p.id = COALESCE(v.project_id, u.project_id, r.project_id) \
                       WHERE p.team = $1 AND r.status = 'complete' AND r.score IS NOT NULL \
                       ORDER BY r.completed_at DESC, r.id DESC LIMIT $2";
    let rows: Vec<(String, f64)> =
        both!(tx, |c| sqlx::query_as(SQL).bind(team).bind(i64::from(limit)).fetch_all(c).await)?;
    rows.iter().map(|(id, score)| Ok((Row { table: "projects", id }.parse("id", id)?, *score))).collect()
}

/// A client whose latest survey was good.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityClient {
    pub response: ResponseId,
    pub contact: ContactId,
    pub name: Option<String>,
    pub unit: Option<String>,
    pub project: Option<String>,
    pub score: f64,
    pub nps: Option<u8>,
    pub at: Timestamp,
    /// Asked not to be written to.
    pub stopped: bool,
}

/// Returns the quality-client list within a scope: whose latest survey put them among the satisfied,
/// the latest first.
pub async fn quality_clients(tx: &mut Tx, within: &Scope, limit: u32) -> Result<Vec<QualityClient>, StoreError> {
    const SQL: &str = concat!(
        "SELECT r.id, c.id AS contact, c.name, u.label AS unit, p.name AS project, r.score, r.nps, \
                       r.completed_at, CAST(CASE WHEN c.surveys_stopped_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS stopped \
                       FROM responses r JOIN contacts c ON c.id = r.contact_id \
                       JOIN (SELECT contact_id, MAX(completed_at) AS last FROM responses \
                       WHERE status = 'complete' AND score IS NOT NULL GROUP BY contact_id) l \
                       ON l.contact_id = r.contact_id AND l.last = r.completed_at \
                       LEFT JOIN units u ON u.id = r.unit_id LEFT JOIN projects p ON p.id = u.project_id \
                       WHERE r.status = 'complete' AND r.band = 'satisfied' AND r.score IS NOT NULL AND ",
        response_within!("r", "$2", "$3"),
        " ORDER BY r.completed_at DESC, r.id DESC LIMIT $1"
    );
    let rows = both!(tx, |c| sqlx::query_as::<_, QualityRow>(SQL)
        .bind(i64::from(limit))
        .bind(within.owner.map(|id| id.to_string()))
        .bind(within.region.as_deref())
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(QualityClient::try_from).collect()
}

/// Returns when somebody comes to a ticket, once both sides know: from and until.
pub async fn agreed_visit(tx: &mut Tx, ticket: TicketId) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    const SQL: &str = "SELECT from_at, until_at FROM appointments WHERE ticket_id = $1 AND status = 'agreed' \
                       AND from_at IS NOT NULL AND until_at IS NOT NULL ORDER BY created_at DESC, id DESC LIMIT 1";
    let row: Option<(i64, i64)> = both!(tx, |c| sqlx::query_as(SQL).bind(ticket.to_string()).fetch_optional(c).await)?;
    Ok(row.map(|(from, until)| (Timestamp(from), Timestamp(until))))
}

#[derive(FromRow)]
struct FollowUpRow {
    id: String,
    kind: String,
    project_id: String,
    by_name: Option<String>,
    record: Option<String>,
    ticket: Option<String>,
}

impl TryFrom<FollowUpRow> for FollowUp {
    type Error = StoreError;

    fn try_from(row: FollowUpRow) -> Result<FollowUp, StoreError> {
        let at = Row { table: "visits", id: &row.id };
        Ok(FollowUp {
            visit: at.parse("id", &row.id)?,
            project: at.parse("project_id", &row.project_id)?,
            kind: row.kind,
            by: row.by_name,
            record: row.record,
            ticket: row.ticket,
        })
    }
}

#[derive(FromRow)]
struct QualityRow {
    id: String,
    contact: String,
    name: Option<String>,
    unit: Option<String>,
    project: Option<String>,
    score: f64,
    nps: Option<i64>,
    completed_at: i64,
    stopped: i64,
}

impl TryFrom<QualityRow> for QualityClient {
    type Error = StoreError;

    fn try_from(row: QualityRow) -> Result<QualityClient, StoreError> {
        let at = Row { table: "responses", id: &row.id };
        Ok(QualityClient {
            response: at.parse("id", &row.id)?,
            contact: at.parse("contact_id", &row.contact)?,
            nps: row.nps.map(|nps| at.number("nps", nps)).transpose()?,
            stopped: at.bool("surveys_stopped_at", row.stopped)?,
            at: Timestamp(row.completed_at),
            name: row.name,
            unit: row.unit,
            project: row.project,
            score: row.score,
        })
    }
}

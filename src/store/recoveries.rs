//! Clients who are to be won back or asked why, one row a response.

use sqlx::FromRow;

use super::backend::lock_row;
use super::scope::near;
use super::tx::both;
use super::value::{Row, clean_opt, name_of, name_of_opt};
use super::{StoreError, Tx};
use crate::domain::access::Scope;
use crate::domain::ids::{ContactId, RecoveryId, ResponseId, StaffId, VisitId};
use crate::domain::recovery::Recovery;
use crate::domain::staff::Role;
use crate::domain::time::Timestamp;

/// Whether one lies within a scope: owner, region.
macro_rules! ours {
    ($owner:literal, $region:literal) => {
        concat!("(CAST(", $owner, " AS TEXT) IS NULL OR person = ", $owner, ") AND ", near!("recoveries", $region))
    };
}

macro_rules! select {
    ($($rest:tt)*) => {
        concat!(
            "SELECT id, response_id, contact_id, unit_id, project_id, status, person, deadline_at, root_cause, ",
            "review, visit_id, first_score, second_score, created_at, ended_at FROM recoveries ",
            $($rest)*
        )
    };
}

/// Begins one; returns false, and changes nothing, if the response has one already.
pub async fn open(tx: &mut Tx, recovery: &Recovery) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO recoveries (id, response_id, contact_id, unit_id, project_id, status, person, \
                       deadline_at, root_cause, review, visit_id, first_score, second_score, created_at, ended_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
                       ON CONFLICT (response_id) DO NOTHING";
    Ok(write(tx, SQL, recovery).await? > 0)
}

/// Stores one as it now is. Load it with [`load_for_update`] first.
pub async fn update(tx: &mut Tx, recovery: &Recovery) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE recoveries SET response_id = $2, contact_id = $3, unit_id = $4, project_id = $5, \
                       status = $6, person = $7, deadline_at = $8, root_cause = $9, review = $10, visit_id = $11, \
                       first_score = $12, second_score = $13, created_at = $14, ended_at = $15 WHERE id = $1";
    match write(tx, SQL, recovery).await? {
        0 => Err(StoreError::Missing { table: "recoveries", id: recovery.id.to_string() }),
        _ => Ok(()),
    }
}

/// Runs a statement that takes every column of one; returns how many rows it changed.
async fn write(tx: &mut Tx, sql: &'static str, recovery: &Recovery) -> Result<u64, StoreError> {
    let (status, cause) = (name_of(&recovery.status)?, name_of_opt(recovery.root_cause.as_ref())?);
    Ok(both!(tx, |c| sqlx::query(sql)
        .bind(recovery.id.to_string())
        .bind(recovery.response_id.to_string())
        .bind(recovery.contact_id.map(|id| id.to_string()))
        .bind(recovery.unit_id.map(|id| id.to_string()))
        .bind(recovery.project_id.map(|id| id.to_string()))
        .bind(status)
        .bind(recovery.person.map(|id| id.to_string()))
        .bind(recovery.deadline_at.0)
        .bind(cause)
        .bind(clean_opt(recovery.review.as_deref()))
        .bind(recovery.visit_id.map(|id| id.to_string()))
        .bind(recovery.first_score)
        .bind(recovery.second_score)
        .bind(recovery.created_at.0)
        .bind(recovery.ended_at.map(|at| at.0))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Withdraws the one of a response that turned out otherwise, while nobody has worked on it.
pub async fn withdraw(tx: &mut Tx, response: ResponseId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM recoveries WHERE response_id = $1 AND status IN ('open', 'to_ask')";
    let gone =
        both!(tx, |c| sqlx::query(SQL).bind(response.to_string()).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(gone > 0)
}

/// Returns one.
pub async fn find(tx: &mut Tx, id: RecoveryId) -> Result<Option<Recovery>, StoreError> {
    const SQL: &str = select!("WHERE id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, RecoveryRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Recovery::try_from).transpose()
}

/// Returns one and holds it until the transaction ends.
pub async fn load_for_update(tx: &mut Tx, id: RecoveryId) -> Result<Option<Recovery>, StoreError> {
    lock_row(tx, "SELECT id FROM recoveries WHERE id = $1 FOR UPDATE", &id.to_string()).await?;
    find(tx, id).await
}

/// Returns the one that a response began.
pub async fn of_response(tx: &mut Tx, response: ResponseId) -> Result<Option<Recovery>, StoreError> {
    const SQL: &str = select!("WHERE response_id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, RecoveryRow>(SQL).bind(response.to_string()).fetch_optional(c).await)?;
    row.map(Recovery::try_from).transpose()
}

/// Returns one of a client that is under way.
pub async fn under_way(tx: &mut Tx, contact: ContactId) -> Result<Option<Recovery>, StoreError> {
    const SQL: &str = select!("WHERE contact_id = $1 AND ended_at IS NULL LIMIT 1");
    let row = both!(tx, |c| sqlx::query_as::<_, RecoveryRow>(SQL).bind(contact.to_string()).fetch_optional(c).await)?;
    row.map(Recovery::try_from).transpose()
}

/// Returns who wins a client back at present.
pub async fn who_wins_back(tx: &mut Tx, contact: ContactId) -> Result<Vec<StaffId>, StoreError> {
    const SQL: &str = select!("WHERE contact_id = $1 AND ended_at IS NULL");
    let rows = both!(tx, |c| sqlx::query_as::<_, RecoveryRow>(SQL).bind(contact.to_string()).fetch_all(c).await)?;
    let found: Vec<Recovery> = rows.into_iter().map(Recovery::try_from).collect::<Result<_, _>>()?;
    Ok(found.into_iter().filter_map(|recovery| recovery.person).collect())
}

/// Returns the one whose second visit a response answers.
pub async fn visited_by(tx: &mut Tx, response: ResponseId) -> Result<Option<Recovery>, StoreError> {
    const SQL: &str = select!("WHERE visit_id IN (SELECT id FROM visits WHERE response_id = $1) LIMIT 1");
    let row = both!(tx, |c| sqlx::query_as::<_, RecoveryRow>(SQL).bind(response.to_string()).fetch_optional(c).await)?;
    row.map(Recovery::try_from).transpose()
}

/// Returns the one whose second visit this is.
pub async fn of_visit(tx: &mut Tx, visit: VisitId) -> Result<Option<Recovery>, StoreError> {
    const SQL: &str = select!("WHERE visit_id = $1 LIMIT 1");
    let row = both!(tx, |c| sqlx::query_as::<_, RecoveryRow>(SQL).bind(visit.to_string()).fetch_optional(c).await)?;
    row.map(Recovery::try_from).transpose()
}

/// Returns those under way, by deadline, or those that ended, the latest first.
pub async fn list(tx: &mut Tx, under_way: bool, limit: u32) -> Result<Vec<Recovery>, StoreError> {
    list_within(tx, under_way, &Scope::default(), limit).await
}

/// … and of them what somebody may see.
pub async fn list_within(
    tx: &mut Tx,
    under_way: bool,
    within: &Scope,
    limit: u32,
) -> Result<Vec<Recovery>, StoreError> {
    const SQL: &str = select!(
        "WHERE (ended_at IS NULL) = (CAST($1 AS BIGINT) = 1) AND ",
        ours!("$2", "$3"),
        " ORDER BY CASE WHEN ended_at IS NULL THEN deadline_at ELSE -ended_at END, id LIMIT $4"
    );
    let rows = both!(tx, |c| sqlx::query_as::<_, RecoveryRow>(SQL)
        .bind(i64::from(under_way))
        .bind(within.owner.map(|id| id.to_string()))
        .bind(within.region.as_deref())
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Recovery::try_from).collect()
}

/// Returns first and second score of those that were measured and that somebody may see.
pub async fn measured(tx: &mut Tx, within: &Scope) -> Result<Vec<(f64, f64)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT first_score, second_score FROM recoveries \
         WHERE second_score IS NOT NULL AND first_score IS NOT NULL AND ended_at IS NOT NULL AND ",
        ours!("$1", "$2")
    );
    Ok(both!(tx, |c| sqlx::query_as(SQL)
        .bind(within.owner.map(|id| id.to_string()))
        .bind(within.region.as_deref())
        .fetch_all(c)
        .await)?)
}

/// Returns the members of staff of a role who may log in, with how many they have under way, the
/// longest here first.
pub async fn load_of(tx: &mut Tx, role: Role) -> Result<Vec<(StaffId, u64)>, StoreError> {
    const SQL: &str = "SELECT s.id, COUNT(r.id) AS open FROM staff s \
                       LEFT JOIN recoveries r ON r.person = s.id AND r.ended_at IS NULL \
                       WHERE s.role = $1 AND s.active = 1 GROUP BY s.id, s.created_at ORDER BY s.created_at, s.id";
    let rows: Vec<(String, i64)> = both!(tx, |c| sqlx::query_as(SQL).bind(role.name()).fetch_all(c).await)?;
    rows.iter()
        .map(|(id, open)| Ok((Row { table: "staff", id }.parse("id", id)?, u64::try_from(*open).unwrap_or_default())))
        .collect()
}

#[derive(FromRow)]
struct RecoveryRow {
    id: String,
    response_id: String,
    contact_id: Option<String>,
    unit_id: Option<String>,
    project_id: Option<String>,
    status: String,
    person: Option<String>,
    deadline_at: i64,
    root_cause: Option<String>,
    review: Option<String>,
    visit_id: Option<String>,
    first_score: Option<f64>,
    second_score: Option<f64>,
    created_at: i64,
    ended_at: Option<i64>,
}

impl TryFrom<RecoveryRow> for Recovery {
    type Error = StoreError;

    fn try_from(row: RecoveryRow) -> Result<Recovery, StoreError> {
        let at = Row { table: "recoveries", id: &row.id };
        Ok(Recovery {
            id: at.parse("id", &row.id)?,
            response_id: at.parse("response_id", &row.response_id)?,
            contact_id: at.parse_opt("contact_id", row.contact_id.as_deref())?,
            unit_id: at.parse_opt("unit_id", row.unit_id.as_deref())?,
            project_id: at.parse_opt("project_id", row.project_id.as_deref())?,
            status: at.name("status", &row.status)?,
            person: at.parse_opt("person", row.person.as_deref())?,
            deadline_at: Timestamp(row.deadline_at),
            root_cause: at.name_opt("root_cause", row.root_cause.as_deref())?,
            visit_id: at.parse_opt("visit_id", row.visit_id.as_deref())?,
            first_score: row.first_score.ok_or_else(|| at.corrupt("first_score"))?,
            second_score: row.second_score,
            created_at: Timestamp(row.created_at),
            ended_at: row.ended_at.map(Timestamp),
            review: row.review,
        })
    }
}

//! Visits: what is or was due, found again by key, by what is to be done, and by response.

use sqlx::FromRow;

use super::backend::lock_row;
use super::scope::visit_within;
use super::tx::both;
use super::value::{Row, clean, json_of, name_of};
use super::{StoreError, Tx};
use crate::domain::access::Scope;
use crate::domain::ids::{ContactId, MediaId, ResponseId, StaffId, UnitId, VisitId};
use crate::domain::time::Timestamp;
use crate::domain::visit::{Reason, Visit, VisitStatus};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, key, kind, project_id, unit_id, contact_id, survey, status, planned_at, due_at, dialogue_id, ",
            "response_id, ticket_id, reason, assignee, record, sent_at, ended_at, created_at, updated_at FROM visits ",
            $rest
        )
    };
}

/// Inserts a visit; returns false if there is one of its key already.
pub async fn insert(tx: &mut Tx, visit: &Visit) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO visits (id, key, kind, project_id, unit_id, contact_id, survey, status, \
                       planned_at, due_at, dialogue_id, response_id, ticket_id, reason, assignee, record, sent_at, \
                       ended_at, created_at, updated_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, \
                       $20) ON CONFLICT (key) DO NOTHING";
    Ok(write(tx, SQL, visit).await? > 0)
}

/// Stores a visit as it now is. Load it with [`load_for_update`] first.
pub async fn update(tx: &mut Tx, visit: &Visit) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE visits SET key = $2, kind = $3, project_id = $4, unit_id = $5, contact_id = $6, \
                       survey = $7, status = $8, planned_at = $9, due_at = $10, dialogue_id = $11, response_id = $12, \
                       ticket_id = $13, reason = $14, assignee = $15, record = $16, sent_at = $17, ended_at = $18, \
                       created_at = $19, updated_at = $20 WHERE id = $1";
    match write(tx, SQL, visit).await? {
        0 => Err(StoreError::Missing { table: "visits", id: visit.id.to_string() }),
        _ => Ok(()),
    }
}

/// Runs a statement that takes every column of a visit; returns how many rows it changed.
async fn write(tx: &mut Tx, sql: &'static str, visit: &Visit) -> Result<u64, StoreError> {
    let record = visit.record.as_ref().map(json_of).transpose()?;
    let (kind, status) = (name_of(&visit.kind)?, name_of(&visit.status)?);
    Ok(both!(tx, |c| sqlx::query(sql)
        .bind(visit.id.to_string())
        .bind(clean(&visit.key))
        .bind(kind)
        .bind(visit.project_id.to_string())
        .bind(visit.unit_id.map(|id| id.to_string()))
        .bind(visit.contact_id.map(|id| id.to_string()))
        .bind(&visit.survey)
        .bind(status)
        .bind(visit.planned_at.0)
        .bind(visit.due_at.0)
        .bind(visit.dialogue_id.map(|id| id.to_string()))
        .bind(visit.response_id.map(|id| id.to_string()))
        .bind(visit.ticket_id.map(|id| id.to_string()))
        .bind(visit.reason.map(Reason::name))
        .bind(visit.assignee.map(|id| id.to_string()))
        .bind(record.as_deref().map(clean))
        .bind(visit.sent_at.map(|at| at.0))
        .bind(visit.ended_at.map(|at| at.0))
        .bind(visit.created_at.0)
        .bind(visit.updated_at.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Returns one visit.
pub async fn find(tx: &mut Tx, id: VisitId) -> Result<Option<Visit>, StoreError> {
    const SQL: &str = select!("WHERE id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, VisitRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Visit::try_from).transpose()
}

/// Returns one visit and holds it until the transaction ends. A conversation that is held as well
/// is held first, unless the visit is yet to be sent: then no conversation knows of it.
pub async fn load_for_update(tx: &mut Tx, id: VisitId) -> Result<Option<Visit>, StoreError> {
    lock_row(tx, "SELECT id FROM visits WHERE id = $1 FOR UPDATE", &id.to_string()).await?;
    find(tx, id).await
}

/// Returns the visit of a key.
pub async fn find_by_key(tx: &mut Tx, key: &str) -> Result<Option<Visit>, StoreError> {
    const SQL: &str = select!("WHERE key = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, VisitRow>(SQL).bind(clean(key)).fetch_optional(c).await)?;
    row.map(Visit::try_from).transpose()
}

/// Returns the visit that a response answers.
pub async fn find_by_response(tx: &mut Tx, response: ResponseId) -> Result<Option<Visit>, StoreError> {
    const SQL: &str = select!("WHERE response_id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, VisitRow>(SQL).bind(response.to_string()).fetch_optional(c).await)?;
    row.map(Visit::try_from).transpose()
}

/// Has a visit forget the response it led to where that one is anonymous: who opens or ends the one does not
/// find the other by it.
pub async fn without_anonymous(tx: &mut Tx, visit: Visit) -> Result<Visit, StoreError> {
    match visit.response_id {
        Some(response) if super::responses::is_anonymous(tx, response).await? => Ok(visit.unlinked()),
        _ => Ok(visit),
    }
}

/// Returns the visits of a unit, in the order in which they are due.
pub async fn list_for_unit(tx: &mut Tx, unit: UnitId) -> Result<Vec<Visit>, StoreError> {
    const SQL: &str = select!("WHERE unit_id = $1 ORDER BY due_at, id");
    let rows = both!(tx, |c| sqlx::query_as::<_, VisitRow>(SQL).bind(unit.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Visit::try_from).collect()
}

/// Returns the visits that went to a contact, the latest first.
pub async fn list_for_contact(tx: &mut Tx, contact: ContactId, limit: u32) -> Result<Vec<Visit>, StoreError> {
    const SQL: &str = select!("WHERE contact_id = $1 ORDER BY due_at DESC, id LIMIT $2");
    let rows = both!(tx, |c| sqlx::query_as::<_, VisitRow>(SQL)
        .bind(contact.to_string())
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Visit::try_from).collect()
}

/// Returns the visits at a status that are within a scope, the first due first.
pub async fn list(tx: &mut Tx, status: VisitStatus, within: &Scope, limit: u32) -> Result<Vec<Visit>, StoreError> {
    const SQL: &str = concat!(
        select!("WHERE status = $1 AND "),
        visit_within!("visits", "$3", "$4"),
        " ORDER BY due_at, id LIMIT $2"
    );
    let status = name_of(&status)?;
    let rows = both!(tx, |c| sqlx::query_as::<_, VisitRow>(SQL)
        .bind(status)
        .bind(i64::from(limit))
        .bind(within.owner.map(|id| id.to_string()))
        .bind(within.region.as_deref())
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Visit::try_from).collect()
}

/// Returns the visits within a scope that ended, the latest first.
pub async fn list_ended(tx: &mut Tx, within: &Scope, limit: u32) -> Result<Vec<Visit>, StoreError> {
    const SQL: &str = concat!(
        select!("WHERE ended_at IS NOT NULL AND status <> 'cancelled' AND "),
        visit_within!("visits", "$2", "$3"),
        " ORDER BY ended_at DESC, id LIMIT $1"
    );
    let rows = both!(tx, |c| sqlx::query_as::<_, VisitRow>(SQL)
        .bind(i64::from(limit))
        .bind(within.owner.map(|id| id.to_string()))
        .bind(within.region.as_deref())
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Visit::try_from).collect()
}

/// Returns the visit whose record a file belongs to.
pub async fn of_media(tx: &mut Tx, media: MediaId) -> Result<Option<Visit>, StoreError> {
    const SQL: &str = select!("WHERE id = (SELECT visit_id FROM media WHERE id = $1)");
    let row = both!(tx, |c| sqlx::query_as::<_, VisitRow>(SQL).bind(media.to_string()).fetch_optional(c).await)?;
    row.map(Visit::try_from).transpose()
}

/// Takes the visits that are still to be made from somebody who has left; returns how many.
pub async fn release(tx: &mut Tx, who: StaffId, now: Timestamp) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE visits SET assignee = NULL, updated_at = $2 \
                       WHERE assignee = $1 AND status IN ('planned', 'sent', 'reminded', 'call')";
    Ok(both!(tx, |c| sqlx::query(SQL)
        .bind(who.to_string())
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Returns how many visits within a scope stand at each status.
pub async fn count(tx: &mut Tx, within: &Scope) -> Result<Vec<(VisitStatus, u64)>, StoreError> {
    const SQL: &str =
        concat!("SELECT status, COUNT(*) FROM visits WHERE ", visit_within!("visits", "$1", "$2"), " GROUP BY status");
    let rows: Vec<(String, i64)> = both!(tx, |c| sqlx::query_as(SQL)
        .bind(within.owner.map(|id| id.to_string()))
        .bind(within.region.as_deref())
        .fetch_all(c)
        .await)?;
    let counted = rows.into_iter().map(|(status, count)| {
        let at = Row { table: "visits", id: "(count)" };
        Ok((at.name("status", &status)?, u64::try_from(count).unwrap_or(0)))
    });
    counted.collect()
}

/// Returns the visit of a unit that waits for a call and that somebody's answer makes needless, the first
/// due. A second visit and one after a repair ask one person about their own: nobody else's answer, and
/// none to other questions, is the answer to it. `None` for the contact: the answer is anonymous, and its
/// questions say enough.
pub async fn find_to_call(
    tx: &mut Tx,
    unit: UnitId,
    contact: Option<ContactId>,
    survey: &str,
) -> Result<Option<Visit>, StoreError> {
    const SQL: &str = select!(
        "WHERE unit_id = $1 AND status = 'call' \
         AND (kind NOT IN ('second', 'post_repair') OR (contact_id = COALESCE($2, contact_id) AND survey = $3)) \
         ORDER BY due_at, id LIMIT 1"
    );
    let row = both!(tx, |c| sqlx::query_as::<_, VisitRow>(SQL)
        .bind(unit.to_string())
        .bind(contact.map(|id| id.to_string()))
        .bind(survey)
        .fetch_optional(c)
        .await)?;
    row.map(Visit::try_from).transpose()
}

/// Returns when a survey was last put to a contact, by plan or on their own wish.
pub async fn last_asked(tx: &mut Tx, contact: ContactId) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT MAX(at) FROM (SELECT MAX(sent_at) AS at FROM visits WHERE contact_id = $1 \
                       UNION ALL SELECT MAX(started_at) AS at FROM responses WHERE contact_id = $1) AS asked";
    let at: Option<i64> = both!(tx, |c| sqlx::query_scalar(SQL).bind(contact.to_string()).fetch_one(c).await)?;
    Ok(at.map(Timestamp))
}

/// Returns when anybody of a unit was last heard in any of their conversations; `None` if nobody
/// is known there.
pub async fn last_heard(tx: &mut Tx, unit: UnitId) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT MAX(COALESCE(d.heard_at, d.created_at)) FROM contact_units b \
                       JOIN dialogues d ON d.contact_id = b.contact_id WHERE b.unit_id = $1";
    let at: Option<i64> = both!(tx, |c| sqlx::query_scalar(SQL).bind(unit.to_string()).fetch_one(c).await)?;
    Ok(at.map(Timestamp))
}

/// Returns units whose visits are to be planned by now, with whether it is for the first time or
/// after a change of the registers.
pub async fn units_to_plan(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<Vec<(UnitId, bool)>, StoreError> {
    const SQL: &str = "SELECT id, plan_at FROM units WHERE plan_at <= $1 ORDER BY plan_at, id LIMIT $2";
    let rows: Vec<(String, i64)> =
        both!(tx, |c| sqlx::query_as(SQL).bind(now.0).bind(i64::from(limit)).fetch_all(c).await)?;
    rows.iter().map(|(id, at)| Ok((Row { table: "units", id }.parse("id", id)?, *at == 0))).collect()
}

/// Says when the visits of a unit are planned next.
pub async fn plan_next(tx: &mut Tx, unit: UnitId, at: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE units SET plan_at = $2 WHERE id = $1";
    both!(tx, |c| sqlx::query(SQL).bind(unit.to_string()).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Has the visits of every unit planned at the next opportunity.
pub async fn plan_all_anew(tx: &mut Tx) -> Result<(), StoreError> {
    both!(tx, |c| sqlx::query("UPDATE units SET plan_at = 0").execute(c).await.map(drop))?;
    Ok(())
}

#[derive(FromRow)]
struct VisitRow {
    id: String,
    key: String,
    kind: String,
    project_id: String,
    unit_id: Option<String>,
    contact_id: Option<String>,
    survey: String,
    status: String,
    planned_at: i64,
    due_at: i64,
    dialogue_id: Option<String>,
    response_id: Option<String>,
    ticket_id: Option<String>,
    reason: Option<String>,
    assignee: Option<String>,
    record: Option<String>,
    sent_at: Option<i64>,
    ended_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<VisitRow> for Visit {
    type Error = StoreError;

    fn try_from(row: VisitRow) -> Result<Visit, StoreError> {
        let at = Row { table: "visits", id: &row.id };
        Ok(Visit {
            id: at.parse("id", &row.id)?,
            kind: at.name("kind", &row.kind)?,
            project_id: at.parse("project_id", &row.project_id)?,
            unit_id: at.parse_opt("unit_id", row.unit_id.as_deref())?,
            contact_id: at.parse_opt("contact_id", row.contact_id.as_deref())?,
            status: at.name("status", &row.status)?,
            planned_at: Timestamp(row.planned_at),
            due_at: Timestamp(row.due_at),
            dialogue_id: at.parse_opt("dialogue_id", row.dialogue_id.as_deref())?,
            response_id: at.parse_opt("response_id", row.response_id.as_deref())?,
            ticket_id: at.parse_opt("ticket_id", row.ticket_id.as_deref())?,
            reason: at.name_opt("reason", row.reason.as_deref())?,
            assignee: at.parse_opt("assignee", row.assignee.as_deref())?,
            record: row.record.as_deref().map(|record| at.json("record", record)).transpose()?,
            sent_at: row.sent_at.map(Timestamp),
            ended_at: row.ended_at.map(Timestamp),
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            key: row.key,
            survey: row.survey,
        })
    }
}

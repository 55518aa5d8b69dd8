//! Incidents: the same fault in the same place, reported by several.

use sqlx::FromRow;

use super::backend::lock_row;
use super::scope::near;
use super::tx::{Live, both};
use super::value::{Row, clean_opt, name_of};
use super::{StoreError, Tx, tickets};
use crate::domain::access::Scope;
use crate::domain::ids::{IncidentId, ProjectId, TicketId, UnitId};
use crate::domain::incident::{Incident, Report};
use crate::domain::time::Timestamp;
use crate::domain::understanding::Category;

/// Reports of one trade in one project that are looked at.
const MOST_REPORTS: i64 = 2_000;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, i.number, i.project_id, i.building, i.category, i.component, i.status, i.opened_at, ",
            "i.ended_at FROM incidents i ",
            $rest
        )
    };
}

macro_rules! reports {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.contact_id, t.unit_id, u.building, u.unit AS riser, t.component, t.status, ",
            "t.incident_id, t.created_at FROM tickets t LEFT JOIN units u ON u.id = t.unit_id ",
            $rest
        )
    };
}

/// Holds a project until the transaction ends, so that neighbours who report at once find each
/// other. Taken before any conversation or ticket, and by nobody who holds one.
pub async fn hold_project(tx: &mut Tx, project: ProjectId) -> Result<(), StoreError> {
    lock_row(tx, "SELECT id FROM projects WHERE id = $1 FOR NO KEY UPDATE", &project.to_string()).await
}

/// Stores a new incident under the next number of its month (`IN2611-01`), and returns it with that.
pub async fn open(tx: &mut Tx, incident: Incident) -> Result<Incident, StoreError> {
    const SQL: &str = "INSERT INTO incidents (id, number, project_id, building, category, component, status, \
                       opened_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let number = tickets::next_of_month(tx, "incident", incident.opened_at).await?;
    let number = format!("IN{}-{:02}", number.month, number.count);
    let incident = Incident { number, ..incident };
    let (category, status) = (name_of(&incident.category)?, name_of(&incident.status)?);
    both!(tx, |c| sqlx::query(SQL)
        .bind(incident.id.to_string())
        .bind(&incident.number)
        .bind(incident.project_id.to_string())
        .bind(clean_opt(incident.building.as_deref()))
        .bind(category)
        .bind(clean_opt(incident.component.as_deref()))
        .bind(status)
        .bind(incident.opened_at.0)
        .bind(incident.ended_at.map(|at| at.0))
        .execute(c)
        .await
        .map(drop))?;
    Ok(incident)
}

/// Stores the status, the part and the end of an incident as they now are.
pub async fn update(tx: &mut Tx, incident: &Incident) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE incidents SET status = $1, component = $2, ended_at = $3 WHERE id = $4";
    let status = name_of(&incident.status)?;
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(status)
        .bind(clean_opt(incident.component.as_deref()))
        .bind(incident.ended_at.map(|at| at.0))
        .bind(incident.id.to_string())
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if changed == 0 {
        return Err(StoreError::Missing { table: "incidents", id: incident.id.to_string() });
    }
    Ok(())
}

/// Returns one incident.
pub async fn find(tx: &mut Tx, id: IncidentId) -> Result<Option<Incident>, StoreError> {
    const SQL: &str = select!("WHERE i.id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, IncidentRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Incident::try_from).transpose()
}

/// Returns the incident of that number.
pub async fn find_by_number(tx: &mut Tx, number: &str) -> Result<Option<Incident>, StoreError> {
    const SQL: &str = select!("WHERE i.number = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, IncidentRow>(SQL).bind(number).fetch_optional(c).await)?;
    row.map(Incident::try_from).transpose()
}

/// Returns the incidents within a scope, those under way first, then the latest. They are nobody's own:
/// of a scope the region counts.
pub async fn list(tx: &mut Tx, within: &Scope, limit: u32) -> Result<Vec<Incident>, StoreError> {
    const SQL: &str = concat!(
        select!("WHERE "),
        near!("i", "$2"),
        " ORDER BY CASE WHEN i.ended_at IS NULL THEN 0 ELSE 1 END, i.opened_at DESC, i.id DESC LIMIT $1"
    );
    let rows = both!(tx, |c| sqlx::query_as::<_, IncidentRow>(SQL)
        .bind(i64::from(limit))
        .bind(within.region.as_deref())
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// Returns what is under way in the building of a unit.
pub async fn around(tx: &mut Tx, unit: UnitId) -> Result<Vec<Incident>, StoreError> {
    const SQL: &str = select!(
        "JOIN units u ON u.project_id = i.project_id AND COALESCE(u.building, '') = COALESCE(i.building, '') \
         WHERE u.id = $1 AND i.ended_at IS NULL ORDER BY i.opened_at DESC, i.id DESC"
    );
    let rows = both!(tx, |c| sqlx::query_as::<_, IncidentRow>(SQL).bind(unit.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// Returns the reports of one trade in one project since then, the latest first.
pub async fn reports_since(
    tx: &mut Tx,
    project: ProjectId,
    category: Category,
    since: Timestamp,
) -> Result<Vec<Report>, StoreError> {
    const SQL: &str = reports!(
        "WHERE t.project_id = $1 AND t.category = $2 AND t.kind = 'repair' AND t.created_at >= $3 \
         ORDER BY t.created_at DESC, t.id DESC LIMIT $4"
    );
    let category = name_of(&category)?;
    let rows = both!(tx, |c| sqlx::query_as::<_, ReportRow>(SQL)
        .bind(project.to_string())
        .bind(category)
        .bind(since.0)
        .bind(MOST_REPORTS)
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Report::try_from).collect()
}

/// Returns the reports that make up an incident, the first first.
pub async fn reports_of(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Report>, StoreError> {
    const SQL: &str = reports!("WHERE t.incident_id = $1 ORDER BY t.created_at, t.id");
    let rows = both!(tx, |c| sqlx::query_as::<_, ReportRow>(SQL).bind(incident.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Report::try_from).collect()
}

/// Makes a ticket part of an incident.
pub async fn join(tx: &mut Tx, ticket: TicketId, incident: IncidentId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE tickets SET incident_id = $1 WHERE id = $2";
    both!(tx, |c| sqlx::query(SQL).bind(incident.to_string()).bind(ticket.to_string()).execute(c).await.map(drop))?;
    tx.changed(Live::Ticket, ticket.to_string());
    Ok(())
}

#[derive(FromRow)]
struct IncidentRow {
    id: String,
    number: String,
    project_id: String,
    building: Option<String>,
    category: String,
    component: Option<String>,
    status: String,
    opened_at: i64,
    ended_at: Option<i64>,
}

impl TryFrom<IncidentRow> for Incident {
    type Error = StoreError;

    fn try_from(row: IncidentRow) -> Result<Incident, StoreError> {
        let at = Row { table: "incidents", id: &row.id };
        Ok(Incident {
            id: at.parse("id", &row.id)?,
            project_id: at.parse("project_id", &row.project_id)?,
            category: at.name("category", &row.category)?,
            status: at.name("status", &row.status)?,
            opened_at: Timestamp(row.opened_at),
            ended_at: row.ended_at.map(Timestamp),
            number: row.number,
            building: row.building,
            component: row.component,
        })
    }
}

#[derive(FromRow)]
struct ReportRow {
    id: String,
    contact_id: String,
    unit_id: Option<String>,
    building: Option<String>,
    riser: Option<String>,
    component: Option<String>,
    status: String,
    incident_id: Option<String>,
    created_at: i64,
}

impl TryFrom<ReportRow> for Report {
    type Error = StoreError;

    fn try_from(row: ReportRow) -> Result<Report, StoreError> {
        let at = Row { table: "tickets", id: &row.id };
        Ok(Report {
            ticket: at.parse("id", &row.id)?,
            contact: at.parse("contact_id", &row.contact_id)?,
            unit: at.parse_opt("unit_id", row.unit_id.as_deref())?,
            status: at.name("status", &row.status)?,
            incident: at.parse_opt("incident_id", row.incident_id.as_deref())?,
            at: Timestamp(row.created_at),
            building: row.building,
            riser: row.riser,
            component: row.component,
        })
    }
}

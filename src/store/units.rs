//! Units: flats, houses and machines of a project.

use sqlx::{AssertSqlSafe, FromRow};

use super::backend::lock_row;
use super::tx::both;
use super::value::{Row, clean, clean_opt};
use super::{StoreError, Tx, bulk};
use crate::domain::ids::{ProjectId, UnitId};
use crate::domain::project::Unit;
use crate::domain::time::Timestamp;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, project_id, code, building, unit, room, label, handover_at, first_use_at FROM units ",
            $rest
        )
    };
}

/// Inserts a unit.
pub async fn insert(tx: &mut Tx, unit: &Unit) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO units (id, project_id, code, building, unit, room, label, handover_at, \
                       first_use_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    both!(tx, |c| sqlx::query(SQL)
        .bind(unit.id.to_string())
        .bind(unit.project_id.to_string())
        .bind(clean_opt(unit.code.as_deref()))
        .bind(clean_opt(unit.building.as_deref()))
        .bind(clean_opt(unit.unit.as_deref()))
        .bind(clean_opt(unit.room.as_deref()))
        .bind(clean(&unit.label))
        .bind(unit.handover_at.map(|at| at.0))
        .bind(unit.first_use_at.map(|at| at.0))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Stores many units, new or changed.
pub async fn save_all(tx: &mut Tx, units: &[&Unit]) -> Result<(), StoreError> {
    const BEFORE: &str = "INSERT INTO units (id, project_id, code, building, unit, room, label, handover_at, \
                          first_use_at) VALUES ";
    const AFTER: &str = " ON CONFLICT (id) DO UPDATE SET project_id = excluded.project_id, code = excluded.code, \
                         building = excluded.building, unit = excluded.unit, room = excluded.room, \
                         label = excluded.label, handover_at = excluded.handover_at, \
                         first_use_at = excluded.first_use_at, plan_at = 0";
    for units in units.chunks(bulk::ROWS) {
        let sql = bulk::statement(BEFORE, units.len(), 9, AFTER);
        both!(tx, |c| {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for unit in units {
                query = query
                    .bind(unit.id.to_string())
                    .bind(unit.project_id.to_string())
                    .bind(clean_opt(unit.code.as_deref()))
                    .bind(clean_opt(unit.building.as_deref()))
                    .bind(clean_opt(unit.unit.as_deref()))
                    .bind(clean_opt(unit.room.as_deref()))
                    .bind(clean(&unit.label))
                    .bind(unit.handover_at.map(|at| at.0))
                    .bind(unit.first_use_at.map(|at| at.0));
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

/// Returns one unit.
pub async fn find(tx: &mut Tx, id: UnitId) -> Result<Option<Unit>, StoreError> {
    const SQL: &str = select!("WHERE id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, UnitRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Unit::try_from).transpose()
}

/// Holds a unit until the transaction ends, so that what its machine says is judged one reading after the
/// other. Taken before any conversation or ticket.
pub async fn hold(tx: &mut Tx, id: UnitId) -> Result<(), StoreError> {
    lock_row(tx, "SELECT id FROM units WHERE id = $1 FOR NO KEY UPDATE", &id.to_string()).await
}

/// Returns the units of one project, or of all, by label.
pub async fn list(tx: &mut Tx, project: Option<ProjectId>) -> Result<Vec<Unit>, StoreError> {
    const SQL: &str = select!("WHERE CAST($1 AS TEXT) IS NULL OR project_id = $1 ORDER BY project_id, label, id");
    let project = project.map(|id| id.to_string());
    let rows = both!(tx, |c| sqlx::query_as::<_, UnitRow>(SQL).bind(project).fetch_all(c).await)?;
    rows.into_iter().map(Unit::try_from).collect()
}

#[derive(FromRow)]
pub(super) struct UnitRow {
    id: String,
    project_id: String,
    code: Option<String>,
    building: Option<String>,
    unit: Option<String>,
    room: Option<String>,
    label: String,
    handover_at: Option<i64>,
    first_use_at: Option<i64>,
}

impl TryFrom<UnitRow> for Unit {
    type Error = StoreError;

    fn try_from(row: UnitRow) -> Result<Unit, StoreError> {
        let at = Row { table: "units", id: &row.id };
        Ok(Unit {
            id: at.parse("id", &row.id)?,
            project_id: at.parse("project_id", &row.project_id)?,
            code: row.code,
            building: row.building,
            unit: row.unit,
            room: row.room,
            label: row.label,
            handover_at: row.handover_at.map(Timestamp),
            first_use_at: row.first_use_at.map(Timestamp),
        })
    }
}

//! Subcontractors, and which trade each of them did in which project.

use sqlx::FromRow;

use super::tx::both;
use super::value::{Row, clean, clean_opt, json_of};
use super::{StoreError, Tx};
use crate::domain::ids::{ProjectId, SubcontractorId};
use crate::domain::subcontractor::Subcontractor;
use crate::domain::understanding::Category;

/// Stands for every trade in `project_subcontractors.category`.
const EVERY_TRADE: &str = "*";

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT s.id, s.name, s.phone, s.mail, s.region, s.trades, s.active FROM subcontractors s ", $rest)
    };
}

/// Stores a firm, new or changed.
pub async fn save(tx: &mut Tx, firm: &Subcontractor) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO subcontractors (id, name, phone, mail, region, trades, active) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
                       phone = excluded.phone, mail = excluded.mail, region = excluded.region, \
                       trades = excluded.trades, active = excluded.active";
    let trades = json_of(&firm.trades)?;
    both!(tx, |c| sqlx::query(SQL)
        .bind(firm.id.to_string())
        .bind(clean(&firm.name))
        .bind(clean_opt(firm.phone.as_deref()))
        .bind(clean_opt(firm.mail.as_deref()))
        .bind(clean_opt(firm.region.as_deref()))
        .bind(trades)
        .bind(i64::from(firm.active))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns one firm.
pub async fn find(tx: &mut Tx, id: SubcontractorId) -> Result<Option<Subcontractor>, StoreError> {
    const SQL: &str = select!("WHERE s.id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, FirmRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Subcontractor::try_from).transpose()
}

/// Returns every firm by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<Subcontractor>, StoreError> {
    const SQL: &str = select!("ORDER BY s.name, s.id");
    let rows = both!(tx, |c| sqlx::query_as::<_, FirmRow>(SQL).fetch_all(c).await)?;
    rows.into_iter().map(Subcontractor::try_from).collect()
}

/// Notes that a firm did a trade in a project, or with `None` everything nobody else is named
/// for; it takes the place of whoever was named before.
pub async fn engage(
    tx: &mut Tx,
    project: ProjectId,
    trade: Option<Category>,
    firm: SubcontractorId,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO project_subcontractors (project_id, category, subcontractor_id) \
                       VALUES ($1, $2, $3) \
                       ON CONFLICT (project_id, category) DO UPDATE SET subcontractor_id = excluded.subcontractor_id";
    both!(tx, |c| sqlx::query(SQL)
        .bind(project.to_string())
        .bind(trade.map_or(EVERY_TRADE, Category::name))
        .bind(firm.to_string())
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns who did what in a project; `None` stands for every other trade.
pub async fn of_project(
    tx: &mut Tx,
    project: ProjectId,
) -> Result<Vec<(Option<Category>, SubcontractorId)>, StoreError> {
    const SQL: &str = "SELECT category, subcontractor_id FROM project_subcontractors \
                       WHERE project_id = $1 ORDER BY category";
    let rows: Vec<(String, String)> = both!(tx, |c| sqlx::query_as(SQL).bind(project.to_string()).fetch_all(c).await)?;
    let read = |(category, firm): (String, String)| {
        let at = Row { table: "project_subcontractors", id: &firm };
        let trade = (category != EVERY_TRADE).then(|| at.name("category", &category)).transpose()?;
        Ok((trade, at.parse("subcontractor_id", &firm)?))
    };
    rows.into_iter().map(read).collect()
}

/// Returns the firm that answers for a trade in a project: the one named for it, else the one
/// named for everything. A firm that is given no more work is passed over.
pub async fn responsible(
    tx: &mut Tx,
    project: ProjectId,
    trade: Option<Category>,
) -> Result<Option<Subcontractor>, StoreError> {
    const SQL: &str = select!(
        "JOIN project_subcontractors p ON p.subcontractor_id = s.id \
         WHERE p.project_id = $1 AND p.category IN ($2, '*') AND s.active = 1 \
         ORDER BY CASE WHEN p.category = '*' THEN 1 ELSE 0 END LIMIT 1"
    );
    let row = both!(tx, |c| sqlx::query_as::<_, FirmRow>(SQL)
        .bind(project.to_string())
        .bind(trade.map_or(EVERY_TRADE, Category::name))
        .fetch_optional(c)
        .await)?;
    row.map(Subcontractor::try_from).transpose()
}

#[derive(FromRow)]
struct FirmRow {
    id: String,
    name: String,
    phone: Option<String>,
    mail: Option<String>,
    region: Option<String>,
    trades: String,
    active: i64,
}

impl TryFrom<FirmRow> for Subcontractor {
    type Error = StoreError;

    fn try_from(row: FirmRow) -> Result<Subcontractor, StoreError> {
        let at = Row { table: "subcontractors", id: &row.id };
        Ok(Subcontractor {
            id: at.parse("id", &row.id)?,
            trades: at.json("trades", &row.trades)?,
            active: at.bool("active", row.active)?,
            name: row.name,
            phone: row.phone,
            mail: row.mail,
            region: row.region,
        })
    }
}

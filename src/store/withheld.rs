//! Why something did not go out when it was due ("why not sent"). Rows are only added.

use sqlx::FromRow;

use super::scope::visit_within;
use super::tx::both;
use super::value::{Row, clean, name_of};
use super::{StoreError, Tx};
use crate::domain::access::Scope;
use crate::domain::ids::{ContactId, VisitId};
use crate::domain::policy::Rule;
use crate::domain::time::Timestamp;

/// One refusal of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    pub visit_id: Option<VisitId>,
    pub contact_id: Option<ContactId>,
    pub rule: Rule,
    /// Short and machine-made (`telegram`, `postponed`); never a person's words.
    pub detail: String,
    /// Until when it waits; `None` if it is not to go out at all.
    pub until: Option<Timestamp>,
    pub at: Timestamp,
}

/// Notes a refusal under an id of its own.
pub async fn note(tx: &mut Tx, id: uuid::Uuid, row: &Withheld) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO withheld (id, visit_id, contact_id, rule, detail, until, at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let rule = name_of(&row.rule)?;
    both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(row.visit_id.map(|id| id.to_string()))
        .bind(row.contact_id.map(|id| id.to_string()))
        .bind(rule)
        .bind(clean(&row.detail))
        .bind(row.until.map(|at| at.0))
        .bind(row.at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns the refusals about a contact, a visit, or all, the latest first.
pub async fn list(
    tx: &mut Tx,
    visit: Option<VisitId>,
    contact: Option<ContactId>,
    limit: u32,
) -> Result<Vec<Withheld>, StoreError> {
    const SQL: &str = "SELECT id, visit_id, contact_id, rule, detail, until, at FROM withheld \
                       WHERE (CAST($1 AS TEXT) IS NULL OR visit_id = $1) \
                       AND (CAST($2 AS TEXT) IS NULL OR contact_id = $2) ORDER BY at DESC, id DESC LIMIT $3";
    let rows = both!(tx, |c| sqlx::query_as::<_, WithheldRow>(SQL)
        .bind(visit.map(|id| id.to_string()))
        .bind(contact.map(|id| id.to_string()))
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Withheld::try_from).collect()
}

/// Returns the refusals about visits within a scope, the latest first.
pub async fn list_of_visits(tx: &mut Tx, within: &Scope, limit: u32) -> Result<Vec<Withheld>, StoreError> {
    const SQL: &str = concat!(
        "SELECT w.id, w.visit_id, w.contact_id, w.rule, w.detail, w.until, w.at FROM withheld w \
         JOIN visits ON visits.id = w.visit_id WHERE ",
        visit_within!("visits", "$2", "$3"),
        " ORDER BY w.at DESC, w.id DESC LIMIT $1"
    );
    let rows = both!(tx, |c| sqlx::query_as::<_, WithheldRow>(SQL)
        .bind(i64::from(limit))
        .bind(within.owner.map(|id| id.to_string()))
        .bind(within.region.as_deref())
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Withheld::try_from).collect()
}

#[derive(FromRow)]
struct WithheldRow {
    id: String,
    visit_id: Option<String>,
    contact_id: Option<String>,
    rule: String,
    detail: String,
    until: Option<i64>,
    at: i64,
}

impl TryFrom<WithheldRow> for Withheld {
    type Error = StoreError;

    fn try_from(row: WithheldRow) -> Result<Withheld, StoreError> {
        let at = Row { table: "withheld", id: &row.id };
        Ok(Withheld {
            visit_id: at.parse_opt("visit_id", row.visit_id.as_deref())?,
            contact_id: at.parse_opt("contact_id", row.contact_id.as_deref())?,
            rule: at.name("rule", &row.rule)?,
            until: row.until.map(Timestamp),
            at: Timestamp(row.at),
            detail: row.detail,
        })
    }
}

//! What is known of machines under the rules for equipment events.

use super::tx::both;
use super::value::{Row, clean};
use super::{StoreError, Tx, units};
use crate::domain::equipment::Watch;
use crate::domain::ids::UnitId;
use crate::domain::project::Unit;
use crate::domain::time::Timestamp;

/// Returns what is known of a unit under a rule.
pub async fn watch(tx: &mut Tx, unit: UnitId, rule: &str) -> Result<Watch, StoreError> {
    const SQL: &str = "SELECT seen_at, beyond_since, fired_at FROM equipment_watch WHERE unit_id = $1 AND rule = $2";
    type Times = (Option<i64>, Option<i64>, Option<i64>);
    let row: Option<Times> =
        both!(tx, |c| sqlx::query_as(SQL).bind(unit.to_string()).bind(rule).fetch_optional(c).await)?;
    let (seen, beyond, fired) = row.unwrap_or_default();
    let [seen_at, beyond_since, fired_at] = [seen, beyond, fired].map(|at| at.map(Timestamp));
    Ok(Watch { seen_at, beyond_since, fired_at })
}

/// Stores what is known of a unit under a rule.
pub async fn keep(tx: &mut Tx, unit: UnitId, rule: &str, watch: Watch) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO equipment_watch (unit_id, rule, seen_at, beyond_since, fired_at) \
                       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (unit_id, rule) DO UPDATE SET \
                       seen_at = excluded.seen_at, beyond_since = excluded.beyond_since, fired_at = excluded.fired_at";
    both!(tx, |c| sqlx::query(SQL)
        .bind(unit.to_string())
        .bind(rule)
        .bind(watch.seen_at.map(|at| at.0))
        .bind(watch.beyond_since.map(|at| at.0))
        .bind(watch.fired_at.map(|at| at.0))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Takes on a post of that id, or returns what was answered to it if it came before. Of two that come at once
/// the second waits here for the first. [`answer`] it in the same transaction: so nobody reads an empty answer.
pub async fn take_on(tx: &mut Tx, post: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
    const TAKE: &str = "INSERT INTO event_posts (id, answer, at) VALUES ($1, '', $2) ON CONFLICT (id) DO NOTHING";
    const ANSWER: &str = "SELECT answer FROM event_posts WHERE id = $1";
    let new =
        both!(tx, |c| sqlx::query(TAKE).bind(post).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    if new > 0 {
        return Ok(None);
    }
    Ok(Some(both!(tx, |c| sqlx::query_scalar(ANSWER).bind(post).fetch_one(c).await)?))
}

/// Remembers what was answered to a post that was taken on, and forgets those before `since`.
pub async fn answer(tx: &mut Tx, post: &str, answer: &str, since: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE event_posts SET answer = $2 WHERE id = $1";
    both!(tx, |c| sqlx::query("DELETE FROM event_posts WHERE at < $1").bind(since.0).execute(c).await.map(drop))?;
    both!(tx, |c| sqlx::query(SQL).bind(post).bind(clean(answer)).execute(c).await.map(drop))?;
    Ok(())
}

/// Returns the unit that the operator calls so, in the project that they call so.
pub async fn unit_of(tx: &mut Tx, project: &str, unit: &str) -> Result<Option<Unit>, StoreError> {
    const SQL: &str = "SELECT u.id FROM units u JOIN projects p ON p.id = u.project_id \
                       WHERE p.code = $1 AND u.code = $2";
    let id: Option<String> =
        both!(tx, |c| sqlx::query_scalar(SQL).bind(clean(project)).bind(clean(unit)).fetch_optional(c).await)?;
    match id {
        Some(id) => units::find(tx, Row { table: "units", id: &id }.parse("id", &id)?).await,
        None => Ok(None),
    }
}

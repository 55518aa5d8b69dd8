//! What a platform lets us send once to somebody who did not just write: granted, taken back, used.
//! A permit is used before the network is touched, so that none is used twice.

use super::tx::both;
use super::value::{Row, clean, name_of};
use super::{StoreError, Tx};
use crate::domain::ids::{DialogueId, PermitId};
use crate::domain::reach::PermitKind;
use crate::domain::time::Timestamp;

/// A permit as it is granted.
#[derive(Debug, Clone)]
pub struct NewPermit {
    pub id: PermitId,
    pub dialogue_id: DialogueId,
    pub kind: PermitKind,
    /// What is given back to the platform, or the template that was agreed to.
    pub code: String,
    pub granted_at: Timestamp,
    /// When it is void; `None`: never by itself.
    pub ends_at: Option<Timestamp>,
}

/// A permit that is ours to use now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub id: PermitId,
    pub code: String,
}

/// Notes a permit.
pub async fn grant(tx: &mut Tx, permit: &NewPermit) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO permits (id, dialogue_id, kind, code, granted_at, ends_at) \
                       VALUES ($1, $2, $3, $4, $5, $6)";
    let kind = name_of(&permit.kind)?;
    both!(tx, |c| sqlx::query(SQL)
        .bind(permit.id.to_string())
        .bind(permit.dialogue_id.to_string())
        .bind(kind)
        .bind(clean(&permit.code))
        .bind(permit.granted_at.0)
        .bind(permit.ends_at.map(|at| at.0))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Uses the oldest permit of a kind that is still good; `code` narrows it to one template.
pub async fn take(
    tx: &mut Tx,
    dialogue: DialogueId,
    kind: PermitKind,
    code: Option<&str>,
    now: Timestamp,
) -> Result<Option<Taken>, StoreError> {
    const SQL: &str = "UPDATE permits SET used_at = $4 WHERE used_at IS NULL AND id = (SELECT id FROM permits \
                       WHERE dialogue_id = $1 AND kind = $2 AND (CAST($3 AS TEXT) IS NULL OR code = $3) \
                       AND used_at IS NULL AND (ends_at IS NULL OR ends_at > $4) \
                       ORDER BY granted_at, id LIMIT 1) RETURNING id, code";
    let kind = name_of(&kind)?;
    let taken: Option<(String, String)> = both!(tx, |c| sqlx::query_as(SQL)
        .bind(dialogue.to_string())
        .bind(kind)
        .bind(code.map(clean))
        .bind(now.0)
        .fetch_optional(c)
        .await)?;
    taken.map(|(id, code)| Ok(Taken { id: Row { table: "permits", id: &id }.parse("id", &id)?, code })).transpose()
}

/// Says whether there is one that [`take`] would use.
pub async fn has(
    tx: &mut Tx,
    dialogue: DialogueId,
    kind: PermitKind,
    code: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM permits WHERE dialogue_id = $1 AND kind = $2 \
                       AND (CAST($3 AS TEXT) IS NULL OR code = $3) \
                       AND used_at IS NULL AND (ends_at IS NULL OR ends_at > $4)";
    let kind = name_of(&kind)?;
    let count: i64 = both!(tx, |c| sqlx::query_scalar(SQL)
        .bind(dialogue.to_string())
        .bind(kind)
        .bind(code.map(clean))
        .bind(now.0)
        .fetch_one(c)
        .await)?;
    Ok(count > 0)
}

/// Gives a permit back that was taken and surely not used.
pub async fn give_back(tx: &mut Tx, id: PermitId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE permits SET used_at = NULL WHERE id = $1";
    both!(tx, |c| sqlx::query(SQL).bind(id.to_string()).execute(c).await.map(drop))?;
    Ok(())
}

/// The person takes back what they agreed to by a template.
pub async fn withdraw(tx: &mut Tx, dialogue: DialogueId, code: &str, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE permits SET used_at = $3 WHERE dialogue_id = $1 AND code = $2 AND used_at IS NULL";
    both!(tx, |c| sqlx::query(SQL)
        .bind(dialogue.to_string())
        .bind(clean(code))
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

//! Two contacts that became one: what went over, so that it can go back. And the links by which
//! conversations went on elsewhere, each good for once.

use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, FromRow};

use super::backend::lock_row;
use super::tx::both;
use super::value::{Row, json_of, name_of};
use super::{StoreError, Tx};
use crate::domain::contact::{Contact, Proof};
use crate::domain::ids::{ContactId, DialogueId, MergeId, StaffId, UnitId};
use crate::domain::time::Timestamp;

/// What belongs to a contact by the column `contact_id`, besides units, addresses and conversations.
const OWNED: [&str; 6] = ["tickets", "responses", "visits", "recoveries", "withheld", "offers"];

/// What came of responses and tickets that went back (`$1` from `$2`), in the order in which it hangs together: a
/// visit that was sent belongs to its conversation.
const FOLLOWING: [&str; 3] = [
    "UPDATE recoveries SET contact_id = $1 WHERE contact_id = $2 \
     AND response_id IN (SELECT id FROM responses WHERE contact_id = $1)",
    "UPDATE offers SET contact_id = $1 WHERE contact_id = $2 \
     AND response_id IN (SELECT id FROM responses WHERE contact_id = $1)",
    "UPDATE visits SET contact_id = $1 WHERE contact_id = $2 AND dialogue_id IS NULL \
     AND (ticket_id IN (SELECT id FROM tickets WHERE contact_id = $1) \
     OR id IN (SELECT visit_id FROM recoveries WHERE contact_id = $1))",
];

/// Two contacts that became one.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    pub id: MergeId,
    pub kept: ContactId,
    pub gone: ContactId,
    pub why: Proof,
    /// Who said so, if it was a member of staff.
    pub staff: Option<StaffId>,
    /// `None` once the personal data was removed: then it cannot be undone.
    pub moved: Option<Moved>,
    pub at: Timestamp,
    pub undone_at: Option<Timestamp>,
}

/// What went over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// What was known of the one that carries on.
    pub before: Contact,
    pub units: Vec<(UnitId, Timestamp)>,
    /// Those of them that the one that carries on had as well.
    #[serde(default)]
    pub shared: Vec<UnitId>,
    pub dialogues: Vec<DialogueId>,
    /// Ids, in the order of [`OWNED`].
    rows: Vec<Vec<String>>,
}

/// Holds two contacts until the transaction ends, always in the same order.
pub async fn lock(tx: &mut Tx, one: ContactId, two: ContactId) -> Result<(), StoreError> {
    for id in [one.min(two), one.max(two)] {
        lock_row(tx, "SELECT id FROM contacts WHERE id = $1 FOR UPDATE", &id.to_string()).await?;
    }
    Ok(())
}

/// Gives everything of `gone` to `kept`, which is stored as `kept` says; returns what went over.
pub async fn carry_over(
    tx: &mut Tx,
    before: Contact,
    kept: &Contact,
    gone: ContactId,
    now: Timestamp,
) -> Result<Moved, StoreError> {
    const UNITS: &str = "SELECT unit_id, bound_at FROM contact_units WHERE contact_id = $1 ORDER BY bound_at, unit_id";
    const UNBIND: &str = "DELETE FROM contact_units WHERE contact_id = $1";
    let (from, to) = (gone.to_string(), kept.id.to_string());
    let units: Vec<(String, i64)> = both!(tx, |c| sqlx::query_as(UNITS).bind(&from).fetch_all(c).await)?;
    both!(tx, |c| sqlx::query(UNBIND).bind(&from).execute(c).await.map(drop))?;
    let at = Row { table: "contact_units", id: &from };
    let mut moved = Moved { before, units: Vec::new(), shared: Vec::new(), dialogues: Vec::new(), rows: Vec::new() };
    for (unit, bound_at) in units {
        let unit: UnitId = at.parse("unit_id", &unit)?;
        if !super::contact_units::bind(tx, kept.id, unit, Timestamp(bound_at)).await? {
            moved.shared.push(unit);
        }
        moved.units.push((unit, Timestamp(bound_at)));
    }
    for dialogue in super::dialogues::list_for_contact(tx, gone).await? {
        super::dialogues::lock(tx, dialogue.id).await?;
        moved.dialogues.push(dialogue.id);
    }
    for table in OWNED {
        moved.rows.push(ids_of(tx, table, &from).await?);
        give_all(tx, table, &from, &to).await?;
    }
    give_all(tx, "dialogues", &from, &to).await?;
    give_all(tx, "identities", &from, &to).await?;
    super::contacts::update_facts(tx, kept).await?;
    super::contacts::set_merged(tx, gone, Some(kept.id)).await?;
    tracing::info!(contact.id = %kept.id, gone.id = %gone, at = now.0, "contact {gone} is part of contact {to} now");
    Ok(moved)
}

/// Gives `gone` back what went over, and what came in its conversations since.
pub async fn carry_back(tx: &mut Tx, merge: &Merge, moved: &Moved, kept: &Contact) -> Result<(), StoreError> {
    const UNBIND: &str = "DELETE FROM contact_units WHERE contact_id = $1 AND unit_id = $2 AND bound_at = $3";
    const ADDRESS: &str = "UPDATE identities SET contact_id = $1 WHERE EXISTS (SELECT 1 FROM dialogues d \
                           WHERE d.id = $2 AND d.channel = identities.channel AND d.address = identities.address)";
    let (from, to) = (merge.kept.to_string(), merge.gone.to_string());
    for (unit, bound_at) in &moved.units {
        // Bound at that very moment: it came over. An import binds everybody at one moment, though.
        if !moved.shared.contains(unit) {
            both!(tx, |c| sqlx::query(UNBIND)
                .bind(&from)
                .bind(unit.to_string())
                .bind(bound_at.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        super::contact_units::bind(tx, merge.gone, *unit, *bound_at).await?;
    }
    for (table, ids) in OWNED.into_iter().zip(&moved.rows) {
        for id in ids {
            let sql = format!("UPDATE {table} SET contact_id = $1 WHERE id = $2 AND contact_id = $3");
            both!(tx, |c| sqlx::query(AssertSqlSafe(sql)).bind(&to).bind(id).bind(&from).execute(c).await.map(drop))?;
        }
    }
    for dialogue in &moved.dialogues {
        super::dialogues::lock(tx, *dialogue).await?;
        super::dialogues::set_contact(tx, *dialogue, merge.gone).await?;
        both!(tx, |c| sqlx::query(ADDRESS).bind(&to).bind(dialogue.to_string()).execute(c).await.map(drop))?;
        for table in ["tickets", "responses", "visits"] {
            let sql = format!("UPDATE {table} SET contact_id = $1 WHERE dialogue_id = $2 AND contact_id = $3");
            both!(tx, |c| sqlx::query(AssertSqlSafe(sql))
                .bind(&to)
                .bind(dialogue.to_string())
                .bind(&from)
                .execute(c)
                .await
                .map(drop))?;
        }
    }
    for sql in FOLLOWING {
        both!(tx, |c| sqlx::query(sql).bind(&to).bind(&from).execute(c).await.map(drop))?;
    }
    super::contacts::update_facts(tx, kept).await?;
    super::contacts::set_merged(tx, merge.gone, None).await
}

async fn ids_of(tx: &mut Tx, table: &str, contact: &str) -> Result<Vec<String>, StoreError> {
    let sql = format!("SELECT id FROM {table} WHERE contact_id = $1 ORDER BY id");
    Ok(both!(tx, |c| sqlx::query_scalar(AssertSqlSafe(sql)).bind(contact).fetch_all(c).await)?)
}

async fn give_all(tx: &mut Tx, table: &str, from: &str, to: &str) -> Result<(), StoreError> {
    let sql = format!("UPDATE {table} SET contact_id = $1 WHERE contact_id = $2");
    both!(tx, |c| sqlx::query(AssertSqlSafe(sql)).bind(to).bind(from).execute(c).await.map(drop))?;
    Ok(())
}

/// Keeps what was done.
pub async fn insert(tx: &mut Tx, merge: &Merge) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO contact_merges (id, kept_id, gone_id, why, staff_id, moved, at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let why = name_of(&merge.why)?;
    let moved = merge.moved.as_ref().map(json_of).transpose()?.unwrap_or_default();
    both!(tx, |c| sqlx::query(SQL)
        .bind(merge.id.to_string())
        .bind(merge.kept.to_string())
        .bind(merge.gone.to_string())
        .bind(why)
        .bind(merge.staff.map(|id| id.to_string()))
        .bind(moved)
        .bind(merge.at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns one merge and holds it until the transaction ends.
pub async fn load_for_update(tx: &mut Tx, id: MergeId) -> Result<Option<Merge>, StoreError> {
    const SQL: &str = "SELECT id, kept_id, gone_id, why, staff_id, moved, at, undone_at FROM contact_merges \
                       WHERE id = $1";
    lock_row(tx, "SELECT id FROM contact_merges WHERE id = $1 FOR UPDATE", &id.to_string()).await?;
    let row = both!(tx, |c| sqlx::query_as::<_, MergeRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Merge::try_from).transpose()
}

/// Returns the merges a contact was part of, the latest first.
pub async fn list(tx: &mut Tx, contact: ContactId) -> Result<Vec<Merge>, StoreError> {
    const SQL: &str = "SELECT id, kept_id, gone_id, why, staff_id, moved, at, undone_at FROM contact_merges \
                       WHERE kept_id = $1 OR gone_id = $1 ORDER BY at DESC, id DESC";
    let rows = both!(tx, |c| sqlx::query_as::<_, MergeRow>(SQL).bind(contact.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Merge::try_from).collect()
}

/// Notes that a merge was undone, and by whom.
pub async fn undone(tx: &mut Tx, id: MergeId, by: StaffId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contact_merges SET undone_at = $2, undone_by = $3 WHERE id = $1";
    both!(tx, |c| sqlx::query(SQL).bind(id.to_string()).bind(now.0).bind(by.to_string()).execute(c).await.map(drop))?;
    Ok(())
}

/// Notes that a conversation used a link. Returns the one that used it before, if one did.
pub async fn spend_link(
    tx: &mut Tx,
    token_hash: &str,
    dialogue: DialogueId,
    now: Timestamp,
) -> Result<Option<DialogueId>, StoreError> {
    const SQL: &str = "INSERT INTO spent_links (token_hash, dialogue_id, at) VALUES ($1, $2, $3) \
                       ON CONFLICT (token_hash) DO NOTHING";
    const BY: &str = "SELECT dialogue_id FROM spent_links WHERE token_hash = $1";
    let spent = both!(tx, |c| sqlx::query(SQL)
        .bind(token_hash)
        .bind(dialogue.to_string())
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if spent > 0 {
        return Ok(None);
    }
    let by: Option<String> = both!(tx, |c| sqlx::query_scalar(BY).bind(token_hash).fetch_optional(c).await)?;
    by.map(|id| Row { table: "spent_links", id: &id }.parse("dialogue_id", &id)).transpose()
}

#[derive(FromRow)]
struct MergeRow {
    id: String,
    kept_id: String,
    gone_id: String,
    why: String,
    staff_id: Option<String>,
    moved: String,
    at: i64,
    undone_at: Option<i64>,
}

impl TryFrom<MergeRow> for Merge {
    type Error = StoreError;

    fn try_from(row: MergeRow) -> Result<Merge, StoreError> {
        let at = Row { table: "contact_merges", id: &row.id };
        let moved = Some(&row.moved).filter(|moved| !moved.is_empty());
        Ok(Merge {
            id: at.parse("id", &row.id)?,
            kept: at.parse("kept_id", &row.kept_id)?,
            gone: at.parse("gone_id", &row.gone_id)?,
            why: at.name("why", &row.why)?,
            staff: at.parse_opt("staff_id", row.staff_id.as_deref())?,
            moved: moved.map(|moved| at.json("moved", moved)).transpose()?,
            at: Timestamp(row.at),
            undone_at: row.undone_at.map(Timestamp),
        })
    }
}

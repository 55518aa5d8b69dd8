//! A conversation as people see it: what came in and what went out, in one order.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use super::outbox::Delivery;
use super::tx::both;
use super::value::Row;
use super::{StoreError, Tx};
use crate::domain::ids::DialogueId;
use crate::domain::time::Timestamp;

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    Client,
    Bot,
    Staff,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The inbox or outbox id.
    pub id: Uuid,
    /// The platform's id of an incoming message; `None` for an outgoing one.
    pub external_id: Option<String>,
    /// Its place in the conversation; give the last one seen to the next [`after`].
    pub seq: i64,
    pub speaker: Speaker,
    /// The kind of an incoming message (`text`, `voice`, …); `None` for an outgoing one.
    pub kind: Option<String>,
    /// The message as JSON, as it was stored.
    pub body: String,
    /// What became of an outgoing message; `None` for an incoming one.
    pub delivery: Option<Delivery>,
    /// Why it was not brought, or not surely.
    pub reason: Option<String>,
    pub at: Timestamp,
}

macro_rules! thread {
    ($kept:literal, $where:literal, $order:literal) => {
        concat!(
            "SELECT id, external_id, seq, speaker, kind, body, delivery, reason, at FROM (",
            "SELECT id, external_id, seq, 'client' AS speaker, kind, body, CAST(NULL AS TEXT) AS delivery, ",
            "CAST(NULL AS TEXT) AS reason, received_at AS at FROM inbox WHERE dialogue_id = $1 UNION ALL ",
            "SELECT id, CAST(NULL AS TEXT) AS external_id, seq, author AS speaker, CAST(NULL AS TEXT) AS kind, body, ",
            "status AS delivery, reason, created_at AS at FROM outbox WHERE dialogue_id = $1",
            $kept,
            ") AS messages ",
            $where,
            " ORDER BY seq ",
            $order,
            " LIMIT $2"
        )
    };
}

/// Returns what was said after `seq`, in order. What the policy held back was not said.
pub async fn after(tx: &mut Tx, dialogue: DialogueId, seq: i64, limit: u32) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = thread!(" AND status <> 'withheld'", "WHERE seq > $3", "ASC");
    let rows = both!(tx, |c| sqlx::query_as::<_, EntryRow>(SQL)
        .bind(dialogue.to_string())
        .bind(i64::from(limit))
        .bind(seq)
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// Returns the last `limit` messages, in order. What the policy held back was not said.
pub async fn latest(tx: &mut Tx, dialogue: DialogueId, limit: u32) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = thread!(" AND status <> 'withheld'", "", "DESC");
    last(tx, SQL, dialogue, limit).await
}

/// Returns the last `limit` messages, in order, with those that were held back: for staff, who must
/// know of what they wrote that it was not said.
pub async fn latest_for_staff(tx: &mut Tx, dialogue: DialogueId, limit: u32) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = thread!("", "", "DESC");
    last(tx, SQL, dialogue, limit).await
}

async fn last(tx: &mut Tx, sql: &'static str, dialogue: DialogueId, limit: u32) -> Result<Vec<Entry>, StoreError> {
    let rows = both!(tx, |c| sqlx::query_as::<_, EntryRow>(sql)
        .bind(dialogue.to_string())
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?;
    rows.into_iter().rev().map(Entry::try_from).collect()
}

#[derive(FromRow)]
struct EntryRow {
    id: String,
    external_id: Option<String>,
    seq: i64,
    speaker: String,
    kind: Option<String>,
    body: String,
    delivery: Option<String>,
    reason: Option<String>,
    at: i64,
}

impl TryFrom<EntryRow> for Entry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Entry, StoreError> {
        let at = Row { table: if row.kind.is_some() { "inbox" } else { "outbox" }, id: &row.id };
        Ok(Entry {
            id: at.parse("id", &row.id)?,
            speaker: at.name("author", &row.speaker)?,
            delivery: at.name_opt("status", row.delivery.as_deref())?,
            at: Timestamp(row.at),
            external_id: row.external_id,
            seq: row.seq,
            kind: row.kind,
            body: row.body,
            reason: row.reason,
        })
    }
}

//! Conversations: one per address on a channel, with the state of the dialogue as JSON.

use std::collections::BTreeSet;

use sqlx::FromRow;

use super::backend::lock_row;
use super::tx::both;
use super::value::{Row, clean};
use super::{StoreError, Tx};
use crate::domain::ids::{ContactId, DialogueId};
use crate::domain::time::Timestamp;

/// One conversation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialogue {
    pub id: DialogueId,
    /// The name of the channel it runs on.
    pub channel: String,
    /// The person's address on that channel.
    pub address: String,
    pub contact_id: Option<ContactId>,
    /// The serialised dialogue state.
    pub state: String,
    /// Whether a person has taken over; a copy of what the state says, for lists.
    pub handed_over: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When the person last wrote.
    pub heard_at: Option<Timestamp>,
    /// Since when they cannot be reached: blocked or unfollowed us.
    pub left_at: Option<Timestamp>,
}

/// What a conversation begins as.
#[derive(Debug, Clone)]
pub struct NewDialogue {
    pub id: DialogueId,
    pub channel: String,
    pub address: String,
    pub contact_id: Option<ContactId>,
    pub state: String,
    pub now: Timestamp,
}

/// Returns the conversation of an address, held against other writers; if there is none yet,
/// `new` becomes it.
pub async fn find_or_create(tx: &mut Tx, new: &NewDialogue) -> Result<Dialogue, StoreError> {
    const SQL: &str = "INSERT INTO dialogues (id, channel, address, contact_id, state, created_at, updated_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (channel, address) DO NOTHING";
    both!(tx, |c| sqlx::query(SQL)
        .bind(new.id.to_string())
        .bind(&new.channel)
        .bind(clean(&new.address))
        .bind(new.contact_id.map(|id| id.to_string()))
        .bind(clean(&new.state))
        .bind(new.now.0)
        .execute(c)
        .await
        .map(drop))?;
    match find_by_address(tx, &new.channel, &new.address).await? {
        Some(found) if found.id == new.id => Ok(found),
        // Read again under the lock: somebody else may just be changing it.
        Some(found) => load_for_update(tx, found.id).await?.ok_or_else(|| missing(found.id)),
        None => Err(missing(new.id)),
    }
}

/// Returns the conversation of an address.
pub async fn find_by_address(tx: &mut Tx, channel: &str, address: &str) -> Result<Option<Dialogue>, StoreError> {
    const SQL: &str = "SELECT id, channel, address, contact_id, state, handed_over, created_at, updated_at, heard_at, left_at \
                       FROM dialogues WHERE channel = $1 AND address = $2";
    let row = both!(tx, |c| sqlx::query_as::<_, DialogueRow>(SQL)
        .bind(channel)
        .bind(clean(address))
        .fetch_optional(c)
        .await)?;
    row.map(Dialogue::try_from).transpose()
}

/// Returns one conversation.
pub async fn find(tx: &mut Tx, id: DialogueId) -> Result<Option<Dialogue>, StoreError> {
    const SQL: &str = "SELECT id, channel, address, contact_id, state, handed_over, created_at, updated_at, heard_at, left_at \
                       FROM dialogues WHERE id = $1";
    let row = both!(tx, |c| sqlx::query_as::<_, DialogueRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Dialogue::try_from).transpose()
}

/// Returns one conversation and holds it until the transaction ends: messages of one
/// conversation are applied one at a time.
pub async fn load_for_update(tx: &mut Tx, id: DialogueId) -> Result<Option<Dialogue>, StoreError> {
    lock(tx, id).await?;
    find(tx, id).await
}

/// Stores the state after a step.
pub async fn save(
    tx: &mut Tx,
    id: DialogueId,
    state: &str,
    handed_over: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE dialogues SET state = $2, handed_over = $3, updated_at = $4 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(clean(state))
        .bind(i64::from(handed_over))
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if changed == 0 { Err(missing(id)) } else { Ok(()) }
}

/// What a message says of how the person can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// They wrote.
    Wrote,
    /// They blocked or unfollowed us.
    Left,
}

/// Stores the state after a step that a message of the person led to, and that they were heard.
pub async fn save_heard(
    tx: &mut Tx,
    id: DialogueId,
    state: &str,
    handed_over: bool,
    now: Timestamp,
    heard: Heard,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE dialogues SET state = $2, handed_over = $3, updated_at = $4, \
                       heard_at = COALESCE($5, heard_at), left_at = $6 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(clean(state))
        .bind(i64::from(handed_over))
        .bind(now.0)
        .bind((heard == Heard::Wrote).then_some(now.0))
        .bind((heard == Heard::Left).then_some(now.0))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if changed == 0 { Err(missing(id)) } else { Ok(()) }
}

/// Moves a conversation to another address of its channel.
pub async fn set_address(tx: &mut Tx, id: DialogueId, address: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE dialogues SET address = $2 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(clean(address))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if changed == 0 { Err(missing(id)) } else { Ok(()) }
}

/// Says whose conversation it is.
pub async fn set_contact(tx: &mut Tx, id: DialogueId, contact: ContactId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE dialogues SET contact_id = $2 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(contact.to_string())
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if changed == 0 { Err(missing(id)) } else { Ok(()) }
}

/// Returns the conversations of a contact, the liveliest first.
pub async fn list_for_contact(tx: &mut Tx, contact: ContactId) -> Result<Vec<Dialogue>, StoreError> {
    const SQL: &str = "SELECT id, channel, address, contact_id, state, handed_over, created_at, updated_at, heard_at, left_at \
                       FROM dialogues WHERE contact_id = $1 ORDER BY updated_at DESC, id";
    let rows = both!(tx, |c| sqlx::query_as::<_, DialogueRow>(SQL).bind(contact.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Dialogue::try_from).collect()
}

/// Returns the conversations that a person has taken over (or has not), the liveliest first.
pub async fn list(tx: &mut Tx, handed_over: bool, limit: u32) -> Result<Vec<Dialogue>, StoreError> {
    const SQL: &str = "SELECT id, channel, address, contact_id, state, handed_over, created_at, updated_at, heard_at, left_at \
                       FROM dialogues WHERE handed_over = $1 ORDER BY updated_at DESC, id LIMIT $2";
    let rows = both!(tx, |c| sqlx::query_as::<_, DialogueRow>(SQL)
        .bind(i64::from(handed_over))
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Dialogue::try_from).collect()
}

/// Holds a conversation until the transaction ends.
pub async fn lock(tx: &mut Tx, id: DialogueId) -> Result<(), StoreError> {
    lock_row(tx, "SELECT id FROM dialogues WHERE id = $1 FOR UPDATE", &id.to_string()).await
}

/// Holds several conversations until the transaction ends, in the order of their ids: two who hold some of the
/// same cannot wait for each other.
pub async fn lock_all(tx: &mut Tx, ids: &BTreeSet<DialogueId>) -> Result<(), StoreError> {
    for id in ids {
        lock(tx, *id).await?;
    }
    Ok(())
}

/// Gives the next number in a conversation and holds the conversation, so that numbers become
/// visible in their order.
pub(super) async fn next_seq(tx: &mut Tx, id: DialogueId) -> Result<i64, StoreError> {
    const SQL: &str = "UPDATE dialogues SET seq = seq + 1 WHERE id = $1 RETURNING seq";
    let seq: Option<i64> = both!(tx, |c| sqlx::query_scalar(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    seq.ok_or_else(|| missing(id))
}

fn missing(id: DialogueId) -> StoreError {
    StoreError::Missing { table: "dialogues", id: id.to_string() }
}

#[derive(FromRow)]
struct DialogueRow {
    id: String,
    channel: String,
    address: String,
    contact_id: Option<String>,
    state: String,
    handed_over: i64,
    created_at: i64,
    updated_at: i64,
    heard_at: Option<i64>,
    left_at: Option<i64>,
}

impl TryFrom<DialogueRow> for Dialogue {
    type Error = StoreError;

    fn try_from(row: DialogueRow) -> Result<Dialogue, StoreError> {
        let at = Row { table: "dialogues", id: &row.id };
        Ok(Dialogue {
            id: at.parse("id", &row.id)?,
            contact_id: at.parse_opt("contact_id", row.contact_id.as_deref())?,
            handed_over: at.bool("handed_over", row.handed_over)?,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            heard_at: row.heard_at.map(Timestamp),
            left_at: row.left_at.map(Timestamp),
            channel: row.channel,
            address: row.address,
            state: row.state,
        })
    }
}

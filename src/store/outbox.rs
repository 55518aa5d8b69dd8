//! Every message on its way out, and what became of it. Nothing here is deleted: a message
//! that was held back or could not be brought says why (invariants 4 and 9).

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::tx::both;
use super::value::{Row, clean, name_of};
use super::{StoreError, Tx, dialogues};
use crate::domain::ids::{DialogueId, InboxId, OutboxId};
use crate::domain::reach::SHUT;
use crate::domain::time::Timestamp;

macro_rules! select {
    ($($rest:tt)*) => {
        concat!(
            "SELECT id, dialogue_id, seq, author, body, status, attempt, not_before, created_at, sent_at, reason ",
            "FROM outbox ",
            $($rest)*
        )
    };
}

/// Who speaks to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    Bot,
    Staff,
}

/// Where a message stands on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// To be sent, at `not_before` or at once.
    Pending,
    /// The channel took it, or the client fetches it by themselves.
    Sent,
    /// It left, but whether it arrived is unknown.
    Uncertain,
    /// The channel refused it for good.
    Failed,
    /// The policy did not let it out; `reason` says why.
    Withheld,
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct NewOutbound {
    pub id: OutboxId,
    pub dialogue_id: DialogueId,
    pub author: Author,
    /// The message as JSON.
    pub body: String,
    /// [`Delivery::Sent`] at once for a channel whose clients fetch their messages.
    pub status: Delivery,
    pub not_before: Option<Timestamp>,
    pub created_at: Timestamp,
    /// The message it answers, if it answers one.
    pub reply_to: Option<InboxId>,
}

/// A message on its way out as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    pub id: OutboxId,
    pub dialogue_id: DialogueId,
    /// Its place in the conversation.
    pub seq: i64,
    pub author: Author,
    pub body: String,
    pub status: Delivery,
    /// How often sending was begun.
    pub attempt: u32,
    pub not_before: Option<Timestamp>,
    pub created_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub reason: Option<String>,
}

/// Adds a message to a conversation; returns its place in it.
pub async fn push(tx: &mut Tx, message: &NewOutbound) -> Result<i64, StoreError> {
    const SQL: &str = "INSERT INTO outbox \
                       (id, dialogue_id, seq, author, body, status, not_before, created_at, sent_at, reply_to) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let (author, status) = (name_of(&message.author)?, name_of(&message.status)?);
    let sent_at = (message.status == Delivery::Sent).then_some(message.created_at.0);
    let seq = dialogues::next_seq(tx, message.dialogue_id).await?;
    both!(tx, |c| sqlx::query(SQL)
        .bind(message.id.to_string())
        .bind(message.dialogue_id.to_string())
        .bind(seq)
        .bind(author)
        .bind(clean(&message.body))
        .bind(status)
        .bind(message.not_before.map(|at| at.0))
        .bind(message.created_at.0)
        .bind(sent_at)
        .bind(message.reply_to.map(|id| id.to_string()))
        .execute(c)
        .await
        .map(drop))?;
    Ok(seq)
}

/// Returns one message.
pub async fn find(tx: &mut Tx, id: OutboxId) -> Result<Option<Outbound>, StoreError> {
    const SQL: &str = select!("WHERE id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, OutboundRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Outbound::try_from).transpose()
}

/// Returns the messages that stand at `status`, oldest first.
pub async fn list(tx: &mut Tx, status: Delivery, limit: u32) -> Result<Vec<Outbound>, StoreError> {
    const SQL: &str = select!("WHERE status = $1 ORDER BY created_at, dialogue_id, seq LIMIT $2");
    let status = name_of(&status)?;
    let rows =
        both!(tx, |c| sqlx::query_as::<_, OutboundRow>(SQL).bind(status).bind(i64::from(limit)).fetch_all(c).await)?;
    rows.into_iter().map(Outbound::try_from).collect()
}

/// What [`Outbound::reason`] says of a message that went out in the response to the one it answers.
const IN_RESPONSE: &str = "in response";
/// … and, before the id of that one, of a message that went out together with another.
const WITH: &str = "with:";

/// Takes the answers to a message that go out in the response to it: those nobody has begun to
/// send, and those that went out that way before, since whoever asks again did not get them
/// (protocols §1.8). In their order; they count as sent.
pub async fn take_answers(tx: &mut Tx, message: InboxId, now: Timestamp) -> Result<Vec<Outbound>, StoreError> {
    const SQL: &str = "UPDATE outbox SET status = 'sent', sent_at = $2, reason = $3, attempt = attempt + 1 \
                       WHERE reply_to = $1 AND (status = 'pending' AND attempt = 0 OR reason = $3) \
                       RETURNING id, dialogue_id, seq, author, body, status, attempt, not_before, created_at, sent_at, \
                       reason";
    let rows = both!(tx, |c| sqlx::query_as::<_, OutboundRow>(SQL)
        .bind(message.to_string())
        .bind(now.0)
        .bind(IN_RESPONSE)
        .fetch_all(c)
        .await)?;
    let mut taken = rows.into_iter().map(Outbound::try_from).collect::<Result<Vec<_>, _>>()?;
    taken.sort_by_key(|message| message.seq);
    Ok(taken)
}

/// Gives an answer that was taken, by that attempt, back to be sent the other way. Returns false if it
/// was taken again since, or is not out in a response.
pub async fn put_back(tx: &mut Tx, id: OutboxId, attempt: u32) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE outbox SET status = 'pending', sent_at = NULL, reason = NULL, attempt = attempt - 1 \
                       WHERE id = $1 AND reason = $2 AND attempt = $3";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(IN_RESPONSE)
        .bind(i64::from(attempt))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Of a conversation, what was not brought to anybody.
macro_rules! not_brought {
    () => {
        "WHERE dialogue_id = $1 AND status IN ('withheld', 'failed', 'uncertain') AND reason <> 'erased'"
    };
}

/// Counts what was not brought to anybody in a conversation.
pub async fn count_not_brought(tx: &mut Tx, dialogue: DialogueId) -> Result<u64, StoreError> {
    const SQL: &str = concat!("SELECT COUNT(*) FROM outbox ", not_brought!());
    let count: i64 = both!(tx, |c| sqlx::query_scalar(SQL).bind(dialogue.to_string()).fetch_one(c).await)?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Returns what was not brought to anybody in a conversation, the latest first.
pub async fn not_brought(tx: &mut Tx, dialogue: DialogueId, limit: u32) -> Result<Vec<Outbound>, StoreError> {
    const SQL: &str = select!(not_brought!(), " ORDER BY seq DESC LIMIT $2");
    let rows = both!(tx, |c| sqlx::query_as::<_, OutboundRow>(SQL)
        .bind(dialogue.to_string())
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Outbound::try_from).collect()
}

/// Returns what was held back since a time because the platform's window was shut, in order.
pub async fn shut_out(tx: &mut Tx, dialogue: DialogueId, since: Timestamp) -> Result<Vec<Outbound>, StoreError> {
    const SQL: &str = select!(
        "WHERE dialogue_id = $1 AND status = 'withheld' AND reason LIKE $2 AND created_at >= $3 ORDER BY seq LIMIT 20"
    );
    let rows = both!(tx, |c| sqlx::query_as::<_, OutboundRow>(SQL)
        .bind(dialogue.to_string())
        .bind(format!("{SHUT}%"))
        .bind(since.0)
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Outbound::try_from).collect()
}

/// Has a message that was held back sent after all, as an answer to the one that opened the window.
pub async fn let_out(tx: &mut Tx, id: OutboxId, reply_to: InboxId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE outbox SET status = 'pending', reason = NULL, attempt = 0, reply_to = $2 \
                       WHERE id = $1 AND status = 'withheld'";
    both!(tx, |c| sqlx::query(SQL).bind(id.to_string()).bind(reply_to.to_string()).execute(c).await.map(drop))
        .map_err(StoreError::from)
}

/// Returns what was said in answer to a message, in order.
pub async fn answers(tx: &mut Tx, message: InboxId) -> Result<Vec<Outbound>, StoreError> {
    const SQL: &str = select!("WHERE reply_to = $1 ORDER BY seq LIMIT 20");
    let rows = both!(tx, |c| sqlx::query_as::<_, OutboundRow>(SQL).bind(message.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Outbound::try_from).collect()
}

/// Returns what waits to be sent behind a message of the same conversation, in order.
pub async fn waiting_behind(
    tx: &mut Tx,
    dialogue: DialogueId,
    message: OutboxId,
    now: Timestamp,
) -> Result<Vec<Outbound>, StoreError> {
    const SQL: &str = select!(
        "WHERE dialogue_id = $1 AND status = 'pending' \
                       AND (not_before IS NULL OR not_before <= $3) \
                       AND seq > (SELECT seq FROM outbox WHERE id = $2) ORDER BY seq LIMIT 20"
    );
    let rows = both!(tx, |c| sqlx::query_as::<_, OutboundRow>(SQL)
        .bind(dialogue.to_string())
        .bind(message.to_string())
        .bind(now.0)
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Outbound::try_from).collect()
}

/// Counts the calls by which something was sent to a conversation since a time, other than in response:
/// what went with another message went by its call.
pub async fn count_sent_since(tx: &mut Tx, dialogue: DialogueId, since: Timestamp) -> Result<u32, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM outbox WHERE dialogue_id = $1 \
                       AND (status = 'sent' AND sent_at >= $2 OR status = 'uncertain' AND created_at >= $2) \
                       AND (reason IS NULL OR reason <> $3 AND reason NOT LIKE $4)";
    let count: i64 = both!(tx, |c| sqlx::query_scalar(SQL)
        .bind(dialogue.to_string())
        .bind(since.0)
        .bind(IN_RESPONSE)
        .bind(format!("{WITH}%"))
        .fetch_one(c)
        .await)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Notes that sending begins; returns which attempt this is. Commit it before the network is
/// touched: an attempt that is never heard of again is thereby known.
pub async fn begin_attempt(tx: &mut Tx, id: OutboxId) -> Result<u32, StoreError> {
    const SQL: &str = "UPDATE outbox SET attempt = attempt + 1 WHERE id = $1 RETURNING attempt";
    let attempt: Option<i64> = both!(tx, |c| sqlx::query_scalar(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    let attempt = attempt.ok_or_else(|| missing(id))?;
    Row { table: "outbox", id: &id.to_string() }.number("attempt", attempt)
}

/// Notes that the channel took it.
pub async fn mark_sent(tx: &mut Tx, id: OutboxId, now: Timestamp) -> Result<(), StoreError> {
    mark(tx, id, Delivery::Sent, Some(now), None).await
}

/// Notes that the channel took it together with another message of its conversation, which bears the
/// id by which the platform speaks of them.
pub async fn mark_sent_with(tx: &mut Tx, id: OutboxId, first: OutboxId, now: Timestamp) -> Result<(), StoreError> {
    mark(tx, id, Delivery::Sent, Some(now), Some(&format!("{WITH}{first}"))).await
}

/// Returns what the channel took together with a message, in order.
pub async fn sent_with(tx: &mut Tx, first: &Outbound) -> Result<Vec<Outbound>, StoreError> {
    const SQL: &str = select!("WHERE dialogue_id = $1 AND status = 'sent' AND reason = $2 ORDER BY seq");
    let rows = both!(tx, |c| sqlx::query_as::<_, OutboundRow>(SQL)
        .bind(first.dialogue_id.to_string())
        .bind(format!("{WITH}{}", first.id))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Outbound::try_from).collect()
}

/// Notes that it left and nothing more is known.
pub async fn mark_uncertain(tx: &mut Tx, id: OutboxId, reason: &str) -> Result<(), StoreError> {
    mark(tx, id, Delivery::Uncertain, None, Some(reason)).await
}

/// Notes that the channel refused it for good.
pub async fn mark_failed(tx: &mut Tx, id: OutboxId, reason: &str) -> Result<(), StoreError> {
    mark(tx, id, Delivery::Failed, None, Some(reason)).await
}

/// Notes that the policy held it back, and why.
pub async fn mark_withheld(tx: &mut Tx, id: OutboxId, reason: &str) -> Result<(), StoreError> {
    mark(tx, id, Delivery::Withheld, None, Some(reason)).await
}

async fn mark(
    tx: &mut Tx,
    id: OutboxId,
    status: Delivery,
    sent_at: Option<Timestamp>,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE outbox SET status = $2, sent_at = $3, reason = $4 WHERE id = $1";
    let status = name_of(&status)?;
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(status)
        .bind(sent_at.map(|at| at.0))
        .bind(reason.map(clean))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if changed == 0 { Err(missing(id)) } else { Ok(()) }
}

fn missing(id: OutboxId) -> StoreError {
    StoreError::Missing { table: "outbox", id: id.to_string() }
}

#[derive(FromRow)]
struct OutboundRow {
    id: String,
    dialogue_id: String,
    seq: i64,
    author: String,
    body: String,
    status: String,
    attempt: i64,
    not_before: Option<i64>,
    created_at: i64,
    sent_at: Option<i64>,
    reason: Option<String>,
}

impl TryFrom<OutboundRow> for Outbound {
    type Error = StoreError;

    fn try_from(row: OutboundRow) -> Result<Outbound, StoreError> {
        let at = Row { table: "outbox", id: &row.id };
        Ok(Outbound {
            id: at.parse("id", &row.id)?,
            dialogue_id: at.parse("dialogue_id", &row.dialogue_id)?,
            author: at.name("author", &row.author)?,
            status: at.name("status", &row.status)?,
            attempt: at.number("attempt", row.attempt)?,
            not_before: row.not_before.map(Timestamp),
            created_at: Timestamp(row.created_at),
            sent_at: row.sent_at.map(Timestamp),
            seq: row.seq,
            body: row.body,
            reason: row.reason,
        })
    }
}

//! Every message that came in, once.

use super::tx::both;
use super::value::{Row, clean};
use super::{StoreError, Tx, dialogues};
use crate::domain::ids::{DialogueId, InboxId};
use crate::domain::time::Timestamp;

/// A message as it came in.
#[derive(Debug, Clone)]
pub struct NewInbound {
    pub id: InboxId,
    pub channel: String,
    /// The platform's id: the same id on the same channel is the same message.
    pub external_id: String,
    pub dialogue_id: DialogueId,
    /// What it holds: `text`, `voice`, `photo`, …
    pub kind: String,
    /// The message as JSON.
    pub body: String,
    pub received_at: Timestamp,
}

/// Stores a message. If it is there already nothing is stored, and its id is returned.
pub async fn remember(tx: &mut Tx, message: &NewInbound) -> Result<Option<InboxId>, StoreError> {
    const SQL: &str = "INSERT INTO inbox (id, channel, external_id, dialogue_id, seq, kind, body, received_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (channel, external_id) DO NOTHING";
    if let Some(known) = known(tx, &message.channel, &message.external_id).await? {
        return Ok(Some(known));
    }
    let seq = dialogues::next_seq(tx, message.dialogue_id).await?;
    let stored = both!(tx, |c| sqlx::query(SQL)
        .bind(message.id.to_string())
        .bind(&message.channel)
        .bind(clean(&message.external_id))
        .bind(message.dialogue_id.to_string())
        .bind(seq)
        .bind(&message.kind)
        .bind(clean(&message.body))
        .bind(message.received_at.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if stored > 0 { Ok(None) } else { known(tx, &message.channel, &message.external_id).await }
}

/// Replaces what a message said: it is not to be kept.
pub async fn blank(tx: &mut Tx, id: InboxId, body: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE inbox SET body = $2 WHERE id = $1";
    both!(tx, |c| sqlx::query(SQL).bind(id.to_string()).bind(body).execute(c).await.map(drop))?;
    Ok(())
}

/// Returns the message, if it is there already. A quick first look; [`remember`] decides.
pub async fn known(tx: &mut Tx, channel: &str, external_id: &str) -> Result<Option<InboxId>, StoreError> {
    const SQL: &str = "SELECT id FROM inbox WHERE channel = $1 AND external_id = $2";
    let found: Option<String> =
        both!(tx, |c| sqlx::query_scalar(SQL).bind(channel).bind(clean(external_id)).fetch_optional(c).await)?;
    found.map(|id| Row { table: "inbox", id: &id }.parse("id", &id)).transpose()
}

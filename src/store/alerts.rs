//! Alerts as they stand in a chat of staff, and what staff did there.

use super::tx::both;
use super::value::{Row, clean};
use super::{StoreError, Tx};
use crate::domain::ids::FlagId;
use crate::domain::time::Timestamp;

/// Notes which message of a chat is the alert of a flag.
pub async fn note_message(
    tx: &mut Tx,
    channel: &str,
    chat: &str,
    message: &str,
    flag: FlagId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO alert_messages (channel, chat, message, flag_id, at) VALUES ($1, $2, $3, $4, $5) \
                       ON CONFLICT (channel, chat, message) DO NOTHING";
    both!(tx, |c| sqlx::query(SQL)
        .bind(channel)
        .bind(clean(chat))
        .bind(clean(message))
        .bind(flag.to_string())
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns the flag that a message of a chat is the alert of.
pub async fn flag_of(tx: &mut Tx, channel: &str, chat: &str, message: &str) -> Result<Option<FlagId>, StoreError> {
    const SQL: &str = "SELECT flag_id FROM alert_messages WHERE channel = $1 AND chat = $2 AND message = $3";
    let id: Option<String> = both!(tx, |c| sqlx::query_scalar(SQL)
        .bind(channel)
        .bind(clean(chat))
        .bind(clean(message))
        .fetch_optional(c)
        .await)?;
    id.map(|id| Row { table: "alert_messages", id: message }.parse("flag_id", &id)).transpose()
}

/// Returns the latest message of a chat that is the alert of a flag.
pub async fn message_of(tx: &mut Tx, channel: &str, chat: &str, flag: FlagId) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT message FROM alert_messages WHERE channel = $1 AND chat = $2 AND flag_id = $3 \
                       ORDER BY at DESC, message DESC LIMIT 1";
    Ok(both!(tx, |c| sqlx::query_scalar(SQL)
        .bind(channel)
        .bind(clean(chat))
        .bind(flag.to_string())
        .fetch_optional(c)
        .await)?)
}

/// Remembers what staff did, by the platform's id of it; returns false if it is known already.
pub async fn remember_act(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO staff_acts (id, at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    let new =
        both!(tx, |c| sqlx::query(SQL).bind(clean(id)).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(new > 0)
}

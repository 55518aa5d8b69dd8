//! Alerts as they stand in a chat of staff, what staff did there, and who was told by themselves.

use sqlx::FromRow;

use super::tx::{Live, both};
use super::value::{Row, clean, json_of, name_of};
use super::{StoreError, Tx};
use crate::domain::alert::reach::Telling;
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

/// Notes what came of telling somebody of a flag; what was known of that before is replaced.
pub async fn note_telling(tx: &mut Tx, flag: FlagId, telling: &Telling) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO alert_people (flag_id, staff_id, way, missed, at) \
                       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (flag_id, staff_id) DO UPDATE \
                       SET way = excluded.way, missed = excluded.missed, at = excluded.at";
    let (way, missed) = (telling.way.as_ref().map(name_of).transpose()?, json_of(&telling.missed)?);
    both!(tx, |c| sqlx::query(SQL)
        .bind(flag.to_string())
        .bind(telling.staff.map(|staff| staff.to_string()))
        .bind(way)
        .bind(missed)
        .bind(telling.at.0)
        .execute(c)
        .await
        .map(drop))?;
    // The board shows it with the flag.
    tx.changed(Live::Flag, flag.to_string());
    Ok(())
}

/// Returns what came of telling people of a flag, the earliest first.
pub async fn tellings(tx: &mut Tx, flag: FlagId) -> Result<Vec<Telling>, StoreError> {
    const SQL: &str = "SELECT flag_id, staff_id, way, missed, at FROM alert_people WHERE flag_id = $1 \
                       ORDER BY at, staff_id";
    let rows = both!(tx, |c| sqlx::query_as::<_, TellingRow>(SQL).bind(flag.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Telling::try_from).collect()
}

#[derive(FromRow)]
struct TellingRow {
    flag_id: String,
    staff_id: Option<String>,
    way: Option<String>,
    missed: String,
    at: i64,
}

impl TryFrom<TellingRow> for Telling {
    type Error = StoreError;

    fn try_from(row: TellingRow) -> Result<Telling, StoreError> {
        let at = Row { table: "alert_people", id: &row.flag_id };
        Ok(Telling {
            staff: at.parse_opt("staff_id", row.staff_id.as_deref())?,
            way: at.name_opt("way", row.way.as_deref())?,
            missed: at.json("missed", &row.missed)?,
            at: Timestamp(row.at),
        })
    }
}

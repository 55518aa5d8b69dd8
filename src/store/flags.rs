//! Flags: what staff must see now, followed live by change number.

use sqlx::FromRow;

use super::scope::flag_within;
use super::tx::{Live, both};
use super::value::{Row, clean, name_of};
use super::{Change, StoreError, Tx};
use crate::domain::access::Scope;
use crate::domain::flag::Flag;
use crate::domain::ids::{FlagId, ResponseId, StaffId, TicketId};
use crate::domain::time::Timestamp;

macro_rules! select {
    ($($rest:tt)*) => {
        concat!(
            "SELECT id, kind, ticket_id, response_id, dialogue_id, detail, created_at, seen_at, seen_by, seq ",
            "FROM flags ",
            $($rest)*
        )
    };
}

/// Raises a flag.
pub async fn raise(tx: &mut Tx, flag: &Flag) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO flags \
                       (id, kind, ticket_id, response_id, dialogue_id, detail, created_at, seen_at, seen_by) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let (id, kind) = (flag.id.to_string(), name_of(&flag.kind)?);
    both!(tx, |c| sqlx::query(SQL)
        .bind(&id)
        .bind(kind)
        .bind(flag.ticket_id.map(|id| id.to_string()))
        .bind(flag.response_id.map(|id| id.to_string()))
        .bind(flag.dialogue_id.map(|id| id.to_string()))
        .bind(clean(&flag.detail))
        .bind(flag.created_at.0)
        .bind(flag.seen_at.map(|at| at.0))
        .bind(flag.seen_by.map(|id| id.to_string()))
        .execute(c)
        .await
        .map(drop))?;
    tx.changed(Live::Flag, id);
    Ok(())
}

/// Returns one flag.
pub async fn find(tx: &mut Tx, id: FlagId) -> Result<Option<Flag>, StoreError> {
    const SQL: &str = select!("WHERE id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, FlagRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Flag::try_from).transpose()
}

/// Returns what nobody has seen yet, the latest first.
pub async fn list_open(tx: &mut Tx, limit: u32) -> Result<Vec<Flag>, StoreError> {
    const SQL: &str = select!("WHERE seen_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $1");
    let rows = both!(tx, |c| sqlx::query_as::<_, FlagRow>(SQL).bind(i64::from(limit)).fetch_all(c).await)?;
    rows.into_iter().map(Flag::try_from).collect()
}

/// Returns what nobody has seen yet and is of the same kind about the same things as a flag.
pub async fn unseen_like(tx: &mut Tx, flag: &Flag) -> Result<Vec<Flag>, StoreError> {
    const SQL: &str = select!(
        "WHERE seen_at IS NULL AND kind = $1 AND ticket_id IS NOT DISTINCT FROM $2 ",
        "AND response_id IS NOT DISTINCT FROM $3 AND dialogue_id IS NOT DISTINCT FROM $4"
    );
    let kind = name_of(&flag.kind)?;
    let rows = both!(tx, |c| sqlx::query_as::<_, FlagRow>(SQL)
        .bind(kind)
        .bind(flag.ticket_id.map(|id| id.to_string()))
        .bind(flag.response_id.map(|id| id.to_string()))
        .bind(flag.dialogue_id.map(|id| id.to_string()))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Flag::try_from).collect()
}

/// Whether staff was ever shown that a response is a bad one, or that its words contradict its score.
pub async fn is_doubted(tx: &mut Tx, response: ResponseId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM flags WHERE response_id = $1 \
                       AND kind IN ('score_text_conflict', 'negative_feedback')";
    let count: i64 = both!(tx, |c| sqlx::query_scalar(SQL).bind(response.to_string()).fetch_one(c).await)?;
    Ok(count > 0)
}

/// Returns what nobody has seen yet of what somebody may see: emergencies first, then the latest.
pub async fn list_within(tx: &mut Tx, within: &Scope, limit: u32) -> Result<Vec<Flag>, StoreError> {
    const SQL: &str = select!(
        "WHERE seen_at IS NULL AND ",
        flag_within!("flags", "$1", "$2", "$3"),
        " ORDER BY CASE WHEN kind = 'emergency' THEN 0 ELSE 1 END, created_at DESC, id DESC LIMIT $4"
    );
    let rows = both!(tx, |c| sqlx::query_as::<_, FlagRow>(SQL)
        .bind(within.owner.map(|id| id.to_string()))
        .bind(i64::from(within.pool))
        .bind(within.region.as_deref())
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Flag::try_from).collect()
}

/// Counts what nobody has seen yet of what somebody may see.
pub async fn count_within(tx: &mut Tx, within: &Scope) -> Result<u64, StoreError> {
    const SQL: &str =
        concat!("SELECT COUNT(*) FROM flags WHERE seen_at IS NULL AND ", flag_within!("flags", "$1", "$2", "$3"));
    let count: i64 = both!(tx, |c| sqlx::query_scalar(SQL)
        .bind(within.owner.map(|id| id.to_string()))
        .bind(i64::from(within.pool))
        .bind(within.region.as_deref())
        .fetch_one(c)
        .await)?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Puts away what warned of the clocks of a ticket that has ended: nobody need see it any more.
pub async fn clocks_ended(tx: &mut Tx, ticket: TicketId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE flags SET seen_at = $2 WHERE ticket_id = $1 AND seen_at IS NULL \
                       AND kind IN ('sla_warning', 'sla_missed') RETURNING id";
    let ended: Vec<String> =
        both!(tx, |c| sqlx::query_scalar(SQL).bind(ticket.to_string()).bind(now.0).fetch_all(c).await)?;
    for id in ended {
        tx.changed(Live::Flag, id);
    }
    Ok(())
}

/// Notes that a member of staff has seen a flag; returns false if somebody had before.
pub async fn see(tx: &mut Tx, id: FlagId, by: StaffId, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE flags SET seen_at = $2, seen_by = $3 WHERE id = $1 AND seen_at IS NULL";
    let seen = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(now.0)
        .bind(by.to_string())
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if seen > 0 {
        tx.changed(Live::Flag, id.to_string());
    }
    Ok(seen > 0)
}

/// Returns the flags that were raised or seen after change number `seq`, in that order.
pub async fn after_seq(tx: &mut Tx, seq: i64, limit: u32) -> Result<Vec<Change<Flag>>, StoreError> {
    const SQL: &str = select!("WHERE seq > $1 ORDER BY seq LIMIT $2");
    let rows = both!(tx, |c| sqlx::query_as::<_, FlagRow>(SQL).bind(seq).bind(i64::from(limit)).fetch_all(c).await)?;
    rows.into_iter().map(|row| Ok(Change { seq: row.seq, record: row.try_into()? })).collect()
}

/// Returns the latest change number of the database: where a live list starts to follow.
pub async fn last_seq(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT value FROM counters WHERE name = 'changes'";
    Ok(both!(tx, |c| sqlx::query_scalar(SQL).fetch_one(c).await)?)
}

#[derive(FromRow)]
struct FlagRow {
    id: String,
    kind: String,
    ticket_id: Option<String>,
    response_id: Option<String>,
    dialogue_id: Option<String>,
    detail: String,
    created_at: i64,
    seen_at: Option<i64>,
    seen_by: Option<String>,
    seq: i64,
}

impl TryFrom<FlagRow> for Flag {
    type Error = StoreError;

    fn try_from(row: FlagRow) -> Result<Flag, StoreError> {
        let at = Row { table: "flags", id: &row.id };
        Ok(Flag {
            id: at.parse("id", &row.id)?,
            kind: at.name("kind", &row.kind)?,
            ticket_id: at.parse_opt("ticket_id", row.ticket_id.as_deref())?,
            response_id: at.parse_opt("response_id", row.response_id.as_deref())?,
            dialogue_id: at.parse_opt("dialogue_id", row.dialogue_id.as_deref())?,
            seen_by: at.parse_opt("seen_by", row.seen_by.as_deref())?,
            created_at: Timestamp(row.created_at),
            seen_at: row.seen_at.map(Timestamp),
            detail: row.detail,
        })
    }
}

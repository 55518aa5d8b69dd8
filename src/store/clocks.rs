//! The clocks of tickets ([`crate::domain::sla`]). They belong to the ticket: hold it
//! ([`super::tickets::load_for_update`]) before changing them.

use sqlx::FromRow;

use super::tx::{Live, both};
use super::value::{Row, clean_opt, name_of};
use super::{StoreError, Tx};
use crate::domain::ids::TicketId;
use crate::domain::sla::Clock;
use crate::domain::time::Timestamp;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT ticket_id, clock, round, started_at, due_at, budget_ms, used_ms, paused_at, reason, stopped_at ",
            "FROM ticket_clocks ",
            $rest
        )
    };
}

/// Stores a clock as it now is, new or changed.
pub async fn save(tx: &mut Tx, ticket: TicketId, clock: &Clock) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO ticket_clocks (ticket_id, clock, round, started_at, due_at, budget_ms, used_ms, \
                       paused_at, reason, stopped_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                       ON CONFLICT (ticket_id, clock) DO UPDATE SET round = excluded.round, \
                       started_at = excluded.started_at, due_at = excluded.due_at, budget_ms = excluded.budget_ms, \
                       used_ms = excluded.used_ms, paused_at = excluded.paused_at, reason = excluded.reason, \
                       stopped_at = excluded.stopped_at";
    let kind = name_of(&clock.kind)?;
    both!(tx, |c| sqlx::query(SQL)
        .bind(ticket.to_string())
        .bind(kind)
        .bind(i64::from(clock.round))
        .bind(clock.started_at.0)
        .bind(clock.due_at.0)
        .bind(clock.budget_ms)
        .bind(clock.used_ms)
        .bind(clock.paused_at.map(|at| at.0))
        .bind(clean_opt(clock.reason.as_deref()))
        .bind(clock.stopped_at.map(|at| at.0))
        .execute(c)
        .await
        .map(drop))?;
    tx.changed(Live::Ticket, ticket.to_string());
    Ok(())
}

/// Returns the clocks of a ticket, by their deadlines.
pub async fn of_ticket(tx: &mut Tx, ticket: TicketId) -> Result<Vec<Clock>, StoreError> {
    const SQL: &str = select!("WHERE ticket_id = $1 ORDER BY due_at, clock");
    let rows = both!(tx, |c| sqlx::query_as::<_, ClockRow>(SQL).bind(ticket.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Clock::try_from).collect()
}

#[derive(FromRow)]
struct ClockRow {
    ticket_id: String,
    clock: String,
    round: i64,
    started_at: i64,
    due_at: i64,
    budget_ms: i64,
    used_ms: i64,
    paused_at: Option<i64>,
    reason: Option<String>,
    stopped_at: Option<i64>,
}

impl TryFrom<ClockRow> for Clock {
    type Error = StoreError;

    fn try_from(row: ClockRow) -> Result<Clock, StoreError> {
        let at = Row { table: "ticket_clocks", id: &row.ticket_id };
        Ok(Clock {
            kind: at.name("clock", &row.clock)?,
            round: at.number("round", row.round)?,
            started_at: Timestamp(row.started_at),
            due_at: Timestamp(row.due_at),
            budget_ms: row.budget_ms,
            used_ms: row.used_ms,
            paused_at: row.paused_at.map(Timestamp),
            reason: row.reason,
            stopped_at: row.stopped_at.map(Timestamp),
        })
    }
}

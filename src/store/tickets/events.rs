//! The history of a ticket: every change, with who and when. Rows are only ever added.

use sqlx::FromRow;
use uuid::Uuid;

use crate::domain::ids::TicketId;
use crate::domain::ticket::Actor;
use crate::domain::time::Timestamp;
use crate::store::tx::{Live, both};
use crate::store::value::{Row, clean};
use crate::store::{StoreError, Tx};

/// Something that happened to a ticket.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub id: Uuid,
    pub ticket_id: TicketId,
    /// What happened: `reported`, `assigned`, `note`, …
    pub kind: String,
    pub actor: Actor,
    /// Details as JSON.
    pub body: String,
    pub at: Timestamp,
}

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketEvent {
    pub id: Uuid,
    pub ticket_id: TicketId,
    /// Its place in the ticket's history, from 1.
    pub seq: i64,
    pub kind: String,
    pub actor: Actor,
    pub body: String,
    pub at: Timestamp,
}

/// Adds an event to a ticket's history; returns its place in it.
pub async fn add_event(tx: &mut Tx, event: &NewEvent) -> Result<i64, StoreError> {
    const SQL: &str = "INSERT INTO ticket_events (id, ticket_id, seq, kind, actor, body, at) \
                       SELECT $1, $2, COALESCE(MAX(seq), 0) + 1, $3, $4, $5, $6 \
                       FROM ticket_events WHERE ticket_id = $2 RETURNING seq";
    let seq: i64 = both!(tx, |c| sqlx::query_scalar(SQL)
        .bind(event.id.to_string())
        .bind(event.ticket_id.to_string())
        .bind(&event.kind)
        .bind(event.actor.to_string())
        .bind(clean(&event.body))
        .bind(event.at.0)
        .fetch_one(c)
        .await)?;
    tx.changed(Live::Ticket, event.ticket_id.to_string());
    Ok(seq)
}

/// Returns whether a ticket's history holds an event of that kind with exactly that body.
pub async fn has_event(tx: &mut Tx, ticket: TicketId, kind: &str, body: &str) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM ticket_events WHERE ticket_id = $1 AND kind = $2 AND body = $3";
    let count: i64 =
        both!(tx, |c| sqlx::query_scalar(SQL).bind(ticket.to_string()).bind(kind).bind(body).fetch_one(c).await)?;
    Ok(count > 0)
}

/// Returns a ticket's history, oldest first.
pub async fn events(tx: &mut Tx, ticket: TicketId) -> Result<Vec<TicketEvent>, StoreError> {
    const SQL: &str = "SELECT id, ticket_id, seq, kind, actor, body, at \
                       FROM ticket_events WHERE ticket_id = $1 ORDER BY seq";
    let rows = both!(tx, |c| sqlx::query_as::<_, EventRow>(SQL).bind(ticket.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(TicketEvent::try_from).collect()
}

#[derive(FromRow)]
struct EventRow {
    id: String,
    ticket_id: String,
    seq: i64,
    kind: String,
    actor: String,
    body: String,
    at: i64,
}

impl TryFrom<EventRow> for TicketEvent {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<TicketEvent, StoreError> {
        let at = Row { table: "ticket_events", id: &row.id };
        Ok(TicketEvent {
            id: at.parse("id", &row.id)?,
            ticket_id: at.parse("ticket_id", &row.ticket_id)?,
            actor: at.parse("actor", &row.actor)?,
            at: Timestamp(row.at),
            seq: row.seq,
            kind: row.kind,
            body: row.body,
        })
    }
}

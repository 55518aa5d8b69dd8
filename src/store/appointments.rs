//! Appointments of tickets. They belong to the ticket: hold it
//! ([`super::tickets::load_for_update`]) before changing them.

use sqlx::FromRow;

use super::tx::{Live, both};
use super::value::{Row, json_of, name_of};
use super::{StoreError, Tx};
use crate::domain::appointment::{Appointment, Window};
use crate::domain::ids::{AppointmentId, TicketId};
use crate::domain::time::Timestamp;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, ticket_id, status, offered, from_at, until_at, by_staff, created_at, updated_at ",
            "FROM appointments ",
            $rest
        )
    };
}

/// Stores an appointment as it now is, new or changed.
pub async fn save(tx: &mut Tx, appointment: &Appointment) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO appointments (id, ticket_id, status, offered, from_at, until_at, by_staff, \
                       created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                       ON CONFLICT (id) DO UPDATE SET status = excluded.status, offered = excluded.offered, \
                       from_at = excluded.from_at, until_at = excluded.until_at, updated_at = excluded.updated_at";
    let (status, offered) = (name_of(&appointment.status)?, json_of(&appointment.offered)?);
    both!(tx, |c| sqlx::query(SQL)
        .bind(appointment.id.to_string())
        .bind(appointment.ticket_id.to_string())
        .bind(status)
        .bind(offered)
        .bind(appointment.agreed.map(|window| window.from.0))
        .bind(appointment.agreed.map(|window| window.until.0))
        .bind(appointment.by_staff.map(|id| id.to_string()))
        .bind(appointment.created_at.0)
        .bind(appointment.updated_at.0)
        .execute(c)
        .await
        .map(drop))?;
    tx.changed(Live::Ticket, appointment.ticket_id.to_string());
    Ok(())
}

/// Returns one appointment.
pub async fn find(tx: &mut Tx, id: AppointmentId) -> Result<Option<Appointment>, StoreError> {
    const SQL: &str = select!("WHERE id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, AppointmentRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Appointment::try_from).transpose()
}

/// Returns the appointment of a ticket that is offered or agreed; there is one at most.
pub async fn open_of_ticket(tx: &mut Tx, ticket: TicketId) -> Result<Option<Appointment>, StoreError> {
    const SQL: &str =
        select!("WHERE ticket_id = $1 AND status IN ('offered', 'agreed') ORDER BY created_at DESC, id DESC LIMIT 1");
    let row = both!(tx, |c| sqlx::query_as::<_, AppointmentRow>(SQL).bind(ticket.to_string()).fetch_optional(c).await)?;
    row.map(Appointment::try_from).transpose()
}

/// Returns every appointment of a ticket, the latest first.
pub async fn of_ticket(tx: &mut Tx, ticket: TicketId) -> Result<Vec<Appointment>, StoreError> {
    const SQL: &str = select!("WHERE ticket_id = $1 ORDER BY created_at DESC, id DESC");
    let rows = both!(tx, |c| sqlx::query_as::<_, AppointmentRow>(SQL).bind(ticket.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Appointment::try_from).collect()
}

#[derive(FromRow)]
struct AppointmentRow {
    id: String,
    ticket_id: String,
    status: String,
    offered: String,
    from_at: Option<i64>,
    until_at: Option<i64>,
    by_staff: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<AppointmentRow> for Appointment {
    type Error = StoreError;

    fn try_from(row: AppointmentRow) -> Result<Appointment, StoreError> {
        let at = Row { table: "appointments", id: &row.id };
        let agreed = row.from_at.zip(row.until_at);
        Ok(Appointment {
            id: at.parse("id", &row.id)?,
            ticket_id: at.parse("ticket_id", &row.ticket_id)?,
            status: at.name("status", &row.status)?,
            offered: at.json("offered", &row.offered)?,
            agreed: agreed.map(|(from, until)| Window { from: Timestamp(from), until: Timestamp(until) }),
            by_staff: at.parse_opt("by_staff", row.by_staff.as_deref())?,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

//! Whose ticket it is: assign, take from the pool, accept, pass on, give back, and what becomes of
//! the tickets of somebody who has left.

use serde_json::json;

use super::{By, Desk, DeskError, words};
use crate::clock::Clock;
use crate::domain::dispatch::Candidate;
use crate::domain::ids::{StaffId, TicketId};
use crate::domain::job::Job;
use crate::domain::ticket::{Status, Ticket};
use crate::store::jobs::NewJob;
use crate::store::{self, StoreError, Tx};

impl Desk {
    /// Gives a ticket to a member of staff.
    pub async fn assign(&self, ticket: TicketId, to: StaffId, by: impl Into<By>) -> Result<(), DeskError> {
        self.hand_to(ticket, to, "assigned", None, by.into()).await
    }

    /// Passes a ticket on to somebody else, with the reason.
    pub async fn transfer(
        &self,
        ticket: TicketId,
        to: StaffId,
        reason: &str,
        by: impl Into<By>,
    ) -> Result<(), DeskError> {
        let reason = words(reason, "a reason")?;
        self.hand_to(ticket, to, "transferred", Some(reason), by.into()).await
    }

    /// Takes a ticket that nobody has from the pool.
    pub async fn take(&self, ticket: TicketId, by: impl Into<By>) -> Result<(), DeskError> {
        let by = by.into();
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let ticket = this.load_seen(tx, ticket, by).await?;
                if ticket.assignee.is_some() {
                    return Err(DeskError::Changed); // somebody was faster
                }
                let ticket = ticket.assign(by.staff, this.intake.clock.now())?;
                this.changed(tx, &ticket, "taken", by.staff, json!({})).await
            })
        })
        .await
    }

    /// Says that the assignee has seen it and does it; one that was opened again is theirs again.
    pub async fn accept(&self, ticket: TicketId, by: impl Into<By>) -> Result<(), DeskError> {
        let by = by.into();
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let ticket = this.load_seen(tx, ticket, by).await?;
                if ticket.assignee != Some(by.staff) {
                    return Err(DeskError::Changed);
                }
                let now = this.intake.clock.now();
                let ticket = match ticket.status {
                    Status::Reopened => ticket.assign(by.staff, now)?,
                    _ => Ticket { updated_at: now, ..ticket },
                };
                this.changed(tx, &ticket, "accepted", by.staff, json!({})).await
            })
        })
        .await
    }

    /// Gives a ticket back to the pool, with the reason. A firm that was sent to it is sent no more:
    /// nobody would see what its link does.
    pub async fn release(&self, ticket: TicketId, reason: &str, by: impl Into<By>) -> Result<(), DeskError> {
        let (reason, by) = (words(reason, "a reason")?, by.into());
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let now = this.intake.clock.now();
                let ticket = this.load_seen(tx, ticket, by).await?.release(now)?;
                store::job_links::end_of_ticket(tx, ticket.id, now).await?;
                this.changed(tx, &ticket, "released", by.staff, json!({ "text": reason })).await
            })
        })
        .await
    }

    /// Returns who could take a ticket, the likeliest first.
    pub async fn candidates(&self, tx: &mut Tx, ticket: &Ticket) -> Result<Vec<Candidate>, StoreError> {
        Ok(self.intake.candidates(tx, ticket).await?.candidates)
    }

    async fn hand_to(
        &self,
        ticket: TicketId,
        to: StaffId,
        event: &'static str,
        reason: Option<String>,
        by: By,
    ) -> Result<(), DeskError> {
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let to = store::staff::find(tx, to).await?.filter(|staff| staff.active);
                let to = to.ok_or(DeskError::Left)?;
                let now = this.intake.clock.now();
                let ticket = this.load_seen(tx, ticket, by).await?.assign(to.id, now)?;
                this.changed(tx, &ticket, event, by.staff, json!({ "to": to.name, "text": reason })).await
            })
        })
        .await
    }
}

/// Lets somebody log in no longer, and owes that the open tickets they had go back into the pool
/// ([`Job::StaffLeft`]): an engineer who has left.
///
/// # Errors
/// [`StoreError::Missing`] if there is nobody of that id.
pub async fn staff_leaves(tx: &mut Tx, clock: &Clock, who: StaffId) -> Result<(), StoreError> {
    store::staff::set_active(tx, who, false).await?;
    let now = clock.now();
    let row = NewJob::owed(clock.new_id(), &Job::StaffLeft { staff: who }, now, now)?;
    store::jobs::enqueue(tx, &row).await.map(drop)
}

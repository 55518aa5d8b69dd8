//! Somebody has left: what was theirs is somebody else's now, and whoever hands out work is told.
//!
//! Tickets go back into the pool, with the appointment the owner was promised but without the firm
//! that was sent; clients who are to be won back or asked go to another person; visits that were given to
//! them are nobody's again.

use serde_json::json;

use super::Intake;
use crate::domain::access::Scope;
use crate::domain::appointment;
use crate::domain::dialogue::effect::About;
use crate::domain::flag::{Flag, FlagKind};
use crate::domain::ids::StaffId;
use crate::domain::recovery::{self, Recovery};
use crate::domain::sla::Level;
use crate::domain::sla::ladder::{Concern, people};
use crate::domain::staff::Role;
use crate::domain::ticket::{Actor, Ticket};
use crate::store::tickets::Filter;
use crate::store::{self, StoreError, Tx};

/// Things of one person that are put back at once.
const MOST: u32 = 10_000;

impl Intake {
    /// Takes everything that is open from somebody who has left, each with a flag; twice is once.
    /// What waits for the owner alone stays as it is.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub(crate) async fn empty_desk(&self, tx: &mut Tx, who: StaffId) -> Result<(), StoreError> {
        // Somebody who came back meanwhile keeps theirs.
        if store::staff::find(tx, who).await?.is_none_or(|person| person.active) {
            return Ok(());
        }
        let theirs = Filter { assignee: Some(who), open: Some(true), ..Filter::default() };
        let mut tickets = store::tickets::list(tx, &theirs, MOST).await?;
        // In one order, so that two who leave at once cannot wait for each other.
        tickets.sort_by_key(|ticket| (ticket.dialogue_id, ticket.id));
        for ticket in tickets {
            self.return_ticket(tx, &ticket, who).await?;
        }
        let theirs = Scope { owner: Some(who), ..Scope::default() };
        for recovery in store::recoveries::list_within(tx, true, &theirs, MOST).await? {
            self.pass_recovery_on(tx, recovery, who).await?;
        }
        let visits = store::visits::release(tx, who, self.clock.now()).await?;
        if visits > 0 {
            let detail = format!("visits={visits}");
            self.raise_with(tx, None, FlagKind::TaskReturned, About::Conversation, detail).await?;
        }
        Ok(())
    }

    async fn return_ticket(&self, tx: &mut Tx, ticket: &Ticket, who: StaffId) -> Result<(), StoreError> {
        let now = self.clock.now();
        let Some(ticket) = store::tickets::load_for_update(tx, ticket.id).await? else { return Ok(()) };
        // Somebody else has just been given it: they keep it.
        if ticket.assignee != Some(who) {
            return Ok(());
        }
        let Ok(ticket) = ticket.release(now) else { return Ok(()) };
        store::tickets::update(tx, &ticket).await?;
        store::job_links::end_of_ticket(tx, ticket.id, now).await?;
        self.note_event(tx, ticket.id, "released", Actor::System, json!({}), now).await?;
        let mut flag = Flag::raised(self.clock.new_id(), FlagKind::TicketReturned, now);
        flag.ticket_id = Some(ticket.id);
        flag.dialogue_id = ticket.dialogue_id;
        // The owner was promised somebody, and still is: whoever takes it has to keep that.
        let visit = store::appointments::open_of_ticket(tx, ticket.id).await?;
        let agreed = visit.filter(|visit| visit.status == appointment::Status::Agreed).and_then(|visit| visit.agreed);
        flag.detail = agreed.map(|window| format!("appointment={}", window.from.0)).unwrap_or_default();
        self.show(tx, &flag).await
    }

    /// Gives it to the project's manager, or those of the region; a client who is only to be asked
    /// why, to the agent with the least.
    async fn pass_recovery_on(&self, tx: &mut Tx, found: Recovery, who: StaffId) -> Result<(), StoreError> {
        let Some(found) = store::recoveries::load_for_update(tx, found.id).await? else { return Ok(()) };
        // Somebody else has just been given it, or it has just ended.
        if found.person != Some(who) || found.ended_at.is_some() {
            return Ok(());
        }
        let project = match found.project_id {
            Some(project) => store::projects::find(tx, project).await?,
            None => None,
        };
        let staff = store::staff::list(tx).await?;
        let concern = Concern {
            manager: project.as_ref().and_then(|project| project.manager.as_deref()),
            region: project.as_ref().map(|project| project.region.as_str()),
            ..Concern::default()
        };
        let manager = people(&[Level::Manager], &staff, &concern).first().map(|(_, person)| person.id);
        let agents = store::recoveries::load_of(tx, Role::Agent).await?;
        let person = match found.status {
            recovery::Status::ToAsk => recovery::person(None, &agents).or(manager),
            _ => manager.or_else(|| recovery::person(None, &agents)),
        };
        let response = found.response_id;
        store::recoveries::update(tx, &Recovery { person, ..found }).await?;
        self.raise(tx, None, FlagKind::TaskReturned, About::Response(response)).await
    }
}

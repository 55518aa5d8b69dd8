//! New tickets: stored, given to somebody or to the pool, and their clocks started, in the caller's
//! transaction. Whoever files a ticket (a client, staff, a machine's alarm) takes this way.

use serde_json::{Value, json};

use super::Intake;
use crate::domain::dispatch::{Case, Decision, Hand};
use crate::domain::ids::MediaId;
use crate::domain::job::Job;
use crate::domain::sla::Moment;
use crate::domain::ticket::{Actor, Ticket};
use crate::store::{self, StoreError, Tx};

impl Intake {
    /// Files a ticket with its photos and recordings; `body` is kept with the event `reported`.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn file(
        &self,
        tx: &mut Tx,
        mut ticket: Ticket,
        media: &[MediaId],
        by: Actor,
        body: Value,
    ) -> Result<Ticket, StoreError> {
        let now = self.clock.now();
        self.judge_warranty(tx, &mut ticket).await?;
        let ticket = store::tickets::file(tx, ticket).await?;
        for media in media {
            store::tickets::attach_media(tx, ticket.id, *media).await?;
        }
        self.note_event(tx, ticket.id, "reported", by, body, now).await?;
        let mut ticket = self.dispatch(tx, ticket).await?;
        self.ticket_moved(tx, &mut ticket, Moment::Filed).await?;
        self.owe(tx, Job::TagTicket { ticket: ticket.id }, now).await?;
        Ok(ticket)
    }

    /// Returns who could take a ticket, and who the rules give it to.
    pub(crate) async fn candidates(&self, tx: &mut Tx, ticket: &Ticket) -> Result<Decision, StoreError> {
        let project = match ticket.project_id {
            Some(project) => store::projects::find(tx, project).await?,
            None => None,
        };
        let load = store::tickets::load(tx).await?;
        let people = store::staff::list(tx).await?.into_iter();
        let hands: Vec<Hand> =
            people.map(|person| Hand { open: load.get(&person.id).copied().unwrap_or(0), person }).collect();
        let case = Case {
            kind: ticket.kind,
            region: project.as_ref().map(|project| project.region.as_str()),
            project: [
                project.as_ref().and_then(|project| project.code.as_deref()),
                project.as_ref().map(|project| project.name.as_str()),
            ],
            engineer: project.as_ref().and_then(|project| project.engineer_id),
            category: ticket.category,
            cause: ticket.cause,
            urgency: ticket.urgency,
        };
        Ok(self.catalog.dispatch().decide(&case, &hands))
    }

    /// Gives a ticket to whom the rules name; otherwise it lies in the pool.
    async fn dispatch(&self, tx: &mut Tx, ticket: Ticket) -> Result<Ticket, StoreError> {
        let Some(given) = self.candidates(tx, &ticket).await?.given else { return Ok(ticket) };
        let now = self.clock.now();
        let Ok(ticket) = ticket.clone().assign(given.staff, now) else { return Ok(ticket) };
        store::tickets::update(tx, &ticket).await?;
        let body = json!({ "to": given.name, "why": given.why.name() });
        self.note_event(tx, ticket.id, "assigned", Actor::System, body, now).await?;
        Ok(ticket)
    }
}

//! New tickets: stored, given to somebody or to the pool, and their clocks started, in the caller's
//! transaction. Whoever files a ticket (a client, staff, a machine's alarm) takes this way. What hangs on
//! the home is made up for where that is known only later.

use serde_json::{Value, json};

use super::{Intake, Scene};
use crate::domain::dialogue::Binding;
use crate::domain::dispatch::{Case, Decision, Hand};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{MediaId, TicketId};
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

    /// Notes the home of an emergency that was filed before it was known. Whom the rules name for that home gets it
    /// if nobody has it yet, its limits hold, and those are told who are told of what happens there.
    pub(super) async fn locate_ticket(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: TicketId,
        home: &Binding,
    ) -> Result<(), StoreError> {
        let Some(mut ticket) = store::tickets::load_for_update(tx, id).await? else { return Ok(()) };
        if ticket.unit_id.is_some() || ticket.contact_id != scene.contact || !ticket.status.is_open() {
            return Ok(());
        }
        (ticket.unit_id, ticket.project_id) = (Some(home.unit), Some(home.project));
        ticket.updated_at = scene.now;
        self.judge_warranty(tx, &mut ticket).await?;
        store::tickets::update(tx, &ticket).await?;
        self.note_event(tx, id, "added", Actor::Client, json!({ "text": home.label }), scene.now).await?;
        if ticket.assignee.is_none() {
            ticket = self.dispatch(tx, ticket).await?;
        }
        self.project_known(tx, &mut ticket).await?;
        self.alert_anew(tx, FlagKind::Emergency, &ticket).await?;
        // It was looked for once, when there was nowhere to look.
        self.owe_again(tx, Job::Neighbours { ticket: id }, scene.now).await
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

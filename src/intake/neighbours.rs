//! Neighbours who report the same: their tickets become one incident, the later ones are told so,
//! and from a number of homes on the house is warned. A job does this after a ticket is filed,
//! holding the project first, so that those who report at once find each other. Rules:
//! [`crate::domain::incident`].

use serde_json::json;

use super::Intake;
use crate::domain::dialogue::effect::About;
use crate::domain::dialogue::{Event, OpenIncident, Say};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{ProjectId, TicketId, UnitId};
use crate::domain::incident::{Incident, Report, Status, Verdict, common_component};
use crate::domain::ticket::{Actor, Ticket, TicketKind};
use crate::domain::understanding::Category;
use crate::store::{self, StoreError, Tx};

impl Intake {
    /// Looks whether neighbours reported what this ticket reports. Does nothing a second time.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn find_neighbours(&self, tx: &mut Tx, id: TicketId) -> Result<(), StoreError> {
        let Some(project) = store::tickets::find(tx, id).await?.and_then(|ticket| ticket.project_id) else {
            return Ok(());
        };
        store::incidents::hold_project(tx, project).await?;
        let Some(ticket) = store::tickets::find(tx, id).await? else { return Ok(()) };
        let rules = self.catalog.incidents();
        let wanted = ticket.kind == TicketKind::Repair && ticket.status.is_open() && ticket.incident_id.is_none();
        let category = ticket.category.filter(|_| wanted);
        let Some((category, window)) = category.and_then(|category| Some((category, rules.window(category)?))) else {
            return Ok(());
        };
        let mut reports = store::incidents::reports_since(tx, project, category, ticket.created_at - window).await?;
        let Some(own) = reports.iter().find(|report| report.ticket == id).cloned() else { return Ok(()) };
        loop {
            let Some(verdict) = rules.judge(category, &own, &reports) else { return Ok(()) };
            let Some(known) = verdict.incident else {
                let incident = self.begin_incident(tx, (project, category), &own, &verdict, &reports).await?;
                return self.join(tx, &ticket, &incident, verdict.homes).await;
            };
            match store::incidents::find(tx, known).await?.filter(|incident| incident.ended_at.is_none()) {
                Some(incident) => return self.join(tx, &ticket, &incident, verdict.homes).await,
                // What was mended for all and breaks again is a new one.
                None => reports.retain(|report| report.incident != Some(known)),
            }
        }
    }

    /// Returns what is under way in the building of a unit, for conversations with who lives there.
    pub(super) async fn incidents_around(&self, tx: &mut Tx, unit: UnitId) -> Result<Vec<OpenIncident>, StoreError> {
        let found = store::incidents::around(tx, unit).await?;
        Ok(found.into_iter().map(|incident| OpenIncident { category: incident.category }).collect())
    }

    async fn begin_incident(
        &self,
        tx: &mut Tx,
        (project_id, category): (ProjectId, Category),
        own: &Report,
        verdict: &Verdict,
        reports: &[Report],
    ) -> Result<Incident, StoreError> {
        let same = reports.iter().filter(|report| verdict.same.contains(&report.ticket));
        let new = Incident {
            id: self.clock.new_id(),
            number: String::new(),
            project_id,
            building: own.building.clone(),
            category,
            component: common_component(same.chain([own])),
            status: Status::Open,
            opened_at: self.clock.now(),
            ended_at: None,
        };
        let incident = store::incidents::open(tx, new).await?;
        for earlier in &verdict.same {
            self.note_incident(tx, *earlier, &incident).await?;
        }
        tracing::info!(incident.id = %incident.id, "incident {} began", incident.number);
        Ok(incident)
    }

    async fn join(&self, tx: &mut Tx, ticket: &Ticket, incident: &Incident, homes: usize) -> Result<(), StoreError> {
        // The conversation before its ticket, in the order in which everybody holds them.
        if let Some(dialogue) = ticket.dialogue_id {
            let say = Say::new("incident.joined").text("count", homes.to_string()).text("incident", &incident.number);
            self.apply(tx, dialogue, Event::Notified(say)).await?;
        }
        self.note_incident(tx, ticket.id, incident).await?;
        if self.catalog.incidents().is_batch(homes) {
            let detail = format!("incident={}", incident.number);
            self.raise_with(tx, None, FlagKind::BatchDefect, About::Conversation, detail).await?;
        }
        Ok(())
    }

    async fn note_incident(&self, tx: &mut Tx, ticket: TicketId, incident: &Incident) -> Result<(), StoreError> {
        store::incidents::join(tx, ticket, incident.id).await?;
        let body = json!({ "text": incident.number });
        self.note_event(tx, ticket, "incident", Actor::System, body, self.clock.now()).await
    }
}

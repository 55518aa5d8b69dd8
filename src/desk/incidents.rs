//! What staff does about a fault of several homes: mended once, told to all.

use serde_json::json;

use super::{Desk, DeskError, words};
use crate::domain::dialogue::{Event, Say};
use crate::domain::ids::{IncidentId, StaffId};
use crate::domain::incident::{Incident, Status};
use crate::domain::ticket::{Actor, Status as TicketStatus};
use crate::store;

impl Desk {
    /// Notes that the fault is mended for all. Every ticket of it that is still open is rectified
    /// with the same evidence and its owner asked; whoever was asked before is told.
    pub async fn incident_fixed(&self, id: IncidentId, note: &str, by: StaffId) -> Result<(), DeskError> {
        let note = words(note, "a note of the fix")?;
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let found = store::incidents::find(tx, id).await?.ok_or(DeskError::NotFound("incident"))?;
                store::incidents::hold_project(tx, found.project_id).await?;
                // Somebody else may just have said the same.
                let incident = store::incidents::find(tx, id).await?.ok_or(DeskError::NotFound("incident"))?;
                if incident.ended_at.is_some() {
                    return Ok(());
                }
                let now = this.intake.clock.now();
                let reports = store::incidents::reports_of(tx, id).await?;
                let tickets: Vec<_> =
                    reports.iter().filter(|report| report.counts()).map(|report| report.ticket).collect();
                this.hold(tx, &tickets).await?;
                for ticket in tickets {
                    let ticket = this.load(tx, ticket).await?;
                    let fixed = Say::new("incident.fixed").text("incident", &incident.number);
                    this.tell(tx, &ticket, Event::Notified(fixed)).await?;
                    if !ticket.status.is_to_be_mended() {
                        continue;
                    }
                    let ticket = match ticket.status {
                        TicketStatus::Reported | TicketStatus::Reopened => {
                            let to = ticket.assignee.unwrap_or(by);
                            let ticket = ticket.assign(to, now)?;
                            this.changed(tx, &ticket, "assigned", by, json!({})).await?;
                            ticket
                        }
                        _ => ticket,
                    };
                    this.rectified(tx, ticket, Some(note.clone()), &[], Actor::Staff(by)).await?;
                }
                let ended = Incident { status: Status::Fixed, ended_at: Some(now), ..incident };
                store::incidents::update(tx, &ended).await?;
                tracing::info!(incident.id = %id, staff.id = %by, "incident {} is mended", ended.number);
                Ok(())
            })
        })
        .await
    }
}

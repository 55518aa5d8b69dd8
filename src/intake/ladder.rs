//! The escalation ladder as jobs: whoever stands on the levels of a warning is told by themselves, and
//! the history keeps who it was. Who that is says [`crate::domain::sla::ladder`]; where nobody can be
//! told, that is noted with the flag.

use serde_json::json;

use super::Intake;
use crate::domain::alert::reach::{Miss, Missed, Telling, Way};
use crate::domain::flag::Flag;
use crate::domain::job::Job;
use crate::domain::sla::Level;
use crate::domain::sla::ladder::{Concern, people};
use crate::domain::staff::Staff;
use crate::domain::ticket::{Actor, Ticket};
use crate::domain::understanding::Urgency;
use crate::store::{self, StoreError, Tx};

impl Intake {
    /// Returns whom a warning about a ticket goes to that is for some levels.
    ///
    /// # Errors
    /// A [`StoreError`] if the register could not be read.
    pub(crate) async fn on_the_ladder(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        levels: &[Level],
    ) -> Result<Vec<(Level, Staff)>, StoreError> {
        let project = match ticket.project_id {
            Some(project) => store::projects::find(tx, project).await?,
            None => None,
        };
        let staff = store::staff::list(tx).await?;
        let concern = Concern {
            assignee: ticket.assignee,
            engineer: project.as_ref().and_then(|project| project.engineer_id),
            manager: project.as_ref().and_then(|project| project.manager.as_deref()),
            region: project.as_ref().map(|project| project.region.as_str()),
        };
        let told = people(levels, &staff, &concern);
        Ok(told.into_iter().map(|(level, person)| (level, person.clone())).collect())
    }

    /// Owes that everybody on the levels of a warning is told of its flag: each once, since a job
    /// names flag and person. What is no emergency waits for the end of the quiet hours.
    pub(super) async fn escalate(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        flag: &Flag,
        levels: &[Level],
    ) -> Result<(), StoreError> {
        let told = self.on_the_ladder(tx, ticket, levels).await?;
        let now = self.clock.now();
        if told.is_empty() {
            // The board says that nobody was told, and that it is for want of people.
            let nobody = Telling { staff: None, way: None, missed: Vec::new(), at: now };
            return store::alerts::note_telling(tx, flag.id, &nobody).await;
        }
        let names: Vec<_> = told.iter().map(|(_, person)| person.name.as_str()).collect();
        let body = json!({ "to": names.join(" · ") });
        self.note_event(tx, ticket.id, "escalated", Actor::System, body, now).await?;
        if !self.alerts {
            let missed: Vec<_> = Way::ALL.map(|way| Missed { way, why: Miss::NotSetUp }).into();
            for (_, person) in told {
                let telling = Telling { staff: Some(person.id), way: None, missed: missed.clone(), at: now };
                store::alerts::note_telling(tx, flag.id, &telling).await?;
            }
            return Ok(());
        }
        let rest = self.policy.quiet.end(now).filter(|_| ticket.urgency != Urgency::Emergency);
        for (_, person) in told {
            self.owe(tx, Job::TellPerson { flag: flag.id, staff: person.id }, rest.unwrap_or(now)).await?;
        }
        Ok(())
    }
}

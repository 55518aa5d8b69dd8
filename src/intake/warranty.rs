//! Whether a fault is under warranty, and who answers for it. The owner is never asked: category
//! and words tell the component, the register tells the handover and what the contract agrees.

use super::Intake;
use crate::domain::calendar::local_date;
use crate::domain::ids::TicketId;
use crate::domain::ticket::Ticket;
use crate::domain::understanding::Category;
use crate::domain::warranty::{Standing, Works};
use crate::store::{self, StoreError, Tx};

/// Tickets that are judged anew at a time: on SQLite every other write waits for them.
const PAGE: u32 = 100;

impl Intake {
    /// Judges where a ticket stands with the warranty, on the day it was reported. `category` is
    /// the ticket's own, or what a person put in its place.
    ///
    /// # Errors
    /// A [`StoreError`] if the register could not be read.
    pub async fn standing(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        category: Option<Category>,
    ) -> Result<Standing, StoreError> {
        let unit = match ticket.unit_id {
            Some(id) => store::units::find(tx, id).await?,
            None => None,
        };
        let project = unit.as_ref().map(|unit| unit.project_id).or(ticket.project_id);
        let project = match project {
            Some(id) => store::projects::find(tx, id).await?,
            None => None,
        };
        let agreed = match &project {
            Some(project) => store::warranty_terms::of_project(tx, project.id).await?,
            None => Vec::new(),
        };
        // A unit's own date counts before its project's.
        let handover = unit.and_then(|unit| unit.handover_at);
        let handover = handover.or_else(|| project.as_ref().and_then(|project| project.handover_at));
        let works = Works {
            handover: handover.and_then(|at| local_date(at, self.zone())),
            region: project.as_ref().map_or("", |project| project.region.as_str()),
            agreed: &agreed,
        };
        let Some(on) = local_date(ticket.created_at, self.zone()) else { return Ok(Standing::default()) };
        let standing = self.catalog.warranty().judge(&works, category, &words_of(ticket), on);
        let firm = match &project {
            Some(project) => store::subcontractors::responsible(tx, project.id, category).await?,
            None => None,
        };
        let engineer = project.and_then(|project| project.engineer_id);
        Ok(standing.with(ticket.cause, firm.map(|firm| firm.id), engineer))
    }

    /// Judges a page of tickets anew after the register has changed, those filed after `last`. Returns the last
    /// one looked at; `None` if there are no more.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn judge_warranties(&self, tx: &mut Tx, last: Option<TicketId>) -> Result<Option<TicketId>, StoreError> {
        let page = store::tickets::page(tx, last, PAGE).await?;
        for ticket in &page {
            if self.standing(tx, ticket, ticket.category).await?.in_warranty == ticket.in_warranty {
                continue;
            }
            let Some(mut ticket) = store::tickets::load_for_update(tx, ticket.id).await? else { continue };
            self.judge_warranty(tx, &mut ticket).await?;
            store::tickets::update(tx, &ticket).await?;
        }
        Ok(page.last().map(|ticket| ticket.id))
    }

    /// Notes on a ticket that is about to be stored whether it is under warranty.
    pub(crate) async fn judge_warranty(&self, tx: &mut Tx, ticket: &mut Ticket) -> Result<(), StoreError> {
        ticket.in_warranty = self.standing(tx, ticket, ticket.category).await?.in_warranty;
        Ok(())
    }
}

/// Everything the client said about the fault.
fn words_of(ticket: &Ticket) -> String {
    let pieces = [&ticket.location, &ticket.component, &ticket.symptom];
    let pieces = pieces.into_iter().flatten().chain([&ticket.description]);
    pieces.map(String::as_str).collect::<Vec<_>>().join("\n")
}

//! Whose something is, and of which region: what the table of rights ([`crate::domain::access`]) asks of
//! a thing. One answer for the door of the console, for its lists and for what staff does at alerts.

use super::{StoreError, Tx, contact_units, dialogues, follow_ups, projects, recoveries, responses, tickets, units};
use crate::domain::access::Thing;
use crate::domain::flag::Flag;
use crate::domain::ids::{ContactId, DialogueId, ProjectId, ResponseId, UnitId};
use crate::domain::ticket::Ticket;
use crate::domain::visit::Visit;

/// What a flag is about; one that points at nothing is for those who lead.
pub async fn of_flag(tx: &mut Tx, flag: &Flag) -> Result<Vec<Thing>, StoreError> {
    if let Some(id) = flag.ticket_id
        && let Some(ticket) = tickets::find(tx, id).await?
    {
        return Ok(vec![of_ticket(tx, &ticket).await?]);
    }
    match (flag.response_id, flag.dialogue_id) {
        (Some(response), _) => Ok(vec![of_response(tx, response).await?]),
        (None, Some(dialogue)) => of_dialogue(tx, dialogue).await,
        (None, None) => Ok(vec![Thing::default()]),
    }
}

/// A ticket belongs to whoever has it; one that nobody has lies in the pool of its region.
pub async fn of_ticket(tx: &mut Tx, ticket: &Ticket) -> Result<Thing, StoreError> {
    let Thing { region, .. } = of_project(tx, ticket.project_id).await?;
    let in_pool = ticket.assignee.is_none() && ticket.status.is_open();
    Ok(Thing { owners: ticket.assignee.into_iter().collect(), in_pool, region })
}

/// A conversation belongs to those to whom the person does.
pub async fn of_dialogue(tx: &mut Tx, id: DialogueId) -> Result<Vec<Thing>, StoreError> {
    let contact = dialogues::find(tx, id).await?.and_then(|dialogue| dialogue.contact_id);
    match contact {
        Some(contact) => of_contact(tx, contact).await,
        None => Ok(vec![Thing::default()]),
    }
}

/// A person belongs to whoever has an open ticket of theirs or wins them back, and to the regions they live in.
pub async fn of_contact(tx: &mut Tx, contact: ContactId) -> Result<Vec<Thing>, StoreError> {
    let open = tickets::open_for_contact(tx, contact).await?;
    let mut owners: Vec<_> = open.iter().filter_map(|ticket| ticket.assignee).collect();
    owners.extend(recoveries::who_wins_back(tx, contact).await?);
    let mut all = Vec::new();
    for unit in contact_units::list(tx, contact).await? {
        let Thing { region, .. } = of_project(tx, Some(unit.project_id)).await?;
        all.push(Thing { owners: owners.clone(), in_pool: false, region });
    }
    if all.is_empty() {
        all.push(Thing { owners, ..Thing::default() });
    }
    Ok(all)
}

/// A visit belongs to whoever made it, and to the engineer of the project.
pub async fn of_visit(tx: &mut Tx, visit: &Visit) -> Result<Thing, StoreError> {
    let mut thing = of_project(tx, Some(visit.project_id)).await?;
    thing.owners.extend(visit.assignee);
    Ok(thing)
}

/// An answer belongs to whoever wins the client back, and to the engineer of the project.
pub async fn of_response(tx: &mut Tx, id: ResponseId) -> Result<Thing, StoreError> {
    let project = match follow_ups::of_response(tx, id).await? {
        Some(visit) => Some(visit.project),
        None => match responses::find(tx, id).await? {
            Some(response) => match response.unit_id {
                Some(unit) => project_of(tx, unit).await?,
                // An anonymous one.
                None => response.project_id,
            },
            None => None,
        },
    };
    let mut thing = of_project(tx, project).await?;
    thing.owners.extend(recoveries::of_response(tx, id).await?.and_then(|recovery| recovery.person));
    Ok(thing)
}

/// What belongs to a project alone is its engineer's; without a project, nobody knows the region.
pub async fn of_project(tx: &mut Tx, project: Option<ProjectId>) -> Result<Thing, StoreError> {
    let project = match project {
        Some(project) => projects::find(tx, project).await?,
        None => None,
    };
    let owners = project.iter().filter_map(|project| project.engineer_id).collect();
    Ok(Thing { owners, in_pool: false, region: project.map(|project| project.region) })
}

async fn project_of(tx: &mut Tx, unit: UnitId) -> Result<Option<ProjectId>, StoreError> {
    Ok(units::find(tx, unit).await?.map(|unit| unit.project_id))
}

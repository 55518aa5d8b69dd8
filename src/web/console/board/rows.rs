//! One flag and one ticket as the board lists them: who, where, what was said, since when.

use std::collections::BTreeMap;

use super::super::incidents::link;
use super::super::unreached;
use super::super::view::{Link, Tag, When, age, building, excerpt};
use crate::domain::flag::{Flag, FlagKind};
use crate::domain::ids::{StaffId, UnitId};
use crate::domain::incident::homes;
use crate::domain::sla::Notice;
use crate::domain::staff::Staff as Person;
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;
use crate::store::{Tx, alerts, contacts, dialogues, incidents, projects, responses, staff, tickets, units};
use crate::web::error::WebError;
use crate::web::words::Words;

/// What stands before the number of an incident in the detail of a flag.
const INCIDENT: &str = "incident=";
/// Characters of a person's words that a list shows.
const EXCERPT: usize = 120;

/// A flag in its list.
#[derive(Debug, Clone)]
pub(super) struct FlagRow {
    pub(super) id: String,
    pub(super) kind_key: String,
    /// Class: `emergency`, `bad` or nothing.
    pub(super) tone: &'static str,
    /// Who and where.
    pub(super) about: String,
    /// What they said.
    pub(super) words: Option<String>,
    pub(super) detail: String,
    /// Whom nobody could tell, and why.
    pub(super) unreached: Option<String>,
    pub(super) at: When,
    pub(super) age: String,
    pub(super) ticket: Option<Link>,
    pub(super) incident: Option<Link>,
    pub(super) response: Option<String>,
    pub(super) dialogue: Option<String>,
}

/// A ticket in its list.
#[derive(Debug, Clone)]
pub(super) struct TicketRow {
    pub(super) href: String,
    pub(super) number: String,
    pub(super) urgency: Tag,
    pub(super) status: Tag,
    pub(super) open: bool,
    pub(super) late: bool,
    pub(super) category_key: Option<String>,
    pub(super) summary: String,
    pub(super) place: String,
    pub(super) assignee: Option<String>,
    pub(super) at: When,
    pub(super) age: String,
}

/// Names looked up once for a whole list.
pub(super) struct Names {
    staff: BTreeMap<StaffId, String>,
    units: BTreeMap<UnitId, String>,
}

impl Names {
    pub(super) async fn load(tx: &mut Tx) -> Result<Names, WebError> {
        let staff = staff::list(tx).await?.into_iter().map(|person| (person.id, person.name)).collect();
        Ok(Names { staff, units: BTreeMap::new() })
    }

    async fn unit(&mut self, tx: &mut Tx, id: Option<UnitId>) -> Result<String, WebError> {
        let Some(id) = id else { return Ok(String::new()) };
        if let Some(known) = self.units.get(&id) {
            return Ok(known.clone());
        }
        let label = match units::find(tx, id).await? {
            Some(unit) => match projects::find(tx, unit.project_id).await? {
                Some(project) => format!("{} {}", project.name, unit.label),
                None => unit.label,
            },
            None => String::new(),
        };
        self.units.insert(id, label.clone());
        Ok(label)
    }
}

pub(super) async fn flag_row(
    tx: &mut Tx,
    names: &mut Names,
    flag: Flag,
    who: &Person,
    now: Timestamp,
    w: &Words,
) -> Result<FlagRow, WebError> {
    let ticket = match flag.ticket_id {
        Some(id) => tickets::find(tx, id).await?,
        None => None,
    };
    let response = match flag.response_id {
        Some(id) => responses::find(tx, id).await?,
        None => None,
    };
    let dialogue = match flag.dialogue_id {
        Some(id) => dialogues::find(tx, id).await?,
        None => None,
    };
    let unit = ticket.as_ref().and_then(|t| t.unit_id).or(response.as_ref().and_then(|r| r.unit_id));
    let contact = match dialogue.and_then(|dialogue| dialogue.contact_id) {
        Some(id) => contacts::find(tx, id).await?.and_then(|contact| contact.name),
        None => None,
    };
    let shared = Shared::load(tx, &flag, who, w).await?;
    let (place, known, incident) = match shared {
        Some(Shared { place, what, link }) => (place, Some(what), Some(link)),
        None => (names.unit(tx, unit).await?, None, None),
    };
    let about = [contact.unwrap_or_default(), place];
    let said = ticket.as_ref().map(|t| t.description.clone()).or(response.as_ref().and_then(|r| r.comment.clone()));
    let score = response
        .as_ref()
        .and_then(|response| response.score)
        .map(|score| format!("{} {score:.1}", w.get("web.console.response.score")));
    let tellings = alerts::tellings(tx, flag.id).await?;
    Ok(FlagRow {
        id: flag.id.to_string(),
        kind_key: format!("web.console.flag.{}", flag.kind.name()),
        tone: tone(flag.kind),
        about: about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        words: said.filter(|said| !said.is_empty()).map(|said| excerpt(&said, EXCERPT)),
        detail: score.or(known).or_else(|| clock_of(&flag, w)).or_else(|| told(&flag.detail, w)).unwrap_or_default(),
        unreached: unreached::line(&tellings, &names.staff, w),
        at: When::of(flag.created_at, w),
        age: age(now.since(flag.created_at), w),
        ticket: ticket.map(|ticket| Link { href: format!("/console/tickets/{}", ticket.id), label: ticket.number }),
        incident,
        response: flag.response_id.map(|id| format!("/console/responses/{id}")),
        dialogue: flag.dialogue_id.map(|id| format!("/console/conversations/{id}")),
    })
}

/// The fault of several homes that a flag is about.
struct Shared {
    place: String,
    /// The trade and how many homes.
    what: String,
    link: Link,
}

impl Shared {
    /// `None` for whoever may not see it: they read its number and no more.
    async fn load(tx: &mut Tx, flag: &Flag, who: &Person, w: &Words) -> Result<Option<Shared>, WebError> {
        let Some(number) = flag.detail.strip_prefix(INCIDENT) else { return Ok(None) };
        let Some(incident) = incidents::find_by_number(tx, number).await? else { return Ok(None) };
        let Some(link) = link(tx, &incident, who).await? else { return Ok(None) };
        let project = projects::find(tx, incident.project_id).await?.map(|project| project.name).unwrap_or_default();
        let building = building(incident.building.as_deref().unwrap_or_default(), w);
        let homes = homes(&incidents::reports_of(tx, incident.id).await?);
        let trade = w.get(&format!("category.{}", incident.category.name()));
        Ok(Some(Shared {
            place: format!("{project} {building}").trim().to_owned(),
            what: format!("{trade} · {}", w.fill("web.console.flags.homes", "count", &homes.to_string())),
            link,
        }))
    }
}

/// Which clock runs out, how far, and who is to act.
fn clock_of(flag: &Flag, w: &Words) -> Option<String> {
    let notice: Notice = flag.detail.parse().ok()?;
    let clock = w.get(&format!("web.console.clock.{}", notice.clock.name()));
    let levels = notice.tell.iter().map(|level| w.get(&format!("alert.level.{}", level.name())));
    Some(format!("{clock} {} % · {}", notice.percent, levels.collect::<Vec<_>>().join(" · ")))
}

/// Returns what a flag's detail says in words: the department it is for, a team, an incident, an
/// appointment that still stands, visits that are nobody's.
fn told(detail: &str, w: &Words) -> Option<String> {
    let value = |name: &str| detail.split_once(name).map(|(_, value)| value);
    if let Some(from) = value("appointment=").and_then(|from| from.parse().ok()) {
        return Some(w.fill("web.console.flags.appointment", "time", &When::of(Timestamp(from), w).full));
    }
    if let Some(count) = value("visits=") {
        return Some(w.fill("web.console.flags.visits", "count", count));
    }
    let department = value("department=").and_then(|value| value.split_whitespace().next());
    let department = department.and_then(|name| w.find(&format!("department.{name}")));
    department.or_else(|| value("team=").or(value(INCIDENT)).map(str::to_owned))
}

pub(super) fn tone(kind: FlagKind) -> &'static str {
    match kind {
        FlagKind::Emergency => "emergency",
        FlagKind::NegativeFeedback
        | FlagKind::Complaint
        | FlagKind::FixRejected
        | FlagKind::SlaMissed
        | FlagKind::RecoveryOverdue
        | FlagKind::BatchDefect => "bad",
        FlagKind::ScoreTextConflict
        | FlagKind::PersonRequested
        | FlagKind::VoiceUnheard
        | FlagKind::ExtensionRequested
        | FlagKind::DeliveryFailed
        | FlagKind::SlaWarning
        | FlagKind::AppointmentDeclined
        | FlagKind::TicketReturned
        | FlagKind::TaskReturned
        | FlagKind::TeamReview
        | FlagKind::Praise => "",
    }
}

pub(super) async fn ticket_row(
    tx: &mut Tx,
    names: &mut Names,
    ticket: Ticket,
    now: Timestamp,
    w: &Words,
) -> Result<TicketRow, WebError> {
    let (unit, late) = (names.unit(tx, ticket.unit_id).await?, ticket.is_late(now));
    let place = [unit, ticket.location.unwrap_or_default()];
    let summary = [ticket.component, ticket.symptom].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Ok(TicketRow {
        href: format!("/console/tickets/{}", ticket.id),
        number: ticket.number,
        urgency: ticket.urgency.into(),
        status: ticket.status.into(),
        open: ticket.status.is_open(),
        late,
        category_key: ticket.category.map(|category| format!("category.{}", category.name())),
        summary: if summary.is_empty() { excerpt(&ticket.description, EXCERPT) } else { summary },
        place: place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        assignee: ticket.assignee.and_then(|id| names.staff.get(&id).cloned()),
        at: When::of(ticket.created_at, w),
        age: age(now.since(ticket.created_at), w),
    })
}

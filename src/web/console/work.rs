//! The part of a ticket's page that says how far it is and lets staff move it: clocks, appointment,
//! whose it is, the firm, and the forms for all of these.

use super::access;
use super::view::{Choice, Shell, When, span};
use crate::domain::access::Right;
use crate::domain::appointment::Appointment;
use crate::domain::calendar::last_day;
use crate::domain::ids::StaffId;
use crate::domain::sla::{Clock, ClockKind};
use crate::domain::staff::Staff as Person;
use crate::domain::subcontractor::Subcontractor;
use crate::domain::ticket::{Cause, Status, Ticket, TicketKind};
use crate::domain::time::Timestamp;
use crate::domain::understanding::Category;
use crate::store::tickets::TicketEvent;
use crate::store::{Tx, appointments, projects, subcontractors};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

/// From so many percent on a clock is shown as pressing.
const PRESSING: u32 = 80;

/// Everything about working a ticket.
#[derive(Debug)]
pub(super) struct Work {
    /// What the forms carry, so that of two who act at once the second is told.
    pub(super) seen: i64,
    pub(super) can: Can,
    pub(super) clocks: Vec<ClockRow>,
    pub(super) appointment: Option<Meeting>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) staff: Vec<Choice>,
    /// The firm that is sent, if one is.
    pub(super) firm: Option<String>,
    pub(super) firms: Vec<Choice>,
    pub(super) causes: Vec<Choice>,
    pub(super) categories: Vec<Choice>,
    /// Rows of the form for an appointment.
    pub(super) rows: Vec<Row>,
    /// The day of the ledger, for its field.
    pub(super) expected: String,
}

/// One clock.
#[derive(Debug, Clone)]
pub(super) struct ClockRow {
    pub(super) name: &'static str,
    pub(super) key: String,
    /// `running`, `pressing`, `missed`, `paused`, `met`, `late`, `ended`.
    pub(super) state: &'static str,
    /// Of the bar, at most 100.
    pub(super) percent: u32,
    pub(super) says: String,
    pub(super) due: When,
    pub(super) reason: String,
}

/// The appointment that is offered or agreed.
#[derive(Debug, Clone)]
pub(super) struct Meeting {
    pub(super) key: String,
    pub(super) windows: Vec<String>,
}

/// Somebody who could take it, and why.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) why: String,
}

/// A row of the form for an appointment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) at: u32,
}

/// What the closed loop allows now.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent buttons of a page")]
pub(super) struct Can {
    pub(super) assign: bool,
    /// Nobody has it.
    pub(super) take: bool,
    /// Whoever looks has it and has not said so.
    pub(super) accept: bool,
    pub(super) transfer: bool,
    pub(super) call: bool,
    pub(super) way: bool,
    pub(super) arrive: bool,
    pub(super) rectify: bool,
    pub(super) visit: bool,
    pub(super) refuse: bool,
    /// Only what was rectified is closed by hand; the rest is cancelled or refused.
    pub(super) close: bool,
    /// Merge it with another, or make two of it.
    pub(super) split: bool,
    /// Whoever looks works it.
    pub(super) work: bool,
}

impl Can {
    pub(super) fn at(ticket: &Ticket, who: Option<StaffId>, accepted: bool) -> Can {
        let status = ticket.status;
        let workable = matches!(status, Status::Reported | Status::Assigned | Status::OnSite | Status::Reopened);
        let repair = ticket.kind == TicketKind::Repair;
        Can {
            assign: workable,
            take: workable && ticket.assignee.is_none(),
            accept: matches!(status, Status::Assigned | Status::Reopened)
                && who.is_some()
                && ticket.assignee == who
                && !accepted,
            transfer: workable && ticket.assignee.is_some(),
            call: workable,
            way: status == Status::Assigned && repair,
            arrive: status == Status::Assigned && repair,
            rectify: matches!(status, Status::Assigned | Status::OnSite),
            visit: workable && repair,
            refuse: workable && status != Status::Reopened,
            close: matches!(status, Status::Rectified | Status::Verified | Status::Reopened),
            split: workable,
            work: true,
        }
    }

    /// Returns what of it whoever looks has the right to.
    fn of(self, may: impl Fn(Right) -> bool) -> Can {
        let (take, work, direct) = (may(Right::Take), may(Right::Work), may(Right::Direct));
        Can {
            assign: self.assign && direct,
            take: self.take && take,
            accept: self.accept && work,
            transfer: self.transfer && work,
            call: self.call && work,
            way: self.way && work,
            arrive: self.arrive && work,
            rectify: self.rectify && work,
            visit: self.visit && work,
            refuse: self.refuse && direct,
            close: self.close && direct,
            split: self.split && direct,
            work,
        }
    }
}

/// What the page of a ticket knows of it already.
pub(super) struct Around<'a> {
    pub(super) people: &'a [Person],
    pub(super) events: &'a [TicketEvent],
    /// What counts of it, perhaps by a person's word.
    pub(super) category: Option<Category>,
    /// Whoever looks.
    pub(super) who: &'a Person,
}

impl Work {
    /// What the forms carry that correct or answer; nothing where whoever looks may not.
    pub(super) fn csrf<'s>(&self, shell: &'s Shell) -> &'s str {
        if self.can.work { shell.csrf() } else { "" }
    }

    pub(super) async fn load(
        web: &Web,
        tx: &mut Tx,
        ticket: &Ticket,
        around: &Around<'_>,
        w: &Words,
    ) -> Result<Work, WebError> {
        let Around { people, events, category, who } = *around;
        let now = web.clock.now();
        let clocks = web.intake.clocks(tx, ticket).await?;
        let thing = access::of_ticket(tx, ticket).await?;
        let can = Can::at(ticket, Some(who.id), accepted(events)).of(|right| who.may(right, &thing));
        let appointment = appointments::open_of_ticket(tx, ticket.id).await?;
        let candidates = if can.take { web.desk.candidates(tx, ticket).await? } else { Vec::new() };
        let firms = subcontractors::list(tx).await?;
        let sent = firms.iter().find(|firm| Some(firm.id) == ticket.subcontractor_id).map(|firm| firm.name.clone());
        let why = |candidate: crate::domain::dispatch::Candidate| Candidate {
            id: candidate.staff.to_string(),
            why: w.fill(&format!("web.console.why.{}", candidate.why.name()), "open", &candidate.open.to_string()),
            name: candidate.name,
        };
        let person = |person: &Person| {
            let role = w.get(&format!("web.console.staff.role.{}", person.role.name()));
            // Whose it is to be, somebody has to say.
            Choice { value: person.id.to_string(), label: format!("{} · {role}", person.name), chosen: false }
        };
        Ok(Work {
            seen: ticket.updated_at.0,
            can,
            clocks: clocks.iter().map(|(clock, percent)| ClockRow::of(clock, *percent, ticket, now, w)).collect(),
            appointment: appointment.map(|appointment| Meeting::of(web, &appointment, w)),
            candidates: candidates.into_iter().map(why).collect(),
            staff: people.iter().filter(|person| person.active).map(person).collect(),
            firm: sent,
            firms: firm_choices(tx, ticket, category, firms, w).await?,
            causes: Cause::ALL.into_iter().map(|cause| cause_choice(cause, ticket.cause, w)).collect(),
            categories: Category::ALL.into_iter().map(|category| category_choice(category, w)).collect(),
            rows: (1..=3).map(|at| Row { at }).collect(),
            expected: ticket.expected_at.map(|at| last_day(at, &w.zone).to_string()).unwrap_or_default(),
        })
    }
}

impl ClockRow {
    fn of(clock: &Clock, percent: u32, ticket: &Ticket, now: Timestamp, w: &Words) -> ClockRow {
        let missed = percent > 100 || (percent == 100 && clock.used_ms > clock.budget_ms);
        let state = match (clock.stopped_at, clock.paused_at) {
            (Some(at), _) if was_let_go(ticket, at) => "ended",
            (Some(_), _) if missed => "late",
            (Some(_), _) => "met",
            (None, Some(_)) => "paused",
            (None, None) if clock.due_at < now => "missed",
            (None, None) if percent >= PRESSING => "pressing",
            (None, None) => "running",
        };
        let length = match state {
            "running" | "pressing" => span(clock.due_at.since(now), w),
            "missed" => span(now.since(clock.due_at), w),
            _ => span(std::time::Duration::from_millis(u64::try_from(clock.used_ms).unwrap_or(0)), w),
        };
        ClockRow {
            name: clock.kind.name(),
            key: clock_key(clock.kind),
            state,
            percent: percent.min(100),
            says: w.fill(&format!("web.console.clock.says.{state}"), "span", &length),
            due: When::of(clock.due_at, w),
            reason: clock.reason.clone().unwrap_or_default(),
        }
    }
}

impl Meeting {
    fn of(web: &Web, appointment: &Appointment, w: &Words) -> Meeting {
        let windows = appointment.agreed.map_or_else(|| appointment.offered.clone(), |window| vec![window]);
        Meeting {
            key: format!("web.console.visit.{}", appointment.status.name()),
            windows: windows.into_iter().map(|window| web.intake.window_label(w.language, window)).collect(),
        }
    }
}

/// Whether a clock stopped because its ticket was struck off or merged: nobody was in time, and nobody late.
fn was_let_go(ticket: &Ticket, stopped: Timestamp) -> bool {
    let undone = matches!(ticket.status, Status::Rejected | Status::Cancelled | Status::Merged);
    undone && ticket.closed_at.is_some_and(|ended| ended <= stopped)
}

/// The firms that may be sent: the one that answers for the trade in the project first and chosen,
/// then those that do the trade in the region, then the others.
async fn firm_choices(
    tx: &mut Tx,
    ticket: &Ticket,
    category: Option<Category>,
    firms: Vec<Subcontractor>,
    w: &Words,
) -> Result<Vec<Choice>, WebError> {
    let (mut responsible, mut region) = (None, None);
    if let Some(project) = ticket.project_id {
        responsible = subcontractors::responsible(tx, project, category).await?.map(|firm| firm.id);
        region = projects::find(tx, project).await?.map(|project| project.region);
    }
    let does = |firm: &Subcontractor| category.is_some_and(|category| firm.trades.contains(&category));
    let near = |firm: &Subcontractor| firm.region.is_none() || region.is_none() || firm.region == region;
    let mut firms: Vec<_> = firms.into_iter().filter(|firm| firm.active).collect();
    firms.sort_by_key(|firm| (Some(firm.id) != responsible, !does(firm), !near(firm)));
    let wanted = ticket.subcontractor_id.or(responsible);
    let choice = |firm: Subcontractor| Choice {
        label: if Some(firm.id) == responsible {
            w.fill("web.console.firm.responsible", "firm", &firm.name)
        } else {
            firm.name
        },
        value: firm.id.to_string(),
        chosen: Some(firm.id) == wanted,
    };
    Ok(firms.into_iter().map(choice).collect())
}

/// Whether the present assignee has said that they do it.
fn accepted(events: &[TicketEvent]) -> bool {
    let own = ["accepted", "taken"];
    let given = ["assigned", "transferred", "firm_sent", "reopened"];
    let last =
        events.iter().rev().find(|event| own.contains(&event.kind.as_str()) || given.contains(&event.kind.as_str()));
    last.is_some_and(|event| own.contains(&event.kind.as_str()))
}

fn clock_key(kind: ClockKind) -> String {
    format!("web.console.clock.{}", kind.name())
}

fn cause_choice(cause: Cause, chosen: Option<Cause>, w: &Words) -> Choice {
    let label = w.get(&format!("web.console.cause.{}", cause.name()));
    Choice { value: cause.name().to_owned(), label, chosen: chosen == Some(cause) }
}

fn category_choice(category: Category, w: &Words) -> Choice {
    let label = w.get(&format!("category.{}", category.name()));
    Choice { value: category.name().to_owned(), label, chosen: false }
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::words;
    use super::*;
    use crate::domain::ids::{ContactId, TicketId};
    use crate::domain::language::Language;

    #[test]
    fn a_clock_that_ends_because_its_ticket_is_struck_off_or_merged_was_neither_in_time_nor_late() {
        let (id, contact) = (TicketId(uuid::Uuid::nil()), ContactId(uuid::Uuid::nil()));
        let state = |status: Status, used_ms: i64, ended: i64| {
            let reported = Ticket::reported(id, TicketKind::Repair, contact, Timestamp(0));
            let ticket = Ticket { status, closed_at: Some(Timestamp(ended)), ..reported };
            let clock = Clock {
                kind: ClockKind::Rectified,
                round: 0,
                started_at: Timestamp(0),
                due_at: Timestamp(100),
                budget_ms: 100,
                used_ms,
                paused_at: None,
                reason: None,
                stopped_at: Some(Timestamp(used_ms)),
            };
            let percent = u32::try_from(used_ms).unwrap();
            ClockRow::of(&clock, percent, &ticket, Timestamp(500), &words(Language::Chinese)).state
        };
        for status in [Status::Rejected, Status::Cancelled, Status::Merged] {
            assert_eq!([state(status, 50, 50), state(status, 200, 200)], ["ended"; 2], "{status:?}");
            assert_eq!(state(status, 50, 60), "met", "{status:?} after it was done");
        }
        assert_eq!([state(Status::Closed, 50, 50), state(Status::Closed, 200, 200)], ["met", "late"]);
    }
}

#[cfg(test)]
pub(super) mod samples {
    //! A ticket under way, with everything on it.

    use super::*;

    impl Work {
        pub(in crate::web::console) fn sample(w: &Words, status: Status) -> Work {
            let clock = |name: &'static str, state: &'static str, percent: u32, reason: &str| ClockRow {
                name,
                key: format!("web.console.clock.{name}"),
                state,
                percent,
                says: w.fill(&format!("web.console.clock.says.{state}"), "span", "3 h"),
                due: When::of(Timestamp(1_795_000_000_000), w),
                reason: reason.to_owned(),
            };
            let choice = |label: &str| Choice { value: "1".to_owned(), label: label.to_owned(), chosen: true };
            let id = crate::domain::ids::TicketId(uuid::Uuid::nil());
            let contact = crate::domain::ids::ContactId(uuid::Uuid::nil());
            let mut ticket = Ticket::reported(id, TicketKind::Repair, contact, Timestamp(0));
            ticket.status = status;
            if status != Status::Reported {
                ticket.assignee = Some(StaffId(uuid::Uuid::nil()));
            }
            Work {
                seen: 1,
                can: Can::at(&ticket, ticket.assignee, false),
                clocks: vec![
                    clock("response", "met", 40, ""),
                    clock("on_site", "pressing", 85, ""),
                    clock("rectified", "paused", 30, "等配件"),
                ],
                appointment: Some(Meeting {
                    key: "web.console.visit.agreed".to_owned(),
                    windows: vec!["11月24日（周二）09:00–12:00".to_owned()],
                }),
                candidates: vec![Candidate {
                    id: "1".to_owned(),
                    name: "李师傅".to_owned(),
                    why: w.fill("web.console.why.skill", "open", "2"),
                }],
                staff: vec![choice("李师傅")],
                firm: Some("安居防水".to_owned()),
                firms: vec![choice("安居防水")],
                causes: vec![choice("施工缺陷")],
                categories: vec![choice("渗漏")],
                rows: (1..=3).map(|at| Row { at }).collect(),
                expected: "2026-11-30".to_owned(),
            }
        }
    }
}

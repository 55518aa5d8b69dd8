//! The clocks of tickets, computed when something happens: in the transaction of the event the
//! rows are written and the next warning becomes a job. Nothing is polled.
//!
//! A job names clock, round and percent. Firing it looks first whether the clock still runs in that
//! round, then whether the history holds the warning already: so each comes once, however often a
//! job runs, whatever the clocks of the machines did, and whether or not the service was up.

use std::time::Duration;

use serde_json::json;

use super::Intake;
use crate::domain::appointment::Status;
use crate::domain::calendar::{instant, local_date};
use crate::domain::contact::ContactRole;
use crate::domain::dialogue::{Event, Say};
use crate::domain::flag::{Flag, FlagKind};
use crate::domain::ids::TicketId;
use crate::domain::job::Job;
use crate::domain::sla::{self, Clock, ClockKind, Matter, Moment, Notice, Terms};
use crate::domain::ticket::{self, Actor, Ticket};
use crate::domain::time::Timestamp;
use crate::store::{self, StoreError, Tx};

/// The hour at which an owner is reminded, or told that a ticket was closed (local time).
const FRIENDLY_HOUR: i8 = 10;
/// So much later than it was due a job may be done: nobody is given another day for it.
const LATENESS: Duration = Duration::from_secs(60 * 60);

impl Intake {
    /// Has a moment move a ticket's clocks, and the rows that hang on it: appointment, links, what
    /// an owner's silence leads to. The ticket is stored if that changes it. Says nothing to the
    /// client: that is for whoever calls.
    pub(crate) async fn ticket_moved(
        &self,
        tx: &mut Tx,
        ticket: &mut Ticket,
        moment: Moment,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let matter = self.matter(tx, ticket).await?;
        let terms = self.terms(matter);
        let clocks = store::clocks::of_ticket(tx, ticket.id).await?;
        for clock in sla::turn(&clocks, moment, &terms, now) {
            self.keep_clock(tx, ticket, &clock, &terms).await?;
        }
        match moment {
            Moment::Filed | Moment::Answered | Moment::Reopened => Ok(()),
            Moment::Arrived => self.appointment_ended(tx, ticket.id, Status::Kept).await.map(drop),
            Moment::Rectified => {
                self.appointment_ended(tx, ticket.id, Status::Kept).await?;
                self.owe_silence(tx, ticket).await
            }
            Moment::Ended => {
                self.appointment_ended(tx, ticket.id, Status::Cancelled).await?;
                store::flags::clocks_ended(tx, ticket.id, now).await?;
                store::job_links::end_of_ticket(tx, ticket.id, now).await.map(drop)
            }
        }
    }

    /// Has the clocks of a ticket go by its new urgency, which it took over from another.
    pub(crate) async fn more_urgent(
        &self,
        tx: &mut Tx,
        ticket: &mut Ticket,
        other: TicketId,
    ) -> Result<(), StoreError> {
        let matter = self.matter(tx, ticket).await?;
        let terms = self.terms(matter);
        let clocks = store::clocks::of_ticket(tx, ticket.id).await?;
        let others = store::clocks::of_ticket(tx, other).await?;
        for clock in sla::tighten(&clocks, &others, &terms, self.clock.now()) {
            self.keep_clock(tx, ticket, &clock, &terms).await?;
        }
        Ok(())
    }

    /// Has the clocks of a ticket go by the limits of the project it turns out to be of, where those are others.
    pub(super) async fn project_known(&self, tx: &mut Tx, ticket: &mut Ticket) -> Result<(), StoreError> {
        let matter = self.matter(tx, ticket).await?;
        let terms = self.terms(matter);
        let mut clocks = store::clocks::of_ticket(tx, ticket.id).await?;
        clocks.retain(|clock| clock.budget_ms != terms.budget_ms(clock.kind));
        for clock in sla::tighten(&clocks, &[], &terms, self.clock.now()) {
            self.keep_clock(tx, ticket, &clock, &terms).await?;
        }
        Ok(())
    }

    /// Lets a clock stand still, with a reason; `None` if it does not run.
    pub(crate) async fn pause_clock(
        &self,
        tx: &mut Tx,
        ticket: &mut Ticket,
        kind: ClockKind,
        reason: &str,
    ) -> Result<Option<Clock>, StoreError> {
        self.change_clock(tx, ticket, kind, |clock, terms, now| {
            clock.pause(reason.to_owned(), terms.hours(kind), now).ok()
        })
        .await
    }

    /// Lets a paused clock run on; `None` if it is not paused.
    pub(crate) async fn resume_clock(
        &self,
        tx: &mut Tx,
        ticket: &mut Ticket,
        kind: ClockKind,
    ) -> Result<Option<Clock>, StoreError> {
        self.change_clock(tx, ticket, kind, |clock, terms, now| clock.resume(terms.hours(kind), now).ok()).await
    }

    /// Returns a ticket's clocks, each with the percent of its time that is used by now.
    pub(crate) async fn clocks(&self, tx: &mut Tx, ticket: &Ticket) -> Result<Vec<(Clock, u32)>, StoreError> {
        let now = self.clock.now();
        let matter = self.matter(tx, ticket).await?;
        let terms = self.terms(matter);
        let mut clocks = store::clocks::of_ticket(tx, ticket.id).await?;
        clocks.sort_by_key(|clock| clock.kind);
        let percent = |clock: Clock| (clock.percent(terms.hours(clock.kind), now), clock);
        Ok(clocks.into_iter().map(percent).map(|(percent, clock)| (clock, percent)).collect())
    }

    /// Warns of a clock, unless it was stopped, paused or begun anew since, or this was told before.
    pub(crate) async fn clock_runs_out(
        &self,
        tx: &mut Tx,
        id: TicketId,
        kind: ClockKind,
        round: u32,
        percent: u32,
    ) -> Result<(), StoreError> {
        let Some(ticket) = store::tickets::load_for_update(tx, id).await? else { return Ok(()) };
        let clocks = store::clocks::of_ticket(tx, id).await?;
        let running = |clock: &&Clock| clock.kind == kind && clock.round == round && clock.is_running();
        let Some(clock) = clocks.iter().find(running) else { return Ok(()) };
        // Whoever had it may have left without anybody saying so here: an import, say.
        if let Some(assignee) = ticket.assignee
            && store::staff::find(tx, assignee).await?.is_none_or(|person| !person.active)
        {
            self.owe(tx, Job::StaffLeft { staff: assignee }, self.clock.now()).await?;
        }
        let step = self.catalog.sla().steps.iter().find(|step| step.percent == percent);
        if let Some(step) = step
            && !store::tickets::has_event(tx, id, told_as(percent), &told_body(&ticket, kind, percent)).await?
        {
            let now = self.clock.now();
            let body = json!({ "clock": kind.name(), "percent": percent, "again": ticket.reopened });
            self.note_event(tx, id, told_as(percent), Actor::System, body, now).await?;
            let missed = if percent < 100 { FlagKind::SlaWarning } else { FlagKind::SlaMissed };
            let mut flag = Flag::raised(self.clock.new_id(), missed, now);
            flag.ticket_id = Some(id);
            flag.dialogue_id = ticket.dialogue_id;
            flag.detail = Notice { clock: kind, percent, tell: step.tell.clone() }.to_string();
            self.show(tx, &flag).await?;
            self.escalate(tx, &ticket, &flag, &step.tell).await?;
        }
        let matter = self.matter(tx, &ticket).await?;
        self.owe_warning(tx, &ticket, clock, &self.terms(matter)).await
    }

    /// Asks an owner who says nothing once more, and at last closes the ticket as unverified: never before they
    /// were asked, and not before the days are over of which they were told.
    pub(crate) async fn fix_unanswered(
        &self,
        tx: &mut Tx,
        id: TicketId,
        round: u32,
        last: bool,
    ) -> Result<(), StoreError> {
        let Some(ticket) = store::tickets::load_for_update(tx, id).await? else { return Ok(()) };
        if ticket.status != ticket::Status::Rectified || ticket.reopened != round {
            return Ok(());
        }
        let (now, number) = (self.clock.now(), ticket.number.clone());
        let body = json!({ "again": round });
        let reminded_at = reminded_at(tx, id, &body.to_string()).await?;
        // After an outage both are due at once: whoever is asked has the days that the question names.
        let until = self.friendly_time(reminded_at.unwrap_or(now) - LATENESS, self.days_to_answer());
        let close = last && until <= now + LATENESS;
        if last && !close {
            self.owe_again(tx, Job::FixUnanswered { ticket: id, round, last }, until).await?;
        }
        let event = if close {
            let Ok(mut closed) = ticket.clone().close(true, now) else { return Ok(()) };
            store::tickets::update(tx, &closed).await?;
            self.note_event(tx, id, "closed_unverified", Actor::System, json!({}), now).await?;
            self.ticket_moved(tx, &mut closed, Moment::Ended).await?;
            let told = Say::new("fix.closed_unverified").text("ticket", number);
            Event::Notified(told.choice(format!("fix:{id}:no"), "fix.no"))
        } else {
            if reminded_at.is_some() {
                return Ok(());
            }
            self.note_event(tx, id, "owner_reminded", Actor::System, body, now).await?;
            Event::FixReminded { ticket: id, number, days: self.days_to_answer() }
        };
        match ticket.dialogue_id {
            Some(dialogue) => self.apply(tx, dialogue, event).await,
            None => Ok(()),
        }
    }

    /// Has a moment that lies behind us turn a ticket's clocks, as it did then: of made-up data. Nobody is warned of
    /// what is long known.
    pub(crate) async fn clocks_turned(
        &self,
        tx: &mut Tx,
        ticket: &mut Ticket,
        moment: Moment,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let matter = self.matter(tx, ticket).await?;
        let clocks = store::clocks::of_ticket(tx, ticket.id).await?;
        for clock in sla::turn(&clocks, moment, &self.terms(matter), at) {
            store_clock(tx, ticket, &clock).await?;
        }
        Ok(())
    }

    /// Stores a clock and owes its next warning.
    async fn keep_clock(
        &self,
        tx: &mut Tx,
        ticket: &mut Ticket,
        clock: &Clock,
        terms: &Terms<'_>,
    ) -> Result<(), StoreError> {
        store_clock(tx, ticket, clock).await?;
        self.owe_warning(tx, ticket, clock, terms).await
    }

    async fn change_clock(
        &self,
        tx: &mut Tx,
        ticket: &mut Ticket,
        kind: ClockKind,
        change: impl FnOnce(Clock, &Terms<'_>, Timestamp) -> Option<Clock> + Send,
    ) -> Result<Option<Clock>, StoreError> {
        let matter = self.matter(tx, ticket).await?;
        let terms = self.terms(matter);
        let clocks = store::clocks::of_ticket(tx, ticket.id).await?;
        let changed = clocks
            .into_iter()
            .find(|clock| clock.kind == kind)
            .and_then(|clock| change(clock, &terms, self.clock.now()));
        if let Some(clock) = &changed {
            self.keep_clock(tx, ticket, clock, &terms).await?;
        }
        Ok(changed)
    }

    /// Owes the lowest warning of a running clock that was not told yet.
    async fn owe_warning(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        clock: &Clock,
        terms: &Terms<'_>,
    ) -> Result<(), StoreError> {
        let steps = &self.catalog.sla().steps;
        let mut told = 0;
        while let Some((step, at)) = clock.next_step(told, steps, terms.hours(clock.kind)) {
            let (kind, percent) = (clock.kind, step.percent);
            if !store::tickets::has_event(tx, ticket.id, told_as(percent), &told_body(ticket, kind, percent)).await? {
                let job = Job::SlaWarning { ticket: ticket.id, clock: kind, round: clock.round, percent };
                return self.owe(tx, job, at).await;
            }
            told = percent;
        }
        Ok(())
    }

    /// Owes the question to an owner who does not say whether it is fixed, and the closing.
    async fn owe_silence(&self, tx: &mut Tx, ticket: &Ticket) -> Result<(), StoreError> {
        let rules = self.catalog.sla();
        for (days, last) in [(rules.remind_owner_after_days, false), (rules.close_unverified_after_days, true)] {
            let at = self.friendly_time(self.clock.now(), days);
            let job = Job::FixUnanswered { ticket: ticket.id, round: ticket.reopened, last };
            self.owe(tx, job, at).await?;
        }
        Ok(())
    }

    /// How many days an owner who was asked once more has to answer.
    fn days_to_answer(&self) -> u32 {
        let rules = self.catalog.sla();
        rules.close_unverified_after_days.saturating_sub(rules.remind_owner_after_days)
    }

    /// The first time of day to write to somebody after so many whole days.
    fn friendly_time(&self, from: Timestamp, days: u32) -> Timestamp {
        let earliest = from + Duration::from_secs(u64::from(days) * 86_400);
        let hour = jiff::civil::Time::constant(FRIENDLY_HOUR, 0, 0, 0);
        let dates = std::iter::successors(local_date(earliest, self.zone()), |date| date.tomorrow().ok());
        let mut times = dates.take(2).filter_map(|date| instant(date, hour, self.zone()));
        times.find(|at| *at >= earliest).unwrap_or(earliest)
    }

    fn terms(&self, matter: Matter) -> Terms<'_> {
        self.catalog.sla().terms(&matter, self.catalog.calendar(), self.zone())
    }

    async fn matter(&self, tx: &mut Tx, ticket: &Ticket) -> Result<Matter, StoreError> {
        let project = match ticket.project_id {
            Some(project) => store::projects::find(tx, project).await?,
            None => None,
        };
        let client = store::contacts::find(tx, ticket.contact_id).await?;
        Ok(Matter {
            kind: ticket.kind,
            urgency: ticket.urgency,
            tier: project.as_ref().map(|project| project.tier),
            project: project.map(|project| project.kind),
            client: client.map_or(ContactRole::Owner, |client| client.role),
        })
    }
}

/// Stores a clock. The date in the ledger follows it as long as nobody has set another.
async fn store_clock(tx: &mut Tx, ticket: &mut Ticket, clock: &Clock) -> Result<(), StoreError> {
    if clock.kind == ClockKind::Rectified && clock.is_running() {
        let clocks = store::clocks::of_ticket(tx, ticket.id).await?;
        let before = clocks.iter().find(|before| before.kind == clock.kind).map(|before| before.due_at);
        if ticket.expected_at.is_none() || ticket.expected_at == before {
            ticket.expected_at = Some(clock.due_at);
            store::tickets::update(tx, ticket).await?;
        }
    }
    store::clocks::save(tx, ticket.id, clock).await
}

/// When the owner was asked once more about the fix that this event is about.
async fn reminded_at(tx: &mut Tx, ticket: TicketId, body: &str) -> Result<Option<Timestamp>, StoreError> {
    let events = store::tickets::events(tx, ticket).await?;
    Ok(events.into_iter().find(|event| event.kind == "owner_reminded" && event.body == body).map(|event| event.at))
}

/// The kind of the event that keeps a warning in the history.
fn told_as(percent: u32) -> &'static str {
    if percent < 100 { "sla_warning" } else { "sla_missed" }
}

/// What that event holds. After a rejected fix the same warning may come again.
fn told_body(ticket: &Ticket, kind: ClockKind, percent: u32) -> String {
    json!({ "clock": kind.name(), "percent": percent, "again": ticket.reopened }).to_string()
}

//! The three clocks of a ticket (DOMAIN.md, "Repairs": phone response 2 h · on site 48 h ·
//! rectified 7 d): how they start, stand still and stop, when somebody is warned, and who.
//!
//! Limits, calendars and the ladder are data (`prompts/plans/sla.toml`). A clock is computed when
//! something happens and is never polled: [`turn`] says which clocks an event changes,
//! [`Clock::next_step`] when the next warning is due. `crate::intake` stores both in the
//! transaction of the event, `crate::store::clocks` keeps the rows.

pub mod ladder;

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, Hours, WorkingHours};
use super::contact::ContactRole;
use super::project::{ProjectKind, Tier};
use super::ticket::TicketKind;
use super::time::Timestamp;
use super::understanding::Urgency;

/// What is promised a client within a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// Somebody of staff has answered or called.
    Response,
    /// Somebody has come.
    OnSite,
    /// It is mended, according to staff.
    Rectified,
}

impl ClockKind {
    /// Every clock, in the order in which they stop.
    pub const ALL: [ClockKind; 3] = [ClockKind::Response, ClockKind::OnSite, ClockKind::Rectified];

    /// Returns the name used in the database, in templates and in the API.
    pub fn name(self) -> &'static str {
        match self {
            ClockKind::Response => "response",
            ClockKind::OnSite => "on_site",
            ClockKind::Rectified => "rectified",
        }
    }

    /// Returns the clock of that name.
    pub fn from_name(name: &str) -> Option<ClockKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Who is told of a warning: 责任工程师 → 项目经理 → 总部.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Engineer,
    Manager,
    Headquarters,
}

impl Level {
    /// Every level, from the bottom of the ladder up.
    pub const ALL: [Level; 3] = [Level::Engineer, Level::Manager, Level::Headquarters];

    /// Returns the name used in the data, the database and templates.
    pub fn name(self) -> &'static str {
        match self {
            Level::Engineer => "engineer",
            Level::Manager => "manager",
            Level::Headquarters => "headquarters",
        }
    }
}

/// How long something may take, by which hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Milliseconds that count.
    pub budget_ms: i64,
    /// The name of the hours in `prompts/plans/calendar.toml`.
    pub hours: String,
}

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Of the time allowed; 100 is the deadline itself.
    pub percent: u32,
    /// Everybody who is told; who that is for a ticket, says [`ladder::people`].
    pub tell: Vec<Level>,
}

/// Other limits for some; a condition that is left out always holds, a limit that is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Override {
    pub urgency: Option<Urgency>,
    pub tier: Option<Tier>,
    pub project: Option<ProjectKind>,
    pub client: Option<ContactRole>,
    /// The hours all three clocks go by.
    pub hours: Option<String>,
    /// Milliseconds, by clock.
    pub limits: [Option<i64>; 3],
}

impl Override {
    fn applies(&self, matter: Matter) -> bool {
        self.urgency.is_none_or(|urgency| urgency == matter.urgency)
            && self.tier.is_none_or(|tier| Some(tier) == matter.tier)
            && self.project.is_none_or(|kind| Some(kind) == matter.project)
            && self.client.is_none_or(|role| role == matter.client)
    }
}

/// What decides a ticket's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matter {
    pub kind: TicketKind,
    pub urgency: Urgency,
    pub tier: Option<Tier>,
    pub project: Option<ProjectKind>,
    pub client: ContactRole,
}

/// `prompts/plans/sla.toml`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// By clock, in the order of [`ClockKind::ALL`].
    pub targets: [Target; 3],
    /// By rising percent.
    pub steps: Vec<Step>,
    /// A later one wins.
    pub overrides: Vec<Override>,
    /// Days after which an owner who does not say whether it is fixed is asked once more …
    pub remind_owner_after_days: u32,
    /// … and after which the ticket is closed as unverified.
    pub close_unverified_after_days: u32,
}

impl Rules {
    /// Returns what holds for a ticket: by clock, the limit and the hours it goes by.
    pub fn terms<'c>(&self, matter: &Matter, calendar: &'c Calendar, zone: &TimeZone) -> Terms<'c> {
        let around = || WorkingHours { calendar, hours: Hours::Always, zone: zone.clone() };
        let of = |kind: ClockKind| {
            let mut target = self.targets[kind as usize].clone();
            for other in self.overrides.iter().filter(|other| other.applies(*matter)) {
                target.budget_ms = other.limits[kind as usize].unwrap_or(target.budget_ms);
                target.hours = other.hours.clone().unwrap_or(target.hours);
            }
            (target.budget_ms, calendar.working_hours(&target.hours, zone).unwrap_or_else(around))
        };
        Terms { kind: matter.kind, by_clock: ClockKind::ALL.map(of) }
    }
}

/// The limits and hours of one ticket.
#[derive(Debug, Clone)]
pub struct Terms<'c> {
    kind: TicketKind,
    by_clock: [(i64, WorkingHours<'c>); 3],
}

impl Terms<'_> {
    /// Returns the hours a clock goes by.
    pub fn hours(&self, kind: ClockKind) -> &WorkingHours<'_> {
        &self.by_clock[kind as usize].1
    }

    /// Returns the milliseconds that are allowed.
    pub fn budget_ms(&self, kind: ClockKind) -> i64 {
        self.by_clock[kind as usize].0
    }
}

/// One clock of one ticket. While it runs, what is used is `used_ms` and the working time since
/// `started_at`; while it is paused or stopped, `used_ms` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    pub kind: ClockKind,
    /// Raised when it begins anew or its deadline moves, so that old timers find it changed.
    pub round: u32,
    /// When the present run began.
    pub started_at: Timestamp,
    pub due_at: Timestamp,
    pub budget_ms: i64,
    /// Working milliseconds used before the present run.
    pub used_ms: i64,
    pub paused_at: Option<Timestamp>,
    /// Why it stands still, in the words of whoever paused it.
    pub reason: Option<String>,
    pub stopped_at: Option<Timestamp>,
}

/// A clock that cannot do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a clock that {0}")]
pub struct InvalidClock(&'static str);

impl InvalidClock {
    /// A clock that is to be paused and does not run.
    pub fn not_running() -> InvalidClock {
        InvalidClock("does not run cannot be paused")
    }

    /// A clock that is to run on and is not paused.
    pub fn not_paused() -> InvalidClock {
        InvalidClock("is not paused cannot run on")
    }
}

impl Clock {
    /// Returns a clock that begins to run.
    pub fn start(kind: ClockKind, round: u32, terms: &Terms<'_>, now: Timestamp) -> Clock {
        let budget_ms = terms.budget_ms(kind);
        let due_at = terms.hours(kind).add_working(now, budget_ms);
        Clock {
            kind,
            round,
            started_at: now,
            due_at,
            budget_ms,
            used_ms: 0,
            paused_at: None,
            reason: None,
            stopped_at: None,
        }
    }

    /// Whether time is running out.
    pub fn is_running(&self) -> bool {
        self.stopped_at.is_none() && self.paused_at.is_none()
    }

    /// Returns the working milliseconds used until `now`.
    pub fn used_ms(&self, hours: &WorkingHours<'_>, now: Timestamp) -> i64 {
        let run = if self.is_running() { hours.working_between(self.started_at, now) } else { 0 };
        self.used_ms.saturating_add(run)
    }

    /// Returns the percent of the time allowed that is used, 100 and more once it is missed.
    pub fn percent(&self, hours: &WorkingHours<'_>, now: Timestamp) -> u32 {
        let percent = self.used_ms(hours, now).saturating_mul(100) / self.budget_ms.max(1);
        u32::try_from(percent).unwrap_or(u32::MAX)
    }

    /// Whether more time was used than allowed.
    pub fn is_missed(&self, hours: &WorkingHours<'_>, now: Timestamp) -> bool {
        self.used_ms(hours, now) > self.budget_ms
    }

    /// Ends it: what was promised has happened, or is no longer owed.
    #[must_use]
    pub fn stop(self, hours: &WorkingHours<'_>, now: Timestamp) -> Clock {
        if self.stopped_at.is_some() {
            return self;
        }
        Clock { used_ms: self.used_ms(hours, now), paused_at: None, stopped_at: Some(now), ..self }
    }

    /// Lets it stand still, with a reason.
    ///
    /// # Errors
    /// If it does not run.
    pub fn pause(self, reason: String, hours: &WorkingHours<'_>, now: Timestamp) -> Result<Clock, InvalidClock> {
        if !self.is_running() {
            return Err(InvalidClock::not_running());
        }
        Ok(Clock { used_ms: self.used_ms(hours, now), paused_at: Some(now), reason: Some(reason), ..self })
    }

    /// Lets it run on with the time it had left; its deadline moves by the working time it stood still.
    ///
    /// # Errors
    /// If it is not paused.
    pub fn resume(self, hours: &WorkingHours<'_>, now: Timestamp) -> Result<Clock, InvalidClock> {
        if self.paused_at.is_none() || self.stopped_at.is_some() {
            return Err(InvalidClock::not_paused());
        }
        let left = self.budget_ms.saturating_sub(self.used_ms);
        // One that was missed before the pause stays missed at the same instant.
        let due_at = if left >= 0 { hours.add_working(now, left) } else { self.due_at };
        Ok(Clock { round: self.round + 1, started_at: now, due_at, paused_at: None, reason: None, ..self })
    }

    /// Returns the instant at which so many percent are used.
    pub fn reaches(&self, percent: u32, hours: &WorkingHours<'_>) -> Timestamp {
        let left = self.threshold_ms(percent).saturating_sub(self.used_ms);
        if left <= 0 { self.started_at } else { hours.add_working(self.started_at, left) }
    }

    /// Whether so many percent are used by now.
    pub fn has_reached(&self, percent: u32, hours: &WorkingHours<'_>, now: Timestamp) -> bool {
        self.used_ms(hours, now) >= self.threshold_ms(percent)
    }

    /// Returns the lowest rung above `told` percent and when it is reached; `None` if there is none
    /// or the clock does not run.
    pub fn next_step<'s>(
        &self,
        told: u32,
        steps: &'s [Step],
        hours: &WorkingHours<'_>,
    ) -> Option<(&'s Step, Timestamp)> {
        if !self.is_running() {
            return None;
        }
        let step = steps.iter().find(|step| step.percent > told)?;
        Some((step, self.reaches(step.percent, hours)))
    }

    fn threshold_ms(&self, percent: u32) -> i64 {
        // Rounded up, so that a step is never reached before its time.
        let product = i128::from(self.budget_ms) * i128::from(percent);
        i64::try_from((product + 99) / 100).unwrap_or(i64::MAX)
    }
}

/// What happens to a ticket, as far as its clocks care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Filed,
    /// Staff has answered the client or called (已电话).
    Answered,
    Arrived,
    Rectified,
    /// The client said [没修好].
    Reopened,
    /// Closed, cancelled, refused or merged.
    Ended,
}

impl Moment {
    /// The clocks that begin, anew where there was one. A complaint needs nobody on site.
    fn starts(self, kind: TicketKind) -> &'static [ClockKind] {
        match (self, kind) {
            (Moment::Filed, TicketKind::Repair) => &ClockKind::ALL,
            (Moment::Filed, TicketKind::Complaint) => &[ClockKind::Response, ClockKind::Rectified],
            (Moment::Reopened, TicketKind::Repair) => &[ClockKind::OnSite, ClockKind::Rectified],
            (Moment::Reopened, TicketKind::Complaint) => &[ClockKind::Rectified],
            (Moment::Answered | Moment::Arrived | Moment::Rectified | Moment::Ended, _) => &[],
        }
    }

    /// The clocks that end. Whoever comes has answered; whoever has mended it needs not come.
    fn stops(self) -> &'static [ClockKind] {
        match self {
            Moment::Filed | Moment::Reopened => &[],
            Moment::Answered => &[ClockKind::Response],
            Moment::Arrived => &[ClockKind::Response, ClockKind::OnSite],
            Moment::Rectified | Moment::Ended => &ClockKind::ALL,
        }
    }
}

/// Returns the clocks that a moment changes, as they are after it.
pub fn turn(clocks: &[Clock], moment: Moment, terms: &Terms<'_>, now: Timestamp) -> Vec<Clock> {
    let running = |kind: &ClockKind| clocks.iter().find(|clock| clock.kind == *kind);
    let begun = moment.starts(terms.kind).iter().map(|kind| {
        let round = running(kind).map_or(0, |earlier| earlier.round + 1);
        Clock::start(*kind, round, terms, now)
    });
    let ended = moment.stops().iter().filter_map(|kind| {
        let clock = running(kind).filter(|clock| clock.stopped_at.is_none())?;
        Some(clock.clone().stop(terms.hours(*kind), now))
    });
    begun.chain(ended).collect()
}

/// Returns the clocks of a ticket that has become more urgent, by its new terms. What ran or stood still
/// for the milder fault runs: from now, or as `other`, the clocks of the ticket it took the urgency from,
/// have run there. No deadline moves back by it.
pub fn tighten(clocks: &[Clock], other: &[Clock], terms: &Terms<'_>, now: Timestamp) -> Vec<Clock> {
    let owed = clocks.iter().filter(|clock| clock.stopped_at.is_none());
    let tightened = owed.map(|clock| {
        let (hours, begun) = (terms.hours(clock.kind), Clock::start(clock.kind, clock.round + 1, terms, now));
        let promised = other.iter().filter(|other| other.kind == clock.kind && other.is_running());
        let known = promised.chain(Some(clock).filter(|clock| clock.is_running())).map(|clock| clock.due_at);
        let due_at = known.fold(begun.due_at, Ord::min);
        // What is left until then, by the new hours; what lies behind it is more than was allowed.
        let left = hours.working_between(now, due_at).saturating_sub(hours.working_between(due_at, now));
        Clock { due_at, used_ms: begun.budget_ms.saturating_sub(left), ..begun }
    });
    tightened.collect()
}

/// One warning, as it stands in a flag's detail: `clock=on_site percent=80 tell=engineer,manager`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub clock: ClockKind,
    pub percent: u32,
    pub tell: Vec<Level>,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tell: Vec<_> = self.tell.iter().map(|level| level.name()).collect();
        write!(f, "clock={} percent={} tell={}", self.clock.name(), self.percent, tell.join(","))
    }
}

/// A text that is no [`Notice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a warning of a clock")]
pub struct InvalidNotice;

impl FromStr for Notice {
    type Err = InvalidNotice;

    fn from_str(text: &str) -> Result<Notice, InvalidNotice> {
        let value = |name: &str| text.split(' ').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let clock = value("clock").and_then(ClockKind::from_name).ok_or(InvalidNotice)?;
        let percent = value("percent").and_then(|percent| percent.parse().ok()).ok_or(InvalidNotice)?;
        let level = |name: &str| Level::ALL.into_iter().find(|level| level.name() == name).ok_or(InvalidNotice);
        let tell = value("tell").ok_or(InvalidNotice)?.split(',').map(level).collect::<Result<_, _>>()?;
        Ok(Notice { clock, percent, tell })
    }
}

#[cfg(test)]
mod tests;

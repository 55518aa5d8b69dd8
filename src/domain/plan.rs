//! The visit plan (回访计划) of a unit, from its handover: pure generation, and what planning
//! again changes.
//!
//! [`plan`] gives every visit of a unit's whole life, always the same for the same input;
//! [`reconcile`] compares it with what is stored and says what to add, move and cancel. What was
//! sent is left alone. The rules are data (`prompts/plans/visits.toml`, `seasons.toml`); the
//! numbers are DOMAIN.md's, "Visit plan".

mod again;

pub use again::{Change, Known, reconcile};

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::{Date, Time};

use super::calendar::Calendar;
use super::project::{ProjectKind, Tier, Upkeep};
use super::season::{self, Season};
use super::visit::VisitKind;

/// Nothing is planned further ahead than this from the handover: a contract without an end, samples.
const MOST_MONTHS: i32 = 120;
/// Seasons that are looked through at most.
const MOST_SEASONS: i16 = 12;
/// What the season visit asks about can hardly have shown sooner; the first visit covers it.
const SETTLED_DAYS: i64 = 30;
/// A visit is written down at least so many days ahead, unless the horizon is shorter.
const SPARE_DAYS: u32 = 5;
/// A sample falls on one of the first days of its month, so that a holiday leaves it within.
const SAMPLE_DAYS: u64 = 25;
/// What must be over by some day may be moved so much ahead.
const EARLIER_DAYS: i64 = 14;

/// The rules by which visits come about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plans {
    /// The time of day at which visits fall due, and the minutes over which they are spread.
    pub at: Time,
    pub spread_minutes: u32,
    /// How far ahead visits are written down.
    pub horizon_days: u32,
    /// How long overdue a visit may be when it is first seen.
    pub late_days: u32,
    pub lines: Vec<Line>,
    /// What is asked instead of a survey in projects of other kinds.
    pub instead: Vec<Instead>,
    pub seasons: Vec<Season>,
    /// What something that happens brings about.
    pub after: BTreeMap<VisitKind, After>,
    pub outreach: Outreach,
}

/// One line of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub kind: VisitKind,
    pub id: String,
    /// Empty for all.
    pub project_kinds: Vec<ProjectKind>,
    /// Empty for all.
    pub tiers: Vec<Tier>,
    pub only: Option<Only>,
    pub when: When,
    /// A holiday must not move it beyond this.
    pub latest: Option<Offset>,
    pub survey: String,
}

/// A survey in words that fit other works: a machine has no walls and windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instead {
    pub project_kinds: Vec<ProjectKind>,
    /// The surveys it stands for.
    pub of: Vec<String>,
    pub survey: String,
}

/// A condition on the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// 四新
    Novel,
    /// With a maintenance contract.
    Maintained,
    Unmaintained,
}

/// When a visit falls due.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// Once.
    After { from: From, offset: Offset },
    /// Again and again from the handover.
    Every { months: u32, times: u32 },
    /// Around a season of the region, in the first years.
    Season { season: String, edge: Edge, days: u32, years: u32 },
    /// Before each warranty term ends.
    BeforeExpiry { days: u32 },
    /// As often as the maintenance contract says.
    Upkeep,
}

/// What is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    Handover,
    FirstUse,
}

/// A span of calendar time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    Days(u32),
    Months(u32),
}

/// Which end of a season.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    Before,
    After,
}

/// A visit that something brings about.
#[derive(Debug, Clone, PartialEq)]
pub struct After {
    pub days: u32,
    pub latest_days: u32,
    pub survey: String,
}

/// Random samples and clients silent for long.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outreach {
    /// Of a hundred units each month.
    pub sample_percent: u32,
    /// What the draw is mixed with, so that nobody outside can reckon whom it falls on.
    pub sample_seed: String,
    /// What the sample is asked.
    pub sample_survey: String,
    pub silent_months: u32,
    pub survey: String,
}

/// What the plan of one unit follows from.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    /// How the unit is called in keys.
    pub unit: &'s str,
    pub kind: ProjectKind,
    pub tier: Tier,
    pub region: &'s str,
    pub novel: bool,
    /// 竣工验收日; without one nothing is planned that counts from it.
    pub handover: Option<Date>,
    pub first_use: Option<Date>,
    /// The maintenance contract, and its last day if it has one.
    pub upkeep: Option<(Upkeep, Option<Date>)>,
    /// When which component's warranty ends; what has no end is left out.
    pub terms: &'s [TermEnd],
    /// When somebody of the unit was last heard; `None` if nobody is known there.
    pub heard: Option<Date>,
}

/// The end of a warranty term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermEnd {
    pub component: String,
    /// The last day under warranty.
    pub ends_on: Date,
}

/// A visit the plan wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// `unit:kind:ordinal`
    pub key: String,
    pub kind: VisitKind,
    pub planned_on: Date,
    /// The working day it is moved to.
    pub due_on: Date,
    pub survey: String,
    /// The components whose warranty ends, and their last day.
    pub expiring: Option<(Vec<String>, Date)>,
}

impl Due {
    /// Whether the end that it is to announce lies behind.
    pub fn is_over(&self, today: Date) -> bool {
        self.expiring.as_ref().is_some_and(|(_, end)| *end < today)
    }
}

/// Returns every visit of a unit, in the order in which they are planned.
pub fn plan(plans: &Plans, subject: &Subject<'_>, calendar: &Calendar) -> Vec<Due> {
    let mut dues = Vec::new();
    for line in plans.lines.iter().filter(|line| line.is_for(subject)) {
        for (ordinal, planned_on, within, expiring) in occasions(plans, line, subject) {
            let key = format!("{}:{}:{ordinal}", subject.unit, line.kind.name());
            let due_on = moved(planned_on, within, calendar);
            let survey = plans.survey_for(subject.kind, &line.survey).to_owned();
            dues.push(Due { key, kind: line.kind, planned_on, due_on, survey, expiring });
        }
    }
    outreach(plans, subject, calendar, &mut dues);
    dues.sort_by(|a, b| (a.planned_on, &a.key).cmp(&(b.planned_on, &b.key)));
    let mut seen = BTreeSet::new();
    dues.retain(|due| seen.insert(due.key.clone()));
    dues
}

/// Returns the working day on which a visit takes place: the next one, unless that is past the
/// last day of `within`; then the last one before it. If all those days are free, it is the next
/// one after all: a visit moves, but never before what it is about.
pub fn moved(planned_on: Date, within: Option<(Date, Date)>, calendar: &Calendar) -> Date {
    let next = calendar.next_working_day(planned_on);
    let earlier = within.filter(|(_, latest)| next > *latest);
    let earlier = earlier.map(|(first, latest)| (first, calendar.last_working_day(latest)));
    earlier.filter(|(first, day)| first <= day).map_or(next, |(_, day)| day)
}

/// Returns the minutes after [`Plans::at`] at which a visit falls due: always the same for a key,
/// and evenly spread over many.
pub fn minutes_of(plans: &Plans, key: &str) -> u32 {
    u32::try_from(hash(key) % u64::from(plans.spread_minutes.max(1))).unwrap_or(0)
}

/// Returns after how many days a unit that was planned for the first time is planned again: always
/// the same for a unit, and evenly spread over many.
pub fn first_look(plans: &Plans, unit: &str) -> u32 {
    1 + u32::try_from(hash(unit) % u64::from(plans.look_days())).unwrap_or(0)
}

impl Plans {
    /// Returns every how many days a unit is planned: so often that a visit is written down some
    /// days before it is due.
    pub fn look_days(&self) -> u32 {
        self.horizon_days.saturating_sub(SPARE_DAYS).max(1)
    }

    /// Returns what is asked in projects of a kind where the plan says `survey`.
    pub fn survey_for<'s>(&'s self, kind: ProjectKind, survey: &'s str) -> &'s str {
        let fits = |instead: &&Instead| {
            instead.project_kinds.contains(&kind) && instead.of.iter().any(|of| of.as_str() == survey)
        };
        self.instead.iter().find(fits).map_or(survey, |instead| instead.survey.as_str())
    }
}

impl Line {
    /// Whether two lines would give the same unit two visits of one name. Lines for opposite
    /// conditions never meet.
    pub fn collides(&self, other: &Line) -> bool {
        fn meet<T: PartialEq>(a: &[T], b: &[T]) -> bool {
            a.is_empty() || b.is_empty() || a.iter().any(|one| b.contains(one))
        }
        let apart = matches!(
            (self.only, other.only),
            (Some(Only::Maintained), Some(Only::Unmaintained)) | (Some(Only::Unmaintained), Some(Only::Maintained))
        );
        let edges = match (&self.when, &other.when) {
            (When::Season { season: a, edge: at, .. }, When::Season { season: b, edge: bt, .. }) => a == b && at == bt,
            _ => true,
        };
        self.kind == other.kind
            && self.id == other.id
            && edges
            && !apart
            && meet(&self.project_kinds, &other.project_kinds)
            && meet(&self.tiers, &other.tiers)
    }

    fn is_for(&self, subject: &Subject<'_>) -> bool {
        let only = match self.only {
            None => true,
            Some(Only::Novel) => subject.novel,
            Some(Only::Maintained) => subject.upkeep.is_some(),
            Some(Only::Unmaintained) => subject.upkeep.is_none(),
        };
        only && (self.project_kinds.is_empty() || self.project_kinds.contains(&subject.kind))
            && (self.tiers.is_empty() || self.tiers.contains(&subject.tier))
    }
}

impl Offset {
    fn after(self, date: Date) -> Option<Date> {
        match self {
            Offset::Days(days) => date.checked_add(i64::from(days).days()).ok(),
            Offset::Months(months) => date.checked_add(i64::from(months).months()).ok(),
        }
    }
}

/// Ordinal, day wanted, first and last day it may be moved to, and what expires.
type Occasion = (String, Date, Option<(Date, Date)>, Option<(Vec<String>, Date)>);

/// When a line falls due for a unit.
fn occasions(plans: &Plans, line: &Line, subject: &Subject<'_>) -> Vec<Occasion> {
    match &line.when {
        When::After { from, offset } => {
            let anchor = match from {
                From::Handover => subject.handover,
                From::FirstUse => subject.first_use,
            };
            let one = anchor.and_then(|anchor| {
                let within = line.latest.and_then(|latest| Some((anchor, latest.after(anchor)?)));
                Some((line.id.clone(), offset.after(anchor)?, within, None))
            });
            one.into_iter().collect()
        }
        When::Every { months, times } => {
            let Some(handover) = subject.handover else { return Vec::new() };
            let each = (1..=*times).map(|n| n.saturating_mul(*months));
            each.filter_map(|n| Some((n.to_string(), Offset::Months(n).after(handover)?, None, None))).collect()
        }
        When::Upkeep => upkeep(subject),
        When::Season { season, edge, days, years } => seasonal(plans, subject, (season, *edge, *days, *years)),
        When::BeforeExpiry { days } => {
            let mut ends: BTreeMap<Date, Vec<String>> = BTreeMap::new();
            for term in subject.terms {
                ends.entry(term.ends_on).or_default().push(term.component.clone());
            }
            let each = ends.into_iter().filter_map(|(end, mut components)| {
                components.sort();
                let planned_on = end.checked_sub(i64::from(*days).days()).ok()?;
                // Terms that end together are one visit, called after the first of them.
                let within = (planned_on.saturating_sub(EARLIER_DAYS.days()), end);
                Some((components.first()?.clone(), planned_on, Some(within), Some((components, end))))
            });
            each.collect()
        }
    }
}

/// The visits of a maintenance contract, counted from first use or handover; named by their month,
/// so that a contract that is made denser keeps those it had.
fn upkeep(subject: &Subject<'_>) -> Vec<Occasion> {
    let (Some((every, until)), Some(anchor)) = (subject.upkeep, subject.first_use.or(subject.handover)) else {
        return Vec::new();
    };
    let months = match every {
        Upkeep::Quarterly => 3,
        Upkeep::HalfYearly => 6,
        Upkeep::Annual => 12,
    };
    let each = (months..=MOST_MONTHS).step_by(usize::try_from(months).unwrap_or(1));
    let dated = each.filter_map(|month| Some((month, anchor.checked_add(i64::from(month).months()).ok()?)));
    dated
        .take_while(|(_, date)| until.is_none_or(|until| *date <= until))
        .map(|(month, date)| (format!("upkeep{month}"), date, None, None))
        .collect()
}

fn seasonal(plans: &Plans, subject: &Subject<'_>, line: (&str, Edge, u32, u32)) -> Vec<Occasion> {
    let (season, edge, days, years) = line;
    let Some(handover) = subject.handover else { return Vec::new() };
    let here = season::dates_in(&plans.seasons, season, subject.region).filter(|dates| dates.visited);
    let Some(here) = here else { return Vec::new() };
    let first = handover.saturating_add(SETTLED_DAYS.days());
    let last = handover.saturating_add(i64::from(years).years());
    let mut each = Vec::new();
    // A season that began the year before may end after the handover.
    for year in handover.year().saturating_sub(1)..handover.year().saturating_add(MOST_SEASONS) {
        let Some((from, to)) = here.beginning_in(year) else { continue };
        let (name, planned_on) = match edge {
            Edge::Before => ("before", from.saturating_sub(i64::from(days).days())),
            Edge::After => ("after", to.saturating_add(i64::from(days).days())),
        };
        if first <= planned_on && planned_on <= last {
            let within = (edge == Edge::Before).then(|| (planned_on.saturating_sub(EARLIER_DAYS.days()), from));
            each.push((format!("{season}_{name}_{year}"), planned_on, within, None));
        }
    }
    each
}

/// Adds random samples and the visit to somebody who has been silent for long.
fn outreach(plans: &Plans, subject: &Subject<'_>, calendar: &Calendar, dues: &mut Vec<Due>) {
    let rule = &plans.outreach;
    let mut add = |ordinal: String, planned_on: Date, survey: &str| {
        let kind = VisitKind::Outreach;
        let key = format!("{}:{}:{ordinal}", subject.unit, kind.name());
        let due_on = moved(planned_on, None, calendar);
        let survey = plans.survey_for(subject.kind, survey).to_owned();
        dues.push(Due { key, kind, planned_on, due_on, survey, expiring: None });
    };
    if let Some(heard) = subject.heard
        && let Some(silent) = Offset::Months(rule.silent_months).after(heard)
    {
        add(format!("silent_{heard}"), silent, &rule.survey);
    }
    let Some(handover) = subject.handover else { return };
    // The month of the handover has its first visit.
    for month in 1..MOST_MONTHS {
        let Ok(begins) = handover.first_of_month().checked_add(i64::from(month).months()) else { return };
        let name = format!("sample_{}", begins.strftime("%Y_%m"));
        let drawn = hash(&format!("{}:{}:{name}", rule.sample_seed, subject.unit));
        if drawn % 100 < u64::from(rule.sample_percent) {
            let days = i64::try_from(drawn / 100 % SAMPLE_DAYS).unwrap_or(0);
            add(name, begins.saturating_add(days.days()), &rule.sample_survey);
        }
    }
}

/// FNV-1a, then mixed once more: a draw that is always the same for the same words.
fn hash(words: &str) -> u64 {
    let folded = words
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (folded ^ (folded >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

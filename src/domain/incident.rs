//! When reports of neighbours are one fault (共性问题), and when that fault is one of the whole batch.
//!
//! Same project, same trade, the same building (for what runs through pipes the same riser), close
//! enough in time. Pure: the reports are given, the verdict is returned. `crate::intake` asks after
//! every report; the figures are data (`prompts/plans/incidents.toml`). DOMAIN.md, "Repairs".

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ids::{ContactId, IncidentId, ProjectId, TicketId, UnitId};
use super::ticket::Status as TicketStatus;
use super::time::Timestamp;
use super::understanding::Category;

/// Whether it is still being worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Open,
    /// Mended for all; each owner confirms their own ticket.
    Fixed,
}

impl Status {
    /// Returns the name used in the database and in templates.
    pub fn name(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Fixed => "fixed",
        }
    }
}

/// The same fault in the same place, reported by several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    pub id: IncidentId,
    /// What people call it, `IN2611-01`; empty until the store has filed it.
    pub number: String,
    pub project_id: ProjectId,
    pub building: Option<String>,
    pub category: Category,
    /// The part, where all who named one named the same.
    pub component: Option<String>,
    pub status: Status,
    pub opened_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// A ticket as far as neighbours are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub ticket: TicketId,
    pub contact: ContactId,
    pub unit: Option<UnitId>,
    pub building: Option<String>,
    /// The riser (单元).
    pub riser: Option<String>,
    pub component: Option<String>,
    pub status: TicketStatus,
    pub incident: Option<IncidentId>,
    pub at: Timestamp,
}

impl Report {
    /// Whose home it is about: the flat, or whoever reported it where no flat is known.
    fn home(&self) -> (Option<UnitId>, Option<ContactId>) {
        (self.unit, self.unit.is_none().then_some(self.contact))
    }

    /// Whether it still says that the home has the fault: not what was refused, taken back or joined to another.
    pub fn counts(&self) -> bool {
        !matches!(self.status, TicketStatus::Rejected | TicketStatus::Cancelled | TicketStatus::Merged)
    }
}

/// What operators decide about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    pub window_days: u32,
    /// Other windows for single trades.
    pub days: BTreeMap<Category, u32>,
    /// From so many homes on it is a defect of the batch.
    pub batch_homes: usize,
    /// Trades that go by riser where both are known.
    pub by_riser: BTreeSet<Category>,
    /// Trades whose reports never make one fault.
    pub never: BTreeSet<Category>,
}

/// What a report and those before it amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The incident that is there already.
    pub incident: Option<IncidentId>,
    /// The earlier reports of the same fault, by anybody.
    pub same: Vec<TicketId>,
    /// Homes that are affected, this one included.
    pub homes: usize,
}

impl Rules {
    /// Returns how far apart reports of a trade may lie; `None` if they never make one fault.
    pub fn window(&self, category: Category) -> Option<Duration> {
        let days = self.days.get(&category).copied().unwrap_or(self.window_days);
        (!self.never.contains(&category)).then(|| Duration::from_secs(u64::from(days) * 24 * 60 * 60))
    }

    /// Says whether neighbours reported the same as `new`; `others` are the reports of the same
    /// project and trade. `None` while it is this home alone.
    pub fn judge(&self, category: Category, new: &Report, others: &[Report]) -> Option<Verdict> {
        let same: Vec<_> = others.iter().filter(|other| self.is_same(category, new, other)).collect();
        let incident = same.iter().find_map(|other| other.incident);
        let homes = homes(same.iter().copied().chain([new]));
        (homes > 1 || incident.is_some()).then(|| Verdict {
            incident,
            same: same.iter().map(|other| other.ticket).collect(),
            homes,
        })
    }

    /// Says whether so many homes mean a defect of the whole batch.
    pub fn is_batch(&self, homes: usize) -> bool {
        homes >= self.batch_homes
    }

    fn is_same(&self, category: Category, new: &Report, other: &Report) -> bool {
        let Some(window) = self.window(category) else { return false };
        let near = new.at.since(other.at) <= window && other.at.since(new.at) <= window;
        let riser = !self.by_riser.contains(&category) || agree(new.riser.as_deref(), other.riser.as_deref());
        other.ticket != new.ticket && other.counts() && near && new.building == other.building && riser
    }
}

/// Two names agree unless both are known and differ.
fn agree(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

/// Counts the homes that reports are of.
pub fn homes<'r>(reports: impl IntoIterator<Item = &'r Report>) -> usize {
    reports.into_iter().filter(|report| report.counts()).map(Report::home).collect::<BTreeSet<_>>().len()
}

/// Returns the part that all who named one named; `None` if they differ.
pub fn common_component<'r>(reports: impl IntoIterator<Item = &'r Report>) -> Option<String> {
    let named: BTreeSet<&str> = reports.into_iter().filter_map(|report| report.component.as_deref()).collect();
    let mut named = named.into_iter();
    let first = named.next()?;
    named.next().is_none().then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    fn rules() -> Rules {
        Rules {
            window_days: 30,
            days: BTreeMap::from([(Category::Elevator, 3)]),
            batch_homes: 3,
            by_riser: BTreeSet::from([Category::PlumbingDrain]),
            never: BTreeSet::from([Category::Other]),
        }
    }

    fn report(n: u128, day: i64) -> Report {
        Report {
            ticket: TicketId(Uuid::from_u128(n)),
            contact: ContactId(Uuid::from_u128(n)),
            unit: Some(UnitId(Uuid::from_u128(n))),
            building: Some("3栋".to_owned()),
            riser: Some("1单元".to_owned()),
            component: None,
            status: TicketStatus::Reported,
            incident: None,
            at: Timestamp(day * DAY),
        }
    }

    fn homes(category: Category, new: &Report, others: &[Report]) -> usize {
        rules().judge(category, new, others).map_or(1, |verdict| verdict.homes)
    }

    #[test]
    fn neighbours_of_one_building_with_the_same_trade_within_the_window_are_one_fault() {
        let found = rules().judge(Category::Leak, &report(2, 30), &[report(1, 0)]).unwrap();
        assert_eq!((found.homes, found.same, found.incident), (2, vec![TicketId(Uuid::from_u128(1))], None));
        assert_eq!(homes(Category::Leak, &report(2, 31), &[report(1, 0)]), 1, "too long ago");
        let elsewhere = Report { building: Some("5栋".to_owned()), ..report(1, 0) };
        assert_eq!(homes(Category::Leak, &report(2, 1), &[elsewhere]), 1, "another building");
    }

    #[test]
    fn a_trade_may_have_a_window_of_its_own_or_none_at_all() {
        assert_eq!(homes(Category::Elevator, &report(2, 3), &[report(1, 0)]), 2);
        assert_eq!(homes(Category::Elevator, &report(2, 4), &[report(1, 0)]), 1);
        assert_eq!(homes(Category::Other, &report(2, 0), &[report(1, 0)]), 1);
    }

    #[test]
    fn what_runs_through_pipes_goes_by_riser_where_both_are_known() {
        let other = Report { riser: Some("2单元".to_owned()), ..report(1, 0) };
        assert_eq!(homes(Category::PlumbingDrain, &report(2, 1), std::slice::from_ref(&other)), 1);
        assert_eq!(homes(Category::Leak, &report(2, 1), &[other]), 2, "a leak does not");
        let unknown = Report { riser: None, ..report(1, 0) };
        assert_eq!(homes(Category::PlumbingDrain, &report(2, 1), &[unknown]), 2);
    }

    #[test]
    fn one_home_that_reports_twice_is_no_incident_but_joins_one() {
        let again = Report { ticket: TicketId(Uuid::from_u128(9)), ..report(1, 1) };
        assert_eq!(rules().judge(Category::Leak, &again, &[report(1, 0)]), None);
        let incident = IncidentId(Uuid::from_u128(7));
        let known = Report { incident: Some(incident), ..report(1, 0) };
        assert_eq!(rules().judge(Category::Leak, &again, &[known]).unwrap().incident, Some(incident));
    }

    #[test]
    fn a_ticket_that_was_withdrawn_does_not_count() {
        for status in [TicketStatus::Cancelled, TicketStatus::Rejected, TicketStatus::Merged] {
            assert_eq!(homes(Category::Leak, &report(2, 1), &[Report { status, ..report(1, 0) }]), 1);
        }
        let closed = Report { status: TicketStatus::Closed, ..report(1, 0) };
        assert_eq!(homes(Category::Leak, &report(2, 1), &[closed]), 2);
    }

    #[test]
    fn from_three_homes_on_it_is_a_defect_of_the_batch() {
        assert_eq!([2, 3, 4].map(|homes| rules().is_batch(homes)), [false, true, true]);
    }

    #[test]
    fn the_part_is_the_incidents_only_where_nobody_names_another() {
        let part = |name: &str| Report { component: Some(name.to_owned()), ..report(1, 0) };
        assert_eq!(common_component(&[part("地漏"), report(2, 0), part("地漏")]), Some("地漏".to_owned()));
        assert_eq!(common_component(&[part("地漏"), part("水管")]), None);
        assert_eq!(common_component(&[report(1, 0)]), None);
    }
}

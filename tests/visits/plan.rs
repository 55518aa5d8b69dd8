//! Planning again: nothing is lost, nothing comes twice, and what was sent stays.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use huifang::domain::calendar::Calendar;
use huifang::domain::plan::{Change, Due, Known, Plans, Subject, TermEnd, plan, reconcile};
use huifang::domain::visit::{Reason, VisitStatus};

use crate::numbers::{KINDS, TIERS, flat, rules};

/// A unit's visits as the database would hold them.
#[derive(Default, Clone, PartialEq, Debug)]
struct Shelf(BTreeMap<String, Known>);

impl Shelf {
    /// Plans once; returns how many changes there were.
    fn plan(&mut self, plans: &Plans, dues: &[Due], today: Date) -> usize {
        let known: Vec<_> = self.0.values().cloned().collect();
        let changes = reconcile(plans, dues, &known, today);
        let count = changes.len();
        for change in changes {
            match change {
                Change::Add(due) => {
                    let known = Known {
                        key: due.key.clone(),
                        status: VisitStatus::Planned,
                        reason: None,
                        planned_on: due.planned_on,
                        survey: due.survey,
                    };
                    assert!(self.0.insert(due.key, known).is_none(), "added twice");
                }
                Change::Move(due) => {
                    let known = self.0.get_mut(&due.key).unwrap();
                    assert!(matches!(known.status, VisitStatus::Planned | VisitStatus::Cancelled));
                    (known.status, known.reason) = (VisitStatus::Planned, None);
                    (known.planned_on, known.survey) = (due.planned_on, due.survey);
                }
                Change::Cancel { key } => {
                    let known = self.0.get_mut(&key).unwrap();
                    assert_eq!(known.status, VisitStatus::Planned);
                    (known.status, known.reason) = (VisitStatus::Cancelled, Some(Reason::Replanned));
                }
            }
        }
        count
    }

    fn at(&self, status: VisitStatus) -> BTreeMap<String, Date> {
        let those = self.0.values().filter(|known| known.status == status);
        those.map(|known| (known.key.clone(), known.planned_on)).collect()
    }

    /// Everything due by a day goes out.
    fn send(&mut self, by: Date) {
        for known in self.0.values_mut().filter(|known| known.status == VisitStatus::Planned && known.planned_on <= by)
        {
            known.status = VisitStatus::Sent;
        }
    }
}

#[test]
fn three_years_of_ten_thousand_units_lose_and_double_no_visit() {
    let (plans, calendar) = rules();
    let (begin, end) = (date(2025, 1, 1), date(2028, 1, 1));
    let mut planned = 0;
    for n in 0..10_000_i64 {
        let name = format!("unit{n}");
        // Handed over at any time from two years before to two years after the beginning.
        let handover = date(2023, 1, 1).saturating_add((n * 7919 % 1460).days());
        let at = usize::try_from(n).unwrap();
        let subject = Subject { unit: &name, kind: KINDS[at % 4], tier: TIERS[at / 4 % 2], ..flat(handover) };
        let dues = plan(&plans, &subject, &calendar);
        let mut shelf = Shelf::default();
        let mut today = begin;
        while today < end {
            shelf.plan(&plans, &dues, today);
            shelf.send(today);
            today = today.saturating_add(30.days());
        }
        let first = begin.saturating_sub(i64::from(plans.late_days).days());
        let wanted: BTreeSet<&str> =
            dues.iter().filter(|due| (first..end).contains(&due.due_on)).map(|due| due.key.as_str()).collect();
        for key in &wanted {
            assert!(shelf.0.contains_key(*key), "{key} was lost");
        }
        let sent = shelf.at(VisitStatus::Sent);
        planned += sent.len();
        assert!(sent.len() <= shelf.0.len());
        for key in sent.keys() {
            assert!(dues.iter().any(|due| due.key == *key), "{key} was made up");
        }
    }
    assert!(planned > 60_000, "{planned}");
}

#[test]
fn a_unit_without_handover_date_is_not_planned_and_one_in_the_future_is_planned_then() {
    let (plans, calendar) = rules();
    let none = Subject { handover: None, ..flat(date(2026, 1, 1)) };
    assert_eq!(plan(&plans, &none, &calendar), []);
    let mut shelf = Shelf::default();
    let dues = plan(&plans, &flat(date(2027, 6, 1)), &calendar);
    assert_eq!(shelf.plan(&plans, &dues, date(2026, 11, 21)), 0, "far off");
    assert_eq!(shelf.plan(&plans, &dues, date(2027, 6, 1)), 1, "the first visit");
}

#[test]
fn what_was_sent_stays_when_the_handover_date_moves() {
    let (plans, calendar) = rules();
    let mut shelf = Shelf::default();
    let today = date(2026, 3, 2);
    shelf.plan(&plans, &plan(&plans, &flat(date(2026, 2, 1)), &calendar), today);
    shelf.send(today);
    let sent = shelf.at(VisitStatus::Sent);
    assert_eq!(sent.keys().collect::<Vec<_>>(), ["flat:first:1"]);
    shelf.plan(&plans, &plan(&plans, &flat(date(2026, 3, 1)), &calendar), today);
    assert_eq!(shelf.at(VisitStatus::Sent), sent, "nobody is asked twice");
}

#[test]
fn a_visit_before_the_end_of_a_warranty_is_not_planned_once_that_lies_behind() {
    let (plans, calendar) = rules();
    let terms = [TermEnd { component: "electrical".to_owned(), ends_on: date(2026, 10, 31) }];
    let mut dues = plan(&plans, &Subject { terms: &terms, ..flat(date(2024, 10, 31)) }, &calendar);
    dues.retain(|due| due.expiring.is_some());
    assert_eq!(dues.iter().map(|due| due.due_on).collect::<Vec<_>>(), [date(2026, 10, 8)], "after the holidays");
    assert_eq!(Shelf::default().plan(&plans, &dues, date(2026, 10, 31)), 1, "the last day");
    assert_eq!(Shelf::default().plan(&plans, &dues, date(2026, 11, 1)), 0, "late, if by no more than others may be");
}

#[test]
fn what_is_overdue_and_waits_for_leave_is_not_dropped() {
    let (plans, calendar) = rules();
    let dues = plan(&plans, &flat(date(2026, 2, 1)), &calendar);
    let mut shelf = Shelf::default();
    shelf.plan(&plans, &dues, date(2026, 2, 20));
    let waiting = shelf.at(VisitStatus::Planned);
    shelf.plan(&plans, &dues, date(2026, 5, 20));
    let still = shelf.at(VisitStatus::Planned);
    assert!(waiting.iter().all(|(key, on)| still.get(key) == Some(on)), "{waiting:?} {still:?}");
}

fn planned(plans: &Plans, calendar: &Calendar, shelf: &mut Shelf, handover: Date, today: Date) -> usize {
    shelf.plan(plans, &plan(plans, &flat(handover), calendar), today)
}

proptest! {
    #[test]
    fn planning_twice_is_planning_once(
        start in 0_i64..700, moves in prop::collection::vec((0_i64..700, 0_i64..60), 1..8),
    ) {
        let (plans, calendar) = rules();
        let mut shelf = Shelf::default();
        let mut today = date(2026, 1, 1);
        let origin = date(2025, 6, 1);
        planned(&plans, &calendar, &mut shelf, origin.saturating_add(start.days()), today);
        for (to, wait) in moves {
            today = today.saturating_add(wait.days());
            shelf.send(today);
            let handover = origin.saturating_add(to.days());
            planned(&plans, &calendar, &mut shelf, handover, today);
            let once = shelf.clone();
            prop_assert_eq!(planned(&plans, &calendar, &mut shelf, handover, today), 0);
            prop_assert_eq!(&shelf, &once);
        }
    }

    #[test]
    fn moving_the_handover_date_back_and_forth_restores_the_plan(from in 0_i64..900, to in 0_i64..900) {
        let (plans, calendar) = rules();
        let (today, origin) = (date(2026, 6, 1), date(2024, 6, 1));
        let (first, second) = (origin.saturating_add(from.days()), origin.saturating_add(to.days()));
        let mut shelf = Shelf::default();
        planned(&plans, &calendar, &mut shelf, first, today);
        let before = shelf.at(VisitStatus::Planned);
        planned(&plans, &calendar, &mut shelf, second, today);
        planned(&plans, &calendar, &mut shelf, first, today);
        prop_assert_eq!(shelf.at(VisitStatus::Planned), before);
    }
}

//! Planning again: what a unit's plan changes of the visits that are stored.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Due, Plans};
use crate::domain::visit::{Reason, VisitStatus};

/// A visit of a unit's plan as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub key: String,
    pub status: VisitStatus,
    pub reason: Option<Reason>,
    pub planned_on: Date,
    pub survey: String,
}

/// What planning again does to what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Add(Due),
    /// Also brings back what an earlier planning cancelled.
    Move(Due),
    Cancel {
        key: String,
    },
}

/// Compares a unit's plan with what is stored of it. Only what is neither sent nor ended changes;
/// carrying the changes out and comparing again gives none.
pub fn reconcile(plans: &Plans, dues: &[Due], known: &[Known], today: Date) -> Vec<Change> {
    let first = today.saturating_sub(i64::from(plans.late_days).days());
    let last = today.saturating_add(i64::from(plans.horizon_days).days());
    let in_window = |due: &Due| (first..=last).contains(&due.due_on) && !due.is_over(today);
    let stored: BTreeMap<&str, &Known> = known.iter().map(|known| (known.key.as_str(), known)).collect();
    let wanted: BTreeSet<&str> = dues.iter().map(|due| due.key.as_str()).collect();
    let mut changes = Vec::new();
    for due in dues {
        let Some(known) = stored.get(due.key.as_str()) else {
            if in_window(due) {
                changes.push(Change::Add(due.clone()));
            }
            continue;
        };
        let same = known.planned_on == due.planned_on && known.survey == due.survey;
        match known.status {
            // What waits for leave to go out may be far behind its time; that is no reason to drop it.
            VisitStatus::Planned if same => {}
            VisitStatus::Planned if in_window(due) => changes.push(Change::Move(due.clone())),
            VisitStatus::Planned => changes.push(Change::Cancel { key: due.key.clone() }),
            VisitStatus::Cancelled if known.reason == Some(Reason::Replanned) && in_window(due) => {
                changes.push(Change::Move(due.clone()));
            }
            VisitStatus::Cancelled
            | VisitStatus::Sent
            | VisitStatus::Reminded
            | VisitStatus::Answered
            | VisitStatus::Expired
            | VisitStatus::Call
            | VisitStatus::Done
            | VisitStatus::Skipped => {}
        }
    }
    let gone =
        known.iter().filter(|known| known.status == VisitStatus::Planned && !wanted.contains(known.key.as_str()));
    changes.extend(gone.map(|known| Change::Cancel { key: known.key.clone() }));
    changes
}

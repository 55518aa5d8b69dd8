//! How far a ticket has come, as a line of steps that its owner can read.
//!
//! Computed from the status and the history; nothing of it is stored. A step nobody took (a fault
//! mended by phone needs no visit) is left out once it is passed. After [没修好] the line begins
//! again at the reopening. Shown by `crate::web` on the page behind the progress link.

use super::ticket::Status;
use super::time::Timestamp;

/// Where a step lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Behind us.
    Done,
    /// Where the ticket stands.
    Now,
    /// Yet to come.
    Ahead,
}

impl Stage {
    /// Returns the name used in templates and style sheets.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Done => "done",
            Stage::Now => "now",
            Stage::Ahead => "ahead",
        }
    }
}

/// One step of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The name of a [`Status`]; its text is `web.progress.step.<name>`.
    pub name: &'static str,
    pub stage: Stage,
    /// When it was reached.
    pub at: Option<Timestamp>,
}

/// The way of a ticket that meets no trouble, from report to closure.
const WAY: [Status; 5] = [Status::Reported, Status::Assigned, Status::OnSite, Status::Rectified, Status::Closed];

/// Returns the steps of a ticket from its status and its history: what happened, by the names of
/// `ticket_events`, and when, oldest first.
pub fn steps(status: Status, history: &[(&str, Timestamp)]) -> Vec<Step> {
    let last = |names: &[&str], since: Option<Timestamp>| {
        let found = history.iter().rev().find(|(name, _)| names.contains(name));
        found.map(|(_, at)| *at).filter(|at| since.is_none_or(|since| *at >= since))
    };
    let reported = Step { name: Status::Reported.name(), stage: Stage::Done, at: last(&["reported"], None) };
    let reopened = last(&["reopened"], None);
    let mut line = vec![reported];
    if let Some(at) = reopened {
        line.push(Step { name: Status::Reopened.name(), stage: Stage::Done, at: Some(at) });
    }
    match status {
        Status::Rejected | Status::Cancelled | Status::Merged => {
            let at = last(&[status.name()], None);
            line.push(Step { name: status.name(), stage: Stage::Now, at });
            return line;
        }
        Status::Reported | Status::Reopened => {
            if let Some(step) = line.last_mut() {
                step.stage = Stage::Now;
            }
        }
        Status::Assigned | Status::OnSite | Status::Rectified | Status::Verified | Status::Closed => {}
    }
    let standing = place(status);
    for (step, own) in WAY.into_iter().zip(1..).skip(1) {
        let names: &[&str] = match step {
            Status::Closed => &["verified", "closed", "closed_unverified"],
            other => &[other.name()],
        };
        let at = last(names, reopened).filter(|_| own <= standing);
        let stage = match own.cmp(&standing) {
            std::cmp::Ordering::Less => Stage::Done,
            std::cmp::Ordering::Equal => Stage::Now,
            std::cmp::Ordering::Greater => Stage::Ahead,
        };
        if stage != Stage::Done || at.is_some() {
            line.push(Step { name: step.name(), stage, at });
        }
    }
    line
}

/// Returns the name of the step at which a status stands: what the owner confirmed is complete.
pub fn step_of(status: Status) -> &'static str {
    if status == Status::Verified { Status::Closed.name() } else { status.name() }
}

/// Returns how far along [`WAY`] a status is, from 1.
fn place(status: Status) -> usize {
    match status {
        Status::Reported | Status::Reopened | Status::Rejected | Status::Cancelled | Status::Merged => 1,
        Status::Assigned => 2,
        Status::OnSite => 3,
        Status::Rectified => 4,
        Status::Verified | Status::Closed => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: Status, history: &[(&str, i64)]) -> String {
        let history: Vec<_> = history.iter().map(|(name, at)| (*name, Timestamp(*at))).collect();
        let said = steps(status, &history).into_iter().map(|step| {
            let at = step.at.map_or_else(|| "-".to_owned(), |at| at.0.to_string());
            format!("{}:{}@{at}", step.name, step.stage.name())
        });
        said.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_new_ticket_stands_at_its_report_with_the_way_ahead() {
        assert_eq!(
            line(Status::Reported, &[("reported", 1)]),
            "reported:now@1 assigned:ahead@- on_site:ahead@- rectified:ahead@- closed:ahead@-"
        );
    }

    #[test]
    fn what_is_behind_has_its_time() {
        let history = [("reported", 1), ("assigned", 2), ("note", 3), ("assigned", 4), ("on_site", 5)];
        assert_eq!(
            line(Status::OnSite, &history),
            "reported:done@1 assigned:done@4 on_site:now@5 rectified:ahead@- closed:ahead@-"
        );
    }

    #[test]
    fn a_fault_mended_by_phone_shows_no_visit() {
        let history = [("reported", 1), ("assigned", 2), ("rectified", 3), ("verified", 4)];
        assert_eq!(line(Status::Closed, &history), "reported:done@1 assigned:done@2 rectified:done@3 closed:now@4");
    }

    #[test]
    fn after_a_rejected_fix_the_line_begins_again() {
        let history =
            [("reported", 1), ("assigned", 2), ("on_site", 3), ("rectified", 4), ("reopened", 5), ("assigned", 6)];
        assert_eq!(
            line(Status::Reopened, &history[..5]),
            "reported:done@1 reopened:now@5 assigned:ahead@- on_site:ahead@- rectified:ahead@- closed:ahead@-"
        );
        assert_eq!(
            line(Status::Assigned, &history),
            "reported:done@1 reopened:done@5 assigned:now@6 on_site:ahead@- rectified:ahead@- closed:ahead@-"
        );
    }

    #[test]
    fn a_ticket_that_ended_otherwise_shows_its_end_and_no_way_ahead() {
        for status in [Status::Rejected, Status::Cancelled, Status::Merged] {
            let history = [("reported", 1), (status.name(), 2)];
            assert_eq!(line(status, &history), format!("reported:done@1 {}:now@2", status.name()));
        }
    }

    #[test]
    fn what_the_owner_confirmed_stands_at_its_completion() {
        let names = [Status::Assigned, Status::Verified, Status::Closed].map(step_of);
        assert_eq!(names, ["assigned", "closed", "closed"]);
    }

    #[test]
    fn every_status_has_exactly_one_place_where_the_ticket_stands() {
        for status in Status::ALL {
            let steps = steps(status, &[("reported", Timestamp(1))]);
            assert_eq!(steps.iter().filter(|step| step.stage == Stage::Now).count(), 1, "{status:?}");
        }
    }
}

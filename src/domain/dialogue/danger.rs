//! Emergencies: safety words and the telephone first, the ticket filed before anything is asked,
//! staff told at once, in whatever else was going on and also while a person has the conversation.

use super::effect::{About, Effect};
use super::say::{Arg, Say};
use super::state::{Activity, Report};
use super::{Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::TicketId;
use crate::domain::understanding::{Category, Hazard, Understanding, Urgency};

impl Turn<'_> {
    /// Acts on words that tell of danger. Returns them when they do not.
    pub(super) fn danger(&mut self, words: Words) -> Option<Words> {
        if words.understood.urgency != Urgency::Emergency {
            return Some(words);
        }
        let (mut report, resume) = match std::mem::replace(&mut self.state.activity, Activity::Idle) {
            Activity::Reporting(report) => (report, None),
            Activity::Surveying(run) => (Report::new(TicketId(self.ctx.fresh)), Some(Box::new(run))),
            Activity::Idle | Activity::Commenting(_) => (Report::new(TicketId(self.ctx.fresh)), None),
        };
        if report.resume.is_none() {
            report.resume = resume;
        }
        report.take(&words, true);
        report.have_symptom(&words.text);
        if report.filed {
            // Said once is enough to have everybody move; more words go to the same ticket.
            self.add_to_filed(&report, &words);
        } else {
            self.file(&report, false);
            report.filed = true;
            self.effect(Effect::Raise { kind: FlagKind::Emergency, about: About::Ticket(report.ticket) });
        }
        let hazard = report.hazard.unwrap_or_else(|| hazard_of(&words.understood));
        let safety = Say::new(format!("emergency.{}", hazard.name()))
            .arg("phone", Arg::EmergencyPhone)
            .arg("ticket", Arg::TicketNumber(report.ticket));
        if self.state.handed_over() {
            // Staff asks the rest.
            self.say(safety);
        } else {
            self.go_on_with(report, Some(safety));
        }
        None
    }
}

/// Falls back on the trade where the danger itself was not named.
fn hazard_of(understood: &Understanding) -> Hazard {
    match understood.category {
        Some(Category::Electrical) => Hazard::Electric,
        Some(Category::FireSafety) => Hazard::Fire,
        Some(Category::Leak | Category::PlumbingDrain) => Hazard::Flood,
        Some(Category::Elevator) => Hazard::Lift,
        Some(Category::Crack) => Hazard::Falling,
        Some(
            Category::Hvac
            | Category::Heating
            | Category::DoorWindow
            | Category::FloorTile
            | Category::Noise
            | Category::Other,
        )
        | None => Hazard::Other,
    }
}

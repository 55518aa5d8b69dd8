//! What the client confirms or denies: a fix that staff claims, a visit that staff wrote down.

use super::effect::{About, Effect};
use super::say::{Arg, Say};
use super::{Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{TicketId, VisitId};
use crate::domain::script::Command;
use crate::domain::ticket::Status;

impl Turn<'_> {
    /// Staff says the fault is rectified.
    pub(super) fn fix_claimed(&mut self, ticket: TicketId, number: &str) {
        self.state.fix_to_confirm = Some(ticket);
        let ask = Say::new("fix.ask").text("ticket", number).with_progress(ticket);
        self.say(ask.choice(format!("fix:{ticket}:yes"), "fix.yes").choice(format!("fix:{ticket}:no"), "fix.no"));
    }

    /// The owner has not said whether it is fixed.
    pub(super) fn fix_reminded(&mut self, ticket: TicketId, number: &str, days: u32) {
        self.state.fix_to_confirm = Some(ticket);
        let ask = Say::new("fix.remind").text("ticket", number).text("days", days.to_string());
        self.beside(ask.choice(format!("fix:{ticket}:yes"), "fix.yes").choice(format!("fix:{ticket}:no"), "fix.no"));
    }

    /// Staff wrote down a visit: the client is shown what, and says whether it is right.
    pub(super) fn visit_recorded(&mut self, visit: VisitId, shown: Say) {
        let ask = shown.choice(format!("visit:{visit}:yes"), "visit.record.right");
        let ask = ask.choice(format!("visit:{visit}:no"), "visit.record.wrong");
        self.beside(ask);
    }

    /// The client says whether it was so.
    pub(super) fn visit_verdict(&mut self, visit: VisitId, right: bool) {
        self.effect(Effect::ConfirmVisit { visit, right });
        if right {
            self.aside(Say::new("visit.record.confirmed"));
        } else {
            self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Conversation });
            self.aside(Say::new("visit.record.denied"));
        }
    }

    /// The owner decides.
    pub(super) fn fix_verdict(&mut self, ticket: TicketId, fixed: bool) {
        if fixed && self.is_unfixed(ticket) {
            // The button of an earlier fix: noted, and staff hears of it, but nothing is done by it.
            self.effect(Effect::ConfirmFix { ticket });
            self.tell_staff_of_more();
            return self.beside(Say::new("choice_gone"));
        }
        self.state.fix_to_confirm = None;
        let number = Arg::TicketNumber(ticket);
        if fixed {
            self.state.meetings.retain(|meeting| meeting.ticket != ticket);
            self.effect(Effect::ConfirmFix { ticket });
            self.say(Say::new("fix.verified").arg("ticket", number).with_progress(ticket));
        } else {
            self.effect(Effect::RejectFix { ticket });
            self.effect(Effect::Raise { kind: FlagKind::FixRejected, about: About::Ticket(ticket) });
            self.say(Say::new("fix.reopened").arg("ticket", number));
        }
    }

    /// Whether nobody claims that an open ticket is fixed, or does so no more.
    fn is_unfixed(&self, ticket: TicketId) -> bool {
        let open = self.ctx.tickets.iter().find(|open| open.id == ticket);
        open.is_some_and(|open| open.status != Status::Rectified.name())
    }

    /// A fix that no longer waits: the ticket was closed, reopened or taken back since.
    pub(super) fn forget_settled_fix(&mut self) {
        let waits = |ticket: &TicketId| {
            let open = self.ctx.tickets.iter().find(|open| open.id == *ticket);
            open.is_some_and(|open| open.status == Status::Rectified.name())
        };
        self.state.fix_to_confirm = self.state.fix_to_confirm.filter(waits);
    }

    /// "对，还在漏": what sounds like a no says again what the summary says.
    pub(super) fn agrees_and_repeats(&self, words: &Words) -> bool {
        let head = words.text.split([',', '，', '。', '.', '!', '！']).next().unwrap_or_default();
        let agrees = matches!(self.ctx.script.words.command(head), Some((Command::Yes, _)));
        let said = &words.understood;
        agrees && said.symptom.is_some() && said.location.is_none() && said.component.is_none()
    }
}

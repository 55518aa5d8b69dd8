//! What the client confirms or denies: a fix that staff claims, a visit that staff wrote down.

use super::effect::{About, Effect};
use super::say::{Arg, Say};
use super::state::Activity;
use super::{Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{MediaId, TicketId, VisitId};
use crate::domain::script::normalised;
use crate::domain::ticket::Status;
use crate::domain::understanding::{Hazard, Urgency};

/// So long, in bytes, are at most words that tell of no more than that a fix did not hold: ten Chinese characters,
/// five English words.
const LONGEST_DENIAL: usize = 30;
/// Water that does no harm at once.
const DRIPS: [&str; 5] = ["漏", "滴", "渗", "leak", "drip"];
/// What a no is about that denies a fix: "没修好" says it, "没有" does not.
const OF_THE_FIX: [&str; 10] = ["修", "没好", "没有好", "弄好", "搞好", "解决", "老样子", "坏", "fixed", "resolved"];
/// What says of a fault that it did not end.
const STILL: [&str; 9] = ["还在", "还是", "还漏", "还滴", "仍", "依然", "又", "still", " again"];

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

    /// Returns the ticket whose fix was asked about last, if a yes or a no to it still counts.
    pub(super) fn fix_asked(&self, fixed: bool) -> Option<TicketId> {
        self.state.fix_button(fixed)?.split(':').nth(1)?.parse().ok()
    }

    /// Returns the ticket whose fix, asked about last, is denied by words that sound like danger: "还在漏" tells of the
    /// fault of before. Who says much more, or names what may cost a life, is in danger as ever.
    pub(super) fn fix_denied_in_alarm(&self, words: &Words) -> Option<TicketId> {
        let said = &words.understood;
        let sounds = said.urgency == Urgency::Emergency && matches!(said.hazard, None | Some(Hazard::Flood));
        let no_more = words.text.trim().len() <= LONGEST_DENIAL && has_any(&words.text, &DRIPS);
        let denies = said.affirmed == Some(false) || denies_fix(words);
        self.fix_asked(false).filter(|_| self.is_idle() && sounds && no_more && denies)
    }

    /// Returns the ticket whose fix is denied after other things were said: it waits for its verdict still. A fault
    /// of another place or trade is another one.
    pub(super) fn fix_denied_later(&self, words: &Words) -> Option<TicketId> {
        let waits = self.state.fix_to_confirm?;
        let open = self.ctx.tickets.iter().find(|open| open.id == waits)?;
        let said = &words.understood;
        let same_place = match (said.location.as_deref(), open.location.as_deref()) {
            (Some(here), Some(there)) => here.contains(there) || there.contains(here),
            _ => true,
        };
        let same_trade = said.category.zip(open.category).is_none_or(|(now, then)| now.name() == then);
        let about_it = said.affirmed == Some(false) || self.fix_asked(false) == Some(waits) || same_trade;
        (same_place && about_it && denies_fix(words)).then_some(waits)
    }

    /// The same for words below photos.
    pub(super) fn fix_denied_below(&self, words: &Words) -> Option<TicketId> {
        let calm = self.is_idle() && words.understood.urgency != Urgency::Emergency;
        self.fix_denied_in_alarm(words).or_else(|| self.fix_denied_later(words).filter(|_| calm))
    }

    /// The owner says in words, and shows, that it is not fixed: staff sees it with the ticket.
    pub(super) fn deny_fix(&mut self, ticket: TicketId, words: &Words, photos: Vec<MediaId>) {
        if !photos.is_empty() {
            // The next photo belongs there as well, if they send several.
            self.remember_ticket(ticket);
        }
        let media = words.media.into_iter().chain(photos).collect();
        self.effect(Effect::AddToTicket { ticket, text: Some(words.text.clone()), media, location: None });
        self.fix_verdict(ticket, false);
    }

    /// Whether neither a report nor a survey is under way, nor words about one are awaited.
    pub(super) fn is_idle(&self) -> bool {
        match &self.state.activity {
            Activity::Idle => true,
            Activity::Commenting(after) => self.ctx.now > after.until,
            Activity::Surveying(_) | Activity::Reporting(_) => false,
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
}

/// Whether words say of their own accord that a fault was not mended: a no about it, or that it goes on.
fn denies_fix(words: &Words) -> bool {
    let fault = words.understood.symptom.is_some();
    match words.understood.affirmed {
        Some(true) => false,
        Some(false) => fault || has_any(&words.text, &OF_THE_FIX),
        None => fault && has_any(&words.text, &STILL),
    }
}

fn has_any(text: &str, parts: &[&str]) -> bool {
    let text = normalised(text);
    parts.iter().any(|part| text.contains(part))
}

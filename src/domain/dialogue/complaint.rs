//! Displeasure that is told outside of a survey: filed as a complaint, or shown to staff with the repair that is open.
//! Praise is passed on.

use super::additions::is_not_another;
use super::clause::{asks, holds, symptom_of};
use super::effect::{About, Effect, TicketDraft};
use super::reading::{asks_of_state, is_complaint, is_praise, is_wordless, only_sounds_displeased, says_too_little};
use super::report::pieces_of;
use super::say::{Arg, Say};
use super::{OpenTicket, Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::TicketId;
use crate::domain::ticket::TicketKind;
use crate::domain::understanding::{Intent, Sentiment, Urgency};

/// What names the service, and nothing that is to be mended.
const OF_SERVICE: [&str; 6] = ["客服", "电话", "热线", "hotline", "customer service", "phone line"];

impl Turn<'_> {
    /// Files words as a complaint if they are one. Where something is to be mended, what only sounds displeased is most
    /// likely about that, and goes to its ticket: "oh no it's out again"; not what is said of the service.
    pub(super) fn hear_displeasure(&mut self, words: &Words) {
        let said = &words.understood;
        let cross = said.intent == Intent::Complaint || said.sentiment == Sentiment::Negative;
        let sounds = cross && only_sounds_displeased(words);
        if let Some(ticket) = self.repair_meant(words).filter(|_| sounds && !blames_service(words)) {
            self.effect(Effect::Raise { kind: FlagKind::NegativeFeedback, about: About::Ticket(ticket) });
            return self.add_to_ticket(ticket, words, Vec::new());
        }
        if cross && is_complaint(words) && !says_too_little(words) {
            return self.file_complaint(words);
        }
        if let Some(ticket) = self.fix_doubted(words) {
            self.add_to_ticket(ticket, words, Vec::new());
            return self.ask_fix_again(ticket, words);
        }
        if sounds && is_wordless(words) {
            self.effect(Effect::Raise { kind: FlagKind::NegativeFeedback, about: About::Conversation });
        }
        self.not_understood(words);
    }

    /// Returns the ticket whose fix was asked about last, if a few words sound displeased beyond doubt: "还差一点".
    fn fix_doubted(&self, words: &Words) -> Option<TicketId> {
        let said = &words.understood;
        let asked = self.ctx.tickets.iter().find(|open| self.fix_asked(false) == Some(open.id));
        let sounds = said.is_surely_negative() && !is_wordless(words) && !asks(&words.text);
        asked.filter(|open| sounds && is_not_another(open, said) && !self.names_fault(words)).map(|open| open.id)
    }

    /// Adds words to the complaint that was filed a moment ago: who it was, when, and what must not happen again. `false`
    /// if they are no more of it.
    pub(super) fn told_of_complaint(&mut self, words: &Words) -> bool {
        let Some(recent) = self.recent_ticket() else { return false };
        let is_it = |open: &OpenTicket| open.id == recent.ticket && open.kind == TicketKind::Complaint;
        let goes_on = self.ctx.tickets.iter().any(is_it) && self.may_be_of_complaint(words);
        if goes_on {
            self.add_to_ticket(recent.ticket, words, Vec::new());
        }
        goes_on
    }

    /// Whether words may tell more of a complaint: they name nothing to be mended, praise nobody and ask for nothing.
    /// Whoever goes on complaining may ask as well: "你们到底管不管？". What may be dangerous is no part of it.
    fn may_be_of_complaint(&self, words: &Words) -> bool {
        let said = &words.understood;
        let names = symptom_of(words).is_some() || said.component.is_some();
        let fault = self.names_fault(words) || said.intent == Intent::RepairReport && names;
        let asks = said.intent != Intent::Complaint && asks_of_state(words);
        words.text.contains(char::is_alphabetic) && !fault && !asks && !is_praise(words) && !said.danger_unsure
    }

    /// Thanks for praise and shows it to staff. What only sounds like it may be the answer to whether a repair holds, and
    /// a part that it names is most likely broken.
    pub(super) fn hear_praise(&mut self, words: &Words) {
        if is_praise(words) {
            self.effect(Effect::Raise { kind: FlagKind::Praise, about: About::Conversation });
            return self.thank_for_praise();
        }
        let said = &words.understood;
        let known = |open: &&OpenTicket| self.fix_asked(true) == Some(open.id);
        let of_fix = self.ctx.tickets.iter().find(known).filter(|open| is_not_another(open, said));
        if let Some(ticket) = of_fix.map(|open| open.id) {
            self.fix_ask(ticket);
        } else if said.component.is_some() && !asks(&words.text) {
            self.begin_report(Some(words));
        } else {
            self.not_understood(words);
        }
    }

    /// Thanks for praise. Whether a repair holds, if that was asked last, is asked again: it is no answer.
    pub(super) fn thank_for_praise(&mut self) {
        let asked = self.fix_asked(true);
        self.say(Say::new("praise.thanks"));
        if let Some(ticket) = asked {
            self.fix_ask(ticket);
        }
    }

    /// Returns the repair under way that is meant by words that name none.
    fn repair_meant(&self, words: &Words) -> Option<TicketId> {
        let is_it = |open: &OpenTicket, ticket: TicketId| open.id == ticket && open.is_to_mend();
        self.ticket_meant(words).filter(|ticket| self.ctx.tickets.iter().any(|open| is_it(open, *ticket)))
    }

    /// Files a complaint at once: whoever is cross is not asked to tap.
    fn file_complaint(&mut self, words: &Words) {
        let ticket = TicketId(self.ctx.fresh);
        let understood = &words.understood;
        self.effect(Effect::FileTicket {
            ticket,
            draft: TicketDraft {
                kind: TicketKind::Complaint,
                category: understood.category,
                urgency: understood.urgency.max(Urgency::Normal),
                description: words.text.clone(),
                slots: pieces_of(understood),
                media: words.media.into_iter().collect(),
                binding: self.state.binding.clone(),
                confirmed: false,
            },
        });
        self.effect(Effect::Raise { kind: FlagKind::Complaint, about: About::Ticket(ticket) });
        self.remember_ticket(ticket);
        self.say(Say::new("complaint.filed").arg("ticket", Arg::TicketNumber(ticket)));
    }
}

/// Whether words are displeased with the service, and tell of no fault: "你们客服电话永远打不通".
fn blames_service(words: &Words) -> bool {
    let said = &words.understood;
    said.component.is_none() && symptom_of(words).is_none() && holds(&words.text.to_lowercase(), &OF_SERVICE)
}

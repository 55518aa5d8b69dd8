//! Words about times that are offered: one of them, any of them, none, another, and that nobody is to come.

use super::heard::{Heard, Picked};
use super::{Meeting, OfferedWindow};
use crate::domain::dialogue::additions::presses;
use crate::domain::dialogue::clause::asks;
use crate::domain::dialogue::effect::{About, Effect};
use crate::domain::dialogue::reading::calls_it_complaint;
use crate::domain::dialogue::say::Say;
use crate::domain::dialogue::state::Activity;
use crate::domain::dialogue::{Turn, Words};
use crate::domain::faq;
use crate::domain::flag::FlagKind;
use crate::domain::understanding::Intent;

impl Turn<'_> {
    /// Words about times that were offered: one of them, any of them, none, or another.
    pub(super) fn offer_answered(&mut self, words: &Words) -> bool {
        let Some(meeting) = self.standing_offer() else { return false };
        let heard = Heard::new(&meeting.offered, words, self.ctx.now).with_who_is_in();
        let said = &words.understood;
        let asked_last = self.state.offers("appt:");
        if said.symptom.is_some() || heard.tells_of_past() || !asked_last && !self.is_time_in_passing(&heard, words) {
            return false;
        }
        let (scolds, complains) = (heard.scolds(), said.names_bad() || calls_it_complaint(words));
        if scolds && asked_last && !complains && self.offer_again() {
            self.effect(Effect::Raise { kind: FlagKind::NegativeFeedback, about: About::Ticket(meeting.ticket) });
            return true;
        }
        let some_left = heard.leaves_some(&meeting.offered, self.ctx.now) && !heard.refuses_all();
        if asked_last && heard.gives_back() && !heard.wish.names_any() && !some_left {
            self.ask_wish(&meeting, "appointment.ask_wish");
            return true;
        }
        if heard.asks_else(words) {
            // A question is no praise, whatever it sounds like.
            let is_odd = asked_last && said.intent == Intent::Praise;
            return is_odd && faq::asked(&self.ctx.script.faq, &words.text).is_none() && self.offer_again();
        }
        match heard.picked(&meeting.offered, self.ctx.now) {
            // Who scolds takes none of them.
            _ if scolds => {}
            Picked::One(offered) => {
                self.take_named(&meeting, offered.window, &heard, words);
                return true;
            }
            Picked::Several => {
                if heard.names_hour() {
                    // The one that is taken then may say nothing of it.
                    self.tell_ticket(meeting.ticket, words);
                }
                return self.offer_again();
            }
            Picked::None => {}
        }
        let wishes = heard.wish.names_any() || said.wished_time.is_some() && !heard.denies() && !some_left;
        if wishes && !scolds {
            self.take_wish(&meeting, words);
            return true;
        }
        if asked_last && some_left {
            // Another of them may suit.
            return self.offer_again();
        }
        let unsuited = heard.finds_nobody() || heard.denies() && heard.named.names_any();
        let unsuited = unsuited || asked_last && heard.refuses_all();
        match said.affirmed.or(unsuited.then_some(false)) {
            Some(yes) => self.appointment_verdict(yes),
            None => {
                let unclear = self.is_mood_only(words) || heard.leaves_somebody();
                asked_last && unclear && self.offer_again()
            }
        }
    }

    /// Whether words that answer an offer only sound displeased or pleased: with no word that is, and nothing else that
    /// they could be heard for.
    fn is_mood_only(&self, words: &Words) -> bool {
        let said = &words.understood;
        let sounds = matches!(said.intent, Intent::Complaint | Intent::Praise);
        let meant = said.names_bad() || said.only_names_good() || calls_it_complaint(words) || presses(words);
        let other = self.ctx.script.courtesy(&words.text).is_some()
            || self.state.fix_to_confirm.is_some()
            || faq::asked(&self.ctx.script.faq, &words.text).is_some();
        sounds && !meant && !other
    }

    /// Whether words name a time although something else was asked or said since the offer.
    fn is_time_in_passing(&self, heard: &Heard, words: &Words) -> bool {
        let idle = matches!(self.state.activity, Activity::Idle);
        match words.understood.intent {
            Intent::RepairReport | Intent::Complaint | Intent::HumanAgent => false,
            Intent::ProgressQuery => idle && heard.is_plain_time(),
            Intent::SurveyAnswer | Intent::Praise | Intent::Suggestion | Intent::Smalltalk => {
                words.understood.wished_time.is_some() || idle && heard.is_plain_time()
            }
        }
    }

    /// Gives the times back that were offered, as nobody is to come for now, and says how another is arranged: the ticket
    /// stays. A time that is called off or set with it is answered as such: "周二别来", "先别来了，周五再来".
    pub(super) fn call_offer_off(&mut self, words: &Words) -> bool {
        let Some(meeting) = self.offer_called_off(words) else { return false };
        let heard = Heard::new(&meeting.offered, words, self.ctx.now);
        if heard.named.names_any() {
            return false;
        }
        let said = Say::new("appointment.put_off").text("ticket", meeting.number.clone());
        self.give_back(&meeting, said);
        true
    }

    /// Returns the times that were offered if words call the visit off for which they were, or one of them by its day.
    pub(super) fn offer_called_off(&self, words: &Words) -> Option<Meeting> {
        let meeting = self.standing_offer().filter(|_| self.heeds_calls(words))?;
        let heard = Heard::new(&meeting.offered, words, self.ctx.now);
        let questioned = asks(&words.text);
        let is_called_off = |one: &OfferedWindow| {
            heard.calls(one.window, questioned).any(|call| call.named && self.is_meant(call.before))
        };
        let called_off = meeting.offered.iter().any(is_called_off);
        (called_off && !self.gives_repair_up(words)).then_some(meeting)
    }
}

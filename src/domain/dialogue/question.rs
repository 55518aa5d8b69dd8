//! Questions that are often asked: answered at once, with a person one tap away. Courtesies are returned.

use super::report::is_address;
use super::say::Say;
use super::talk::menu;
use super::{Turn, Words};
use crate::domain::faq;
use crate::domain::script::Courtesy;
use crate::domain::understanding::{Intent, Understanding};

/// The entry that is answered by asking when it would suit, where there is a time to change.
const RESCHEDULE: &str = "reschedule";

impl Turn<'_> {
    /// Answers a question that is often asked, and asks whether that helped. A fault or anger comes first.
    pub(super) fn answer_question(&mut self, words: &Words) -> bool {
        let said = &words.understood;
        let fault = said.symptom.is_some() && said.intent == Intent::RepairReport;
        // Who asks what it costs may sound as if they complained of it.
        let angry = said.intent == Intent::Complaint && is_complaint(words);
        let urgent = fault || angry || said.intent == Intent::HumanAgent || self.is_first_report(said);
        let Some(entry) = faq::asked(&self.ctx.script.faq, &words.text).filter(|_| !urgent) else { return false };
        if entry.id == RESCHEDULE && !self.state.meetings.is_empty() {
            self.reschedule();
            return true;
        }
        let answer = Say::new(format!("faq.{}", entry.id));
        let helped = Say::new("faq.helped").choice("faq:yes", "faq.yes").choice("faq:no", "faq.no");
        self.say(Say::lines(vec![answer, helped]));
        true
    }

    /// Thanks change nothing: what was asked last still stands.
    pub(super) fn return_courtesy(&mut self, courtesy: Courtesy) {
        match courtesy {
            Courtesy::Thanks => self.in_passing(Say::new("you_are_welcome")),
            Courtesy::Greeting => {
                let welcome = self.welcome();
                self.say(menu(welcome));
            }
        }
    }

    /// "厨房漏水了，什么时候能来？": where nothing is reported yet, the question has a report in it.
    pub(super) fn is_first_report(&self, said: &Understanding) -> bool {
        let fault = said.category.is_some() && said.symptom.is_some();
        let fault = fault && (said.location.is_some() || said.component.is_some());
        fault && said.intent == Intent::ProgressQuery && self.ctx.tickets.is_empty()
    }

    /// "翠湖花园3栋2单元1201" from somebody whose home is not known: something is broken there.
    pub(super) fn is_first_address(&self, words: &Words) -> bool {
        self.state.binding.is_none() && self.ctx.tickets.is_empty() && is_address(words)
    }

    /// What the person says to an answer: it helped, or a person is wanted.
    pub(super) fn answer_helped(&mut self, helped: bool) {
        if helped { self.aside(Say::new("faq.glad")) } else { self.ask_for_person() }
    }
}

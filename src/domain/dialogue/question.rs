//! Questions that are often asked: answered at once, with a person one tap away.

use super::say::Say;
use super::{Turn, Words};
use crate::domain::faq;
use crate::domain::understanding::Intent;

impl Turn<'_> {
    /// Answers a question that is often asked, and asks whether that helped. A fault or anger comes first.
    pub(super) fn answer_question(&mut self, words: &Words) -> bool {
        let said = &words.understood;
        let fault = said.symptom.is_some() && said.intent == Intent::RepairReport;
        let urgent = fault || matches!(said.intent, Intent::Complaint | Intent::HumanAgent);
        let Some(entry) = faq::asked(&self.ctx.script.faq, &words.text).filter(|_| !urgent) else { return false };
        let answer = Say::new(format!("faq.{}", entry.id));
        let helped = Say::new("faq.helped").choice("faq:yes", "faq.yes").choice("faq:no", "faq.no");
        self.say(Say::lines(vec![answer, helped]));
        true
    }

    /// What the person says to an answer: it helped, or a person is wanted.
    pub(super) fn answer_helped(&mut self, helped: bool) {
        if helped { self.aside(Say::new("faq.glad")) } else { self.ask_for_person() }
    }
}

//! Questions that are often asked: answered at once, with a person one tap away. What a repair costs is answered as well
//! where it is asked beside a fault, or made a condition: "要钱我就不修了" gives nothing up. Courtesies are returned.

use super::address::is_address;
use super::clause::{asks, clauses, holds, symptom_of};
use super::reading::{calls_it_complaint, is_complaint};
use super::report::pieces_of;
use super::say::Say;
use super::state::Activity;
use super::talk::menu;
use super::{Turn, Words};
use crate::domain::faq;
use crate::domain::script::{Courtesy, FixWords, SlotId, normalised};
use crate::domain::understanding::{Intent, Keyword, Understanding};

/// The entry that is answered by asking when it would suit, where there is a time to change.
const RESCHEDULE: &str = "reschedule";
/// The entry about what a repair costs; the first group of its words names costs.
const COST: &str = "warranty_cost";
/// What is taken for a fault, and names none: "保修期内免费吧".
const WARRANTY: &str = "保修";
/// What ends a clause, with its sign.
const ENDS: [char; 10] = [',', '，', '.', '。', '!', '！', '?', '？', ';', '；'];
/// What makes a condition of a cost that is named behind it …
const IF: [&str; 6] = ["要是", "如果", "假如", "若", "万一", "if "];
/// … or right before it, in so many signs: "要钱我就不修了" …
const THEN: [&str; 2] = ["就", "的话"];
const NEAR: usize = 4;
/// … or how the next clause begins, where nothing but this is said of it in its own: "要收费的话，那就算了".
const THEN_BEGINS: [&str; 5] = ["就", "我就", "那就", "那我", "我们就"];
const BARE: [char; 6] = ['的', '话', '嘅', '了', '吗', '?'];
/// What is given up then.
const GIVES_UP: [&str; 17] = [
    "不修",
    "不想修",
    "不用",
    "不报",
    "不要修",
    "不要来",
    "不来",
    "别来",
    "别修",
    "取消",
    "算了",
    "唔修",
    "唔整",
    "cancel",
    "forget it",
    "never mind",
    "don't come",
];
/// What says that something is broken, and nothing of how.
const TROUBLE: [&str; 7] = ["problem with", "wrong with", "trouble with", "issue with", "有问题", "有毛病", "出问题"];

/// What says so of no part and no room: who says nothing else wants to report something …
const NAMES_NOTHING: [&str; 9] =
    ["report", "repair", "repairs", "broken", "problem", "issue", "fault", "defect", "wrong"];
/// … with these around it.
const AROUND: &str = "i i'd i've we we'd have got want need would like to can could please hi hello file log make request \
    a an the some in at home house flat apartment something something's is there there's";

impl Turn<'_> {
    /// Answers a question that is often asked, and asks whether that helped. A fault or anger comes first.
    pub(super) fn answer_question(&mut self, words: &Words) -> bool {
        let said = &words.understood;
        let fault = said.symptom.as_deref().is_some_and(|fault| fault != WARRANTY);
        let fault = fault && said.intent == Intent::RepairReport;
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

    /// Returns the answer to a question that is asked within a report, and tells nothing of it.
    pub(super) fn answer_within(&self, words: &Words) -> Option<Say> {
        let mut pieces = pieces_of(&words.understood);
        if symptom_of(words).is_none() {
            pieces.remove(&SlotId::Symptom);
        }
        if words.understood.corrects || !pieces.is_empty() {
            return None;
        }
        let entry = faq::asked(&self.ctx.script.faq, &words.text).map(|entry| entry.id.as_str());
        let id = entry.or_else(|| self.depends_on_cost(words).then_some(COST))?;
        Some(Say::new(format!("faq.{id}")))
    }

    /// Returns what a repair costs, where words ask for it beside what they tell: "厨房水管漏水，要收费吗".
    pub(super) fn cost_beside(&self, words: &Words) -> Option<Say> {
        let symptom = symptom_of(words);
        let tells = |clause: &str| symptom.as_deref().is_some_and(|symptom| normalised(clause).contains(symptom));
        let is_it = |clause: &str| faq::asked(&self.ctx.script.faq, clause).is_some_and(|entry| entry.id == COST);
        let asks = words.text.split_inclusive(ENDS).any(|clause| is_it(clause) && !tells(clause));
        (asks || self.depends_on_cost(words)).then(|| Say::new(format!("faq.{COST}")))
    }

    /// Hears words about what is arranged already: what it may cost, that nobody need come any more, or when somebody
    /// does. `false` if they are about something else.
    pub(super) fn hear_of_visit(&mut self, words: &Words) -> bool {
        self.hear_condition(words) || self.call_off(words) || self.appointment_words(words)
    }

    /// Answers what a repair costs where that is made a condition: nothing is called off by it, and who mends what is
    /// reported has to know. `false` if words make none, tell of a fault, or complain.
    fn hear_condition(&mut self, words: &Words) -> bool {
        let more = symptom_of(words).is_some() || calls_it_complaint(words);
        if more || !self.is_idle() || !self.depends_on_cost(words) {
            return false;
        }
        if let Some(ticket) = self.ticket_meant(words) {
            self.tell_ticket(ticket, words);
        }
        self.in_passing(Say::new(format!("faq.{COST}")));
        true
    }

    /// Whether words would give a repair up if it costs something: "要钱我就不修了", "if it costs anything, cancel it". Who
    /// was told what it costs decides: "师傅说要收费，那就不修了".
    pub(super) fn depends_on_cost(&self, words: &Words) -> bool {
        let Some(entry) = self.ctx.script.faq.iter().find(|entry| entry.id == COST) else { return false };
        let told = clauses(&words.text);
        let clause = |at: Option<usize>| at.and_then(|at| told.get(at)).map(String::as_str).unwrap_or_default();
        told.iter().enumerate().any(|(at, told)| {
            let around = [clause(at.checked_sub(1)), clause(at.checked_add(1))];
            let names = entry.words.first().into_iter().flatten();
            let mut parts = names.filter_map(|name| told.split_once(name.as_str()));
            parts.any(|(before, behind)| self.is_condition(before, behind, around))
        })
    }

    /// Whether a cost is made a condition by what stands before and behind it in its clause, and by the clauses around
    /// that.
    fn is_condition(&self, before: &str, behind: &str, [last, next]: [&str; 2]) -> bool {
        let gives_up = |text: &str| holds(text, &GIVES_UP);
        if let Some((head, between)) = IF.iter().find_map(|word| before.split_once(word)) {
            // "If I cancel the visit, who pays?" asks something else.
            return !gives_up(between) && [last, head, behind, next].into_iter().any(gives_up);
        }
        let near = |(gap, rest): (&str, &str)| gap.chars().count() <= NEAR && gives_up(rest);
        let here = THEN.iter().any(|then| behind.split_once(then).is_some_and(near));
        let bare = behind.trim_matches(BARE).is_empty();
        let there = bare && THEN_BEGINS.iter().any(|begins| next.starts_with(begins)) && gives_up(next);
        (here || there) && !FixWords::any(&self.ctx.script.repair.hearsay, before)
    }

    /// Thanks change nothing: what was asked last still stands.
    pub(super) fn return_courtesy(&mut self, courtesy: Courtesy) {
        match courtesy {
            Courtesy::Thanks => self.in_passing(Say::new("you_are_welcome")),
            Courtesy::Greeting => {
                let welcome = self.welcome();
                self.say(menu(welcome));
            }
            Courtesy::Pause => self.in_passing(Say::new("no_hurry")),
        }
    }

    /// A wish for a moment to think, or for a person: whatever was asked waits. Returns whether it was one.
    pub(super) fn lets_wait(&mut self, words: &Words) -> bool {
        if self.ctx.script.asks_for_time(&words.text) && self.gives_time() {
            return true;
        }
        if words.understood.intent == Intent::HumanAgent {
            self.person_or_time(words);
            return true;
        }
        false
    }

    /// Lets whoever wants to think take their time. An emergency is in a hurry: what it asks is only asked once more.
    /// `false` if nothing is asked right after one: the words belong to its ticket.
    fn gives_time(&mut self) -> bool {
        let alarmed = self.lately_alarmed().next().is_some();
        match self.state.activity.clone() {
            Activity::Reporting(report) if alarmed || report.filed => self.go_on_with(report, None),
            Activity::Surveying(run) if alarmed => self.ask_again(run, None),
            Activity::Idle | Activity::Commenting(_) if alarmed => return false,
            _ => self.return_courtesy(Courtesy::Pause),
        }
        true
    }

    /// "厨房漏水了，什么时候能来？": where nothing is reported yet, the question has a report in it.
    pub(super) fn is_first_report(&self, said: &Understanding) -> bool {
        let fault = said.category.is_some() && said.symptom.is_some();
        let fault = fault && (said.location.is_some() || said.component.is_some());
        fault && said.intent == Intent::ProgressQuery && self.ctx.tickets.is_empty()
    }

    /// "There is a problem with my toilet" sounds like a complaint: where nothing is reported yet it is a report, unless
    /// they call it one or a bad word is about something else.
    pub(super) fn is_first_fault(&self, words: &Words) -> bool {
        let said = &words.understood;
        let symptom = said.symptom.as_deref();
        let troubled = |text: &str| {
            let text = normalised(text);
            holds(&text, &TROUBLE)
        };
        let within = |one: &str, other: &str| one.contains(other) || other.contains(one);
        let of_the_fault =
            |bad: &Keyword| troubled(&bad.text) || symptom.is_some_and(|symptom| within(symptom, &bad.text));
        let named = said.component.is_some() && troubled(&words.text)
            || symptom.is_some() && (said.component.is_some() || said.category.is_some());
        named && self.ctx.tickets.is_empty() && !calls_it_complaint(words) && said.bad_words().all(of_the_fault)
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

/// "哪里可以看进度": nothing of a report, and no answer to what it asks.
pub(super) fn asks_how_far(words: &Words) -> bool {
    let said = &words.understood;
    let text = normalised(&words.text);
    let names = text.contains("进度") || text.contains("progress");
    names && said.intent == Intent::ProgressQuery && pieces_of(said).is_empty()
}

/// "I want to report a problem", "something is broken": opens a report, and tells nothing of it.
pub(super) fn opens_report(words: &Words) -> bool {
    let text = normalised(&words.text).replace('’', "'");
    let said: Vec<&str> = text.split([' ', ',', '.']).filter(|word| !word.is_empty()).collect();
    let names = |word: &&str| NAMES_NOTHING.contains(word);
    let is_known = |word: &&str| names(word) || AROUND.split(' ').any(|known| known == *word);
    said.iter().any(names) && said.iter().all(is_known) && !asks(&words.text)
}

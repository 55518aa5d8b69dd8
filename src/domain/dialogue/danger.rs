//! Emergencies: safety words and the telephone first, the ticket filed before anything is asked,
//! staff told at once, in whatever else was going on and also while a person has the conversation.
//!
//! Words that may or may not tell of danger are taken as if they did not, but what would be said
//! next waits for one short question. Who does not answer it and goes on is answered as ever.

use std::time::Duration;

use super::clause::{clauses, holds};
use super::effect::{About, Effect};
use super::repair::{ADDITIONS_WINDOW, LATER};
use super::say::{Arg, Say};
use super::state::{Activity, Alarmed, Doubt, Report};
use super::{Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{MediaId, TicketId};
use crate::domain::script::{Command, SlotId, normalised};
use crate::domain::survey::AnswerSource;
use crate::domain::understanding::{Category, Hazard, Intent, Understanding, Urgency};

/// Nobody is asked about danger twice within this time.
const ASK_AGAIN: Duration = Duration::from_secs(60 * 60);
/// What stands between the clauses of an utterance.
pub(super) const BREAKS: [char; 8] = [',', '，', '.', '。', '!', '！', ';', '；'];
/// Words that leave open whether there is a danger: "不知道有没有危险".
const OPEN: [&str; 10] = ["知道", "清楚", "晓得", "确定", "有没有", "吗", "?", "know", "sure", "is it"];
/// Whole answers that nobody is in danger; the plain no is a command.
const NOBODY: [&str; 7] = ["没", "没有", "没人", "没有人", "没事", "还没有", "nobody"];
/// What denies the danger named right after it; in Chinese within so many signs.
const DENIES: [&str; 4] = ["没", "冇", "不", "无"];
const DENIED_WITHIN: usize = 4;

impl Turn<'_> {
    /// Acts on words that tell of danger. Returns them when they do not.
    pub(super) fn danger(&mut self, words: Words) -> Option<Words> {
        self.danger_shown(words, Vec::new())
    }

    /// The same for words below photos.
    pub(super) fn danger_shown(&mut self, words: Words, photos: Vec<MediaId>) -> Option<Words> {
        if words.understood.urgency != Urgency::Emergency {
            return Some(words);
        }
        if let Some((ticket, hazard)) = self.told_before(&words) {
            self.tell_more(ticket, hazard, &words, photos);
            return None;
        }
        let (mut report, resume) = match std::mem::replace(&mut self.state.activity, Activity::Idle) {
            Activity::Reporting(report) if report.is_of_another_danger(&words.understood) => {
                let there = words.understood.location.is_none();
                (report.with_another_danger(TicketId(self.ctx.fresh), there), None)
            }
            // An everyday fault that was being told of is filed as it stands: somebody else mends it, and elsewhere.
            Activity::Reporting(report) if report.is_for_others(&words.understood) => {
                self.file(&report.clone().with_all_that_was_said(), false);
                (report.with_another_danger(TicketId(self.ctx.fresh), false), None)
            }
            // Whoever calls for help answers no question: the words are taken for no place and no address.
            Activity::Reporting(report) => (Report { asked: None, correcting: false, ..report }, None),
            Activity::Surveying(run) => (self.new_report(), Some(Box::new(run))),
            Activity::Idle | Activity::Commenting(_) => (self.new_report(), None),
        };
        if report.resume.is_none() {
            report.resume = resume;
        }
        report.take(&words, true);
        self.keep_media(&mut report, photos);
        self.alarm(report, &words);
        None
    }

    /// Returns the emergency filed a moment ago, and its danger, if these words tell of the same one.
    fn told_before(&self, words: &Words) -> Option<(TicketId, Hazard)> {
        let hazard = words.understood.hazard.unwrap_or_else(|| hazard_of(&words.understood));
        let named_before =
            || self.lately_alarmed().find(|alarmed| alarmed.hazard == hazard).map(|alarmed| (alarmed.ticket, hazard));
        match &self.state.activity {
            // Back to a danger that was told of before the one whose report is open, which else takes the words itself.
            Activity::Reporting(report) if report.filed => {
                named_before().filter(|_| report.is_of_another_danger(&words.understood))
            }
            _ => named_before().or_else(|| {
                let alarmed = self.state.alarmed.filter(|alarmed| self.ctx.now <= alarmed.until)?;
                let vague = hazard == Hazard::Other || alarmed.hazard == Hazard::Other;
                let known = if alarmed.hazard == Hazard::Other { hazard } else { alarmed.hazard };
                vague.then_some((alarmed.ticket, known))
            }),
        }
    }

    /// The emergencies of which everybody was told a moment ago, the last first.
    pub(super) fn lately_alarmed(&self) -> impl Iterator<Item = Alarmed> + '_ {
        let all = self.state.alarmed.iter().chain(self.state.alarmed_before.iter().rev());
        all.copied().filter(|alarmed| self.ctx.now <= alarmed.until)
    }

    /// Adds what is said after an alarm to its ticket, if it tells of no danger: "有个老人心脏不好". `false` if nobody
    /// was alarmed lately, or they ask how far it is or for a person, or only thank.
    pub(super) fn told_after_alarm(&mut self, words: &Words, photos: Vec<MediaId>) -> bool {
        let asks = matches!(words.understood.intent, Intent::ProgressQuery | Intent::HumanAgent);
        let kind = self.ctx.script.courtesy(&words.text).is_some();
        let alarmed = self.lately_alarmed().next().filter(|_| !asks && !kind);
        let Some(Alarmed { ticket, .. }) = alarmed else { return false };
        self.add_to_ticket(ticket, words, photos);
        true
    }

    /// Adds to an emergency that everybody was told of, and says the safety words once more.
    fn tell_more(&mut self, ticket: TicketId, hazard: Hazard, words: &Words, photos: Vec<MediaId>) {
        let mut media: Vec<_> = words.media.into_iter().chain(photos).collect();
        if let Activity::Reporting(report) = self.state.activity.clone()
            && report.pieces.is_empty()
        {
            // A photo sent before the words shows what they tell of.
            media.extend(report.media.iter().filter(|file| words.media != Some(**file)));
            self.leave_report(&report);
        }
        self.effect(Effect::AddToTicket { ticket, text: Some(words.text.clone()), media, location: None });
        self.alarmed(ticket, hazard);
        let safety = safety_words(hazard, ticket);
        if self.state.handed_over() { self.say(safety) } else { self.aside(safety) }
    }

    /// Adds the address that answers the question of one emergency to all they told of a moment ago: it holds for each.
    pub(super) fn tell_others_where(&mut self, report: &Report, words: &Words) {
        let others = self.lately_alarmed().map(|alarmed| alarmed.ticket).filter(|ticket| *ticket != report.ticket);
        for ticket in others.collect::<Vec<_>>() {
            if report.asked == Some(SlotId::Address) {
                let text = Some(words.text.clone());
                self.effect(Effect::AddToTicket { ticket, text, media: Vec::new(), location: None });
            }
        }
    }

    /// Has the home that is known by now noted with an emergency that was filed before it was, and with the others
    /// told of lately: it holds for each. An address that was told in words stands.
    pub(super) fn locate(&mut self, report: &mut Report) {
        if report.filed && report.binding.is_none() && !report.has(SlotId::Address) {
            report.binding.clone_from(&self.state.binding);
            self.locate_alarmed(Some(report.ticket));
        }
    }

    /// The same while staff has the conversation: no report is open then that asks for the address.
    pub(super) fn locate_alarmed(&mut self, open: Option<TicketId>) {
        let Some(home) = self.state.binding.clone() else { return };
        let lately = self.lately_alarmed().map(|alarmed| alarmed.ticket).filter(|ticket| Some(*ticket) != open);
        let tickets: Vec<TicketId> = open.into_iter().chain(lately).collect();
        for ticket in tickets {
            self.effect(Effect::LocateTicket { ticket, home: home.clone() });
        }
    }

    fn alarmed(&mut self, ticket: TicketId, hazard: Hazard) {
        let mut before: Vec<Alarmed> = self.lately_alarmed().filter(|alarmed| alarmed.ticket != ticket).collect();
        before.reverse();
        self.state.alarmed_before = before;
        self.state.alarmed = Some(Alarmed { ticket, hazard, until: self.ctx.now + ADDITIONS_WINDOW });
    }

    /// Files the report as an emergency, has everybody told, and says the safety words.
    fn alarm(&mut self, mut report: Report, words: &Words) {
        report.have_symptom(&words.text);
        if report.filed {
            // Said once is enough to have everybody move; more words go to the same ticket.
            self.add_to_filed(&report, words);
        } else {
            report = report.with_all_that_was_said();
            self.file(&report, false);
            report.filed = true;
            self.effect(Effect::Raise { kind: FlagKind::Emergency, about: About::Ticket(report.ticket) });
        }
        let hazard = report.hazard.unwrap_or_else(|| hazard_of(&words.understood));
        self.alarmed(report.ticket, hazard);
        let safety = safety_words(hazard, report.ticket);
        if self.state.handed_over() {
            // Staff asks the rest.
            self.leave_report(&report);
            self.say(safety);
        } else {
            self.go_on_with(report, Some(safety));
        }
    }

    /// Says whether it must be asked if anybody is in danger.
    pub(super) fn is_in_doubt(&self, words: &Words) -> bool {
        let filed = matches!(&self.state.activity, Activity::Reporting(report) if report.filed);
        // What is said after an alarm goes to its ticket, which everybody was told of.
        let alarmed = matches!(self.state.activity, Activity::Idle) && self.lately_alarmed().next().is_some();
        let lately = |doubt: &Doubt| self.ctx.now.since(doubt.asked) < ASK_AGAIN;
        words.understood.danger_unsure && !filed && !alarmed && !self.state.doubt.as_ref().is_some_and(lately)
    }

    /// Takes the words as ever, but asks about danger before anything else is said.
    pub(super) fn ask_about_danger(&mut self, words: Words) {
        let Words { text, mut understood, media, source } = words;
        let mut heeded = understood.clone();
        let named = heeded.symptom.is_some() || heeded.hazard.is_some();
        if named && matches!(heeded.intent, Intent::ProgressQuery | Intent::Smalltalk | Intent::Suggestion) {
            // "烧焦味，不知道哪来的": where nobody is in danger, something is broken all the same.
            heeded.intent = Intent::RepairReport;
        }
        let asked = Words { text: text.clone(), understood: heeded, media, source };
        let (echo, before) = (self.echo.take(), self.effects.len());
        self.heed(asked);
        let (mut held, mut others) = (Vec::new(), Vec::new());
        for effect in self.effects.split_off(before.min(self.effects.len())) {
            match effect {
                Effect::Say(say) => held.push(say),
                other => others.push(other),
            }
        }
        self.effects.extend(others);
        understood.danger_unsure = false;
        self.state.doubt = Some(Doubt { asked: self.ctx.now, open: true, text, understood, media, held });
        self.echo = echo;
        self.say(danger_question());
    }

    /// Asks once more, after what stands before it; `false` if nothing is in doubt, or not since a moment ago.
    pub(super) fn still_in_doubt(&mut self, first: &Say) -> bool {
        let now = self.ctx.now;
        let fresh = |doubt: &&mut Doubt| doubt.open && now.since(doubt.asked) < ASK_AGAIN;
        let Some(doubt) = self.state.doubt.as_mut().filter(fresh) else { return false };
        if matches!(self.state.activity, Activity::Reporting(_)) {
            // What it was to be asked next may be known by now.
            doubt.held.clear();
        }
        self.say(Say::lines(vec![first.clone(), danger_question()]));
        true
    }

    /// Something else is said instead of an answer: what was held back and asks nothing is still told.
    pub(super) fn leave_doubt(&mut self) {
        let unseen = self.state.offers("danger:");
        let Some(doubt) = self.state.doubt.as_mut().filter(|doubt| doubt.open) else { return };
        doubt.open = false;
        if let Activity::Reporting(report) = &mut self.state.activity
            && unseen
        {
            // What the report was to ask or show next was held back: nothing that is said now answers it.
            (report.asked, report.summarised) = (None, false);
        }
        for say in std::mem::take(&mut doubt.held) {
            if say.all_choices().is_empty() && !matches!(self.state.activity, Activity::Reporting(_)) {
                self.effect(Effect::Say(say));
            }
        }
    }

    /// Whether the question about danger was asked last, and waits for its answer.
    pub(super) fn is_danger_asked(&self) -> bool {
        self.state.button_that_says(true).as_deref() == Some("danger:yes")
    }

    /// Whether words only put an answer off: "没空", "等一下".
    fn puts_off(&self, text: &str) -> bool {
        let told = clauses(text);
        let waits = |clause: &String| {
            let command = self.ctx.script.words.command(clause);
            let later =
                command.is_some_and(|(said, argument)| said == Command::Cancel && argument.as_deref() == Some(LATER));
            later || self.ctx.script.asks_for_time(clause)
        };
        !told.is_empty() && told.iter().all(waits)
    }

    /// "有，两个", "很危险" answer the question about danger: yes, and the words go to what is filed then. "没有危险" is
    /// the no; who has no time is asked once more; what says more than that is taken as words.
    pub(super) fn danger_answered(&mut self, words: Words) -> Option<Words> {
        if !self.is_danger_asked() || words.understood.urgency == Urgency::Emergency {
            return Some(words);
        }
        if self.puts_off(&words.text) {
            self.say(danger_question());
            return None;
        }
        let is_one = if self.says_there_is(&words.text) { Some(true) } else { names_danger(&words.text) };
        match is_one {
            Some(true) => self.danger_verdict(true),
            Some(false) if normalised(&words.text).split(BREAKS).nth(1).is_none() => {
                self.danger_verdict(false);
                return None;
            }
            Some(false) | None => return Some(words),
        }
        if let Some(ticket) = self.state.alarmed.as_ref().map(|alarmed| alarmed.ticket) {
            let (text, media) = (Some(words.text), words.media.into_iter().collect());
            self.effect(Effect::AddToTicket { ticket, text, media, location: None });
        }
        None
    }

    /// Whether a yes of its own stands first: "是的，还在漏". In "嗯，没有" it only leads to the no; 没问题 says that
    /// nobody is in danger.
    fn says_there_is(&self, text: &str) -> bool {
        let mut clauses = text.split(BREAKS).map(str::trim);
        let head = clauses.next().unwrap_or_default();
        let is = |part: &str, command| self.ctx.script.words.command(part).is_some_and(|(said, _)| said == command);
        let declines = |part: &str| is(part, Command::No) || part.starts_with(['没', '沒', '冇', '不']);
        is(head, Command::Yes) && (head.starts_with('有') || !clauses.next().is_some_and(declines))
    }

    /// The answer to the question about danger. Who went on, or said no by mistake, may say that there is one
    /// for as long as nobody would be asked anew: once, the words are gone then.
    pub(super) fn danger_verdict(&mut self, is_one: bool) {
        let now = self.ctx.now;
        let late = |doubt: &Doubt| is_one && !doubt.text.is_empty() && now.since(doubt.asked) < ASK_AGAIN;
        let counts = |doubt: &&mut Doubt| doubt.open || late(doubt);
        let Some(doubt) = self.state.doubt.as_mut().filter(counts) else { return self.stale_choice() };
        doubt.open = false;
        let held = std::mem::take(&mut doubt.held);
        if !is_one {
            match self.state.activity.clone() {
                Activity::Reporting(report) if held.is_empty() => {
                    self.go_on_with(report, Some(Say::new("danger.none")));
                }
                _ if held.is_empty() => self.say(Say::new("danger.none")),
                _ => held.into_iter().for_each(|say| self.say(say)),
            }
            return;
        }
        let (text, mut understood, media) = (std::mem::take(&mut doubt.text), doubt.understood.clone(), doubt.media);
        understood.urgency = Urgency::Emergency;
        understood.hazard = understood.hazard.or(Some(hazard_of(&understood)));
        let words = Words { text, understood, source: AnswerSource::Button, media };
        match self.state.activity.clone() {
            // The words are in the report already.
            Activity::Reporting(mut report) if report.pieces.contains(&words.text) => {
                report.urgency = Urgency::Emergency;
                report.hazard = report.hazard.or(words.understood.hazard);
                (report.asked, report.summarised) = (None, false);
                self.alarm(report, &words);
            }
            Activity::Idle | Activity::Surveying(_) | Activity::Commenting(_) | Activity::Reporting(_) => {
                self.danger(words);
            }
        }
    }
}

/// Whether words name the danger that was asked about, or deny it; `None` if they do neither, or leave it open.
fn names_danger(text: &str) -> Option<bool> {
    let said = normalised(text);
    if holds(&said, &OPEN) || text.trim_end().ends_with(['?', '？']) {
        return None;
    }
    let Some((before, _)) = said.split_once("危险").or_else(|| said.split_once("danger")) else {
        let whole = said.trim_end_matches(['啊', '呀', '呢', '的', '哦', '啦', '吧', '了']).trim_start_matches("暂时");
        let whole = whole.trim_end_matches("受伤");
        return NOBODY.contains(&whole).then_some(false);
    };
    let clause = before.rsplit(BREAKS).next().unwrap_or_default().replace("不过", "");
    let near = clause.chars().rev().take(DENIED_WITHIN).collect::<String>();
    let denied = holds(&near, &DENIES)
        || clause.split(' ').any(|word| matches!(word, "no" | "not" | "nobody" | "none") || word.ends_with("n't"));
    Some(!denied)
}

fn danger_question() -> Say {
    Say::new("danger.ask").choice("danger:yes", "danger.yes").choice("danger:no", "danger.no")
}

fn safety_words(hazard: Hazard, ticket: TicketId) -> Say {
    Say::new(format!("emergency.{}", hazard.name()))
        .arg("phone", Arg::EmergencyPhone)
        .arg("ticket", Arg::TicketNumber(ticket))
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

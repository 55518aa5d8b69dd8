//! One person on several channels: going on elsewhere with what was begun here, saying who one is by
//! a telephone number, and being forgotten. Whether two contacts are one person is decided by
//! [`crate::domain::contact::join`].

use super::clause::{asks_in_words, begins_with_plain_no, clauses, holds, without};
use super::effect::{Effect, Timer};
use super::event::Event;
use super::say::{Arg, Door, SHARE_NUMBER, Say};
use super::state::{Activity, Binding, State};
use super::talk::menu;
use super::{Mode, Turn, Words};
use crate::domain::ids::{DialogueId, ResponseId};
use crate::domain::script::Command;
use crate::domain::understanding::{Intent, Urgency};

/// The button that has everything removed.
const FORGET: &str = "forget:yes";
/// What asks for it, or agrees to it, besides a yes …
const REMOVES: [&str; 8] = ["delete", "erase", "do it", "go ahead", "删", "清除", "清空", "注销"];
/// … and what forbids it right before that …
const FORBIDS: [&str; 14] = [
    "don't",
    "dont",
    "do not",
    "never",
    "rather not",
    "not to",
    "no need to",
    "needn't",
    "不",
    "别",
    "勿",
    "甭",
    "没必",
    "无需",
];
/// What only sounds so, and proposes it: "要不删了吧".
const PROPOSES: &str = "要不";
/// … but for these: "不要给我删", "I don't want you to delete it".
const BETWEEN: [char; 14] = ['要', '想', '用', '会', '再', '给', '我', '把', '先', '让', '你', '们', '帮', '都'];
const WANTS: [&str; 2] = ["want you to", "want to"];
/// What says that everything stays, unless it is forbidden in its turn: "不用留着", "don't keep it".
const KEEPS: [&str; 5] = ["keep it", "keep my", "keep them", "留着", "保留"];
/// A yes of at most so many bytes says nothing besides: five Chinese characters, three English words.
const LONGEST_YES: usize = 15;

impl State {
    /// Gives up what is going on, for the conversation in which it goes on: returns where it stood.
    pub fn hand_on(&mut self, to: DialogueId) -> State {
        let fresh = State {
            language_chosen: self.language_chosen,
            binding: self.binding.clone(),
            surveys_stopped: self.surveys_stopped,
            terms: self.terms,
            continued_in: Some(to),
            ..State::new(self.language)
        };
        std::mem::replace(self, fresh)
    }

    /// Whether what goes on elsewhere may go on here: not in the middle of something else.
    pub fn takes_over(&self) -> bool {
        let idle = matches!(self.activity, Activity::Idle | Activity::Commenting(_));
        idle && !self.handed_over() && self.listening.is_empty() && !self.doubt.as_ref().is_some_and(|doubt| doubt.open)
    }

    /// Whether an event belongs to something that stands here, whoever went on elsewhere since.
    pub fn awaits(&self, event: &Event) -> bool {
        match event {
            Event::Elapsed(Timer::ReportReminder { ticket } | Timer::ReportUnconfirmed { ticket }) => {
                matches!(&self.activity, Activity::Reporting(report) if report.ticket == *ticket)
            }
            Event::Elapsed(Timer::SurveyReminder { response } | Timer::SurveyExpiry { response })
            | Event::SurveyWithdrawn { response, .. } => self.asks(*response),
            Event::Elapsed(Timer::AppointmentEve { appointment, .. }) => {
                self.meetings.iter().any(|meeting| meeting.appointment == *appointment)
            }
            Event::AppointmentWithdrawn { ticket, .. } => self.meetings.iter().any(|meeting| meeting.ticket == *ticket),
            Event::Transcribed { media, .. } | Event::NotHeard { media, .. } => self.listening.contains(media),
            Event::Text { .. }
            | Event::Edited { .. }
            | Event::Choice { .. }
            | Event::Photos { .. }
            | Event::Voice { .. }
            | Event::Refused(_)
            | Event::Bound(_)
            | Event::TokenRefused(_)
            | Event::SurveyInvited { .. }
            | Event::SurveyAnnounced { .. }
            | Event::VisitRecorded { .. }
            | Event::FixClaimed { .. }
            | Event::FixReminded { .. }
            | Event::AppointmentOffered(_)
            | Event::Notified(_)
            | Event::CameFrom(_)
            | Event::NumberShown { .. }
            | Event::StaffSpoke
            | Event::HandedBack => false,
        }
    }

    /// Whether a survey stands here: under way, put off for a report or an alarm, or waiting to begin.
    fn asks(&self, response: ResponseId) -> bool {
        let run = match &self.activity {
            Activity::Surveying(run) => Some(run),
            Activity::Reporting(report) => report.resume.as_deref(),
            Activity::Idle | Activity::Commenting(_) => None,
        };
        run.into_iter().chain(self.parked.as_deref()).any(|run| run.response == response)
            || self.invited.as_ref().is_some_and(|invited| invited.response == response)
    }
}

impl Turn<'_> {
    /// Says where else the conversation can go on, and how we know them by their number.
    pub(super) fn offer_elsewhere(&mut self) {
        let to = |door: Door| Say::new(format!("elsewhere.to.{}", door.name())).arg("link", Arg::Elsewhere(door));
        let number = Say::new("elsewhere.number").choice(SHARE_NUMBER, "elsewhere.share");
        let lines = std::iter::once(Say::new("elsewhere.intro")).chain(Door::ALL.map(to)).chain([number]);
        self.beside(Say::lines(lines.collect()));
    }

    /// What was left in another conversation goes on here.
    pub(super) fn came_from(&mut self, left: State) {
        let here = Say::new("elsewhere.here");
        if left.language_chosen && !self.state.language_chosen {
            self.set_language(left.language);
            self.state.language_chosen = true;
        }
        self.state.continued_in = None;
        self.state.terms = self.state.terms.max(left.terms);
        self.state.binding = self.state.binding.take().or(left.binding);
        self.state.listening.extend(left.listening);
        self.state.sent_to.extend(left.sent_to);
        self.state.meetings.extend(left.meetings);
        self.state.missed.extend(left.missed);
        self.state.recent = left.recent.or(self.state.recent);
        self.state.alarmed_before.extend(left.alarmed_before);
        self.state.alarmed = left.alarmed.or(self.state.alarmed);
        self.state.invited = left.invited.or(self.state.invited.take());
        self.state.parked = left.parked.or(self.state.parked.take());
        if left.lapsed.is_some() {
            (self.state.lapsed, self.state.lapsed_visit) = (left.lapsed, left.lapsed_visit);
        }
        self.state.fix_to_confirm = left.fix_to_confirm.or(self.state.fix_to_confirm);
        self.state.doubt = left.doubt.or(self.state.doubt.take());
        if !matches!(left.activity, Activity::Idle) {
            self.state.activity = left.activity;
        }
        if let Mode::WithPerson { .. } = left.mode {
            self.state.mode = left.mode;
            self.locate_alarmed(None);
            return self.say(here);
        }
        if self.still_in_doubt(&here) {
            return;
        }
        match self.state.activity.clone() {
            Activity::Surveying(run) => self.ask_again(run, Some(here)),
            Activity::Reporting(report) => self.go_on_with(report, Some(here)),
            Activity::Idle | Activity::Commenting(_) => self.say(menu(here)),
        }
    }

    /// The platform vouched for the person's number.
    pub(super) fn number_shown(&mut self, joined: bool, binding: Option<Binding>) {
        let thanks = Say::new(if joined { "number.known" } else { "number.noted" });
        match binding {
            Some(binding) => {
                self.state.binding = Some(binding);
                if self.state.handed_over() {
                    // No report is under way in which an emergency would take its home.
                    self.locate_alarmed(None);
                }
                let welcome = self.welcome();
                self.aside(menu(Say::lines(vec![thanks, welcome])));
            }
            None => self.aside(thanks),
        }
    }

    /// Whoever asks to be forgotten says so twice.
    pub(super) fn ask_about_forgetting(&mut self) {
        self.say(Say::new("forget.ask").choice(FORGET, "forget.yes").choice("forget:no", "forget.no"));
    }

    /// Words that answer the question whether everything is to be removed: a no keeps it, and to a yes it is asked once
    /// more, since the button alone removes. `false` if they say neither.
    pub(super) fn answers_forgetting(&mut self, words: &Words, command: Option<Command>) -> bool {
        // What staff wrote since is more likely what is answered.
        if !self.state.offers(FORGET) || self.state.interrupted {
            return false;
        }
        match self.wants_to_be_forgotten(words, command) {
            Some(true) => self.ask_about_forgetting(),
            Some(false) => self.forget_verdict(false),
            None => return false,
        }
        true
    }

    /// Reads a yes or a no to that question. Who tells of a fault, or wants a person, answers nothing.
    fn wants_to_be_forgotten(&self, words: &Words, command: Option<Command>) -> Option<bool> {
        let said = &words.understood;
        let danger = said.urgency == Urgency::Emergency || said.danger_unsure;
        match command {
            Some(Command::Yes) => return Some(true),
            Some(Command::No | Command::Cancel) => return Some(false),
            None if !danger && said.symptom.is_none() && said.intent != Intent::HumanAgent => {}
            _ => return None,
        }
        let (told, asks) = (clauses(&words.text), asks_in_words(&words.text));
        let lets_go = |clause: &String| forbids(clause, &KEEPS);
        let keeps = |clause: &String| holds(clause, &KEEPS) && !lets_go(clause) || forbids(clause, &REMOVES);
        let removes = |clause: &String| holds(clause, &REMOVES) || lets_go(clause);
        let agrees = said.affirmed == Some(true) && words.text.trim().len() <= LONGEST_YES;
        if told.iter().any(keeps) && !asks {
            Some(false)
        } else if agrees || told.iter().any(removes) {
            Some(true)
        } else {
            // "No, terrible service" is a complaint, whatever stands first.
            let complains = said.intent == Intent::Complaint;
            (self.begins_with_no(&words.text) && !asks && !complains).then_some(false)
        }
    }

    /// Whether a no stands first: "no, I changed my mind", "不了，谢谢".
    fn begins_with_no(&self, text: &str) -> bool {
        let told = clauses(text);
        let head = told.first().map(|head| head.trim_end_matches('了')).unwrap_or_default();
        let command = self.ctx.script.words.command(head);
        begins_with_plain_no(text) || matches!(command, Some((Command::No | Command::Cancel, _)))
    }

    pub(super) fn forget_verdict(&mut self, yes: bool) {
        // A button of long ago does not count: it might be pressed by mistake.
        if !self.state.offered.iter().any(|choice| choice.id == FORGET) {
            return self.stale_choice();
        }
        self.state.offered.clear();
        if !yes {
            return self.aside(Say::new("forget.kept"));
        }
        self.abandon_survey();
        self.state.activity = Activity::Idle;
        self.effect(Effect::Forget);
        self.say(Say::new("forget.done").arg("phone", Arg::EmergencyPhone));
    }
}

/// Whether a clause forbids one of `deeds`: "先别删", "no wait don't delete me", "不用留着".
fn forbids(clause: &str, deeds: &[&str]) -> bool {
    let forbidden = |word: &&str| {
        clause.split_once(*word).is_some_and(|(before, _)| {
            let before = without(before, &WANTS);
            let near = before.trim_end().trim_end_matches(BETWEEN);
            !near.ends_with(PROPOSES) && FORBIDS.iter().any(|no| near.ends_with(no))
        })
    };
    deeds.iter().any(forbidden)
}

//! When somebody comes: offered times as buttons, the owner's choice or wish, the reminder of the
//! evening before, another time. An offer stands beside a survey or a report that is under way.

use std::time::Duration;

use super::effect::Effect;
use super::say::{Choice, Label, Say};
use super::state::{Meeting, OfferedWindow};
use super::{Turn, Words};
use crate::domain::appointment::{MOST_WINDOWS, Window};
use crate::domain::ids::{AppointmentId, TicketId};
use crate::domain::script::normalised;
use crate::domain::time::Timestamp;
use crate::domain::understanding::Intent;

/// The longest answer that is taken whole as a wish for a time.
const LONGEST_WISH: usize = 60;
/// In seconds.
const DAY: u64 = 24 * 60 * 60;
/// What says that a time does not suit.
const DENIALS: [&str; 7] = ["不", "没", "别", "not ", "n't", "none", "neither"];
/// What names a window by its number.
const NUMBERS: [[&str; 2]; MOST_WINDOWS] = [["第一", "first"], ["第二", "second"], ["第三", "third"]];
/// What says that each of them suits.
const ANY: [&str; 7] = ["都行", "都可以", "都好", "都方便", "随便", "any", "either"];
/// Days, by how far they lie ahead; a name that has another in it stands first.
const DAYS: [(&str, u64); 6] = [("大后天", 3), ("后天", 2), ("明天", 1), ("今天", 0), ("tomorrow", 1), ("today", 0)];
/// Parts of the day, with the hours in which a window of theirs begins.
const PARTS: [(&str, u64, u64); 8] = [
    ("上午", 0, 12),
    ("早上", 0, 12),
    ("下午", 12, 18),
    ("晚上", 18, 24),
    ("傍晚", 17, 24),
    ("morning", 0, 12),
    ("afternoon", 12, 18),
    ("evening", 18, 24),
];

impl Turn<'_> {
    /// Staff offers times, or has agreed on one by telephone; an earlier offer of the ticket is void.
    pub(super) fn appointment_offered(&mut self, meeting: Meeting) {
        let now = self.ctx.now;
        let over = |old: &Meeting| old.agreed.is_some_and(|window| window.until <= now);
        self.state.meetings.retain(|old| old.ticket != meeting.ticket && !over(old));
        let say = match meeting.agreed {
            Some(window) => agreed("appointment.set", &meeting, window),
            None => offer(&meeting),
        };
        self.state.meetings.push(meeting);
        self.beside(say);
    }

    /// Nobody comes at the time that was offered or agreed.
    pub(super) fn appointment_withdrawn(&mut self, ticket: TicketId, quietly: bool) {
        let known = self.state.meetings.iter().position(|meeting| meeting.ticket == ticket);
        let Some(meeting) = known.map(|at| self.state.meetings.remove(at)) else { return };
        if !quietly {
            self.beside(Say::new("appointment.withdrawn").text("ticket", meeting.number));
        }
    }

    /// A button of an appointment: the number of a window, `none` or `change`.
    pub(super) fn appointment_choice(&mut self, id: &str, what: &str) {
        let id = id.parse::<AppointmentId>().ok();
        let Some(meeting) = self.state.meetings.iter().find(|meeting| Some(meeting.appointment) == id).cloned() else {
            return self.stale_choice();
        };
        match what {
            "none" | "change" => self.ask_wish(&meeting, "appointment.ask_wish"),
            number => {
                let at = number.parse::<usize>().ok();
                match at.and_then(|at| meeting.offered.get(at)).map(|offered| offered.window) {
                    Some(window) => self.take_window(&meeting, window),
                    None => self.stale_choice(),
                }
            }
        }
    }

    /// Words while nothing else goes on: a window as it was written, or the wish that was asked for.
    pub(super) fn appointment_words(&mut self, words: &Words) -> bool {
        let said = words.text.trim();
        for meeting in self.state.meetings.clone() {
            if let Some(offered) = meeting.offered.iter().find(|offered| offered.label == said) {
                self.take_window(&meeting, offered.window);
                return true;
            }
        }
        let short = said.chars().count() <= LONGEST_WISH;
        let wish = match words.understood.intent {
            Intent::Smalltalk | Intent::SurveyAnswer | Intent::Suggestion => short,
            // "Any time is fine" sounds pleased.
            Intent::Praise => short && words.understood.wished_time.is_some(),
            Intent::RepairReport | Intent::ProgressQuery | Intent::Complaint | Intent::HumanAgent => false,
        };
        let wish = wish && self.ctx.script.courtesy(said).is_none();
        let Some(asked) = self.state.meetings.iter().position(|meeting| meeting.asked).filter(|_| wish) else {
            return short && self.offer_answered(words);
        };
        let meeting = self.state.meetings.remove(asked);
        self.effect(Effect::WishTime { ticket: meeting.ticket, words: said.to_owned() });
        self.say(Say::new("appointment.wished").text("words", said));
        true
    }

    /// Words about times that were offered: one of them, any of them, none, or another.
    fn offer_answered(&mut self, words: &Words) -> bool {
        let (said, text) = (&words.understood, normalised(&words.text));
        let standing = |meeting: &&Meeting| meeting.agreed.is_none() && !meeting.asked;
        let Some(meeting) = self.state.meetings.iter().rfind(standing).cloned() else { return false };
        let other = said.symptom.is_some() || words.text.trim_end().ends_with(['?', '？', '吗', '呢']);
        let asked_last = self.state.offers("appt:");
        let of_else = matches!(said.intent, Intent::RepairReport | Intent::Complaint | Intent::ProgressQuery);
        if other || !asked_last && (of_else || said.wished_time.is_none()) {
            return false;
        }
        if let Some(offered) = picked(&meeting, &text, said.wished_time.as_deref(), self.ctx.now) {
            self.take_window(&meeting, offered.window);
            return true;
        }
        match (&said.wished_time, said.affirmed) {
            (Some(_), _) => {
                self.effect(Effect::DeclineAppointment { appointment: meeting.appointment });
                self.state.meetings.retain(|known| known.appointment != meeting.appointment);
                self.effect(Effect::WishTime { ticket: meeting.ticket, words: words.text.trim().to_owned() });
                self.say(Say::new("appointment.wished").text("words", words.text.trim()));
                true
            }
            (None, Some(yes)) => self.appointment_verdict(yes),
            (None, None) => false,
        }
    }

    /// A plain yes or no to the one time that was offered.
    pub(super) fn appointment_verdict(&mut self, yes: bool) -> bool {
        let standing = |meeting: &&Meeting| meeting.agreed.is_none() && !meeting.asked;
        let Some(meeting) = self.state.meetings.iter().rfind(standing).cloned() else { return false };
        match (yes, meeting.offered.as_slice()) {
            (true, [only]) => self.take_window(&meeting, only.window),
            (true, _) => self.say(offer(&meeting)),
            (false, _) => self.ask_wish(&meeting, "appointment.ask_wish"),
        }
        true
    }

    /// The owner wants another time.
    pub(super) fn reschedule(&mut self) {
        match self.state.meetings.last().cloned() {
            Some(meeting) if meeting.asked => self.say(Say::new("appointment.ask_wish")),
            Some(meeting) => self.ask_wish(&meeting, "appointment.ask_wish"),
            None => self.aside(Say::new("appointment.nothing")),
        }
    }

    /// It is the evening before, if that is still the time.
    pub(super) fn appointment_eve(&mut self, appointment: AppointmentId, from: Timestamp) {
        let meeting = self.state.meetings.iter().find(|meeting| meeting.appointment == appointment);
        let still = meeting.cloned().and_then(|meeting| {
            let window = meeting.agreed.filter(|window| window.from == from && self.ctx.now < window.until)?;
            Some((meeting, window))
        });
        if let Some((meeting, window)) = still {
            self.beside(agreed("appointment.eve", &meeting, window));
        }
    }

    fn take_window(&mut self, meeting: &Meeting, window: Window) {
        if meeting.asked {
            return self.stale_choice(); // it was turned down; staff looks for another
        }
        if window.until <= self.ctx.now {
            return self.ask_wish(meeting, "appointment.over");
        }
        self.change(meeting, |meeting| meeting.agreed = Some(window));
        self.effect(Effect::AgreeAppointment { appointment: meeting.appointment, window });
        self.beside(agreed("appointment.agreed", meeting, window));
    }

    /// Gives the time back and asks when it would suit.
    fn ask_wish(&mut self, meeting: &Meeting, key: &str) {
        if !meeting.asked {
            self.effect(Effect::DeclineAppointment { appointment: meeting.appointment });
        }
        self.change(meeting, |meeting| {
            meeting.asked = true;
            meeting.agreed = None;
        });
        self.beside(Say::new(key));
    }

    fn change(&mut self, meeting: &Meeting, change: impl FnOnce(&mut Meeting)) {
        if let Some(known) = self.state.meetings.iter_mut().find(|known| known.appointment == meeting.appointment) {
            change(known);
        }
    }
}

/// Returns the window that words name clearly: by its number, by its day and part of the day, or as any of them.
fn picked<'a>(meeting: &'a Meeting, text: &str, wish: Option<&str>, now: Timestamp) -> Option<&'a OfferedWindow> {
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    if has(&DENIALS) {
        return None;
    }
    let mut numbers = NUMBERS.iter().zip(&meeting.offered).filter(|(names, _)| has(names.as_slice()));
    if let Some((_, offered)) = numbers.next() {
        return numbers.next().is_none().then_some(offered);
    }
    let mut suiting = meeting.offered.iter().filter(|offered| wish.is_some_and(|wish| suits(offered, wish, now)));
    match (suiting.next(), suiting.next()) {
        (Some(only), None) => Some(only),
        (None, _) if wish.is_none() && has(&ANY) => meeting.offered.iter().find(|offered| now < offered.window.until),
        _ => None,
    }
}

/// Whether a window is on the day, and in the part of the day, that a wish names. What names a time by the clock, or
/// another week, is not clear enough.
fn suits(offered: &OfferedWindow, wish: &str, now: Timestamp) -> bool {
    let wish = normalised(wish).replace("星期", "周").replace("礼拜", "周");
    if wish.contains("下周") || wish.chars().any(|c| c.is_ascii_digit() || c == '点') {
        return false;
    }
    let Some(clock) = begins_at(&offered.label) else { return false };
    let ahead = (offered.window.from - clock).since(now).as_secs().div_ceil(DAY);
    let hour = clock.as_secs() / 3600;
    let day = DAYS.iter().find(|(name, _)| wish.contains(name)).map(|(_, days)| *days == ahead);
    let part = PARTS.iter().find(|(name, ..)| wish.contains(name)).map(|(_, from, to)| (*from..*to).contains(&hour));
    let weekday = wish
        .split_once('周')
        .map(|(_, rest)| rest.chars().next().is_some_and(|which| offered.label.contains(&format!("周{which}"))));
    let named = [day, part, weekday];
    named.iter().any(Option::is_some) && named.iter().flatten().all(|fits| *fits)
}

/// Reads the time of day at which a window begins from its label, which is written in the time of the place.
fn begins_at(label: &str) -> Option<Duration> {
    let (before, after) = label.split_once(':')?;
    let hours: u64 = before.get(before.len().checked_sub(2)?..)?.parse().ok()?;
    let minutes: u64 = after.get(..2)?.parse().ok()?;
    Some(Duration::from_secs(hours * 3600 + minutes * 60))
}

fn offer(meeting: &Meeting) -> Say {
    let id = meeting.appointment;
    let mut say = Say::new("appointment.offer").text("ticket", meeting.number.clone());
    for (at, offered) in meeting.offered.iter().enumerate() {
        say.choices.push(Choice { id: format!("appt:{id}:{at}"), label: Label::Text(offered.label.clone()) });
    }
    say.choice(format!("appt:{id}:none"), "appointment.none")
}

fn agreed(key: &str, meeting: &Meeting, window: Window) -> Say {
    let label = meeting.offered.iter().find(|offered| offered.window == window).map(|offered| offered.label.clone());
    Say::new(key)
        .text("ticket", meeting.number.clone())
        .text("window", label.unwrap_or_default())
        .choice(format!("appt:{}:change", meeting.appointment), "appointment.change")
}

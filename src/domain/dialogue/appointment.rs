//! When somebody comes: offered times as buttons, the owner's choice or wish, the reminder of the
//! evening before, another time. An offer stands beside a survey or a report that is under way.

use super::effect::Effect;
use super::say::{Choice, Label, Say};
use super::state::Meeting;
use super::{Turn, Words};
use crate::domain::appointment::Window;
use crate::domain::ids::{AppointmentId, TicketId};
use crate::domain::time::Timestamp;
use crate::domain::understanding::Intent;

/// The longest answer that is taken whole as a wish for a time.
const LONGEST_WISH: usize = 60;

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
        let Some(asked) = self.state.meetings.iter().position(|meeting| meeting.asked).filter(|_| wish) else {
            return false;
        };
        let meeting = self.state.meetings.remove(asked);
        self.effect(Effect::WishTime { ticket: meeting.ticket, words: said.to_owned() });
        self.say(Say::new("appointment.wished").text("words", said));
        true
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

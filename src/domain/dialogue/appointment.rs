//! When somebody comes: offered times as buttons, the owner's choice or wish, the reminder of the
//! evening before, another time. An offer stands beside a survey or a report that is under way.

mod absence;
mod arranged;
mod calling;
mod change;
mod clock;
mod days;
mod excuse;
mod heard;
mod meeting;
mod nobody;
mod note;
mod offered;
mod place;
mod plain;
mod standing;
mod wish;

pub use self::meeting::{Meeting, OfferedWindow, Wished};

use jiff::civil::Date;

use self::calling::takes_call_back;
use self::heard::Heard;
use self::wish::Wish;
use super::effect::{About, Effect};
use super::repair::ADDITIONS_WINDOW;
use super::say::{Choice, Label, Say};
use super::state::Activity;
use super::{Turn, Words};
use crate::domain::appointment::Window;
use crate::domain::flag::FlagKind;
use crate::domain::ids::{AppointmentId, TicketId};
use crate::domain::script::normalised;
use crate::domain::time::Timestamp;
use crate::domain::understanding::Intent;

/// The longest answer that is taken whole as a wish for a time.
const LONGEST_WISH: usize = 60;
/// What ends a sentence.
const CLOSING: [char; 8] = ['.', '。', '!', '！', '?', '？', '~', '～'];

impl Turn<'_> {
    /// Staff offers times, or has agreed on one by telephone; an earlier offer of the ticket is void.
    pub(super) fn appointment_offered(&mut self, meeting: Meeting) {
        let now = self.ctx.now;
        let over = |old: &Meeting| old.agreed.is_some_and(|window| window.until <= now);
        self.state.meetings.retain(|old| old.ticket != meeting.ticket && !over(old));
        self.state.wished = self.state.wished.take().filter(|wished| wished.ticket != meeting.ticket);
        let say = match meeting.agreed {
            Some(window) => agreed("appointment.set", &meeting, window),
            None => offer(&meeting),
        };
        self.state.meetings.push(meeting);
        self.beside(say);
    }

    /// Nobody comes at the time that was offered or agreed.
    pub(super) fn appointment_withdrawn(&mut self, ticket: TicketId, quietly: bool) {
        if let Some(wished) = self.state.wished.as_mut().filter(|wished| wished.ticket == ticket) {
            wished.given_back = None;
        }
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

    /// Words while nothing else goes on: a window as it was written, the wish that was asked for, or what is said to
    /// times that were offered or agreed.
    pub(super) fn appointment_words(&mut self, words: &Words) -> bool {
        let said = words.text.trim();
        for meeting in self.state.meetings.clone() {
            if let Some(offered) = meeting.offered.iter().find(|offered| offered.label == said) {
                self.take_window(&meeting, offered.window);
                return true;
            }
        }
        if self.call_visit_off(words) || self.call_offer_off(words) {
            return true;
        }
        if said.chars().count() > LONGEST_WISH {
            return false;
        }
        if self.take_time_back(words) {
            return true;
        }
        let asked = self.state.meetings.iter().position(|meeting| meeting.asked);
        let Some(asked) = asked.filter(|_| self.is_wish(words)) else {
            return self.offer_answered(words) || self.agreed_answered(words) || self.wish_added(words);
        };
        let meeting = self.state.meetings.remove(asked);
        let noted = self.keep_wish(meeting.ticket, words);
        self.say(noted);
        true
    }

    /// Words that sound as if a person was wished for. To times that were offered, and to the question when it would
    /// suit, who asks for nobody says only when to come: "有事打我电话，25号可以", "直接来就行".
    pub(super) fn person_or_time(&mut self, words: &Words) {
        let offered = self.state.offers("appt:");
        let stands = |meeting: &&Meeting| meeting.asked || offered && meeting.agreed.is_none();
        let heard = self.state.meetings.iter().rfind(stands);
        let heard = heard.map(|meeting| Heard::new(&meeting.offered, words, self.ctx.now));
        let idle = matches!(self.state.activity, Activity::Idle | Activity::Commenting(_));
        let sets_time = idle && heard.is_some_and(|heard| heard.only_sets_time());
        if !sets_time || !self.appointment_words(words) {
            self.ask_for_person();
        }
    }

    /// A time that is said right after another was wished: it belongs to the same ticket.
    fn wish_added(&mut self, words: &Words) -> bool {
        let now = self.ctx.now;
        let fresh = self.state.wished.as_ref().filter(|wished| now <= wished.until && !wished.words.is_empty());
        let Some(ticket) = fresh.map(|wished| wished.ticket) else { return false };
        let (said, heard) = (&words.understood, Heard::new(&[], words, self.ctx.now));
        let of_fault = said.symptom.is_some() || said.component.is_some() || said.category.is_some();
        if !self.is_idle() || of_fault || heard.tells_of_past() || heard.asks_else(words) || !heard.is_plain_wish() {
            return false;
        }
        let noted = self.keep_wish(ticket, words);
        self.say(noted);
        true
    }

    /// Keeps with a ticket when it would suit, for a while open to more of it, and returns what is said to that.
    fn keep_wish(&mut self, ticket: TicketId, words: &Words) -> Say {
        let told = self.note_wish(ticket, words);
        // A sentence goes on behind it.
        Say::new("appointment.wished").text("words", told.trim_end_matches(CLOSING))
    }

    /// Notes when it would suit behind what was said of it a moment ago, and returns all of it.
    fn note_wish(&mut self, ticket: TicketId, words: &Words) -> String {
        let said = words.text.trim();
        let fresh = self.fresh_wish(ticket).cloned();
        let told = fresh.as_ref().map_or_else(|| said.to_owned(), |wished| wished.with(said));
        self.effect(Effect::WishTime { ticket, words: told.clone() });
        let until = self.ctx.now + ADDITIONS_WINDOW;
        let given_back = fresh.and_then(|wished| wished.given_back);
        self.state.wished = Some(Wished { ticket, until, words: told.clone(), given_back });
        told
    }

    /// Returns what was said a moment ago of when it would suit for a ticket.
    fn fresh_wish(&self, ticket: TicketId) -> Option<&Wished> {
        self.state.wished.as_ref().filter(|wished| wished.ticket == ticket && self.ctx.now <= wished.until)
    }

    /// Whether words answer the question when it would suit.
    fn is_wish(&self, words: &Words) -> bool {
        let named = self.state.meetings.iter().rfind(|meeting| meeting.asked).is_some_and(|meeting| {
            let heard = Heard::new(&meeting.offered, words, self.ctx.now);
            (heard.is_about_time(words) || heard.keeps_time()) && !heard.asks_else(words)
        });
        let wish = match words.understood.intent {
            // Who asks for a person was heard before.
            Intent::Smalltalk | Intent::SurveyAnswer | Intent::Suggestion | Intent::HumanAgent => true,
            // "Any time is fine" sounds pleased, and a bare "26号下午" like a question.
            Intent::Praise | Intent::ProgressQuery => named,
            Intent::RepairReport | Intent::Complaint => false,
        };
        wish && self.ctx.script.courtesy(&words.text).is_none()
    }

    /// Gives the times back for another that is wished instead.
    fn take_wish(&mut self, meeting: &Meeting, words: &Words) {
        self.decline(meeting);
        self.state.meetings.retain(|known| known.appointment != meeting.appointment);
        let noted = self.keep_wish(meeting.ticket, words);
        self.say(noted);
    }

    /// Whether words call off the visit that is agreed on, or the times that were offered for one, and not the repair.
    pub(super) fn calls_visit_off(&self, words: &Words) -> bool {
        self.visit_called_off(words).is_some() || self.offer_called_off(words).is_some()
    }

    /// Whether words want the time back that was given back a moment ago, or keep the one that stands: they call nothing
    /// off.
    pub(super) fn wants_time_back(&self, words: &Words) -> bool {
        let heard = |meeting: &Meeting| Heard::new(&meeting.offered, words, self.ctx.now);
        let asked = self.state.meetings.iter().rfind(|meeting| meeting.asked);
        let kept = takes_call_back(&normalised(&words.text));
        let stays = |(meeting, window): (Meeting, Window)| {
            let heard = heard(&meeting);
            kept || heard.stays_as_it_was(window) || heard.leaves_visit(window)
        };
        let stands = self.visit_ahead().is_some_and(stays);
        stands || asked.is_some_and(|meeting| heard(meeting).keeps_time()) || self.time_wanted_back(words).is_some()
    }

    /// A ticket is called off: nobody comes at its agreed time, of which staff hears with the ticket, and it is asked no
    /// more when it would suit.
    pub(super) fn give_visit_up(&mut self, ticket: TicketId) {
        let now = self.ctx.now;
        let known = self.state.meetings.iter().find(|meeting| meeting.ticket == ticket).cloned();
        let ahead = |meeting: &Meeting| meeting.agreed.is_some_and(|window| now < window.until);
        if let Some(meeting) = known.filter(ahead) {
            self.effect(Effect::CallOffAppointment { appointment: meeting.appointment });
            self.remember_agreed(&meeting);
        }
        let offered = |meeting: &Meeting| meeting.agreed.is_none() && !meeting.asked;
        self.state.meetings.retain(|meeting| meeting.ticket != ticket || offered(meeting));
    }

    /// Returns the offer that still waits for an answer, the last of several.
    fn standing_offer(&self) -> Option<Meeting> {
        self.state.meetings.iter().rfind(|meeting| meeting.agreed.is_none() && !meeting.asked).cloned()
    }

    /// Puts the offer that still stands once more, where words said nothing clear to it.
    pub(super) fn offer_again(&mut self) -> bool {
        let ahead = |meeting: &Meeting| meeting.offered.iter().any(|offered| self.ctx.now < offered.window.until);
        let Some(meeting) = self.standing_offer().filter(ahead) else { return false };
        self.say(Say::lines(vec![Say::new("appointment.unclear"), offer(&meeting)]));
        true
    }

    /// Adds to a line about a ticket when somebody comes, if that is agreed.
    pub(super) fn with_visit(&self, mut line: Say, ticket: TicketId) -> Say {
        let meeting = self.state.meetings.iter().find(|meeting| meeting.ticket == ticket);
        let window = meeting.and_then(|meeting| meeting.agreed).filter(|window| self.ctx.now < window.until);
        if let Some(label) = meeting.zip(window).and_then(|(meeting, window)| label_of(meeting, window)) {
            line.lines.push(Say::new("appointment.visit").text("window", label));
        }
        line
    }

    /// A plain yes or no to the one time that was offered.
    pub(super) fn appointment_verdict(&mut self, yes: bool) -> bool {
        let Some(meeting) = self.standing_offer() else { return false };
        match (yes, meeting.offered.as_slice()) {
            (true, [only]) => self.take_window(&meeting, only.window),
            (true, _) => self.say(offer(&meeting)),
            (false, _) => self.ask_wish(&meeting, "appointment.ask_wish"),
        }
        true
    }

    /// Whether a bare word for a change may be meant for a time that is offered or agreed: nothing else is under way.
    pub(super) fn has_time_to_change(&self) -> bool {
        let asked = self.state.meetings.last().is_some_and(|meeting| meeting.asked);
        self.is_idle() && (asked || self.standing_offer().is_some() || self.visit_ahead().is_some())
    }

    /// A bare word for a change: 改. Where a time was spoken of last, or when one would suit, it is that; else what can be
    /// changed is shown with its button.
    pub(super) fn change_time(&mut self) {
        let spoken_of = self.state.offers("appt:");
        match (self.visit_ahead(), self.standing_offer()) {
            (Some((meeting, window)), _) if !spoken_of => self.say(agreed("appointment.set", &meeting, window)),
            (None, Some(meeting)) if !spoken_of => self.say(offer(&meeting)),
            _ => self.reschedule(),
        }
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
        if let Some(say) = self.agree_on(meeting, window) {
            self.beside(say);
        }
    }

    /// Takes a window that words name. An hour within it is kept with the ticket for who comes, and staff sees whether
    /// it can be, as with a time that is agreed on before.
    fn take_named(&mut self, meeting: &Meeting, window: Window, heard: &Heard, words: &Words) {
        let Some(say) = self.agree_on(meeting, window) else { return };
        if !heard.names_hour_of(window) {
            return self.beside(say);
        }
        self.tell_ticket(meeting.ticket, words);
        self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Ticket(meeting.ticket) });
        let noted = Say::new("report.added_to_ticket").text("ticket", meeting.number.clone());
        self.beside(Say::lines(vec![noted, say]));
    }

    /// Agrees on a window and returns what is said to that; says itself why it cannot be taken any more.
    fn agree_on(&mut self, meeting: &Meeting, window: Window) -> Option<Say> {
        if meeting.asked {
            self.stale_choice(); // it was turned down; staff looks for another
            return None;
        }
        if window.until <= self.ctx.now {
            self.ask_wish(meeting, "appointment.over");
            return None;
        }
        self.change(meeting, |meeting| meeting.agreed = Some(window));
        self.effect(Effect::AgreeAppointment { appointment: meeting.appointment, window });
        Some(agreed("appointment.agreed", meeting, window))
    }

    /// Gives the time back and asks when it would suit.
    fn ask_wish(&mut self, meeting: &Meeting, key: &str) {
        self.give_back(meeting, Say::new(key));
    }

    /// Gives the time back and says what asks when it would suit.
    fn give_back(&mut self, meeting: &Meeting, ask: Say) {
        self.decline(meeting);
        self.change(meeting, |meeting| {
            meeting.asked = true;
            meeting.agreed = None;
        });
        self.beside(ask);
    }

    fn decline(&mut self, meeting: &Meeting) {
        if !meeting.asked {
            self.effect(Effect::DeclineAppointment { appointment: meeting.appointment });
        }
        self.remember_agreed(meeting);
    }

    /// Remembers an agreed time that is given back: for a while it may be wanted again.
    fn remember_agreed(&mut self, meeting: &Meeting) {
        if meeting.agreed.is_some() {
            let words = self.fresh_wish(meeting.ticket).map(|wished| wished.words.clone()).unwrap_or_default();
            let until = self.ctx.now + ADDITIONS_WINDOW;
            let given_back = Some(meeting.clone());
            self.state.wished = Some(Wished { ticket: meeting.ticket, until, words, given_back });
        }
    }

    fn change(&mut self, meeting: &Meeting, change: impl FnOnce(&mut Meeting)) {
        if let Some(known) = self.state.meetings.iter_mut().find(|known| known.appointment == meeting.appointment) {
            change(known);
        }
    }
}

/// Whether a text names a day, a part of it or an hour.
pub(super) fn names_time(text: &str) -> bool {
    Wish::named_in(&normalised(text), Date::ZERO).names_time()
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
    Say::new(key)
        .text("ticket", meeting.number.clone())
        .text("window", label_of(meeting, window).unwrap_or_default())
        .choice(format!("appt:{}:change", meeting.appointment), "appointment.change")
}

fn label_of(meeting: &Meeting, window: Window) -> Option<&str> {
    meeting.offered.iter().find(|offered| offered.window == window).map(|offered| offered.label.as_str())
}

//! Words about a time that is agreed on: another one, an hour within it, that nobody is there or that nobody is to come,
//! and that it stands after all.

use super::calling::{asks_after_call, keeps_away, leaves_call_open, takes_call_back, without_visit};
use super::heard::{Heard, Picked};
use super::standing::is_slip;
use super::{Meeting, agreed, label_of};
use crate::domain::appointment::Window;
use crate::domain::dialogue::clause::{asks, clauses};
use crate::domain::dialogue::effect::{About, Effect};
use crate::domain::dialogue::reading::{is_complaint, only_sounds_displeased, says_too_little};
use crate::domain::dialogue::say::{Choice, Say};
use crate::domain::dialogue::state::Activity;
use crate::domain::dialogue::{Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::script::normalised;
use crate::domain::ticket::Status;
use crate::domain::understanding::{Intent, Sentiment};

/// So long, in characters, are at most words that call a visit off: they may say why.
const LONGEST_CALL: usize = 160;

impl Turn<'_> {
    /// Words about a time that is agreed on: another one, that nobody is there, or when it was.
    pub(super) fn agreed_answered(&mut self, words: &Words) -> bool {
        let Some((meeting, window)) = self.visit_ahead() else { return false };
        let heard = Heard::new(&meeting.offered, words, self.ctx.now);
        let text = normalised(&words.text);
        let idle = matches!(self.state.activity, Activity::Idle);
        if idle && heard.excuses(window) && !asks(&words.text) && !self.is_announced() {
            // What sounds like a fault is the excuse: "tomorrow doesn't work".
            self.ask_wish(&meeting, "appointment.ask_wish");
            return true;
        }
        if !idle || words.understood.symptom.is_some() || heard.tells_of_past() {
            return false;
        }
        let moves = heard.moves();
        let unsuits = heard.finds_nobody() || self.state.offers("appt:") && heard.only_refuses();
        let unsuited = unsuits && !self.is_announced();
        if (heard.stays_as_it_was(window) || takes_call_back(&text)) && !unsuited {
            self.keep_as_it_was(&meeting, window, words);
            return true;
        }
        if heard.wishes_within(window) && (moves || heard.is_plain_wish() && !asks(&words.text)) {
            self.wish_within(&meeting, window, words);
            return true;
        }
        if heard.wants_no_other() && !moves && !unsuited {
            self.say(agreed("appointment.set", &meeting, window));
            return true;
        }
        let own_day = heard.names_day_of(window);
        let other_day = !own_day && !heard.named.days.is_empty();
        let of_other_day = unsuited && other_day;
        let asks = heard.asks_when() && self.ctx.tickets.len() < 2 || unsuited && heard.asks_what_then();
        let of_call = heard.asks_how_to_call_off() || asks_after_call(&text);
        if !moves && (of_other_day || asks || of_call) {
            // Nobody comes on the day that does not suit, or it is asked when somebody does and what is done then.
            self.say(agreed("appointment.set", &meeting, window));
            return true;
        }
        if !moves && heard.leaves_somebody() {
            self.note_for_visit(&meeting, window, words);
            if heard.may_find_nobody() && !other_day {
                // Somebody should ask before the way is made for nothing.
                self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Ticket(meeting.ticket) });
            }
            return true;
        }
        if !moves && unsuited && heard.divides(window) {
            // "Nobody home until 10": the rest of the time may suit.
            return self.shift_wished(&meeting, window, words);
        }
        if !moves && !unsuited {
            return heard.shifts() && self.shift_wished(&meeting, window, words);
        }
        match heard.picked(&meeting.offered, self.ctx.now) {
            // "周一能换个时间吗": the day that is named is the one that does not suit.
            _ if own_day && heard.gives_back() => self.ask_wish(&meeting, "appointment.ask_wish"),
            Picked::One(offered) if offered.window == window => self.say(agreed("appointment.set", &meeting, window)),
            Picked::One(offered) if heard.may_mean(offered.window, window) => {
                self.take_named(&meeting, offered.window, &heard, words);
            }
            // No such time was offered.
            _ if heard.swaps() && !heard.gives_back() => self.say(agreed("appointment.set", &meeting, window)),
            _ if heard.wish.names_time() => self.take_wish(&meeting, words),
            Picked::One(_) | Picked::Several | Picked::None => self.ask_wish(&meeting, "appointment.ask_wish"),
        }
        true
    }

    /// Gives the time of a visit back that is called off, and asks when it would suit, unless that is said as well:
    /// "取消周三的，周五上午可以". Who scolds besides is heard for that.
    pub(super) fn call_visit_off(&mut self, words: &Words) -> bool {
        let Some((meeting, window)) = self.visit_called_off(words) else { return false };
        let said = &words.understood;
        let cross = said.intent == Intent::Complaint || said.sentiment == Sentiment::Negative;
        if cross && is_complaint(words) && !only_sounds_displeased(words) && !says_too_little(words) {
            self.hear_displeasure(words);
        }
        let heard = Heard::new(&meeting.offered, words, self.ctx.now);
        match heard.picked(&meeting.offered, self.ctx.now) {
            Picked::One(offered) if offered.window != window && heard.may_mean(offered.window, window) => {
                self.take_named(&meeting, offered.window, &heard, words);
            }
            _ if heard.wish.names_time() => self.take_wish(&meeting, words),
            Picked::One(_) | Picked::Several | Picked::None => {
                let label = label_of(&meeting, window).unwrap_or_default();
                self.give_back(&meeting, Say::new("appointment.called_off").text("window", label));
            }
        }
        true
    }

    /// Returns the visit that words call off, by its name, by its day, or as the one thing that can be meant. Who calls
    /// the repair off as well is heard for that.
    pub(super) fn visit_called_off(&self, words: &Words) -> Option<(Meeting, Window)> {
        if !self.heeds_calls(words) {
            return None;
        }
        let idle = self.is_idle();
        let questioned = asks(&words.text);
        let is_called_off = |(meeting, window): &(&Meeting, Window)| {
            let heard = Heard::new(&meeting.offered, words, self.ctx.now);
            let bare = idle && self.can_only_mean(meeting, words);
            heard.calls(*window, questioned).any(|call| (call.named || bare) && self.is_meant(call.before))
        };
        let found = self.visits_ahead().find(is_called_off)?;
        (!self.gives_repair_up(words)).then(|| (found.0.clone(), found.1))
    }

    /// Whether it is heard now that a visit is called off: not where words take that back, or leave it open. To the
    /// question whether it is fixed "不用来了" is a yes.
    pub(super) fn heeds_calls(&self, words: &Words) -> bool {
        let heeded = self.is_idle() || matches!(self.state.activity, Activity::Commenting(_));
        let text = normalised(&words.text);
        let heeded = heeded && !takes_call_back(&text) && !leaves_call_open(&text);
        heeded && words.text.chars().count() <= LONGEST_CALL && self.fix_confirmed(words).is_none()
    }

    /// Whether a bare word for it can mean nothing but this visit: nothing else is asked, was filed or is arranged.
    fn can_only_mean(&self, meeting: &Meeting, words: &Words) -> bool {
        // Below a menu, one word leaves the menu.
        let is_command = self.ctx.script.words.command(&words.text).is_some();
        let of_visit = |choice: &Choice| choice.id.starts_with("appt:") || !is_command && choice.id.starts_with("do:");
        let asked = !self.state.offered.iter().all(of_visit) || self.is_announced();
        let filed_since = self.recent_ticket().is_some_and(|recent| recent.ticket != meeting.ticket);
        self.state.meetings.len() == 1 && !asked && !filed_since
    }

    /// Whether words call the repair off as well: "取消上门，已经修好了". Who says only that nobody is to come may want
    /// somebody another day: "不用来了".
    pub(super) fn gives_repair_up(&self, words: &Words) -> bool {
        let over = &self.ctx.script.repair.over;
        let besides =
            |clause: &String| !keeps_away(clause) && (over.contains(clause) || self.calls_off(&without_visit(clause)));
        self.withdraws(words) && clauses(&words.text).iter().any(besides)
    }

    /// Takes the time again that was given back a moment ago. Staff, who was told of that, is told of this as well.
    pub(super) fn take_time_back(&mut self, words: &Words) -> bool {
        let Some((meeting, window)) = self.time_wanted_back(words) else { return false };
        self.note_wish(meeting.ticket, words);
        self.state.wished = None;
        self.effect(Effect::AgreeAppointment { appointment: meeting.appointment, window });
        self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Ticket(meeting.ticket) });
        let say = agreed("appointment.agreed", &meeting, window);
        self.state.meetings.retain(|known| known.ticket != meeting.ticket);
        self.state.meetings.push(meeting);
        self.say(say);
        true
    }

    /// Returns the time that was given back a moment ago, if words want it after all and there is still something to
    /// mend.
    pub(super) fn time_wanted_back(&self, words: &Words) -> Option<(Meeting, Window)> {
        let now = self.ctx.now;
        let wished = self.state.wished.as_ref().filter(|wished| now <= wished.until)?;
        let meeting = wished.given_back.as_ref()?;
        let window = meeting.agreed.filter(|window| now < window.until)?;
        let mut tickets = self.ctx.tickets.iter();
        let open = tickets.any(|open| open.id == meeting.ticket && open.status != Status::Rectified.name());
        let heard = Heard::new(&meeting.offered, words, now);
        let wanted = heard.is_wanted_back(window) || is_slip(&normalised(&words.text));
        let wanted = wanted && !heard.finds_nobody();
        (open && wanted && self.is_idle()).then(|| (meeting.clone(), window))
    }

    /// Returns the visit that is agreed on and not over, the last of several.
    pub(super) fn visit_ahead(&self) -> Option<(Meeting, Window)> {
        self.visits_ahead().next().map(|(meeting, window)| (meeting.clone(), window))
    }

    fn visits_ahead(&self) -> impl Iterator<Item = (&Meeting, Window)> {
        let now = self.ctx.now;
        self.state.meetings.iter().rev().filter_map(move |meeting| {
            let window = meeting.agreed.filter(|window| now < window.until)?;
            Some((meeting, window))
        })
    }

    /// An hour within the agreed time is wished: the time stands, who comes is told, and staff sees whether it can be.
    fn wish_within(&mut self, meeting: &Meeting, window: Window, words: &Words) {
        self.note_for_visit(meeting, window, words);
        self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Ticket(meeting.ticket) });
    }

    /// It would rather be sooner or later, and is not said when, or it is not sure that the time suits: it stands until
    /// staff, who is told, finds another.
    pub(super) fn shift_wished(&mut self, meeting: &Meeting, window: Window, words: &Words) -> bool {
        let noted = self.keep_wish(meeting.ticket, words);
        self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Ticket(meeting.ticket) });
        self.say(Say::lines(vec![noted, agreed("appointment.set", meeting, window)]));
        true
    }

    /// The time is to stay as it is, whatever else was wished or told a moment ago: who comes is told that as well.
    fn keep_as_it_was(&mut self, meeting: &Meeting, window: Window, words: &Words) {
        if self.fresh_wish(meeting.ticket).is_none() {
            return self.note_for_visit(meeting, window, words);
        }
        self.note_wish(meeting.ticket, words);
        self.say(agreed("appointment.set", meeting, window));
    }

    /// The time stands, and who comes is told: somebody else opens, or it is not sure that nobody does.
    pub(super) fn note_for_visit(&mut self, meeting: &Meeting, window: Window, words: &Words) {
        self.effect(Effect::AddToTicket {
            ticket: meeting.ticket,
            text: Some(words.text.clone()),
            media: words.media.into_iter().collect(),
            location: None,
        });
        let noted = Say::new("report.added_to_ticket").text("ticket", meeting.number.clone());
        self.say(Say::lines(vec![noted, agreed("appointment.set", meeting, window)]));
    }
}

//! Times that pass: a report or a survey left lying is recalled and let go, staff or not.
//!
//! What is said then is the matter of `repair`, `survey` and `appointment`.

use std::time::Duration;

use super::effect::{Effect, Timer};
use super::say::Say;
use super::state::Activity;
use super::{Event, Turn};

/// An unanswered survey is brought up once more after this (DOMAIN.md, "Visit plan": 48–72 h) …
const REMIND_AFTER: Duration = Duration::from_secs(48 * 3600);
/// … and let go after this (DOMAIN.md: expiry 14 d).
const EXPIRE_AFTER: Duration = Duration::from_secs(14 * 24 * 3600);

impl Turn<'_> {
    /// Sets a time after which the conversation is looked at again.
    pub(super) fn wake_for(&mut self, timer: Timer, anew: bool) {
        let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
        let form = &self.ctx.script.repair;
        let after = match timer {
            Timer::ReportReminder { .. } => minutes(form.remind_after_minutes),
            Timer::ReportUnconfirmed { .. } => minutes(form.file_after_minutes),
            Timer::SurveyReminder { .. } => REMIND_AFTER,
            Timer::SurveyExpiry { .. } => EXPIRE_AFTER,
            // Set by staff's appointment, never from here; it is said also while they have the conversation.
            Timer::AppointmentEve { .. } => return,
        };
        self.effect(Effect::Remind { timer, after, anew });
    }

    /// A time that was set has passed.
    pub(super) fn elapsed(&mut self, timer: Timer) {
        let waits = matches!(
            timer,
            Timer::ReportReminder { .. } | Timer::ReportUnconfirmed { .. } | Timer::SurveyReminder { .. }
        );
        if self.state.handed_over() && waits {
            // Staff does not want to be interrupted; nor is it forgotten.
            if !self.state.missed.contains(&timer) {
                self.state.missed.push(timer);
            }
            return;
        }
        match timer {
            Timer::ReportReminder { ticket } => self.report_left(ticket, false),
            Timer::ReportUnconfirmed { ticket } => {
                let stood = self.state.awaits(&Event::Elapsed(timer));
                self.report_left(ticket, true);
                // A survey that waited for its end: nothing else would ever take it up.
                if stood && matches!(self.state.activity, Activity::Idle) {
                    self.begin_waiting_survey();
                }
            }
            Timer::SurveyReminder { response } => {
                let idle = matches!(self.state.activity, Activity::Idle | Activity::Commenting(_));
                let parked = if idle { self.take_parked(response).map(|run| *run) } else { None };
                if let Some(run) = self.run_of(response).or(parked) {
                    self.ask_again(run, Some(Say::new("survey.reminder")));
                } else if self.is_announced_as(response) {
                    self.beside(Say::new(super::ANNOUNCEMENT));
                }
            }
            Timer::SurveyExpiry { response } => {
                if self.is_announced_as(response) {
                    // Nothing may be said; who writes after all is asked anew.
                    self.state.lapsed = self.state.invited.take().map(|invited| invited.survey);
                }
                // What waits behind a report or an alarm runs out as well; nobody is told in the middle of it.
                if let Some(run) = self.take_parked(response) {
                    self.abandon(&run);
                    self.state.lapsed = Some(run.survey.id);
                }
                if let Some(run) = self.run_of(response) {
                    self.abandon(&run);
                    self.state.activity = Activity::Idle;
                    self.state.lapsed = Some(run.survey.id);
                    if !self.state.handed_over() {
                        self.say(Say::new("survey.expired").choice("do:survey", "survey.answer_late"));
                    }
                }
            }
            Timer::AppointmentEve { appointment, from } => self.appointment_eve(appointment, from),
        }
    }

    /// Sets the times anew that passed while staff had the conversation, if they still stand for something.
    pub(super) fn count_missed_anew(&mut self) {
        for timer in std::mem::take(&mut self.state.missed) {
            if self.state.awaits(&Event::Elapsed(timer)) {
                self.wake_for(timer, true);
            }
        }
    }
}

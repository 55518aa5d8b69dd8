//! A survey that is due: begun, kept until something else is over, or announced to somebody who has to
//! write first. How it is then asked is `survey`.

use super::Turn;
use super::effect::Effect;
use super::say::Say;
use super::state::{Activity, Invitation};
use crate::domain::ids::ResponseId;

impl Turn<'_> {
    /// Begins a survey that is due, or remembers it while something else goes on.
    ///
    /// Whether the person wants surveys was looked at before, on their record: what this conversation
    /// remembers of it is older if they took it back in another.
    pub(super) fn invited(&mut self, response: ResponseId, survey: &str, intro: Option<Say>) {
        self.state.surveys_stopped = false;
        let busy =
            self.state.handed_over() || matches!(self.state.activity, Activity::Reporting(_) | Activity::Surveying(_));
        if busy {
            self.state.invited = Some(Invitation { response, survey: survey.to_owned(), intro, announced: false });
        } else {
            self.begin_survey(response, survey, intro);
        }
    }

    /// Announces a survey that is due to somebody who has to write first.
    pub(super) fn announced(&mut self, response: ResponseId, survey: &str, intro: Option<Say>) {
        let Some(known) = self.ctx.script.surveys.get(survey).cloned() else { return };
        self.state.surveys_stopped = false;
        self.open_survey(response, &known);
        self.state.invited = Some(Invitation { response, survey: known.id, intro, announced: true });
        self.say(Say::new(super::ANNOUNCEMENT));
    }

    /// Lets a survey go that staff has seen to, without a word: under way, put off for a report, or announced.
    pub(super) fn withdrawn(&mut self, response: ResponseId, survey: &str) {
        let invited = self.state.invited.take_if(|invited| invited.response == response);
        let parked = match &mut self.state.activity {
            Activity::Reporting(report) => report.resume.take_if(|run| run.response == response),
            Activity::Idle | Activity::Commenting(_) | Activity::Surveying(_) => None,
        };
        match &self.state.activity {
            Activity::Surveying(run) if run.response == response => {
                let run = run.clone();
                self.abandon(&run);
                self.state.activity = Activity::Idle;
                self.state.offered.clear();
            }
            _ => match (parked, invited) {
                (Some(run), _) => self.abandon(&run),
                (None, Some(_)) => self.effect(Effect::AbandonResponse { response }),
                // It ran out before: whoever comes back to it is not asked again.
                (None, None) => drop(self.state.lapsed.take_if(|lapsed| lapsed == survey)),
            },
        }
    }

    /// Lets the survey go that is under way, or waits behind a report.
    pub(super) fn abandon_survey(&mut self) {
        let parked = match &mut self.state.activity {
            Activity::Surveying(run) => {
                let run = Box::new(run.clone());
                self.state.activity = Activity::Idle;
                Some(run)
            }
            Activity::Reporting(report) => report.resume.take(),
            Activity::Idle | Activity::Commenting(_) => None,
        };
        if let Some(run) = parked {
            self.abandon(&run);
        }
    }

    /// Takes up a survey that had to wait.
    pub(super) fn begin_waiting_survey(&mut self) {
        if let Some(invitation) = self.state.invited.take() {
            self.take_up(invitation);
        }
    }

    /// Begins a survey that was kept.
    pub(super) fn take_up(&mut self, invitation: Invitation) {
        let Invitation { response, survey, intro, announced } = invitation;
        match self.ctx.script.surveys.get(&survey).cloned() {
            Some(survey) if announced => self.put_survey(response, survey, intro),
            _ => self.begin_survey(response, &survey, intro),
        }
    }

    /// Whether a survey was announced and waits for the person's word.
    pub(super) fn is_announced(&self) -> bool {
        self.state.invited.as_ref().is_some_and(|invited| invited.announced)
    }
}

//! A survey that is due: begun, kept until something else is over, or announced to somebody who has to
//! write first. How it is then asked is `survey`.

use super::Turn;
use super::say::Say;
use super::state::{Activity, Invitation};
use crate::domain::ids::ResponseId;

impl Turn<'_> {
    /// Begins a survey that is due, or remembers it while something else goes on.
    pub(super) fn invited(&mut self, response: ResponseId, survey: &str, intro: Option<Say>) {
        if self.state.surveys_stopped {
            return;
        }
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
        let known = self.ctx.script.surveys.get(survey).filter(|_| !self.state.surveys_stopped);
        let Some(known) = known.cloned() else { return };
        self.open_survey(response, &known);
        self.state.invited = Some(Invitation { response, survey: known.id, intro, announced: true });
        self.say(Say::new(super::ANNOUNCEMENT));
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

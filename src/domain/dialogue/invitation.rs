//! A survey that is due: begun, kept until something else is over, or announced to somebody who has to
//! write first. How it is then asked is `survey`.

use super::Turn;
use super::effect::Effect;
use super::say::Say;
use super::state::{Activity, Invitation, Report, SurveyRun};
use super::survey::run_tag;
use crate::domain::ids::{ResponseId, VisitId};
use crate::domain::understanding::{Intent, Sentiment, Understanding};

/// Which survey `/survey` begins.
const SURVEY_ON_REQUEST: &str = "maintenance";

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
            let survey = survey.to_owned();
            self.state.invited = Some(Invitation { response, survey, intro, announced: false, visit: None });
        } else {
            self.begin_survey(response, survey, intro);
        }
    }

    /// Announces a survey that is due to somebody who has to write first.
    pub(super) fn announced(&mut self, response: ResponseId, survey: &str, intro: Option<Say>) {
        let Some(known) = self.ctx.script.surveys.get(survey).cloned() else { return };
        self.state.surveys_stopped = false;
        self.open_survey(response, &known);
        let survey = known.id;
        self.state.invited = Some(Invitation { response, survey, intro, announced: true, visit: None });
        self.say(Say::new(super::ANNOUNCEMENT));
    }

    /// Lets a survey go that staff has seen to, without a word: under way, put off for a report, or announced.
    pub(super) fn withdrawn(&mut self, response: ResponseId, survey: &str) {
        let invited = self.state.invited.take_if(|invited| invited.response == response);
        let parked = self.take_parked(response);
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

    /// Takes a survey from behind the report for which it waits, or from where an alarm left it; a report goes on.
    pub(super) fn take_parked(&mut self, response: ResponseId) -> Option<Box<SurveyRun>> {
        let behind = match &mut self.state.activity {
            Activity::Reporting(report) => report.resume.take_if(|run| run.response == response),
            Activity::Idle | Activity::Commenting(_) | Activity::Surveying(_) => None,
        };
        behind.or_else(|| self.state.parked.take_if(|run| run.response == response))
    }

    /// Lets the survey go that is under way, or waits behind a report or an alarm.
    pub(super) fn abandon_survey(&mut self) {
        let stood = match &mut self.state.activity {
            Activity::Surveying(run) => {
                let run = Box::new(run.clone());
                self.state.activity = Activity::Idle;
                Some(run)
            }
            Activity::Reporting(report) => report.resume.take(),
            Activity::Idle | Activity::Commenting(_) => None,
        };
        let parked = self.state.parked.take();
        for run in stood.into_iter().chain(parked) {
            self.abandon(&run);
        }
    }

    /// Puts a survey by that an alarm broke off.
    pub(super) fn park(&mut self, run: Box<SurveyRun>) {
        if let Some(before) = self.state.parked.replace(run) {
            self.abandon(&before);
        }
    }

    /// Whether a button of that head belongs to the survey that an alarm broke off.
    pub(super) fn is_of_parked(&self, head: &str) -> bool {
        self.state.parked.as_ref().is_some_and(|run| head == format!("q{}", run_tag(run.response)))
    }

    /// Such a button: the survey goes on with what it answers.
    pub(super) fn parked_choice(&mut self, question: &str, value: &str) {
        if let Some(run) = self.state.parked.take() {
            self.survey_choice(*run, question, value);
        }
    }

    /// Goes on with the survey that an alarm broke off; `false` if there is none.
    fn go_on_with_parked(&mut self) -> bool {
        let Some(run) = self.state.parked.take() else { return false };
        self.ask_again(*run, Some(Say::new("survey.resumed")));
        true
    }

    /// Takes up a survey that had to wait; one that an alarm broke off not while that is fresh.
    pub(super) fn begin_waiting_survey(&mut self) {
        if let Some(invitation) = self.state.invited.take() {
            self.take_up(invitation);
        } else if self.lately_alarmed().next().is_none() {
            self.go_on_with_parked();
        }
    }

    /// Begins a survey that was kept.
    pub(super) fn take_up(&mut self, invitation: Invitation) {
        let Invitation { response, survey, intro, announced, visit } = invitation;
        match self.ctx.script.surveys.get(&survey).cloned() {
            Some(survey) if announced => self.put_survey(response, survey, intro),
            _ => self.begin_for(visit, response, &survey, intro),
        }
    }

    /// Begins the survey that ran out last, or the one that is there for everybody; `first` is said before.
    pub(super) fn begin_wished_for(&mut self, first: Option<Say>) {
        let (survey, visit) = self.take_wished_for();
        self.begin_for(visit, ResponseId(self.ctx.fresh), &survey, first);
    }

    /// Begins a survey that counts for a visit whose own ran out, if it does.
    fn begin_for(&mut self, visit: Option<VisitId>, response: ResponseId, survey: &str, first: Option<Say>) {
        self.begin_survey(response, survey, first);
        // One that is no longer in prompts/ was not begun.
        if let (Some(visit), Some(_)) = (visit, self.run_of(response)) {
            self.effect(Effect::AnswerLate { response, visit });
        }
    }

    fn take_wished_for(&mut self) -> (String, Option<VisitId>) {
        let visit = self.state.lapsed_visit.take();
        match self.state.lapsed.take() {
            Some(survey) => (survey, visit),
            None => (SURVEY_ON_REQUEST.to_owned(), None),
        }
    }

    /// Begins a survey because it is wished for, or goes on with the one under way.
    pub(super) fn survey_on_request(&mut self) {
        if let Activity::Reporting(report) = self.state.activity.clone() {
            if report.holds_something() {
                return self.survey_after(report);
            }
            self.leave_report(&report);
        }
        match (&self.state.activity, self.state.invited.take()) {
            (Activity::Surveying(run), invited) => {
                let run = run.clone();
                self.state.invited = invited;
                self.ask_again(run, None);
            }
            (_, Some(invited)) => self.take_up(invited),
            (_, None) => {
                if !self.go_on_with_parked() {
                    self.begin_wished_for(None);
                }
            }
        }
    }

    /// Goes on with the report first; the survey that is wished for waits for its end.
    fn survey_after(&mut self, report: Report) {
        if report.resume.is_none() && self.state.invited.is_none() && self.state.parked.is_none() {
            let (survey, visit) = self.take_wished_for();
            let response = ResponseId(self.ctx.fresh);
            self.state.invited = Some(Invitation { response, survey, intro: None, announced: false, visit });
        }
        self.go_on_with(report, None);
    }

    /// Takes the survey out of what is going on, so that it waits behind a report.
    pub(super) fn suspended_survey(&mut self) -> Option<Box<SurveyRun>> {
        match std::mem::replace(&mut self.state.activity, Activity::Idle) {
            Activity::Surveying(run) => Some(Box::new(run)),
            Activity::Reporting(report) => report.resume,
            Activity::Idle | Activity::Commenting(_) => None,
        }
    }

    /// Whether a survey was announced and waits for the person's word.
    pub(super) fn is_announced(&self) -> bool {
        self.state.invited.as_ref().is_some_and(|invited| invited.announced)
    }
}

/// Whether words are the word for which an announced survey waits: anything but a wish of its own.
pub(super) fn answers_announcement(understood: &Understanding) -> bool {
    match understood.intent {
        Intent::Smalltalk | Intent::Praise => true,
        Intent::SurveyAnswer => understood.sentiment != Sentiment::Negative,
        Intent::RepairReport | Intent::ProgressQuery | Intent::Complaint | Intent::Suggestion | Intent::HumanAgent => {
            false
        }
    }
}

//! Anonymous surveys: the answers are kept, and nothing that staff can open leads from them to the
//! person (DOMAIN.md, "Surveys").
//!
//! The response has no contact, unit or conversation, only a project, and of its times only the day;
//! the visit forgets the response when it is answered or left; what was typed or tapped in answer is
//! not kept in the conversation. A recording stays where it was sent, and the survey's opening says
//! so. Whoever reads the database itself may still guess by ids.

use super::{Intake, Scene};
use crate::domain::calendar;
use crate::domain::dialogue::state::{Standing, SurveyRun};
use crate::domain::dialogue::{Activity, State, Timer};
use crate::domain::ids::{DialogueId, ResponseId};
use crate::domain::job::Job;
use crate::domain::time::Timestamp;
use crate::store::{self, StoreError, Tx};

impl Intake {
    /// Returns the beginning of the local day: all that is kept of a time by which two rows could be matched.
    pub(crate) fn day_of(&self, at: Timestamp) -> Timestamp {
        let midnight = jiff::civil::Time::midnight();
        let date = calendar::local_date(at, self.zone());
        date.and_then(|date| calendar::instant(date, midnight, self.zone())).unwrap_or(at)
    }

    /// Drops the reminders of a response that was answered: they name the conversation.
    pub(super) async fn forget_timers(
        &self,
        tx: &mut Tx,
        dialogue: DialogueId,
        response: ResponseId,
    ) -> Result<(), StoreError> {
        for timer in [Timer::SurveyReminder { response }, Timer::SurveyExpiry { response }] {
            if let Some(key) = (Job::Wake { dialogue, timer }).dedupe_key() {
                store::jobs::forget(tx, &key).await?;
            }
        }
        Ok(())
    }
}

/// Whether what was just said answered an anonymous survey, or a question of it: whatever else people
/// say meanwhile (that it smells of gas, that something leaks, that they want no more surveys) stays.
/// A button that is pressed twice changes nothing the second time, and tells the mark all the same.
pub(super) fn answered(before: &State, scene: &Scene, pressed: Option<&str>) -> bool {
    let Some(run) = run_of(before) else { return false };
    let moved = match &scene.state.activity {
        Activity::Surveying(next) => next != run,
        // An alarm broke it off, and no answer did.
        Activity::Idle | Activity::Commenting(_) if scene.state.parked.as_deref() == Some(run) => false,
        Activity::Idle | Activity::Commenting(_) => scene.state.surveys_stopped == before.surveys_stopped,
        Activity::Reporting(_) => false,
    };
    let mark = pressed.is_some_and(|id| id.starts_with('q') && before.standing(id) != Standing::NoQuestion);
    run.survey.anonymous && (moved || mark) && !scene.state.handed_over()
}

/// The survey that a button may answer: under way, or broken off by an alarm.
fn run_of(before: &State) -> Option<&SurveyRun> {
    match &before.activity {
        Activity::Surveying(run) => Some(run),
        Activity::Idle | Activity::Commenting(_) | Activity::Reporting(_) => before.parked.as_deref(),
    }
}

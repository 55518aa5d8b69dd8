//! The rows of a response: begun, answered, completed, commented on, judged. What an anonymous one may not name is
//! left out here ([`super::anonymous`]); what a completed one leads to is [`super::care`]'s.

use super::{Intake, Scene};
use crate::domain::dialogue::effect::About;
use crate::domain::flag::FlagKind;
use crate::domain::ids::{MediaId, ResponseId};
use crate::domain::job::Job;
use crate::domain::score::{self, Band};
use crate::domain::survey::Answer;
use crate::domain::understanding::{Awaiting, Sentiment, Understanding};
use crate::store::{self, StoreError, Tx};

impl Intake {
    /// Begins a response to a survey of this version. An anonymous one names a project and a day, and nobody.
    pub(super) async fn open_response(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: ResponseId,
        (survey, survey_version): (String, u32),
        anonymous: bool,
    ) -> Result<(), StoreError> {
        let binding = scene.state.binding.as_ref();
        let new = store::responses::NewResponse {
            id,
            survey,
            survey_version,
            contact_id: (!anonymous).then_some(scene.contact),
            unit_id: binding.filter(|_| !anonymous).map(|binding| binding.unit),
            project_id: binding.filter(|_| anonymous).map(|binding| binding.project),
            dialogue_id: (!anonymous).then_some(scene.dialogue),
            started_at: if anonymous { self.day_of(scene.now) } else { scene.now },
        };
        store::responses::start(tx, &new).await
    }

    /// Keeps an answer; one to the same question before it is replaced.
    pub(super) async fn record_answer(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        response_id: ResponseId,
        answer: Answer,
        media: Option<MediaId>,
    ) -> Result<(), StoreError> {
        let anonymous = store::responses::is_anonymous(tx, response_id).await?;
        let source = serde_json::to_value(answer.source).ok();
        let row = store::responses::Answer {
            response_id,
            question: answer.question,
            value: answer.value,
            text: answer.text,
            source: source.as_ref().and_then(|name| name.as_str()).unwrap_or("words").to_owned(),
            media_id: media.filter(|_| !anonymous),
            answered_at: if anonymous { self.day_of(scene.now) } else { scene.now },
        };
        store::responses::answer(tx, &row).await
    }

    /// Completes a response with its score, band and NPS, and sees to what follows.
    pub(super) async fn complete_response(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        response: ResponseId,
        (score, band, nps): (Option<f64>, Option<Band>, Option<f64>),
    ) -> Result<(), StoreError> {
        let anonymous = store::responses::is_anonymous(tx, response).await?;
        let ended = if anonymous { self.day_of(scene.now) } else { scene.now };
        let band = band.map(|band| band.name().to_owned());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "NPS is a whole number 0–10")]
        let nps = nps.filter(|nps| (0.0..=10.0).contains(nps)).map(|nps| nps as u8);
        store::responses::complete(tx, response, &store::responses::Outcome { score, band, nps }, ended).await?;
        self.visit_answered(tx, scene, response).await?;
        if anonymous {
            self.forget_timers(tx, scene.dialogue, response).await?;
        }
        self.care_for(tx, response, scene.now).await
    }

    /// Adds words to the comment of a response; a job has the model judge the whole.
    pub(super) async fn add_comment(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        response: ResponseId,
        words: &str,
    ) -> Result<(), StoreError> {
        let Some(found) = store::responses::find(tx, response).await? else { return Ok(()) };
        let whole = match &found.comment {
            Some(earlier) => format!("{earlier}\n{words}"),
            None => words.to_owned(),
        };
        let judged = self.tagger.understand(&whole, Some(scene.state.language), Awaiting::Nothing);
        store::responses::add_comment(tx, response, words, judged.sentiment, &judged.keywords).await?;
        self.owe(tx, Job::TagResponse { response }, scene.now).await
    }

    /// Stores the model's verdict on the comment of a response; a negative one, or one that
    /// contradicts the score, is shown to staff.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn judge_response(&self, tx: &mut Tx, id: ResponseId, judged: &Understanding) -> Result<(), StoreError> {
        let found = store::responses::find(tx, id).await?;
        let Some(found) = found.filter(|response| response.comment.is_some()) else { return Ok(()) };
        store::responses::judge(tx, id, judged.sentiment, &judged.keywords).await?;
        let conflict = found.score.is_some_and(|score| score::conflict(score, judged));
        let kind = if conflict {
            FlagKind::ScoreTextConflict
        } else if judged.sentiment == Sentiment::Negative {
            FlagKind::NegativeFeedback
        } else {
            return Ok(());
        };
        self.raise(tx, found.dialogue_id, kind, About::Response(id)).await
    }
}

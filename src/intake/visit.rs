//! A visit follows the response to its survey: reminded, answered, run out, broken off.

use std::sync::Arc;

use super::{Intake, Scene};
use crate::channel::ChannelKind;
use crate::channel::wechat::notice::Ways;
use crate::domain::dialogue::{Event, Timer};
use crate::domain::ids::{DialogueId, ResponseId, VisitId};
use crate::domain::policy::Policy;
use crate::domain::reach::PermitKind;
use crate::domain::time::Timestamp;
use crate::domain::visit::{InvalidVisit, Reason, Visit, VisitStatus};
use crate::store::dialogues::Dialogue;
use crate::store::{self, StoreError, Tx};

impl Intake {
    /// Has the operator's rules hold for what goes out unasked, instead of DOMAIN.md's.
    pub fn with_policy(self, policy: Policy) -> Intake {
        Intake { policy: Arc::new(policy), ..self }
    }

    /// Has people of WeChat whose window is shut told of their surveys by notices.
    pub fn with_ways(self, ways: Ways) -> Intake {
        Intake { ways, ..self }
    }

    /// The client answered. An answer that comes after the visit was given to a person saves the call.
    pub(super) async fn visit_answered(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        response: ResponseId,
    ) -> Result<(), StoreError> {
        let mut found = store::visits::find_by_response(tx, response).await?;
        if let (None, Some(binding)) = (&found, &scene.state.binding) {
            let answer = store::responses::find(tx, response).await?;
            if let Some(answer) = answer {
                found = store::visits::find_to_call(tx, binding.unit, answer.contact_id, &answer.survey).await?;
            }
        }
        let found = held(tx, found).await?;
        let anonymous = store::responses::is_anonymous(tx, response).await?;
        keep(tx, found, |visit| {
            let answered = visit.answer(response, scene.now)?;
            Ok(if anonymous { answered.unlinked() } else { answered })
        })
        .await
    }

    /// The client came back to a survey that ran out: it is about what it was about then, and counts for that
    /// visit. Somebody may have been called meanwhile.
    pub(super) async fn visit_asked_again(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        response: ResponseId,
        id: VisitId,
    ) -> Result<(), StoreError> {
        let Some(visit) = store::visits::load_for_update(tx, id).await? else { return Ok(()) };
        Intake::place_of_visit(tx, response, &visit).await?;
        keep(tx, Some(visit), |visit| visit.ask_again(response, scene.now)).await
    }

    /// Says that a response is about what a visit is about: the conversation may be bound to another of the
    /// person's units. Of an anonymous one the project is all that is known.
    pub(crate) async fn place_of_visit(tx: &mut Tx, response: ResponseId, visit: &Visit) -> Result<(), StoreError> {
        if store::responses::is_anonymous(tx, response).await? {
            return store::responses::set_place(tx, response, None, Some(visit.project_id)).await;
        }
        match visit.unit_id {
            Some(unit) => store::responses::set_place(tx, response, Some(unit), None).await,
            None => Ok(()),
        }
    }

    /// The client broke the survey off, or wants no more of them.
    pub(super) async fn visit_left(&self, tx: &mut Tx, scene: &Scene, response: ResponseId) -> Result<(), StoreError> {
        let reason = if scene.state.surveys_stopped { Reason::OptedOut } else { Reason::BrokenOff };
        let found = store::visits::find_by_response(tx, response).await?;
        let Some(visit) = held(tx, found).await? else { return Ok(()) };
        let visit = store::visits::without_anonymous(tx, visit).await?;
        // What ran out is with a person already.
        if !matches!(visit.status, VisitStatus::Sent | VisitStatus::Reminded) {
            return store::visits::update(tx, &visit).await;
        }
        let id = visit.id;
        keep(tx, Some(visit), |visit| visit.skip(reason, scene.now)).await?;
        match store::visits::find(tx, id).await? {
            Some(visit) => self.second_visit_ended(tx, &visit).await,
            None => Ok(()),
        }
    }

    /// Somebody's survey is to be brought up again, or runs out, who wants no more of them and may have said so in
    /// another conversation: it is withdrawn instead, and nobody calls.
    pub(super) async fn unless_stopped(
        &self,
        tx: &mut Tx,
        scene: &mut Scene,
        event: Event,
    ) -> Result<Event, StoreError> {
        let Event::Elapsed(Timer::SurveyReminder { response } | Timer::SurveyExpiry { response }) = event else {
            return Ok(event);
        };
        let person = store::contacts::find(tx, scene.contact).await?;
        let stopped_at = person.and_then(|person| person.surveys_stopped_at);
        let begun = store::responses::find(tx, response).await?;
        let (Some(stopped_at), Some(begun)) = (stopped_at, begun) else { return Ok(event) };
        if begun.started_at > stopped_at {
            return Ok(event); // they wished for it themselves since
        }
        scene.state.surveys_stopped = true;
        // Also where the conversation has lost it from sight.
        store::responses::expire(tx, response).await?;
        self.visit_left(tx, scene, response).await?;
        Ok(Event::SurveyWithdrawn { response, survey: begun.survey })
    }

    /// Nobody answered in time: a person has to call. Whoever comes back to it answers for this visit.
    pub(super) async fn visit_elapsed(&self, tx: &mut Tx, scene: &mut Scene, timer: &Timer) -> Result<(), StoreError> {
        match timer {
            Timer::SurveyExpiry { response } => {
                // The conversation may be about something else by now; the response ends all the same.
                store::responses::expire(tx, *response).await?;
                let found = store::visits::find_by_response(tx, *response).await?;
                if scene.state.awaits(&Event::Elapsed(*timer)) {
                    scene.state.lapsed_visit = found.as_ref().map(|visit| visit.id);
                }
                let Some(visit) = held(tx, found).await? else { return Ok(()) };
                let visit = store::visits::without_anonymous(tx, visit).await?;
                // What ran out once more is with a person already.
                if matches!(visit.status, VisitStatus::Call | VisitStatus::Expired) {
                    return store::visits::update(tx, &visit).await;
                }
                keep(tx, Some(visit), |visit| visit.call(Reason::Unanswered, scene.now)).await
            }
            Timer::SurveyReminder { .. }
            | Timer::ReportReminder { .. }
            | Timer::ReportUnconfirmed { .. }
            | Timer::AppointmentEve { .. } => Ok(()),
        }
    }

    /// Staff made a visit, or gave it up, whose survey had gone out (`before` is the visit as it was): the
    /// conversation asks for it no more. Store the visit first, and hold the conversation before it.
    pub(crate) async fn visit_taken_over(&self, tx: &mut Tx, before: &Visit) -> Result<(), StoreError> {
        let (Some(dialogue), Some(response)) = (before.dialogue_id, before.response_id) else { return Ok(()) };
        self.apply(tx, dialogue, Event::SurveyWithdrawn { response, survey: before.survey.clone() }).await?;
        // Also where the conversation has lost it from sight.
        store::responses::expire(tx, response).await?;
        self.forget_timers(tx, dialogue, response).await
    }

    /// A survey could not be announced to somebody who can only be told by a notice: a person has to call.
    pub(crate) async fn visit_not_announced(&self, tx: &mut Tx, dialogue: DialogueId) -> Result<(), StoreError> {
        let Some(found) = store::dialogues::load_for_update(tx, dialogue).await? else { return Ok(()) };
        let announced = Intake::state_of(&found)?.invited.filter(|invited| invited.announced);
        let Some(invited) = announced else { return Ok(()) };
        let visit = store::visits::find_by_response(tx, invited.response).await?;
        let visit = held(tx, visit).await?;
        // One that was brought up once more waits for its end: its first notice was brought.
        let unheard = visit.filter(|visit| visit.status == VisitStatus::Sent);
        keep(tx, unheard, |visit| visit.call(Reason::NotReachable, self.clock.now())).await
    }

    /// Says whether somebody whose window is shut may be told by a notice that there is something.
    pub(crate) async fn may_notify(&self, tx: &mut Tx, dialogue: &Dialogue) -> Result<bool, StoreError> {
        if dialogue.channel != ChannelKind::Wechat.name() {
            return Ok(false);
        }
        match &self.ways.subscription {
            _ if self.ways.template => Ok(true),
            Some(template) => {
                let now = self.clock.now();
                store::permits::has(tx, dialogue.id, PermitKind::Subscription, Some(template), now).await
            }
            None => Ok(false),
        }
    }

    /// The survey was brought up once more.
    pub(super) async fn visit_reminded(
        &self,
        tx: &mut Tx,
        response: ResponseId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let found = store::visits::find_by_response(tx, response).await?;
        let found = held(tx, found).await?;
        keep(tx, found, |visit| visit.remind(now)).await
    }

    /// The client said whether the record of a visit is right.
    pub(super) async fn visit_confirmed(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: VisitId,
        right: bool,
    ) -> Result<(), StoreError> {
        let found = store::visits::load_for_update(tx, id).await?;
        // A button of somebody else's visit is none of theirs.
        let own = found.filter(|visit| visit.contact_id == Some(scene.contact));
        keep(tx, own, |visit| visit.confirm(right, scene.now)).await
    }
}

/// Holds a visit that was found, and returns it as it is now: staff may just be writing it down. The
/// conversation is held before it.
async fn held(tx: &mut Tx, found: Option<Visit>) -> Result<Option<Visit>, StoreError> {
    match found {
        Some(visit) => store::visits::load_for_update(tx, visit.id).await,
        None => Ok(None),
    }
}

/// Stores a visit that is held after a change; one that no longer fits is none, since somebody was faster.
async fn keep(
    tx: &mut Tx,
    visit: Option<Visit>,
    change: impl FnOnce(Visit) -> Result<Visit, InvalidVisit>,
) -> Result<(), StoreError> {
    let Some(visit) = visit else { return Ok(()) };
    match change(visit) {
        Ok(visit) => store::visits::update(tx, &visit).await,
        Err(refused) => {
            tracing::debug!("{refused}");
            Ok(())
        }
    }
}

//! What staff does for clients who were not satisfied, and offers to those who were.

use super::{Desk, DeskError, words};
use crate::domain::access::Right;
use crate::domain::dialogue::{Event, Say};
use crate::domain::ids::{RecoveryId, ResponseId, StaffId};
use crate::domain::recovery::{Recovery, RootCause};
use crate::domain::score::Band;
use crate::domain::visit::VisitKind;
use crate::planner::{Occasion, Planner};
use crate::store::offers::Offer;
use crate::store::responses::Response;
use crate::store::{self, Tx};

impl Desk {
    /// Gives a recovery to a member of staff.
    pub async fn give_recovery(&self, id: RecoveryId, to: StaffId, by: StaffId) -> Result<(), DeskError> {
        self.change_recovery(id, by, move |tx, _, recovery| {
            Box::pin(async move {
                let person = store::staff::find(tx, to).await?.filter(|person| person.active);
                let person = person.ok_or(DeskError::Left)?;
                if !person.role.has(Right::Recoveries) {
                    return Err(DeskError::Needed("a colleague who may see recoveries"));
                }
                Ok(Recovery { person: Some(person.id), ..recovery })
            })
        })
        .await
    }

    /// Keeps the record of the review (专项复盘): why it happened and what is done about it.
    pub async fn review(&self, id: RecoveryId, cause: RootCause, said: &str, by: StaffId) -> Result<(), DeskError> {
        let said = words(said, "the record of the review")?;
        self.change_recovery(id, by, move |_, _, recovery| Box::pin(async move { Ok(recovery.review(cause, said)?) }))
            .await
    }

    /// Keeps why a neutral client was not satisfied.
    pub async fn asked_why(&self, id: RecoveryId, said: &str, by: StaffId) -> Result<(), DeskError> {
        let said = words(said, "what the client said")?;
        self.change_recovery(id, by, move |_, desk, recovery| {
            let now = desk.intake.clock.now();
            Box::pin(async move { Ok(recovery.asked(said, now)?) })
        })
        .await
    }

    /// Ends one that was reviewed and whose client cannot be visited again, with what became of it.
    pub async fn end_recovery(&self, id: RecoveryId, said: &str, by: StaffId) -> Result<(), DeskError> {
        let said = words(said, "what became of it")?;
        self.change_recovery(id, by, move |_, desk, recovery| {
            let now = desk.intake.clock.now();
            Box::pin(async move { Ok(recovery.end(&said, now)?) })
        })
        .await
    }

    /// Plans the second visit (二次回访), after the review; `[after.second]` of the plan says when.
    pub async fn second_visit(&self, id: RecoveryId, by: StaffId) -> Result<(), DeskError> {
        self.change_recovery(id, by, move |tx, desk, recovery| {
            Box::pin(async move {
                let project = recovery.project_id.ok_or(DeskError::Needed("a project the client belongs to"))?;
                // The same questions, so that the two scores can be compared.
                let first = store::responses::find(tx, recovery.response_id).await?;
                let survey = first.ok_or(DeskError::NotFound("response"))?.survey;
                let occasion = Occasion {
                    kind: VisitKind::Second,
                    ordinal: recovery.id.to_string(),
                    project,
                    unit: recovery.unit_id,
                    contact: recovery.contact_id,
                    ticket: None,
                    survey: Some(survey),
                    from: desk.intake.clock.now(),
                };
                let (visit, _) = Planner::new(desk.intake.clone()).bring_about(tx, &occasion).await?;
                Ok(recovery.visit(visit)?)
            })
        })
        .await
    }

    /// Sends a satisfied client what the house offers them: `care.offer.<name>`.
    pub async fn invite(&self, response: ResponseId, name: &str, by: StaffId) -> Result<(), DeskError> {
        if !self.intake.catalog.recovery().offers.iter().any(|known| known == name) {
            return Err(DeskError::NotFound("offer"));
        }
        let (this, name) = (self.clone(), name.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let found = store::responses::find(tx, response).await?.ok_or(DeskError::NotFound("response"))?;
                if found.score.map(Band::of) != Some(Band::Satisfied) {
                    return Err(DeskError::Needed("a satisfied client"));
                }
                let stopped = match found.contact_id {
                    Some(id) => store::contacts::find(tx, id).await?.is_some_and(|c| c.surveys_stopped_at.is_some()),
                    None => true,
                };
                if stopped {
                    return Err(DeskError::Needed("a client who may be written to"));
                }
                let (key, at) = (format!("care.offer.{name}"), this.intake.clock.now());
                let offer = Offer { response, contact: found.contact_id, name, by: Some(by), at };
                if !store::offers::note(tx, this.intake.clock.new_id(), &offer).await? {
                    return Err(DeskError::Changed); // somebody was faster, or it went out by itself
                }
                this.tell_client(tx, &found, Event::Notified(Say::new(key))).await?;
                tracing::info!(response.id = %response, staff.id = %by, "an offer was sent after response {response}");
                Ok(())
            })
        })
        .await
    }

    /// Tells a client something in the conversation they answered in, or where they were asked by phone,
    /// in one that reaches them.
    async fn tell_client(&self, tx: &mut Tx, answered: &Response, what: Event) -> Result<(), DeskError> {
        if let Some(dialogue) = answered.dialogue_id {
            return Ok(self.intake.apply(tx, dialogue, what).await?);
        }
        let reached = match answered.contact_id {
            Some(contact) => Planner::new(self.intake.clone()).reachable(tx, contact).await?,
            None => None,
        };
        let reached = reached.ok_or(DeskError::Unreachable)?;
        Ok(self.intake.apply_here(tx, reached, what).await?)
    }

    async fn change_recovery<F>(&self, id: RecoveryId, by: StaffId, change: F) -> Result<(), DeskError>
    where
        F: for<'t> FnOnce(
                &'t mut Tx,
                &'t Desk,
                Recovery,
            ) -> futures_util::future::BoxFuture<'t, Result<Recovery, DeskError>>
            + Send
            + 'static,
    {
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let found = store::recoveries::load_for_update(tx, id).await?;
                let changed = change(tx, &this, found.ok_or(DeskError::NotFound("recovery"))?).await?;
                store::recoveries::update(tx, &changed).await?;
                let status = changed.status.name();
                tracing::info!(recovery.id = %id, staff.id = %by, status, "recovery {id} is {status}");
                Ok(())
            })
        })
        .await
    }
}

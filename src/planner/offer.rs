//! The next step of a satisfied client comes by itself (DOMAIN.md, "Surveys": invited to recommend):
//! once, some hours after the answer, as far as the contact policy allows. Which offer, when, and
//! whether at all is data (`[satisfied]` of `prompts/plans/recovery.toml`).

use std::time::Duration;

use super::Planner;
use super::send::is_busy;
use crate::domain::dialogue::{Event, Say};
use crate::domain::ids::{ContactId, ResponseId};
use crate::domain::job::Job;
use crate::domain::policy::{self, Decision, Line, Rule, What, Who};
use crate::domain::score::Band;
use crate::domain::time::Timestamp;
use crate::store::offers::{self, Offer};
use crate::store::withheld::Withheld;
use crate::store::{self, StoreError, Tx};

const DAY: Duration = Duration::from_secs(86_400);
/// Somebody whose repair is under way, or who is talking to us, is left alone for so long …
const LATER: Duration = DAY;
/// … and after so long it would come out of the blue.
const PATIENCE: Duration = DAY.saturating_mul(14);

impl Planner {
    /// Invites a satisfied client, unless there is a reason not to; a reason that passes is waited out.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn invite(&self, tx: &mut Tx, response: ResponseId) -> Result<(), StoreError> {
        let Some(plan) = &self.intake.catalog.recovery().invite else { return Ok(()) };
        let Some(found) = store::responses::find(tx, response).await? else { return Ok(()) };
        // Anonymous answers have nobody to invite; a corrected or later answer may be another.
        let (Some(contact), Some(score), Some(completed)) = (found.contact_id, found.score, found.completed_at) else {
            return Ok(());
        };
        let now = self.now();
        let latest = offers::latest_answer(tx, contact).await? == Some(response);
        if Band::of(score) != Band::Satisfied || !latest || now.since(completed) > PATIENCE {
            return Ok(());
        }
        // Five points with hard words are no praise; of words that became a ticket its end decides.
        let filed = became_ticket(tx, contact, found.comment.as_deref(), completed).await?;
        if !filed && store::flags::is_doubted(tx, response).await? {
            return Ok(());
        }
        if offers::last_to(tx, contact).await?.is_some_and(|last| now.since(last) < DAY * plan.again_days) {
            return Ok(());
        }
        let stopped = store::contacts::find(tx, contact).await?.is_none_or(|known| known.surveys_stopped_at.is_some());
        if stopped {
            return self.not_invited(tx, contact, Rule::OptedOut, None).await;
        }
        // Whoever we still owe something is not asked to speak well of us.
        let owed = !store::tickets::open_for_contact(tx, contact).await?.is_empty()
            || store::recoveries::under_way(tx, contact).await?.is_some();
        if owed {
            return self.invite_later(tx, contact, response, now + LATER, Rule::Busy).await;
        }
        let mut lines: Vec<(_, Line)> = Vec::new();
        for dialogue in store::dialogues::list_for_contact(tx, contact).await? {
            // A notice that is sent once is kept for a survey.
            let line = Line { notice: false, ..self.line(tx, &dialogue).await? };
            lines.push((dialogue, line));
        }
        let ways: Vec<Line> = lines.iter().map(|(_, line)| *line).collect();
        let chosen = match policy::reach(&ways, now) {
            Ok(chosen) => lines.into_iter().find(|(dialogue, _)| dialogue.id == chosen),
            Err(why) => {
                let rule = why.first().map_or(Rule::NoChat, |(_, rule)| *rule);
                return self.not_invited(tx, contact, rule, None).await;
            }
        };
        let Some((dialogue, _)) = chosen else { return Ok(()) };
        if is_busy(&Planner::hold(tx, &dialogue).await?) {
            return self.invite_later(tx, contact, response, now + LATER, Rule::Busy).await;
        }
        // Another word about a survey that was put: within the hours. Who wants no more was seen above.
        match self.intake.policy.decide(What::Reminder, &Who::default(), self.calendar(), now) {
            Decision::Wait(until, rule) => return self.invite_later(tx, contact, response, until, rule).await,
            Decision::Never(rule) => return self.not_invited(tx, contact, rule, None).await,
            Decision::Send => {}
        }
        let offer = Offer { response, contact: Some(contact), name: plan.name.clone(), by: None, at: now };
        if offers::note(tx, self.intake.clock.new_id(), &offer).await? {
            let said = [Say::new(format!("care.offer.{}", plan.name)), Say::new("care.no_more")];
            self.intake.apply_here(tx, dialogue.id, Event::Notified(Say::lines(said.into()))).await?;
            tracing::info!(response.id = %response, "an invitation was sent after response {response}");
        }
        Ok(())
    }

    async fn invite_later(
        &self,
        tx: &mut Tx,
        contact: ContactId,
        response: ResponseId,
        until: Timestamp,
        rule: Rule,
    ) -> Result<(), StoreError> {
        self.not_invited(tx, contact, rule, Some(until)).await?;
        self.intake.owe(tx, Job::Invite { response }, until).await
    }

    async fn not_invited(
        &self,
        tx: &mut Tx,
        contact: ContactId,
        rule: Rule,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (contact_id, detail) = (Some(contact), "offer".to_owned());
        let row = Withheld { visit_id: None, contact_id, rule, detail, until, at: self.now() };
        store::withheld::note(tx, self.intake.clock.new_id(), &row).await
    }
}

/// Whether words of a comment stand in the person's latest ticket, filed after the answer.
async fn became_ticket(
    tx: &mut Tx,
    contact: ContactId,
    comment: Option<&str>,
    completed: Timestamp,
) -> Result<bool, StoreError> {
    let Some(ticket) = store::tickets::list_for_contact(tx, contact, 1).await?.pop() else { return Ok(false) };
    let said = |piece: &str| comment.unwrap_or_default().lines().any(|line| line == piece);
    Ok(ticket.created_at >= completed && ticket.description.lines().any(said))
}

//! What a finished survey leads to: somebody's task with a deadline for who was not satisfied, the
//! measure of a second visit, and the review of a team. In the transaction that completes the
//! response. Rules: [`crate::domain::recovery`].

use std::time::Duration;

use super::Intake;
use crate::domain::dialogue::effect::About;
use crate::domain::flag::FlagKind;
use crate::domain::ids::{RecoveryId, ResponseId, StaffId};
use crate::domain::job::Job;
use crate::domain::project::Project;
use crate::domain::recovery::{Recovery, Status, person, team_review};
use crate::domain::score::Band;
use crate::domain::staff::Role;
use crate::domain::time::Timestamp;
use crate::domain::visit::{Visit, VisitKind};
use crate::store::responses::Response;
use crate::store::{self, StoreError, Tx};

/// How far back the visits of a team are looked through for another project.
const MOST_VISITS: u32 = 200;
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Intake {
    /// Sees to what follows a completed response. A corrected answer may complete it again: what
    /// nobody has worked on yet is begun anew.
    pub(crate) async fn care_for(&self, tx: &mut Tx, id: ResponseId, now: Timestamp) -> Result<(), StoreError> {
        let Some(response) = store::responses::find(tx, id).await? else { return Ok(()) };
        let Some(score) = response.score else { return Ok(()) };
        let project = self.project_of(tx, &response).await?;
        // A good answer is no reason to review, whatever came before it.
        if score < self.catalog.recovery().review_below
            && let Some(team) = project.as_ref().and_then(|project| project.team.clone())
        {
            self.review_team(tx, &team).await?;
        }
        if let Some(second) = store::recoveries::visited_by(tx, id).await? {
            return self.measure(tx, second.id, score, now).await;
        }
        store::recoveries::withdraw(tx, id).await?;
        if response.contact_id.is_none() && response.unit_id.is_none() {
            // Nobody can be asked why, nor visited again; the flag and the comment are what there is.
            return Ok(());
        }
        let plan = self.catalog.recovery();
        let (status, days, role) = match Band::of(score) {
            Band::Satisfied => {
                let Some(invite) = &plan.invite else { return Ok(()) };
                return self.owe(tx, Job::Invite { response: id }, now + HOUR * invite.after_hours).await;
            }
            Band::Neutral => (Status::ToAsk, plan.ask_days, Role::Agent),
            Band::Dissatisfied => (Status::Open, plan.deadline_days, Role::Agent),
        };
        let of_project = match &project {
            Some(project) if status == Status::Open => responsible(tx, project).await?,
            _ => None,
        };
        let recovery = Recovery {
            id: self.clock.new_id::<RecoveryId>(),
            response_id: id,
            contact_id: response.contact_id,
            unit_id: response.unit_id,
            project_id: project.map(|project| project.id),
            status,
            person: person(of_project, &store::recoveries::load_of(tx, role).await?),
            deadline_at: now + DAY * days,
            root_cause: None,
            review: None,
            visit_id: None,
            first_score: score,
            second_score: None,
            created_at: now,
            ended_at: None,
        };
        if store::recoveries::open(tx, &recovery).await? {
            tracing::info!(recovery.id = %recovery.id, response.id = %id, "{} began after response {id}", status.name());
            self.owe(tx, Job::RecoveryDue { recovery: recovery.id }, recovery.deadline_at).await?;
        }
        Ok(())
    }

    /// Tells the house of a recovery whose time has passed with something still owed.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn recovery_due(&self, tx: &mut Tx, id: RecoveryId) -> Result<(), StoreError> {
        let Some(found) = store::recoveries::find(tx, id).await? else { return Ok(()) };
        // The job is given at the deadline, which never moves, by a clock that may be ahead of this machine's.
        let now = self.clock.now().max(found.deadline_at);
        if !found.is_overdue(now + Duration::from_millis(1)) {
            return Ok(());
        }
        self.raise(tx, None, FlagKind::RecoveryOverdue, About::Response(found.response_id)).await
    }

    /// Sees to a visit that has ended: a second one that brought no score leaves its recovery unmeasured,
    /// so that nobody waits for it.
    pub(crate) async fn second_visit_ended(&self, tx: &mut Tx, visit: &Visit) -> Result<(), StoreError> {
        if visit.kind != VisitKind::Second || !visit.status.is_final() {
            return Ok(());
        }
        let Some(found) = store::recoveries::of_visit(tx, visit.id).await? else { return Ok(()) };
        let Some(found) = store::recoveries::load_for_update(tx, found.id).await? else { return Ok(()) };
        // One that was measured is not under way any more.
        let Ok(ended) = found.unmeasured(self.clock.now()) else { return Ok(()) };
        tracing::info!(recovery.id = %ended.id, visit.id = %visit.id, "recovery {} ended unmeasured", ended.id);
        store::recoveries::update(tx, &ended).await
    }

    async fn measure(&self, tx: &mut Tx, id: RecoveryId, score: f64, now: Timestamp) -> Result<(), StoreError> {
        let Some(found) = store::recoveries::load_for_update(tx, id).await? else { return Ok(()) };
        match found.measure(score, now) {
            Ok(measured) => {
                tracing::info!(recovery.id = %id, "recovery {id} ended as {}", measured.status.name());
                store::recoveries::update(tx, &measured).await
            }
            Err(refused) => {
                tracing::info!(recovery.id = %id, "recovery {id} was not measured: {refused}");
                Ok(())
            }
        }
    }

    async fn project_of(&self, tx: &mut Tx, response: &Response) -> Result<Option<Project>, StoreError> {
        let by_visit = store::follow_ups::of_response(tx, response.id).await?.map(|visit| visit.project);
        let by_unit = match response.unit_id {
            Some(unit) => store::units::find(tx, unit).await?.map(|unit| unit.project_id),
            None => None,
        };
        match by_visit.or(by_unit).or(response.project_id) {
            Some(id) => store::projects::find(tx, id).await,
            None => Ok(None),
        }
    }

    async fn review_team(&self, tx: &mut Tx, team: &str) -> Result<(), StoreError> {
        let scores = store::follow_ups::scores_of_team(tx, team, MOST_VISITS).await?;
        let Some([latest, before]) = team_review(&scores, self.catalog.recovery().review_below) else {
            return Ok(());
        };
        let detail = format!("scores={latest:.2},{before:.2} team={team}");
        self.raise_with(tx, None, FlagKind::TeamReview, About::Conversation, detail).await
    }
}

/// Returns the engineer responsible for a project, or else its manager, if they still work here.
async fn responsible(tx: &mut Tx, project: &Project) -> Result<Option<StaffId>, StoreError> {
    if let Some(engineer) = project.engineer_id
        && store::staff::find(tx, engineer).await?.is_some_and(|person| person.active)
    {
        return Ok(Some(engineer));
    }
    let Some(manager) = &project.manager else { return Ok(None) };
    let people = store::staff::list(tx).await?;
    Ok(people.into_iter().find(|person| person.active && person.name == *manager).map(|person| person.id))
}

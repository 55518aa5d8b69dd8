//! Visits from plan to answer: what is due is written down, sent through the channel that reaches
//! somebody, and given to a person where none does.
//!
//! The rules are pure ([`crate::domain::plan`], [`crate::domain::policy`]); here they meet the
//! database. Everything happens in the caller's transaction and may happen twice: planning again
//! changes nothing, and a visit is sent once. Read [`send`] for the way out, [`record`] for what
//! staff writes down. DOMAIN.md, "Visit plan".

mod events;
mod offer;
pub mod record;
mod send;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use jiff::civil::Date;

use crate::domain::calendar::{self, Calendar};
use crate::domain::ids::{ContactId, ProjectId, TicketId, UnitId, VisitId};
use crate::domain::job::Job;
use crate::domain::plan::{self, Change, Due, Known, Plans, Subject, TermEnd};
use crate::domain::project::{Project, Unit};
use crate::domain::ticket::{Status, Ticket, TicketKind};
use crate::domain::time::Timestamp;
use crate::domain::visit::{InvalidVisit, Reason, Visit, VisitKind, VisitStatus};
use crate::domain::warranty::Term;
use crate::intake::Intake;
use crate::store::{self, StoreError, Tx};

/// Units that are planned in one transaction: others wait behind it.
const PAGE: u32 = 200;
/// Closed tickets looked at in one go.
const MOST_CLOSED: u32 = 1000;

/// Plans and sends visits. Cheap to clone.
#[derive(Clone)]
pub struct Planner {
    intake: Intake,
}

/// What could not be done.
#[derive(Debug, thiserror::Error)]
pub enum PlannerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody else was faster, or the page was old.
    #[error(transparent)]
    Visit(#[from] InvalidVisit),
    /// What was written down lacks something.
    #[error("{0} is missing")]
    Needed(&'static str),
    /// They cannot have spoken yet.
    #[error("the time of the conversation lies ahead")]
    Ahead,
}

/// A follow-up that something brought about.
#[derive(Debug, Clone)]
pub struct Occasion {
    pub kind: VisitKind,
    /// What brought it about; the same again is the same visit.
    pub ordinal: String,
    pub project: ProjectId,
    pub unit: Option<UnitId>,
    /// The person it is about; `None` for whoever of the unit can be reached.
    pub contact: Option<ContactId>,
    pub ticket: Option<TicketId>,
    /// The survey; `None` for the plan's own.
    pub survey: Option<String>,
    /// What it is counted from.
    pub from: Timestamp,
}

impl Planner {
    /// A planner over an intake: its store, clock, prompts and policy.
    pub fn new(intake: Intake) -> Planner {
        Planner { intake }
    }

    /// Plans units, as their registers are now; returns how many visits changed. A unit that is gone
    /// is passed over.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn plan_units(&self, tx: &mut Tx, units: &[UnitId]) -> Result<usize, StoreError> {
        let mut projects: BTreeMap<ProjectId, Option<Ground>> = BTreeMap::new();
        let mut changed = 0;
        for id in units {
            let Some(unit) = store::units::find(tx, *id).await? else { continue };
            let ground = match projects.entry(unit.project_id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(Ground::load(tx, unit.project_id).await?),
            };
            if let Some(ground) = ground {
                changed += self.plan_one(tx, &unit, ground).await?;
            }
        }
        Ok(changed)
    }

    /// Plans a page of the units that are to be looked at by now: whose registers changed, and those
    /// that were last planned so long ago that their visits come into the horizon. Returns how many
    /// visits changed; `None` when no unit is left.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn plan_page(&self, tx: &mut Tx) -> Result<Option<usize>, StoreError> {
        let now = self.now();
        let page = store::visits::units_to_plan(tx, now, PAGE).await?;
        if page.is_empty() {
            return Ok(None);
        }
        let units: Vec<UnitId> = page.iter().map(|(unit, _)| *unit).collect();
        let changed = self.plan_units(tx, &units).await?;
        for (unit, is_new) in page {
            // Once spread over the days they stay so: no day plans them all.
            let wait =
                if is_new { plan::first_look(self.plans(), &unit.to_string()) } else { self.plans().look_days() };
            store::visits::plan_next(tx, unit, now + days(wait)).await?;
        }
        Ok(Some(changed))
    }

    /// Plans the visits after repairs that were closed of late (DOMAIN.md: within one week).
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn plan_repairs(&self, tx: &mut Tx) -> Result<usize, StoreError> {
        let Some(rule) = self.plans().after.get(&VisitKind::PostRepair) else { return Ok(0) };
        let since = self.now() - days(rule.latest_days);
        let mut planned = 0;
        for ticket in store::tickets::closed_since(tx, since, MOST_CLOSED).await? {
            let (Some(project), Some(closed)) = (ticket.project_id, ticket.closed_at) else { continue };
            if ticket.kind != TicketKind::Repair || ticket.status != Status::Closed {
                continue;
            }
            let occasion = Occasion {
                kind: VisitKind::PostRepair,
                ordinal: after_repair(&ticket),
                project,
                unit: ticket.unit_id,
                contact: Some(ticket.contact_id),
                ticket: Some(ticket.id),
                survey: None,
                from: closed,
            };
            planned += usize::from(self.bring_about(tx, &occasion).await?.1);
        }
        Ok(planned)
    }

    /// Plans a follow-up that something brought about; returns it, and whether it is new.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn bring_about(&self, tx: &mut Tx, occasion: &Occasion) -> Result<(VisitId, bool), StoreError> {
        let about = occasion.unit.map_or_else(|| occasion.project.to_string(), |unit| unit.to_string());
        let key = format!("{about}:{}:{}", occasion.kind.name(), occasion.ordinal);
        if let Some(known) = store::visits::find_by_key(tx, &key).await? {
            return Ok((known.id, false));
        }
        let rule = self.plans().after.get(&occasion.kind);
        let (wait, latest) = rule.map_or((0, None), |rule| (rule.days, Some(rule.latest_days)));
        let survey = match &occasion.survey {
            Some(survey) => survey.clone(),
            None => {
                let planned = rule.map_or(&self.plans().outreach.survey, |rule| &rule.survey);
                let project = store::projects::find(tx, occasion.project).await?;
                project.map_or(planned.as_str(), |project| self.plans().survey_for(project.kind, planned)).to_owned()
            }
        };
        let now = self.now();
        let mut visit = Visit::planned(self.intake.clock.new_id(), key, occasion.kind, occasion.project, survey, now);
        visit.unit_id = occasion.unit;
        visit.contact_id = occasion.contact;
        visit.ticket_id = occasion.ticket;
        let on = self.date(occasion.from + days(wait));
        // Not on the day itself: they have hardly tried it out.
        let within = latest
            .and_then(|latest| Some((self.date(occasion.from + days(1))?, self.date(occasion.from + days(latest))?)));
        if let Some(on) = on {
            visit.planned_at = self.instant(on, &visit.key).unwrap_or(now);
            visit.due_at = self.instant(plan::moved(on, within, self.calendar()), &visit.key).unwrap_or(now);
        }
        store::visits::insert(tx, &visit).await?;
        self.intake.owe(tx, Job::SendVisit { visit: visit.id }, visit.due_at).await?;
        tracing::info!(visit.id = %visit.id, kind = visit.kind.name(), "visit {} is planned", visit.id);
        Ok((visit.id, true))
    }

    /// Brings one unit's stored plan in line.
    async fn plan_one(&self, tx: &mut Tx, unit: &Unit, ground: &Ground) -> Result<usize, StoreError> {
        let stored: Vec<Visit> = store::visits::list_for_unit(tx, unit.id).await?;
        let stored: BTreeMap<String, Visit> =
            stored.into_iter().filter(|visit| is_planned(visit.kind)).map(|visit| (visit.key.clone(), visit)).collect();
        let Some(today) = self.date(self.now()) else { return Ok(0) };
        let dues = self.dues(tx, unit, ground).await?;
        let zone_date = |at: Timestamp| self.date(at).unwrap_or(Date::ZERO);
        let known: Vec<Known> = stored
            .values()
            .map(|visit| Known {
                key: visit.key.clone(),
                status: visit.status,
                reason: visit.reason,
                planned_on: zone_date(visit.planned_at),
                survey: visit.survey.clone(),
            })
            .collect();
        let changes = plan::reconcile(self.plans(), &dues, &known, today);
        let count = changes.len();
        for change in changes {
            self.carry_out(tx, unit, &stored, change).await?;
        }
        Ok(count)
    }

    async fn carry_out(
        &self,
        tx: &mut Tx,
        unit: &Unit,
        stored: &BTreeMap<String, Visit>,
        change: Change,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let moved = match change {
            Change::Add(due) => {
                let id = self.intake.clock.new_id();
                let visit = Visit::planned(id, due.key.clone(), due.kind, unit.project_id, due.survey.clone(), now);
                let (planned_at, due_at) = self.times(&due, now);
                let visit = Visit { unit_id: Some(unit.id), planned_at, due_at, ..visit };
                // Somebody else planned it in the same moment: theirs is the same.
                store::visits::insert(tx, &visit).await?.then_some(visit)
            }
            Change::Move(due) => {
                let (planned_at, due_at) = self.times(&due, now);
                let Some(visit) = Planner::held(tx, stored, &due.key).await? else { return Ok(()) };
                match visit.replan(planned_at, due_at, &due.survey, now) {
                    Ok(visit) => {
                        store::visits::update(tx, &visit).await?;
                        Some(visit)
                    }
                    Err(_) => None, // sent meanwhile
                }
            }
            Change::Cancel { key } => {
                let Some(visit) = Planner::held(tx, stored, &key).await? else { return Ok(()) };
                if visit.status == VisitStatus::Planned
                    && let Ok(visit) = visit.cancel(Reason::Replanned, now)
                {
                    store::visits::update(tx, &visit).await?;
                }
                None
            }
        };
        match moved {
            Some(visit) => self.intake.owe(tx, Job::SendVisit { visit: visit.id }, visit.due_at).await,
            None => Ok(()),
        }
    }

    /// Returns a visit as it is now, held against others.
    async fn held(tx: &mut Tx, stored: &BTreeMap<String, Visit>, key: &str) -> Result<Option<Visit>, StoreError> {
        match stored.get(key) {
            Some(visit) => store::visits::load_for_update(tx, visit.id).await,
            None => Ok(None),
        }
    }

    /// Returns everything the plan wants of a unit, as its registers are now.
    async fn dues(&self, tx: &mut Tx, unit: &Unit, ground: &Ground) -> Result<Vec<Due>, StoreError> {
        let heard = store::visits::last_heard(tx, unit.id).await?;
        let project = &ground.project;
        let handover = unit.handover_at.or(project.handover_at).and_then(|at| self.date(at));
        let until = project.maintained_until.and_then(|at| self.date(at));
        let name = unit.id.to_string();
        let subject = Subject {
            unit: &name,
            kind: project.kind,
            tier: project.tier,
            region: &project.region,
            novel: project.novel,
            handover,
            first_use: unit.first_use_at.and_then(|at| self.date(at)),
            upkeep: project.maintained_every.map(|every| (every, until)),
            terms: &self.ends(ground, handover),
            heard: heard.and_then(|at| self.date(at)),
        };
        Ok(plan::plan(self.plans(), &subject, self.calendar()))
    }

    /// When which component's warranty ends, by law and as the contract agrees.
    fn ends(&self, ground: &Ground, handover: Option<Date>) -> Vec<TermEnd> {
        let Some(handover) = handover else { return Vec::new() };
        let ends = self.intake.catalog.warranty().ends(&ground.agreed, handover, &ground.project.region);
        ends.into_iter().map(|(component, ends_on)| TermEnd { component: component.id.clone(), ends_on }).collect()
    }

    fn times(&self, due: &Due, now: Timestamp) -> (Timestamp, Timestamp) {
        let at = |date| self.instant(date, &due.key).unwrap_or(now);
        (at(due.planned_on), at(due.due_on))
    }

    /// The instant at which a visit of a day falls due.
    fn instant(&self, date: Date, key: &str) -> Option<Timestamp> {
        let plans = self.plans();
        let begin = calendar::instant(date, plans.at, &self.intake.policy.quiet.zone)?;
        Some(begin + Duration::from_secs(60 * u64::from(plan::minutes_of(plans, key))))
    }

    fn date(&self, at: Timestamp) -> Option<Date> {
        calendar::local_date(at, &self.intake.policy.quiet.zone)
    }

    fn now(&self) -> Timestamp {
        self.intake.clock.now()
    }

    fn plans(&self) -> &Plans {
        self.intake.catalog.plans()
    }

    fn calendar(&self) -> &Calendar {
        self.intake.catalog.calendar()
    }
}

/// A project with what its contract agrees.
struct Ground {
    project: Project,
    agreed: Vec<Term>,
}

impl Ground {
    async fn load(tx: &mut Tx, id: ProjectId) -> Result<Option<Ground>, StoreError> {
        let Some(project) = store::projects::find(tx, id).await? else { return Ok(None) };
        Ok(Some(Ground { project, agreed: store::warranty_terms::of_project(tx, id).await? }))
    }
}

/// Whether visits of a kind come from the plan, not from something that happened.
fn is_planned(kind: VisitKind) -> bool {
    !matches!(kind, VisitKind::PostRepair | VisitKind::Second | VisitKind::Special)
}

/// Names the visit after a repair: a ticket that was opened again and closed again is followed up again.
fn after_repair(ticket: &Ticket) -> String {
    format!("{}_{}", ticket.id, ticket.reopened)
}

fn days(count: u32) -> Duration {
    Duration::from_secs(86_400 * u64::from(count))
}

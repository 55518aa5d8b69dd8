//! A visit goes out: to whom, through which conversation, and if not, why not.

use jiff::civil::Date;

use crate::channel::ChannelKind;
use crate::domain::contact::Contact;
use crate::domain::dialogue::{Activity, Event, Say, State};
use crate::domain::ids::{ContactId, DialogueId, ResponseId, UnitId, VisitId};
use crate::domain::job::Job;
use crate::domain::language::Language;
use crate::domain::policy::{self, Decision, Line, Rule, What, Who};
use crate::domain::ticket::{Status, Ticket};
use crate::domain::time::Timestamp;
use crate::domain::visit::{Reason, Sending, Visit, VisitKind, VisitStatus};
use crate::intake::Intake;
use crate::store::dialogues::Dialogue;
use crate::store::withheld::Withheld;
use crate::store::{self, StoreError, Tx};

use super::{Ground, Planner};

/// What became of a visit that was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The survey is on its way.
    Asked,
    /// Later, by a rule.
    Waits(Timestamp, Rule),
    /// A member of staff is to call.
    ToCall(Reason),
    /// Nothing comes of it.
    Dropped(Reason),
    /// It is not due, or not any more, or somebody was faster.
    NotDue,
}

/// What the plan says by now of a visit that is due.
enum Wanted {
    Now,
    /// The registers have changed, and this unit was not planned since.
    AnotherDay(UnitId),
    Never,
}

impl Planner {
    /// Sends a visit that is due: to whoever of the unit can be reached, unless a rule is against it.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn send(&self, tx: &mut Tx, id: VisitId) -> Result<Sent, StoreError> {
        self.send_due(tx, id, self.now()).await
    }

    /// The same for a job that was given at `due`: by the clock of whoever gave it, which may be ahead of
    /// this machine's, that has passed.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn send_due(&self, tx: &mut Tx, id: VisitId, due: Timestamp) -> Result<Sent, StoreError> {
        let now = self.now().max(due);
        let Some(visit) = store::visits::load_for_update(tx, id).await? else { return Ok(Sent::NotDue) };
        if visit.status != VisitStatus::Planned || visit.due_at > now {
            return Ok(Sent::NotDue);
        }
        match self.wanted(tx, &visit).await? {
            Wanted::Now => {}
            Wanted::Never => {
                return self.end(tx, visit.cancel(Reason::Replanned, now), Sent::Dropped(Reason::Replanned)).await;
            }
            Wanted::AnotherDay(unit) => {
                // The next planning moves it, and owes the sending.
                store::visits::plan_next(tx, unit, Timestamp(0)).await?;
                return Ok(Sent::NotDue);
            }
        }
        let contacts = Planner::contacts(tx, &visit).await?;
        if contacts.is_empty() {
            self.withhold(tx, &visit, None, Rule::NoContact, "", None).await?;
            return self.end(tx, visit.call(Reason::NoContact, now), Sent::ToCall(Reason::NoContact)).await;
        }
        let mut lines: Vec<(ContactId, Dialogue, Line)> = Vec::new();
        let mut willing = false;
        for contact in &contacts {
            if contact.surveys_stopped_at.is_some() {
                self.withhold(tx, &visit, Some(contact.id), Rule::OptedOut, "", None).await?;
                continue;
            }
            willing = true;
            for dialogue in store::dialogues::list_for_contact(tx, contact.id).await? {
                let line = self.line(tx, &dialogue).await?;
                lines.push((contact.id, dialogue, line));
            }
        }
        if !willing {
            return self.end(tx, visit.skip(Reason::OptedOut, now), Sent::Dropped(Reason::OptedOut)).await;
        }
        let plain: Vec<Line> = lines.iter().map(|(_, _, line)| *line).collect();
        // What is shut is noted with its reason, whether another way is open or none.
        for (contact, dialogue, line) in &lines {
            for (_, rule) in policy::reach(std::slice::from_ref(line), now).err().into_iter().flatten() {
                self.withhold(tx, &visit, Some(*contact), rule, &dialogue.channel, None).await?;
            }
        }
        let chosen = policy::reach(&plain, now).ok();
        let chosen = chosen.and_then(|chosen| lines.into_iter().find(|(_, dialogue, ..)| dialogue.id == chosen));
        let Some((contact, dialogue, line)) = chosen else {
            let reason = if plain.is_empty() { Reason::NoChat } else { Reason::NotReachable };
            if plain.is_empty() {
                let first = contacts.first().map(|contact| contact.id);
                self.withhold(tx, &visit, first, Rule::NoChat, "", None).await?;
            }
            return self.end(tx, visit.call(reason, now), Sent::ToCall(reason)).await;
        };
        // Another visit of theirs may just have been sent there.
        let state = Planner::hold(tx, &dialogue).await?;
        let who = Who {
            // Whoever did has no line here. Their conversations may not know yet that they take it back.
            opted_out: false,
            last_survey_at: store::visits::last_asked(tx, contact).await?,
            busy: is_busy(&state),
        };
        let what = What::Survey { planned_at: visit.planned_at };
        match self.intake.policy.decide(what, &who, self.calendar(), now) {
            Decision::Send => self.ask(tx, visit, contact, &dialogue, state.language, line.needs_notice(now)).await,
            Decision::Wait(until, rule) => {
                self.withhold(tx, &visit, Some(contact), rule, &dialogue.channel, Some(until)).await?;
                self.intake.owe(tx, Job::SendVisit { visit: id }, until).await?;
                self.end(tx, visit.wait(until, now), Sent::Waits(until, rule)).await
            }
            Decision::Never(rule @ Rule::OptedOut) => {
                self.withhold(tx, &visit, Some(contact), rule, &dialogue.channel, None).await?;
                self.end(tx, visit.skip(Reason::OptedOut, now), Sent::Dropped(Reason::OptedOut)).await
            }
            Decision::Never(rule) => {
                self.withhold(tx, &visit, Some(contact), rule, &dialogue.channel, None).await?;
                self.end(tx, visit.call(Reason::TooLate, now), Sent::ToCall(Reason::TooLate)).await
            }
        }
    }

    /// Puts the survey to somebody, or announces it where that is all the platform allows.
    async fn ask(
        &self,
        tx: &mut Tx,
        visit: Visit,
        contact: ContactId,
        dialogue: &Dialogue,
        language: Language,
        announce: bool,
    ) -> Result<Sent, StoreError> {
        let now = self.now();
        let response: ResponseId = self.intake.clock.new_id();
        let intro = self.intro(tx, &visit, language).await?;
        let survey = visit.survey.clone();
        let event = if announce {
            Event::SurveyAnnounced { response, survey, intro }
        } else {
            Event::SurveyInvited { response, survey, intro }
        };
        self.intake.apply_here(tx, dialogue.id, event).await?;
        if store::responses::find(tx, response).await?.is_none() {
            // The conversation is held and was not busy: only a survey that is no longer in prompts/ is not
            // begun. Somebody must see to it.
            return Err(StoreError::Missing { table: "prompts/surveys", id: visit.survey });
        }
        Intake::place_of_visit(tx, response, &visit).await?;
        let id = visit.id;
        let to = Sending { contact, dialogue: dialogue.id, response };
        tracing::info!(visit.id = %id, dialogue.id = %dialogue.id, channel = %dialogue.channel, "visit {id} goes out");
        self.end(tx, visit.send(to, now), Sent::Asked).await
    }

    /// Says what the visit is about, in front of the survey's own opening.
    async fn intro(&self, tx: &mut Tx, visit: &Visit, language: Language) -> Result<Option<Say>, StoreError> {
        let unit = match visit.unit_id {
            Some(unit) => store::units::find(tx, unit).await?,
            None => None,
        };
        let mut lines = Vec::new();
        if let (VisitKind::PreExpiry, Some(unit), Some(ground)) =
            (visit.kind, &unit, Ground::load(tx, visit.project_id).await?)
        {
            let dues = self.dues(tx, unit, &ground).await?;
            let expiring = dues.into_iter().find(|due| due.key == visit.key).and_then(|due| due.expiring);
            for (component, end) in
                expiring.into_iter().flat_map(|(all, end)| all.into_iter().map(move |one| (one, end)))
            {
                let known = self.intake.catalog.warranty().component(&component);
                let name = known.and_then(|known| known.names.get(&language)).unwrap_or(&component);
                lines.push(Say::new("visit.expiring.notice").text("component", name).text("date", end.to_string()));
            }
        }
        let project = store::projects::find(tx, visit.project_id).await?;
        let name = project.map(|project| project.name).unwrap_or_default();
        let place = unit.map_or_else(|| name.clone(), |unit| format!("{name} {}", unit.label));
        let anonymous = self.intake.catalog.script().surveys.get(&visit.survey).is_some_and(|survey| survey.anonymous);
        let about = if anonymous { "sample" } else { visit.kind.name() };
        let intro = Say::new(format!("visit.intro.{about}")).text("place", place);
        Ok(Some(Say::lines(std::iter::once(intro).chain(lines).collect())))
    }

    /// The people a visit may go to, the first bound first.
    async fn contacts(tx: &mut Tx, visit: &Visit) -> Result<Vec<Contact>, StoreError> {
        match (visit.contact_id, visit.unit_id) {
            (Some(contact), _) => Ok(store::contacts::find(tx, contact).await?.into_iter().collect()),
            (None, Some(unit)) => store::contact_units::contacts(tx, unit).await,
            (None, None) => Ok(Vec::new()),
        }
    }

    /// Returns the conversation in which somebody can be reached best, if any.
    pub(crate) async fn reachable(&self, tx: &mut Tx, contact: ContactId) -> Result<Option<DialogueId>, StoreError> {
        let mut lines: Vec<Line> = Vec::new();
        for dialogue in store::dialogues::list_for_contact(tx, contact).await? {
            lines.push(self.line(tx, &dialogue).await?);
        }
        Ok(policy::reach(&lines, self.now()).ok())
    }

    /// Holds a conversation that was chosen, and returns where it stands now.
    pub(super) async fn hold(tx: &mut Tx, chosen: &Dialogue) -> Result<State, StoreError> {
        match store::dialogues::load_for_update(tx, chosen.id).await? {
            Some(found) => Intake::state_of(&found),
            None => Err(StoreError::Missing { table: "dialogues", id: chosen.id.to_string() }),
        }
    }

    /// Says how a conversation stands as a way to reach somebody.
    ///
    /// # Errors
    /// A [`StoreError`] if it cannot be read.
    pub async fn line(&self, tx: &mut Tx, dialogue: &Dialogue) -> Result<Line, StoreError> {
        let kind = ChannelKind::from_name(&dialogue.channel);
        let window = kind.and_then(ChannelKind::window);
        let sent = match dialogue.heard_at.filter(|_| window.is_some()) {
            Some(heard) => store::outbox::count_sent_since(tx, dialogue.id, heard).await?,
            None => 0,
        };
        Ok(Line {
            dialogue: dialogue.id,
            window,
            fetched: kind == Some(ChannelKind::Web),
            heard_at: dialogue.heard_at,
            left_at: dialogue.left_at,
            sent,
            notice: self.intake.may_notify(tx, dialogue).await?,
        })
    }

    /// Whether a visit that is due is still wanted, and for that day: the repair may not have been the end of it,
    /// they may have been heard since, the plan may have changed after the unit was last planned, or the warranty
    /// whose end it is about has ended.
    async fn wanted(&self, tx: &mut Tx, visit: &Visit) -> Result<Wanted, StoreError> {
        if let (true, Some(unit)) = (super::is_planned(visit.kind), visit.unit_id)
            && let (Some(unit), Some(ground)) =
                (store::units::find(tx, unit).await?, Ground::load(tx, visit.project_id).await?)
        {
            let today = self.date(self.now()).unwrap_or(Date::ZERO);
            let dues = self.dues(tx, &unit, &ground).await?;
            let due = dues.into_iter().find(|due| due.key == visit.key && !due.is_over(today));
            return Ok(match due {
                // The day that the plan names; the one it is sent on may be moved by a holiday, a gap or staff.
                Some(due) if self.date(visit.planned_at) == Some(due.planned_on) => Wanted::Now,
                Some(_) => Wanted::AnotherDay(unit.id),
                None => Wanted::Never,
            });
        }
        let about = visit.ticket_id.filter(|_| visit.kind == VisitKind::PostRepair);
        let Some(ticket) = about else { return Ok(Wanted::Now) };
        // Once it was closed anew, the visit after that asks instead.
        let of_this_end = |ticket: &Ticket| visit.key.ends_with(&format!(":{}", super::after_repair(ticket)));
        let ticket = store::tickets::find(tx, ticket).await?;
        let is_moot = ticket.is_some_and(|ticket| ticket.status != Status::Closed || !of_this_end(&ticket));
        Ok(if is_moot { Wanted::Never } else { Wanted::Now })
    }

    async fn withhold(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        contact_id: Option<ContactId>,
        rule: Rule,
        detail: &str,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (visit_id, detail, at) = (Some(visit.id), detail.to_owned(), self.now());
        let row = Withheld { visit_id, contact_id, rule, detail, until, at };
        tracing::info!(visit.id = %visit.id, rule = rule.name(), "visit {} was not sent: {}", visit.id, rule.name());
        store::withheld::note(tx, self.intake.clock.new_id(), &row).await
    }

    /// Stores a visit after a change, and says what became of it.
    async fn end(
        &self,
        tx: &mut Tx,
        changed: Result<Visit, crate::domain::visit::InvalidVisit>,
        became: Sent,
    ) -> Result<Sent, StoreError> {
        match changed {
            Ok(visit) => {
                store::visits::update(tx, &visit).await?;
                self.intake.second_visit_ended(tx, &visit).await?;
                Ok(became)
            }
            // It is held and was looked at: somebody's status cannot have changed since.
            Err(_) => Ok(Sent::NotDue),
        }
    }
}

/// Whether a conversation is in the middle of something that a survey would break into.
pub(super) fn is_busy(state: &State) -> bool {
    let activity = matches!(state.activity, Activity::Reporting(_) | Activity::Surveying(_));
    let waits = state.invited.is_some() || state.parked.is_some();
    activity || state.handed_over() || !state.listening.is_empty() || waits
}

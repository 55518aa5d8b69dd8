//! Equipment events: what a machine's readings and alarms bring about.

use std::collections::BTreeSet;

use serde_json::json;

use crate::domain::dialogue::{Event, Say};
use crate::domain::equipment::{Brings, Reading, Rule, judge};
use crate::domain::ids::{ContactId, DialogueId, TicketId, UnitId};
use crate::domain::job::Job;
use crate::domain::policy::{Decision, What, Who};
use crate::domain::project::Unit;
use crate::domain::ticket::{Actor, Ticket, TicketKind};
use crate::domain::visit::VisitKind;
use crate::store::withheld::Withheld;
use crate::store::{self, StoreError, Tx};

use super::{Occasion, Planner};

/// Whose ticket a machine brings about.
#[derive(Debug, Clone, Copy)]
struct Owner {
    contact: ContactId,
    /// Where they are told, if they are reached at all.
    dialogue: Option<DialogueId>,
}

impl Planner {
    /// Takes what machines say, in their order; returns the rules that fired at each.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn read_machines(&self, tx: &mut Tx, said: &[(Unit, Reading)]) -> Result<Vec<Vec<String>>, StoreError> {
        // Two posts about one machine at once would both find that nothing has fired yet.
        let machines: BTreeSet<UnitId> = said.iter().map(|(unit, _)| unit.id).collect();
        for machine in machines {
            store::units::hold(tx, machine).await?;
        }
        let (mut fired, mut occasions) = (Vec::new(), Vec::new());
        for (unit, reading) in said {
            let mut rules = Vec::new();
            for rule in self.intake.catalog.events().iter().filter(|rule| rule.signal == reading.signal) {
                let known = store::equipment::watch(tx, unit.id, &rule.id).await?;
                let (watch, is_met) = judge(rule, known, reading);
                if watch != known {
                    store::equipment::keep(tx, unit.id, &rule.id, watch).await?;
                }
                if is_met {
                    let owner = self.owner(tx, unit, rule).await?;
                    occasions.push((unit, rule, reading, owner));
                    rules.push(rule.id.clone());
                }
            }
            fired.push(rules);
        }
        // Every conversation that is told of a ticket comes before the first number that is drawn.
        let told: BTreeSet<DialogueId> =
            occasions.iter().filter_map(|(_, _, _, owner)| owner.as_ref()?.dialogue).collect();
        store::dialogues::lock_all(tx, &told).await?;
        for (unit, rule, reading, owner) in occasions {
            self.bring(tx, unit, rule, reading, owner).await?;
        }
        Ok(fired)
    }

    /// Returns whose ticket a rule brings about; `None` where it brings none, or nobody is known.
    async fn owner(&self, tx: &mut Tx, unit: &Unit, rule: &Rule) -> Result<Option<Owner>, StoreError> {
        if rule.brings == Brings::Visit {
            return Ok(None);
        }
        let known = store::contact_units::contacts(tx, unit.id).await?.into_iter().next();
        let Some(contact) = known.map(|contact| contact.id) else { return Ok(None) };
        Ok(Some(Owner { contact, dialogue: self.reachable(tx, contact).await? }))
    }

    async fn bring(
        &self,
        tx: &mut Tx,
        unit: &Unit,
        rule: &Rule,
        reading: &Reading,
        owner: Option<Owner>,
    ) -> Result<(), StoreError> {
        tracing::info!(unit.id = %unit.id, rule = rule.id, "rule {} fired for unit {}", rule.id, unit.id);
        let (Brings::Ticket { category, urgency }, Some(owner)) = (rule.brings, owner) else {
            // A ticket is somebody's: where nobody is known, staff calls.
            return self.special(tx, unit, rule, reading).await;
        };
        if self.under_way(tx, unit.id, rule).await? {
            return Ok(());
        }
        let mut ticket = Ticket::reported(self.intake.clock.new_id(), TicketKind::Repair, owner.contact, self.now());
        ticket.dialogue_id = owner.dialogue;
        ticket.unit_id = Some(unit.id);
        ticket.project_id = Some(unit.project_id);
        ticket.category = category;
        ticket.urgency = urgency;
        let value = reading.value.map(|value| format!(" {value}")).unwrap_or_default();
        // What the machine says, as it says it.
        ticket.symptom = Some(format!("{}{value}", reading.signal));
        ticket.description = format!("[{}] {}{value}", rule.id, reading.signal);
        let body = json!({ "rule": rule.id, "signal": reading.signal, "value": reading.value });
        let ticket = self.intake.file(tx, ticket, &[], Actor::System, body).await?;
        self.tell(tx, unit, &ticket).await
    }

    /// Tells in the morning of a ticket that a machine brought about in the night, unless it is settled by then.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn machine_news(&self, tx: &mut Tx, ticket: TicketId) -> Result<(), StoreError> {
        let Some(ticket) = store::tickets::find(tx, ticket).await?.filter(|ticket| ticket.status.is_open()) else {
            return Ok(());
        };
        let Some(unit) = ticket.unit_id else { return Ok(()) };
        let Some(unit) = store::units::find(tx, unit).await? else { return Ok(()) };
        self.tell(tx, &unit, &ticket).await
    }

    /// Tells the client of a ticket that their machine brought about; in the night, when staff has it in hand and the
    /// client would only be woken, it waits for the day.
    async fn tell(&self, tx: &mut Tx, unit: &Unit, ticket: &Ticket) -> Result<(), StoreError> {
        let Some(dialogue) = ticket.dialogue_id else { return Ok(()) };
        let (rule, until) = match self.intake.policy.decide(What::Notice, &Who::default(), self.calendar(), self.now())
        {
            Decision::Send => return self.say_filed(tx, unit, ticket, dialogue).await,
            Decision::Wait(until, rule) => (rule, Some(until)),
            Decision::Never(rule) => (rule, None),
        };
        let (contact_id, detail) = (Some(ticket.contact_id), "equipment".to_owned());
        let row = Withheld { visit_id: None, contact_id, rule, detail, until, at: self.now() };
        store::withheld::note(tx, self.intake.clock.new_id(), &row).await?;
        match until {
            Some(until) => self.intake.owe(tx, Job::MachineNews { ticket: ticket.id }, until).await,
            None => Ok(()),
        }
    }

    async fn say_filed(
        &self,
        tx: &mut Tx,
        unit: &Unit,
        ticket: &Ticket,
        dialogue: DialogueId,
    ) -> Result<(), StoreError> {
        let said = Say::new("equipment.filed").text("place", unit.label.clone()).text("number", ticket.number.clone());
        self.intake.apply_here(tx, dialogue, Event::Notified(said)).await
    }

    /// Whether a ticket that this rule brought about is still open.
    async fn under_way(&self, tx: &mut Tx, unit: UnitId, rule: &Rule) -> Result<bool, StoreError> {
        let open = store::tickets::Filter { open: Some(true), unit_id: Some(unit), ..Default::default() };
        let mark = format!("[{}] ", rule.id);
        Ok(store::tickets::list(tx, &open, 50).await?.iter().any(|ticket| ticket.description.starts_with(&mark)))
    }

    async fn special(&self, tx: &mut Tx, unit: &Unit, rule: &Rule, reading: &Reading) -> Result<(), StoreError> {
        let occasion = Occasion {
            kind: VisitKind::Special,
            ordinal: format!("{}_{}", rule.id, reading.at.0),
            project: unit.project_id,
            unit: Some(unit.id),
            contact: None,
            ticket: None,
            survey: None,
            from: self.now(),
        };
        self.bring_about(tx, &occasion).await.map(drop)
    }
}

//! What is rarer: clocks that stand still, the cause, the date in the ledger, two tickets for one
//! fault, one ticket for two.

use std::collections::BTreeSet;

use serde_json::json;

use super::{By, Desk, DeskError, words};
use crate::domain::calendar::promised;
use crate::domain::dialogue::{Event, Say};
use crate::domain::ids::TicketId;
use crate::domain::sla::{ClockKind, InvalidClock};
use crate::domain::ticket::{Actor, Cause, InvalidTransition, Ticket};
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Awaiting, Category};
use crate::store::{self, Tx};

impl Desk {
    /// Lets a clock stand still, with the reason: parts are awaited, the owner is away.
    pub async fn pause(
        &self,
        ticket: TicketId,
        clock: ClockKind,
        reason: &str,
        by: impl Into<By>,
    ) -> Result<(), DeskError> {
        let (reason, by) = (words(reason, "a reason")?, by.into());
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let mut ticket = this.load_seen(tx, ticket, by).await?;
                let paused = this.intake.pause_clock(tx, &mut ticket, clock, &reason).await?;
                paused.ok_or(DeskError::Clock(InvalidClock::not_running()))?;
                let ticket = Ticket { updated_at: this.intake.clock.now(), ..ticket };
                let body = json!({ "clock": clock.name(), "text": reason });
                this.changed(tx, &ticket, "clock_paused", by.staff, body).await
            })
        })
        .await
    }

    /// Lets a paused clock run on.
    pub async fn resume(&self, ticket: TicketId, clock: ClockKind, by: impl Into<By>) -> Result<(), DeskError> {
        let by = by.into();
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let mut ticket = this.load_seen(tx, ticket, by).await?;
                let resumed = this.intake.resume_clock(tx, &mut ticket, clock).await?;
                resumed.ok_or(DeskError::Clock(InvalidClock::not_paused()))?;
                let ticket = Ticket { updated_at: this.intake.clock.now(), ..ticket };
                this.changed(tx, &ticket, "clock_resumed", by.staff, json!({ "clock": clock.name() })).await
            })
        })
        .await
    }

    /// Notes why it broke; `None`: nobody knows after all.
    pub async fn set_cause(&self, ticket: TicketId, cause: Option<Cause>, by: impl Into<By>) -> Result<(), DeskError> {
        let by = by.into();
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let ticket = this.load_seen(tx, ticket, by).await?;
                let mut ticket = Ticket { cause, updated_at: this.intake.clock.now(), ..ticket };
                this.intake.judge_warranty(tx, &mut ticket).await?;
                let name = cause.map(Cause::name);
                this.changed(tx, &ticket, "cause_found", by.staff, json!({ "cause": name })).await
            })
        })
        .await
    }

    /// Sets when staff expects it to be rectified (问题台账): a day ahead, within a year.
    pub async fn expect(&self, ticket: TicketId, at: Timestamp, by: impl Into<By>) -> Result<(), DeskError> {
        let by = by.into();
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let now = this.intake.clock.now();
                let ticket = this.load_seen(tx, ticket, by).await?;
                if !ticket.status.is_open() {
                    return Err(InvalidTransition { from: ticket.status, action: "expected to be mended" }.into());
                }
                let at = promised(at, now)?;
                let ticket = Ticket { expected_at: Some(at), updated_at: now, ..ticket };
                this.changed(tx, &ticket, "expected", by.staff, json!({ "at": at.0 })).await
            })
        })
        .await
    }

    /// Ends a ticket because another, named by its number, carries on with the same fault. Its words,
    /// photos and recordings go there; the owner is told.
    pub async fn merge(&self, ticket: TicketId, into: &str, reason: &str, by: impl Into<By>) -> Result<(), DeskError> {
        let (into, reason, by) = (into.to_owned(), words(reason, "a reason")?, by.into());
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let target = store::tickets::find_by_number(tx, &into).await?;
                let target = target.ok_or(DeskError::NotFound("ticket to merge into"))?.id;
                if target == ticket {
                    return Err(DeskError::Needed("another ticket"));
                }
                this.hold(tx, &[ticket, target]).await?;
                let ticket = this.load_seen(tx, ticket, by).await?;
                let mut target = this.load(tx, target).await?;
                let now = this.intake.clock.now();
                if !target.status.is_open() {
                    return Err(DeskError::IntoEnded(target.status));
                }
                let number = target.number.clone();
                target.absorb_words(&ticket);
                target.priority = target.priority.max(ticket.priority);
                target.updated_at = now;
                if target.urgency < ticket.urgency {
                    target.urgency = ticket.urgency;
                    this.intake.more_urgent(tx, &mut target, ticket.id).await?;
                }
                let media = store::media::list_for_ticket(tx, ticket.id).await?;
                for file in &media {
                    store::tickets::attach_media(tx, target.id, file.id).await?;
                }
                this.changed(tx, &target, "absorbed", by.staff, json!({ "to": ticket.number, "text": reason })).await?;
                let ticket = this.ended(tx, ticket.merge(target.id, now)?, "merged", &reason, by).await?;
                this.intake.tell_sharers(tx, &ticket).await?;
                let say = Say::new("news.merged").text("ticket", ticket.number.clone()).text("into", number);
                this.tell(tx, &ticket, Event::Notified(say)).await
            })
        })
        .await
    }

    /// Opens a second ticket for what is a second fault, with its own words and trade. Returns it.
    pub async fn split(
        &self,
        ticket: TicketId,
        described: &str,
        category: Option<Category>,
        by: impl Into<By>,
    ) -> Result<Ticket, DeskError> {
        let (described, by) = (words(described, "a description")?, by.into());
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let from = this.load_seen(tx, ticket, by).await?;
                let now = this.intake.clock.now();
                let understood = this.intake.tagger.understand(&described, None, Awaiting::Nothing);
                let mut new = Ticket::reported(this.intake.clock.new_id(), from.kind, from.contact_id, now);
                new.unit_id = from.unit_id;
                new.project_id = from.project_id;
                new.dialogue_id = from.dialogue_id;
                new.location = understood.location.or_else(|| from.location.clone());
                new.component = understood.component;
                new.symptom = understood.symptom;
                new.category = category.or(understood.category);
                new.urgency = understood.urgency;
                new.description = described;
                let actor = Actor::Staff(by.staff);
                if let Some(dialogue) = from.dialogue_id {
                    // The conversation that is told comes before the number that is drawn.
                    this.intake.where_now(tx, dialogue, None).await?;
                }
                let new = this.intake.file(tx, new, &[], actor, json!({ "to": from.number })).await?;
                let from = Ticket { updated_at: now, ..from };
                this.changed(tx, &from, "split", by.staff, json!({ "to": new.number })).await?;
                let say = Say::new("news.split").text("ticket", from.number.clone()).text("new", new.number.clone());
                this.tell(tx, &from, Event::Notified(say)).await?;
                Ok(new)
            })
        })
        .await
    }

    /// Holds tickets: first their conversations, then they themselves, each in the order of their ids, so
    /// that two who hold several cannot wait for each other.
    pub(super) async fn hold(&self, tx: &mut Tx, tickets: &[TicketId]) -> Result<(), DeskError> {
        let tickets: BTreeSet<TicketId> = tickets.iter().copied().collect();
        let mut dialogues = BTreeSet::new();
        for id in &tickets {
            let found = store::tickets::find(tx, *id).await?.ok_or(DeskError::NotFound("ticket"))?;
            dialogues.extend(found.dialogue_id);
        }
        store::dialogues::lock_all(tx, &dialogues).await?;
        for id in tickets {
            store::tickets::load_for_update(tx, id).await?;
        }
        Ok(())
    }
}

//! A ticket's way through the closed loop: called, arrived, rectified, closed.

use std::time::Duration;

use serde_json::json;

use super::{By, Desk, DeskError, EVIDENCE, words};
use crate::channel::ReceivedFile;
use crate::domain::dialogue::{Event, Say};
use crate::domain::ids::{DialogueId, TicketId};
use crate::domain::media::MediaKind;
use crate::domain::sla::Moment;
use crate::domain::ticket::{Actor, Evidence, Status, Ticket};
use crate::store::{self, StoreError, Tx};

/// The event of setting out.
const ON_THE_WAY: &str = "on_the_way";

/// As long as nobody sets out anew: whoever presses again meant the first time.
const UNDER_WAY: Duration = Duration::from_secs(30 * 60);

/// Why somebody strikes a ticket off that nobody has mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Withdrawn, or filed by mistake.
    Cancelled,
    /// Not ours to repair.
    Rejected,
}

impl Desk {
    /// Adds an internal note. The client does not see it.
    pub async fn note(&self, ticket: TicketId, note: &str, by: impl Into<By>) -> Result<(), DeskError> {
        let (note, by) = (words(note, "a note")?, by.into());
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let ticket = this.load(tx, ticket).await?;
                this.changed(tx, &ticket, "note", by.staff, json!({ "text": note })).await
            })
        })
        .await
    }

    /// Notes that somebody has telephoned the client (已电话): that is an answer.
    pub async fn called(&self, ticket: TicketId, note: &str, by: impl Into<By>) -> Result<(), DeskError> {
        let (note, by) = (words(note, "a note").ok(), by.into());
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let mut ticket = this.load(tx, ticket).await?;
                this.intake.ticket_moved(tx, &mut ticket, Moment::Answered).await?;
                this.changed(tx, &ticket, "called", by.staff, json!({ "text": note })).await
            })
        })
        .await
    }

    /// Tells the owner that somebody is on the way; pressed again within [`UNDER_WAY`], it tells nothing.
    pub async fn on_the_way(&self, ticket: TicketId, by: impl Into<By>) -> Result<(), DeskError> {
        let by = by.into();
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let (actor, loaded) = (Actor::Staff(by.staff), this.load(tx, ticket).await?);
                if this.has_set_out(tx, &loaded, actor).await? {
                    return Ok(());
                }
                let ticket = this.load_seen(tx, ticket, by).await?;
                this.set_out(tx, ticket, actor).await
            })
        })
        .await
    }

    /// Notes that the assignee is at the place.
    pub async fn arrive(&self, ticket: TicketId, by: impl Into<By>) -> Result<(), DeskError> {
        let by = by.into();
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let ticket = this.load_seen(tx, ticket, by).await?;
                this.arrived(tx, ticket, Actor::Staff(by.staff)).await
            })
        })
        .await
    }

    /// Notes that the fault is fixed, with the evidence (a note, photos, or both), and asks the owner
    /// whether it is.
    pub async fn rectify(
        &self,
        ticket: TicketId,
        note: &str,
        photos: Vec<ReceivedFile>,
        by: impl Into<By>,
    ) -> Result<(), DeskError> {
        let (note, by) = (words(note, "a note").ok(), by.into());
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let ticket = this.load_seen(tx, ticket, by).await?;
                this.rectified(tx, ticket, note, &photos, Actor::Staff(by.staff)).await
            })
        })
        .await
    }

    /// Strikes a ticket off: one that was rectified as unverified, one that was not as cancelled.
    /// The owner's own [已修好] closes it as verified without anybody's doing.
    pub async fn close(&self, ticket: TicketId, reason: &str, by: impl Into<By>) -> Result<(), DeskError> {
        let (reason, by) = (words(reason, "a reason")?, by.into());
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let ticket = this.load_seen(tx, ticket, by).await?;
                let now = this.intake.clock.now();
                let (ticket, event) = match ticket.status {
                    Status::Rectified => (ticket.close(true, now)?, "closed_unverified"),
                    Status::Verified => (ticket.close(false, now)?, "closed"),
                    Status::Reported
                    | Status::Assigned
                    | Status::OnSite
                    | Status::Closed
                    | Status::Rejected
                    | Status::Reopened
                    | Status::Cancelled
                    | Status::Merged => return this.struck_off(tx, ticket, Refusal::Cancelled, &reason, by).await,
                };
                this.ended(tx, ticket, event, &reason, by).await.map(drop)
            })
        })
        .await
    }

    /// Strikes a ticket off that nobody has mended, and tells the owner.
    pub async fn refuse(
        &self,
        ticket: TicketId,
        how: Refusal,
        reason: &str,
        by: impl Into<By>,
    ) -> Result<(), DeskError> {
        let (reason, by) = (words(reason, "a reason")?, by.into());
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let ticket = this.load_seen(tx, ticket, by).await?;
                this.struck_off(tx, ticket, how, &reason, by).await
            })
        })
        .await
    }

    async fn struck_off(
        &self,
        tx: &mut Tx,
        ticket: Ticket,
        how: Refusal,
        reason: &str,
        by: By,
    ) -> Result<(), DeskError> {
        let now = self.intake.clock.now();
        let (ticket, event, news) = match how {
            Refusal::Cancelled => (ticket.cancel(now)?, "cancelled", "news.cancelled"),
            Refusal::Rejected => (ticket.reject(now)?, "rejected", "news.rejected"),
        };
        let ticket = self.ended(tx, ticket, event, reason, by).await?;
        self.intake.tell_sharers(tx, &ticket).await?;
        let say = Say::new(news).text("ticket", ticket.number.clone());
        self.tell(tx, &ticket, Event::Notified(say)).await
    }

    /// Stores a ticket that has ended, and ends what hangs on it.
    pub(super) async fn ended(
        &self,
        tx: &mut Tx,
        mut ticket: Ticket,
        event: &str,
        reason: &str,
        by: By,
    ) -> Result<Ticket, DeskError> {
        self.changed(tx, &ticket, event, by.staff, json!({ "text": reason })).await?;
        self.intake.ticket_moved(tx, &mut ticket, Moment::Ended).await?;
        self.appointment_over(tx, &ticket).await?;
        Ok(ticket)
    }

    /// Has the conversation forget the appointment of a ticket, as its row has ended: it would announce
    /// it for tomorrow, and ask for a wish that no row takes. Nothing is said.
    pub(super) async fn appointment_over(&self, tx: &mut Tx, ticket: &Ticket) -> Result<(), DeskError> {
        self.tell(tx, ticket, Event::AppointmentWithdrawn { ticket: ticket.id, quietly: true }).await
    }

    /// Whether somebody has told the owner of a ticket a moment ago that they are on the way, and has
    /// done nothing else to it since.
    pub(super) async fn has_set_out(&self, tx: &mut Tx, ticket: &Ticket, actor: Actor) -> Result<bool, StoreError> {
        let now = self.intake.clock.now();
        let events = store::tickets::events(tx, ticket.id).await?;
        let last = events.iter().rfind(|event| event.actor == actor);
        Ok(ticket.status == Status::Assigned
            && last.is_some_and(|event| event.kind == ON_THE_WAY && now.since(event.at) < UNDER_WAY))
    }

    pub(super) async fn set_out(&self, tx: &mut Tx, ticket: Ticket, actor: Actor) -> Result<(), DeskError> {
        let now = self.intake.clock.now();
        if ticket.status != Status::Assigned {
            // The same refusal as arriving would meet.
            ticket.arrive(now)?;
            return Err(DeskError::Changed);
        }
        let ticket = Ticket { updated_at: now, ..ticket };
        self.changed_by(tx, &ticket, ON_THE_WAY, actor, json!({})).await?;
        let say = Say::new("news.on_the_way").text("ticket", ticket.number.clone());
        self.tell(tx, &ticket, Event::Notified(say)).await
    }

    pub(super) async fn arrived(&self, tx: &mut Tx, ticket: Ticket, actor: Actor) -> Result<(), DeskError> {
        let mut ticket = ticket.arrive(self.intake.clock.now())?;
        self.changed_by(tx, &ticket, "on_site", actor, json!({})).await?;
        self.intake.ticket_moved(tx, &mut ticket, Moment::Arrived).await?;
        self.appointment_over(tx, &ticket).await
    }

    pub(super) async fn rectified(
        &self,
        tx: &mut Tx,
        ticket: Ticket,
        note: Option<String>,
        photos: &[ReceivedFile],
        actor: Actor,
    ) -> Result<(), DeskError> {
        let photos: Vec<_> = photos.iter().filter(|file| file.kind == MediaKind::Photo).cloned().collect();
        let evidence = Evidence::of(note.as_deref(), photos.len());
        let evidence = evidence.ok_or(DeskError::Needed(EVIDENCE))?;
        let mut ticket = ticket.rectify(evidence, self.intake.clock.now())?;
        let media = self.intake.keep_evidence(tx, &ticket, &photos).await?;
        let body = json!({ "text": note, "media": media });
        self.changed_by(tx, &ticket, "rectified", actor, body).await?;
        self.intake.ticket_moved(tx, &mut ticket, Moment::Rectified).await?;
        self.appointment_over(tx, &ticket).await?;
        self.intake.tell_sharers(tx, &ticket).await?;
        let claimed = Event::FixClaimed { ticket: ticket.id, number: ticket.number.clone() };
        self.tell(tx, &ticket, claimed).await
    }

    /// Staff has answered in a conversation: the first clock of its open tickets stops.
    pub(super) async fn answered(&self, tx: &mut Tx, dialogue: DialogueId) -> Result<(), DeskError> {
        let Some(contact) = store::dialogues::find(tx, dialogue).await?.and_then(|found| found.contact_id) else {
            return Ok(());
        };
        for ticket in store::tickets::open_for_contact(tx, contact).await? {
            // A ticket of another conversation of theirs is answered there; taking its lock here could deadlock.
            if ticket.dialogue_id == Some(dialogue) {
                let mut ticket = self.load(tx, ticket.id).await?;
                self.intake.ticket_moved(tx, &mut ticket, Moment::Answered).await?;
            }
        }
        Ok(())
    }
}

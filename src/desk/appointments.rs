//! Appointments: times are offered to the owner, agreed on by telephone, or taken back.

use serde_json::json;

use super::{By, Desk, DeskError};
use crate::domain::appointment::{Appointment, Status, Window};
use crate::domain::dialogue::{Event, Meeting, OfferedWindow};
use crate::domain::ids::TicketId;
use crate::domain::sla::Moment;
use crate::domain::ticket::{InvalidTransition, Ticket};
use crate::intake::Intake;
use crate::store::{self, Tx};

impl Desk {
    /// Offers the owner one to three times as buttons; an earlier offer is void.
    pub async fn offer(&self, ticket: TicketId, windows: Vec<Window>, by: impl Into<By>) -> Result<(), DeskError> {
        self.arrange(ticket, windows, false, by.into()).await
    }

    /// Notes a time that was agreed on by telephone, and tells the owner.
    pub async fn agree(&self, ticket: TicketId, window: Window, by: impl Into<By>) -> Result<(), DeskError> {
        self.arrange(ticket, vec![window], true, by.into()).await
    }

    /// Takes the offered or agreed time back, and tells the owner.
    pub async fn withdraw(&self, ticket: TicketId, by: impl Into<By>) -> Result<(), DeskError> {
        let by = by.into();
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let ticket = this.load_seen(tx, ticket, by).await?;
                if !this.intake.appointment_ended(tx, ticket.id, Status::Cancelled).await? {
                    return Err(DeskError::Changed);
                }
                let ticket = Ticket { updated_at: this.intake.clock.now(), ..ticket };
                this.changed(tx, &ticket, "appointment_cancelled", by.staff, json!({})).await?;
                let withdrawn = Event::AppointmentWithdrawn { ticket: ticket.id, quietly: false };
                this.tell(tx, &ticket, withdrawn).await
            })
        })
        .await
    }

    async fn arrange(&self, id: TicketId, windows: Vec<Window>, agreed: bool, by: By) -> Result<(), DeskError> {
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let now = this.intake.clock.now();
                let mut ticket = this.load_seen(tx, id, by).await?;
                if !ticket.status.is_open() {
                    let from = ticket.status;
                    return Err(InvalidTransition { from, action: "visited" }.into());
                }
                let offered = Appointment::offer(this.intake.clock.new_id(), id, windows, by.staff, now)?;
                let appointment = match offered.offered.first().copied().filter(|_| agreed) {
                    Some(window) => offered.agree(window, now)?,
                    None => offered,
                };
                if !store::appointments::of_ticket(tx, id).await?.is_empty() {
                    this.intake.appointment_ended(tx, id, Status::Cancelled).await?;
                    // The conversation that knows the earlier time need not be the one that hears of this.
                    this.appointment_over(tx, &ticket).await?;
                }
                store::appointments::save(tx, &appointment).await?;
                // Whoever offers a time has answered.
                this.intake.ticket_moved(tx, &mut ticket, Moment::Answered).await?;
                ticket.updated_at = now;
                let event = if agreed { "appointment_agreed" } else { "appointment_offered" };
                this.changed(tx, &ticket, event, by.staff, json!({ "windows": appointment.offered })).await?;
                if let Some(window) = appointment.agreed {
                    this.intake.owe_evening(tx, &ticket, appointment.id, window).await?;
                }
                let meeting = this.meeting(tx, &ticket, appointment).await?;
                this.tell(tx, &ticket, Event::AppointmentOffered(meeting)).await
            })
        })
        .await
    }

    /// An appointment as the conversation knows it, in the owner's language.
    async fn meeting(&self, tx: &mut Tx, ticket: &Ticket, appointment: Appointment) -> Result<Meeting, DeskError> {
        let dialogue = match ticket.dialogue_id {
            Some(dialogue) => store::dialogues::find(tx, dialogue).await?,
            None => None,
        };
        let language = dialogue.map(|found| Intake::state_of(&found)).transpose()?.map(|state| state.language);
        let language = language.unwrap_or_default();
        let written = |window: Window| OfferedWindow { window, label: self.intake.window_label(language, window) };
        Ok(Meeting {
            appointment: appointment.id,
            ticket: ticket.id,
            number: ticket.number.clone(),
            offered: appointment.offered.into_iter().map(written).collect(),
            agreed: appointment.agreed,
            asked: false,
        })
    }
}

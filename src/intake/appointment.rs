//! Appointments as rows: what the owner chose, the reminder of the evening before, and how a
//! window is written.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Intake, Scene};
use crate::domain::appointment::{self, Appointment, Status, Window};
use crate::domain::calendar::local;
use crate::domain::dialogue::Timer;
use crate::domain::flag::{Flag, FlagKind};
use crate::domain::ids::{AppointmentId, TicketId};
use crate::domain::job::Job;
use crate::domain::language::Language;
use crate::domain::ticket::{Actor, Ticket};
use crate::domain::time::Timestamp;
use crate::store::{self, StoreError, Tx};

impl Intake {
    /// Returns how a window is written, in local time: day, weekday, from and until; with its year, if that is not the
    /// present one.
    pub(crate) fn window_label(&self, language: Language, window: Window) -> String {
        let (from, until) = (local(window.from, self.zone()), local(window.until, self.zone()));
        let named = |key: String| self.catalog.text(language, &key, &BTreeMap::new());
        let this_year = local(self.clock.now(), self.zone()).year() == from.year();
        let key = if this_year { "appointment.window" } else { "appointment.window_of_year" };
        let values = [
            ("year", from.year().to_string()),
            ("month", named(format!("appointment.month.{}", from.month()))),
            ("day", from.day().to_string()),
            ("weekday", named(format!("appointment.weekday.{}", from.weekday().to_monday_one_offset()))),
            ("from", from.strftime("%H:%M").to_string()),
            ("until", until.strftime("%H:%M").to_string()),
        ];
        let args = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.catalog.text(language, key, &args)
    }

    /// The owner takes a window, or takes the one again that was given back.
    pub(super) async fn agree_appointment(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: AppointmentId,
        window: Window,
    ) -> Result<(), StoreError> {
        let Some((appointment, ticket)) = self.appointment_of(tx, scene, id).await? else { return Ok(()) };
        let again = appointment.status == Status::Declined;
        if again && (!ticket.status.is_open() || store::appointments::open_of_ticket(tx, ticket.id).await?.is_some()) {
            return Ok(()); // Nobody comes any more, or another time was arranged since.
        }
        let Ok(agreed) = appointment.agree(window, scene.now) else { return Ok(()) };
        store::appointments::save(tx, &agreed).await?;
        let body = json!({ "windows": [window] });
        self.note_event(tx, ticket.id, "appointment_agreed", Actor::Client, body, scene.now).await?;
        self.owe_evening(tx, &ticket, id, window).await
    }

    /// None of the windows suits the owner, or no longer: staff has to find another.
    pub(super) async fn decline_appointment(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: AppointmentId,
    ) -> Result<(), StoreError> {
        let Some(ticket) = self.give_back(tx, scene, id, "appointment_declined").await? else { return Ok(()) };
        let mut flag = Flag::raised(self.clock.new_id(), FlagKind::AppointmentDeclined, scene.now);
        flag.ticket_id = Some(ticket);
        flag.dialogue_id = Some(scene.dialogue);
        self.show(tx, &flag).await
    }

    /// The owner needs nobody any more, of which staff is told with the ticket.
    pub(super) async fn call_off_appointment(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: AppointmentId,
    ) -> Result<(), StoreError> {
        self.give_back(tx, scene, id, "appointment_cancelled").await.map(drop)
    }

    /// Ends an appointment that the owner gives back, and returns its ticket if it was still open.
    async fn give_back(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: AppointmentId,
        event: &str,
    ) -> Result<Option<TicketId>, StoreError> {
        let Some((appointment, ticket)) = self.appointment_of(tx, scene, id).await? else { return Ok(None) };
        let Ok(declined) = appointment.end(Status::Declined, scene.now) else { return Ok(None) };
        store::appointments::save(tx, &declined).await?;
        self.note_event(tx, ticket.id, event, Actor::Client, json!({}), scene.now).await?;
        Ok(Some(ticket.id))
    }

    /// The owner says when it would suit.
    pub(super) async fn wish_time(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: TicketId,
        words: String,
    ) -> Result<(), StoreError> {
        let Some(mut ticket) = store::tickets::load_for_update(tx, id).await? else { return Ok(()) };
        if ticket.contact_id != scene.contact {
            return Ok(());
        }
        self.note_event(tx, id, "time_wished", Actor::Client, json!({ "text": words }), scene.now).await?;
        ticket.wished_time = Some(words);
        ticket.updated_at = scene.now;
        store::tickets::update(tx, &ticket).await
    }

    /// Owes the reminder of the evening before.
    pub(crate) async fn owe_evening(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        appointment: AppointmentId,
        window: Window,
    ) -> Result<(), StoreError> {
        let at = self.catalog.dispatch().remind_at;
        let when = appointment::reminder(window, at, self.zone(), self.clock.now());
        let (Some(when), Some(dialogue)) = (when, ticket.dialogue_id) else { return Ok(()) };
        let timer = Timer::AppointmentEve { appointment, from: window.from };
        self.owe(tx, Job::Wake { dialogue, timer }, when).await
    }

    /// Whether somebody still comes at a time, whatever a conversation remembers: it may have been settled in another.
    pub(super) async fn is_still_agreed(tx: &mut Tx, id: AppointmentId, from: Timestamp) -> Result<bool, StoreError> {
        let found = store::appointments::find(tx, id).await?.filter(|found| found.status == Status::Agreed);
        Ok(found.and_then(|found| found.agreed).is_some_and(|window| window.from == from))
    }

    /// Ends the open appointment of a ticket, if there is one.
    pub(crate) async fn appointment_ended(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        how: Status,
    ) -> Result<bool, StoreError> {
        let open = store::appointments::open_of_ticket(tx, ticket).await?;
        let Some(ended) = open.and_then(|appointment| appointment.end(how, self.clock.now()).ok()) else {
            return Ok(false);
        };
        store::appointments::save(tx, &ended).await?;
        Ok(true)
    }

    /// An appointment of this person with its ticket, which is held; a forged button finds none.
    async fn appointment_of(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: AppointmentId,
    ) -> Result<Option<(Appointment, Ticket)>, StoreError> {
        let Some(found) = store::appointments::find(tx, id).await? else { return Ok(None) };
        let Some(ticket) = store::tickets::load_for_update(tx, found.ticket_id).await? else { return Ok(None) };
        // Read again, now that the ticket is held.
        let found = store::appointments::find(tx, id).await?;
        Ok(found.filter(|_| ticket.contact_id == scene.contact).map(|appointment| (appointment, ticket)))
    }
}

//! Whoever waits for a ticket of somebody else's, because their own was merged into it. They hear how it
//! stands and may say that the fix does not hold; of the other person they learn its number alone, and
//! the other reads nothing of theirs.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Intake, Scene};
use crate::domain::dialogue::{Arg, Event, OpenTicket, Say};
use crate::domain::ids::{ContactId, MediaId, TicketId};
use crate::domain::job::Job;
use crate::domain::ticket::{Actor, Status, Ticket};
use crate::domain::understanding::Category;
use crate::store::{self, StoreError, Tx};

impl Intake {
    /// Returns what a contact waits for: their own tickets, then those that carry on with theirs. Of these they see
    /// number and status; place and trade are what they reported themselves.
    pub(super) async fn open_tickets(&self, tx: &mut Tx, contact: ContactId) -> Result<Vec<OpenTicket>, StoreError> {
        let own = store::tickets::open_for_contact(tx, contact).await?;
        let mut open: Vec<_> = own.into_iter().map(open_ticket).collect();
        for (theirs, with) in store::tickets::shared_with(tx, contact).await? {
            open.push(OpenTicket {
                id: with.id,
                number: with.number,
                status: with.status.name(),
                shared: true,
                ..open_ticket(theirs)
            });
        }
        Ok(open)
    }

    /// Returns the ticket by which somebody shares another's: theirs was merged into it.
    pub(super) async fn shared_by(
        tx: &mut Tx,
        ticket: &Ticket,
        contact: ContactId,
    ) -> Result<Option<Ticket>, StoreError> {
        if ticket.contact_id == contact {
            return Ok(None);
        }
        let others = store::tickets::of_others_within(tx, ticket).await?;
        Ok(others.into_iter().find(|other| other.contact_id == contact))
    }

    /// Adds to a ticket what its owner said and sent. Whoever shares it adds to their own as well: by that the other is
    /// shown none of it, and it goes when they are forgotten.
    pub(super) async fn add_to_ticket(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: TicketId,
        text: Option<String>,
        media: &[MediaId],
        location: Option<Arg>,
    ) -> Result<(), StoreError> {
        let Some(mut ticket) = store::tickets::load_for_update(tx, id).await? else { return Ok(()) };
        let theirs = Intake::shared_by(tx, &ticket, scene.contact).await?;
        if let Some(text) = &text {
            if !ticket.description.is_empty() {
                ticket.description.push('\n');
            }
            let said = match &theirs {
                Some(theirs) => format!("[{}] {}", theirs.number, text.lines().collect::<Vec<_>>().join(" ")),
                None => text.clone(),
            };
            ticket.description.push_str(&said);
        }
        if let Some(location) = location.filter(|_| ticket.location.is_none() && theirs.is_none()) {
            ticket.location = Some(self.argument(tx, scene.state.language, &location).await?);
        }
        ticket.updated_at = scene.now;
        store::tickets::update(tx, &ticket).await?;
        for media in media {
            store::tickets::attach_media(tx, id, *media).await?;
        }
        let mut body = json!({ "text": text, "media": media });
        if let Some(theirs) = theirs {
            for media in media {
                store::tickets::attach_media(tx, theirs.id, *media).await?;
            }
            self.note_event(tx, theirs.id, "added", Actor::Client, body, scene.now).await?;
            body = json!({ "to": theirs.number, "media": media });
        }
        self.note_event(tx, id, "added", Actor::Client, body, scene.now).await?;
        if text.is_some() { self.owe(tx, Job::TagTicket { ticket: id }, scene.now).await } else { Ok(()) }
    }

    /// Has whoever shares a ticket told how it stands. A job does it for each: it holds their conversation alone, which
    /// who has a ticket in hand may not wait for.
    pub(crate) async fn tell_sharers(&self, tx: &mut Tx, ticket: &Ticket) -> Result<(), StoreError> {
        let mut told = BTreeSet::new();
        for other in store::tickets::of_others_within(tx, ticket).await? {
            if other.dialogue_id.is_some_and(|dialogue| told.insert(dialogue)) {
                self.owe(tx, Job::MergedNews { ticket: other.id }, self.clock.now()).await?;
            }
        }
        Ok(())
    }

    /// Has everybody who waits for a ticket told that it was opened again, but for whoever said so: its owner, and
    /// who shares it.
    pub(super) async fn tell_reopened(&self, tx: &mut Tx, ticket: &Ticket, by: ContactId) -> Result<(), StoreError> {
        let mut waiting = store::tickets::of_others_within(tx, ticket).await?;
        waiting.push(ticket.clone());
        let mut told = BTreeSet::new();
        for theirs in waiting {
            if theirs.contact_id != by && theirs.dialogue_id.is_some_and(|dialogue| told.insert(dialogue)) {
                self.owe(tx, Job::ReopenedNews { ticket: theirs.id }, self.clock.now()).await?;
            }
        }
        Ok(())
    }

    /// Tells somebody that the ticket they wait for was opened again, unless it was mended or has ended since.
    pub(crate) async fn reopened_news(&self, tx: &mut Tx, id: TicketId) -> Result<(), StoreError> {
        let Some(theirs) = store::tickets::find(tx, id).await? else { return Ok(()) };
        let Some(dialogue) = theirs.dialogue_id else { return Ok(()) };
        let with = store::tickets::carrying_on(tx, &theirs).await?;
        let with = with.unwrap_or(theirs);
        if !matches!(with.status, Status::Reopened | Status::Assigned | Status::OnSite) {
            return Ok(());
        }
        let news = Say::new("news.reopened").text("ticket", with.number);
        self.apply(tx, dialogue, Event::Notified(news)).await
    }

    /// Tells the owner of a merged ticket how the one stands that carries on with it.
    pub(crate) async fn merged_news(&self, tx: &mut Tx, id: TicketId) -> Result<(), StoreError> {
        let Some(theirs) = store::tickets::find(tx, id).await? else { return Ok(()) };
        let Some(dialogue) = theirs.dialogue_id else { return Ok(()) };
        let Some(with) = store::tickets::carrying_on(tx, &theirs).await? else { return Ok(()) };
        let struck_off = |news: &str| Event::Notified(Say::new(news).text("ticket", with.number.clone()));
        let event = match with.status {
            Status::Rectified => Event::FixClaimed { ticket: with.id, number: with.number },
            Status::Cancelled => struck_off("news.cancelled"),
            Status::Rejected => struck_off("news.rejected"),
            // It was merged in its turn, or something happened to it since.
            Status::Reported | Status::Assigned | Status::OnSite | Status::Reopened => {
                Event::Notified(Say::new("news.merged").text("ticket", theirs.number).text("into", with.number))
            }
            Status::Verified | Status::Closed | Status::Merged => return Ok(()),
        };
        self.apply(tx, dialogue, event).await
    }
}

fn open_ticket(ticket: Ticket) -> OpenTicket {
    OpenTicket {
        id: ticket.id,
        kind: ticket.kind,
        status: ticket.status.name(),
        category: ticket.category.map(Category::name),
        number: ticket.number,
        location: ticket.location,
        shared: false,
    }
}

//! The progress link of a ticket: who is told of it, and what its buttons do.
//!
//! Whoever holds a link may read the page and answer for the owner, so an answer takes the same way
//! as a button in the chat: the owner reads there what was answered, and may still object with
//! [没修好]. That, and the line in the ticket's history, is what happens with a link that was
//! forwarded.

use std::time::Duration;

use serde_json::json;

use super::Intake;
use crate::channel::ChannelKind;
use crate::domain::dialogue::{Event, TokenFault};
use crate::domain::ids::TicketId;
use crate::domain::ticket::{Actor, Status, Ticket};
use crate::domain::time::Timestamp;
use crate::store::{self, StoreError, Tx};

/// How long a link works: every ticket message brings a new one.
const LINK_WORKS_FOR: Duration = Duration::from_secs(180 * 24 * 60 * 60);
/// How long the buttons of a page that was opened count.
const BUTTONS_COUNT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Where progress links lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Links {
    /// People reach the service here: every channel gets whole addresses.
    At(String),
    /// Nobody said where: only the chat page, which is on the same host, gets them, as paths.
    OnThisHost,
}

/// What became of an answer that was given on the progress page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    Noted,
    /// The ticket no longer waits for this answer; nothing was changed.
    TooLate,
}

impl Intake {
    /// Has messages about tickets carry the progress link.
    pub fn with_links(self, links: Links) -> Intake {
        Intake { links: Some(links), ..self }
    }

    /// Returns the progress link of a ticket for a conversation on that channel, if it may have one.
    pub(super) fn progress_link(&self, ticket: TicketId, channel: &str, now: Timestamp) -> Option<String> {
        let base = self.address_for(channel)?;
        Some(format!("{base}/t/{}", self.tokens.sign_progress(ticket, now + LINK_WORKS_FOR)))
    }

    /// Returns what addresses of ours begin with for a conversation on that channel, if it may have any.
    pub(super) fn address_for(&self, channel: &str) -> Option<&str> {
        match self.links.as_ref()? {
            Links::At(base) => Some(base.as_str()),
            Links::OnThisHost if channel == ChannelKind::Web.name() => Some(""),
            Links::OnThisHost => None,
        }
    }

    /// Reads the token of a progress link.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn opens(&self, token: &str) -> Result<TicketId, TokenFault> {
        self.tokens.verify_progress(token, self.clock.now())
    }

    /// Checks what a button of a ticket's page carried.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn is_verdict(&self, token: &str, ticket: TicketId) -> Result<(), TokenFault> {
        self.tokens.verify_verdict(token, ticket, self.clock.now())
    }

    /// Returns what the buttons of a ticket's page must carry.
    pub fn verdict_token(&self, ticket: TicketId, now: Timestamp) -> String {
        self.tokens.sign_verdict(ticket, now + BUTTONS_COUNT_FOR)
    }

    /// Takes [已修好] or [没修好] from the progress page, by the way of the chat's own buttons.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn answer_by_link(&self, tx: &mut Tx, id: TicketId, fixed: bool) -> Result<Answered, StoreError> {
        let Some(ticket) = store::tickets::load_for_update(tx, id).await? else { return Ok(Answered::TooLate) };
        let Some(dialogue) = Some(&ticket).filter(|ticket| awaits_verdict(ticket)).and_then(|t| t.dialogue_id) else {
            return Ok(Answered::TooLate);
        };
        let now = self.clock.now();
        self.note_event(tx, id, "answered_by_link", Actor::Client, json!({}), now).await?;
        let verdict = if fixed { "yes" } else { "no" };
        self.apply(tx, dialogue, Event::Choice { id: format!("fix:{id}:{verdict}") }).await?;
        Ok(Answered::Noted)
    }
}

/// Whether the progress page asks the owner for a verdict.
pub fn awaits_verdict(ticket: &Ticket) -> bool {
    ticket.status == Status::Rectified && ticket.dialogue_id.is_some()
}

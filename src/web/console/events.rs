//! `GET /console/events`: tells an open page that something changed. What changed it fetches as
//! it would by a reload.

use axum::extract::{Query, State};
use axum::response::Response;
use axum::response::sse::Event;
use futures_util::stream;
use serde::Deserialize;

use super::access;
use super::session::Staff;
use crate::domain::access::Right;
use crate::domain::ids::DialogueId;
use crate::domain::staff::Staff as Person;
use crate::store::{StoreError, Tx, dialogues, flags, outbox, thread, tickets};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::live::{self, Wake};

#[derive(Debug, Deserialize)]
pub(super) struct About {
    /// A conversation to follow besides flags and tickets.
    dialogue: Option<String>,
}

pub(super) async fn follow(
    State(web): State<Web>,
    staff: Staff,
    Query(about): Query<About>,
) -> Result<Response, WebError> {
    let asked: Option<DialogueId> = about.dialogue.and_then(|id| id.parse().ok());
    let dialogue = match asked {
        Some(id) => web.store.read(|tx| Box::pin(async move { followed(tx, &staff.person, id).await })).await?,
        None => None,
    };
    let follower = Follower { wake: Wake::for_a_while(&web), web, dialogue, seen: None };
    let events = stream::unfold(follower, |mut follower| async move {
        let (change, (message, lost)) = follower.next().await?;
        Some((Event::default().event("change").data(format!("{change}.{message}.{lost}")), follower))
    });
    Ok(live::answer(events))
}

/// Returns the conversation if a page shows it to somebody: as theirs, or beside an open ticket that they may see.
async fn followed(tx: &mut Tx, who: &Person, id: DialogueId) -> Result<Option<DialogueId>, WebError> {
    if access::may_dialogue(tx, who, Right::Tickets, id).await? {
        return Ok(Some(id));
    }
    let Some(contact) = dialogues::find(tx, id).await?.and_then(|found| found.contact_id) else { return Ok(None) };
    for ticket in tickets::open_for_contact(tx, contact).await? {
        if ticket.dialogue_id == Some(id) && who.may(Right::Tickets, &access::of_ticket(tx, &ticket).await?) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The last message of a conversation, and how many were not brought.
type Talk = (i64, u64);

struct Follower {
    web: Web,
    dialogue: Option<DialogueId>,
    /// The last change of flags and tickets, and of the conversation.
    seen: Option<(i64, Talk)>,
    wake: Wake,
}

impl Follower {
    /// Waits until something has changed. The first answer comes at once: something may have
    /// changed between the page and this connection.
    async fn next(&mut self) -> Option<(i64, Talk)> {
        loop {
            let now = self.look().await;
            let now = now.inspect_err(|cause| tracing::warn!(%cause, "the live console could not be read")).ok()?;
            if self.seen != Some(now) {
                self.seen = Some(now);
                return Some(now);
            }
            if !self.wake.wait().await {
                return None;
            }
        }
    }

    async fn look(&self) -> Result<(i64, Talk), StoreError> {
        let dialogue = self.dialogue;
        self.web
            .store
            .read(|tx| {
                Box::pin(async move {
                    let talk = match dialogue {
                        Some(id) => {
                            let last = thread::latest_for_staff(tx, id, 1).await?.first().map_or(0, |entry| entry.seq);
                            (last, outbox::count_not_brought(tx, id).await?)
                        }
                        None => (0, 0),
                    };
                    Ok((flags::last_seq(tx).await?, talk))
                })
            })
            .await
    }
}

//! Bringing a message to somebody, through the channel of its conversation.
//!
//! That sending begins is stored before the network is touched. What a platform refuses for good,
//! or what cannot reach the person, stays in the outbox with its reason and is shown to staff. A
//! message whose fate is unknown is sent again, with the same id: twice is better than never.

use super::{Outcome, Runner};
use crate::channel::{Button, ChannelKind, Outgoing, SendError};
use crate::domain::dialogue::effect::About;
use crate::domain::flag::FlagKind;
use crate::domain::ids::{DialogueId, OutboxId, PermitId};
use crate::domain::reach::PermitKind;
use crate::intake::response::{Together, together};
use crate::store::dialogues::Dialogue;
use crate::store::jobs::ClaimedJob;
use crate::store::outbox::{self, Delivery, Outbound};
use crate::store::permits::{self, Taken};
use crate::store::{self, StoreError};

/// Where a platform counts messages, what waits is put together up to this many characters.
const LONGEST_TOGETHER: usize = 600;

/// What is to be sent, and how.
struct Parcel {
    kind: ChannelKind,
    dialogue: Dialogue,
    /// One message, or several that go as one.
    messages: Vec<OutboxId>,
    text: String,
    buttons: Vec<Button>,
    /// By what somebody is greeted who only came in.
    welcome: Option<Taken>,
}

/// What to do about a message.
enum Plan {
    Send(Box<Parcel>),
    /// Not to be sent; staff sees why.
    Withhold(&'static str),
    /// Not to be sent either, but the platform may have another way to say that there is something.
    Shut {
        kind: ChannelKind,
        address: String,
        text: String,
        reason: &'static str,
    },
    /// Somebody has it already.
    Nothing,
}

impl Runner {
    pub(super) async fn deliver(&self, dialogue: DialogueId, message: OutboxId, job: &ClaimedJob) -> Outcome {
        let parcel = match self.parcel(dialogue, message).await {
            Ok(Plan::Send(parcel)) => parcel,
            Ok(Plan::Withhold(reason)) => {
                return self.give_up(dialogue, vec![message], Delivery::Withheld, reason).await;
            }
            Ok(Plan::Shut { kind, address, text, reason }) => {
                let outgoing = Outgoing { id: message, address: &address, text: &text, buttons: &[] };
                let reason = self.nudged(kind, &outgoing, reason).await;
                return self.give_up(dialogue, vec![message], Delivery::Withheld, &reason).await;
            }
            Ok(Plan::Nothing) => return Outcome::Done,
            Err(error) => return error.into(),
        };
        let outgoing =
            Outgoing { id: message, address: &parcel.dialogue.address, text: &parcel.text, buttons: &parcel.buttons };
        let sent = match &parcel.welcome {
            Some(permit) => self.channels.welcome(&permit.code, &outgoing).await,
            None => self.channels.send(parcel.kind, &outgoing).await,
        };
        if let (Some(permit), Err(SendError::Later { .. })) = (&parcel.welcome, &sent)
            && let Err(error) = self.give_back(permit.id).await
        {
            return error.into();
        }
        let outcome = if sent.is_ok() { "sent" } else { "not_sent" };
        metrics::counter!("huifang_outbound_total", "channel" => parcel.kind.name(), "outcome" => outcome).increment(1);
        let (messages, last) = (parcel.messages, job.attempt >= job.max_attempts);
        match sent {
            Ok(()) => self.note_sent(messages).await,
            Err(SendError::Moved { address }) => self.move_to(dialogue, address).await,
            Err(SendError::Unreachable(reason)) => {
                let reason = self.nudged(parcel.kind, &outgoing, &reason).await;
                self.give_up(dialogue, messages, Delivery::Withheld, &reason).await
            }
            Err(SendError::Refused(reason)) => self.give_up(dialogue, messages, Delivery::Failed, &reason).await,
            Err(SendError::Later { reason, .. }) if last => {
                self.give_up(dialogue, messages, Delivery::Failed, &reason).await
            }
            Err(SendError::Later { wait, reason }) => {
                Outcome::later(wait, anyhow::anyhow!("message {message}: {reason}"))
            }
            Err(SendError::Uncertain(reason)) => {
                let told = reason.clone();
                let noted = self.store.write(move |tx| {
                    Box::pin(async move {
                        for id in &messages {
                            outbox::mark_uncertain(tx, *id, &told).await?;
                        }
                        Ok::<(), StoreError>(())
                    })
                });
                match noted.await {
                    Ok(()) if last => Outcome::Done,
                    Ok(()) => Outcome::Retry(anyhow::anyhow!("message {message}: {reason}")),
                    Err(error) => error.into(),
                }
            }
        }
    }

    /// Decides what to send, and stores that sending begins.
    async fn parcel(&self, dialogue: DialogueId, message: OutboxId) -> Result<Plan, StoreError> {
        let now = self.clock.now();
        let begun = self.store.write(move |tx| {
            Box::pin(async move {
                let (Some(found), Some(row)) =
                    (store::dialogues::load_for_update(tx, dialogue).await?, outbox::find(tx, message).await?)
                else {
                    return Ok(Plan::Nothing);
                };
                let Some(kind) = ChannelKind::from_name(&found.channel) else {
                    return Ok(Plan::Withhold("the channel is not one of ours"));
                };
                if !matches!(row.status, Delivery::Pending | Delivery::Uncertain) {
                    return Ok(Plan::Nothing);
                }
                if found.left_at.is_some() {
                    return Ok(Plan::Withhold("the person blocked or unfollowed us"));
                }
                let (mut waiting, mut welcome) = (vec![row], None);
                if let Some(window) = kind.window() {
                    let since = found.heard_at.unwrap_or(now);
                    let sent = outbox::count_sent_since(tx, dialogue, since).await?;
                    if let Err(shut) = window.admits(found.heard_at, sent, now) {
                        welcome = permits::take(tx, dialogue, PermitKind::Welcome, None, now).await?;
                        if welcome.is_none() {
                            let text = together(&waiting, |_, _| true)?.text;
                            return Ok(Plan::Shut { kind, address: found.address, text, reason: shut.reason() });
                        }
                    }
                    waiting.extend(outbox::waiting_behind(tx, dialogue, message, now).await?);
                }
                let parcel = Parcel { welcome, ..pack(kind, found, &waiting)? };
                for id in &parcel.messages {
                    outbox::begin_attempt(tx, *id).await?;
                }
                Ok(Plan::Send(Box::new(parcel)))
            })
        });
        begun.await
    }

    /// Tells somebody who cannot be written to that there is a message, if the platform has a way for
    /// that; returns the reason with what came of it.
    async fn nudged(&self, kind: ChannelKind, message: &Outgoing<'_>, reason: &str) -> String {
        match self.channels.nudge(kind, message).await {
            None => reason.to_owned(),
            Some(Ok(())) => format!("{reason}; a template message told them of it"),
            Some(Err(error)) => format!("{reason}; nor was the template message brought: {error}"),
        }
    }

    /// A permit was taken, and surely not used.
    async fn give_back(&self, permit: PermitId) -> Result<(), StoreError> {
        self.store.write(move |tx| Box::pin(async move { permits::give_back(tx, permit).await })).await
    }

    async fn note_sent(&self, messages: Vec<OutboxId>) -> Outcome {
        let now = self.clock.now();
        let noted = self.store.write(move |tx| {
            Box::pin(async move {
                for id in messages {
                    outbox::mark_sent(tx, id, now).await?;
                }
                Ok::<(), StoreError>(())
            })
        });
        noted.await.map_or_else(Outcome::from, |()| Outcome::Done)
    }

    /// Leaves messages as they are, with the reason, and shows it to staff.
    async fn give_up(&self, dialogue: DialogueId, messages: Vec<OutboxId>, status: Delivery, reason: &str) -> Outcome {
        let (intake, told) = (self.intake.clone(), reason.to_owned());
        let noted = self.store.write(move |tx| {
            Box::pin(async move {
                for id in messages {
                    match status {
                        Delivery::Withheld => outbox::mark_withheld(tx, id, &told).await?,
                        _ => outbox::mark_failed(tx, id, &told).await?,
                    }
                }
                intake.raise(tx, Some(dialogue), FlagKind::DeliveryFailed, About::Conversation).await
            })
        });
        match noted.await {
            Ok(()) => {
                tracing::warn!(dialogue.id = %dialogue, "a message of conversation {dialogue} was not brought: {reason}");
                Outcome::Done
            }
            Err(error) => error.into(),
        }
    }

    /// The conversation goes on elsewhere; the job, tried again, sends there.
    async fn move_to(&self, dialogue: DialogueId, address: String) -> Outcome {
        let moved = self
            .store
            .write(move |tx| Box::pin(async move { store::dialogues::set_address(tx, dialogue, &address).await }));
        match moved.await {
            Ok(()) => Outcome::Retry(anyhow::anyhow!("conversation {dialogue} has moved to another address")),
            Err(error) => error.into(),
        }
    }
}

/// Puts messages together: as many as fit, in their order. The first goes however long it is.
fn pack(kind: ChannelKind, dialogue: Dialogue, rows: &[Outbound]) -> Result<Parcel, StoreError> {
    let whole = together(rows, |text, _| text.chars().count() <= LONGEST_TOGETHER)?;
    let whole =
        if whole.messages.is_empty() { together(rows.get(..1).unwrap_or_default(), |_, _| true)? } else { whole };
    let Together { messages, text, buttons } = whole;
    Ok(Parcel { kind, dialogue, messages, text, buttons, welcome: None })
}

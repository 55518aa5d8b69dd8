//! Bringing a message to somebody, through the channel of its conversation.
//!
//! That sending begins is stored before the network is touched. What a platform refuses for good,
//! or what cannot reach the person, stays in the outbox with its reason and is shown to staff. A
//! message whose fate is unknown is sent again, with the same id: twice is better than never.

use super::{Outcome, Runner};
use crate::channel::wechat::notice::Way;
use crate::channel::{Button, ChannelKind, Outgoing, SendError};
use crate::domain::dialogue::effect::About;
use crate::domain::flag::FlagKind;
use crate::domain::ids::{DialogueId, OutboxId, PermitId};
use crate::domain::reach::{PermitKind, Unsent};
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
    /// Whether a notice says all that there is to say.
    notice: bool,
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
        /// Whether the notice says all that there is to say.
        notice: bool,
        reason: &'static str,
    },
    /// Somebody has it already.
    Nothing,
}

/// Whether somebody was told of a message that waits for their word.
enum Notified {
    By(Way),
    /// Why not, where there was a way at all.
    Not(Option<String>),
}

impl Runner {
    pub(super) async fn deliver(&self, dialogue: DialogueId, message: OutboxId, job: &ClaimedJob) -> Outcome {
        if job.is_spent() {
            return self.fate_unknown(dialogue, message).await;
        }
        let parcel = match self.parcel(dialogue, message).await {
            Ok(Plan::Send(parcel)) => parcel,
            Ok(Plan::Withhold(reason)) => {
                return self.give_up(dialogue, vec![message], Delivery::Withheld, reason).await;
            }
            Ok(Plan::Shut { kind, address, text, notice, reason }) => {
                let outgoing = Outgoing { id: message, address: &address, text: &text, buttons: &[] };
                return self.shut_out(kind, dialogue, &outgoing, vec![message], notice, reason).await;
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
                self.shut_out(parcel.kind, dialogue, &outgoing, messages, parcel.notice, &reason).await
            }
            Err(SendError::Refused(reason)) => self.give_up(dialogue, messages, Delivery::Failed, &reason).await,
            // What went along with it has attempts of its own left.
            Err(SendError::Later { reason, .. }) if last => {
                self.give_up(dialogue, vec![message], Delivery::Failed, &reason).await
            }
            Err(SendError::Later { wait, reason }) => {
                Outcome::later(wait, anyhow::anyhow!("message {message}: {reason}"))
            }
            Err(SendError::Uncertain(reason)) => match self.note_uncertain(dialogue, messages, &reason, last).await {
                Ok(()) if last => Outcome::Done,
                Ok(()) => Outcome::Retry(anyhow::anyhow!("message {message}: {reason}")),
                Err(error) => error.into(),
            },
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
                    return Ok(Plan::Withhold(Unsent::NoChannel.reason()));
                };
                if !matches!(row.status, Delivery::Pending | Delivery::Uncertain) {
                    return Ok(Plan::Nothing);
                }
                if found.left_at.is_some() {
                    return Ok(Plan::Withhold(Unsent::Left.reason()));
                }
                let (mut waiting, mut welcome) = (vec![row], None);
                if let Some(window) = kind.window() {
                    let since = found.heard_at.unwrap_or(now);
                    let sent = outbox::count_sent_since(tx, dialogue, since).await?;
                    if let Err(shut) = window.admits(found.heard_at, sent, now) {
                        welcome = permits::take(tx, dialogue, PermitKind::Welcome, None, now).await?;
                        if welcome.is_none() {
                            let Together { text, notice, .. } = together(&waiting, |_, _| true)?;
                            let (address, reason) = (found.address, shut.reason());
                            return Ok(Plan::Shut { kind, address, text, notice, reason });
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

    /// Somebody cannot be written to: they are told that there is something, where the platform has a
    /// way for that; the messages wait for their word, unless that notice was all.
    async fn shut_out(
        &self,
        kind: ChannelKind,
        dialogue: DialogueId,
        outgoing: &Outgoing<'_>,
        messages: Vec<OutboxId>,
        notice: bool,
        reason: &str,
    ) -> Outcome {
        match self.notified(kind, dialogue, outgoing).await {
            Ok(Notified::By(_)) if notice => self.note_sent(messages).await,
            Ok(Notified::By(way)) => {
                let reason = format!("{reason}; a {} told them of it", way.name());
                self.give_up(dialogue, messages, Delivery::Withheld, &reason).await
            }
            Ok(Notified::Not(why)) => {
                let reason = why.map_or_else(|| reason.to_owned(), |why| format!("{reason}; {why}"));
                if notice {
                    return self.not_announced(dialogue, messages, &reason).await;
                }
                self.give_up(dialogue, messages, Delivery::Withheld, &reason).await
            }
            Err(error) => error.into(),
        }
    }

    /// Tells somebody that there is a message, by the first way that works. A consent is used before the
    /// network is touched, and given back only if nothing surely left.
    async fn notified(
        &self,
        kind: ChannelKind,
        dialogue: DialogueId,
        outgoing: &Outgoing<'_>,
    ) -> Result<Notified, StoreError> {
        let (ways, mut why) = (self.channels.ways(kind), None);
        for way in Way::ALL {
            let mut permit = None;
            match (way, &ways.subscription) {
                (Way::Subscription, Some(template)) => {
                    permit = self.take_consent(dialogue, template.clone()).await?;
                    if permit.is_none() {
                        continue;
                    }
                }
                (Way::Template, _) if ways.template => {}
                _ => continue,
            }
            let Err(error) = self.channels.notify(kind, way, outgoing).await else { return Ok(Notified::By(way)) };
            if let (Some(permit), SendError::Later { .. }) = (permit, &error) {
                self.give_back(permit.id).await?;
            }
            why = Some(format!("nor was the {} brought: {error}", way.name()));
            if matches!(error, SendError::Uncertain(_)) {
                break; // they may have been told
            }
        }
        Ok(Notified::Not(why))
    }

    async fn take_consent(&self, dialogue: DialogueId, template: String) -> Result<Option<Taken>, StoreError> {
        let now = self.clock.now();
        let taken = self.store.write(move |tx| {
            Box::pin(async move { permits::take(tx, dialogue, PermitKind::Subscription, Some(&template), now).await })
        });
        taken.await
    }

    /// A survey could not even be announced: somebody has to call.
    async fn not_announced(&self, dialogue: DialogueId, messages: Vec<OutboxId>, reason: &str) -> Outcome {
        let (intake, told) = (self.intake.clone(), reason.to_owned());
        let noted = self.store.write(move |tx| {
            Box::pin(async move {
                for id in messages {
                    outbox::mark_withheld(tx, id, &told).await?;
                }
                intake.visit_not_announced(tx, dialogue).await
            })
        });
        noted.await.map_or_else(Outcome::from, |()| Outcome::Done)
    }

    /// A permit was taken, and surely not used.
    async fn give_back(&self, permit: PermitId) -> Result<(), StoreError> {
        self.store.write(move |tx| Box::pin(async move { permits::give_back(tx, permit).await })).await
    }

    /// One call took them all: the platform counts it once, and knows it by the first.
    async fn note_sent(&self, messages: Vec<OutboxId>) -> Outcome {
        let now = self.clock.now();
        let noted = self.store.write(move |tx| {
            Box::pin(async move {
                let Some((first, rest)) = messages.split_first() else { return Ok::<(), StoreError>(()) };
                outbox::mark_sent(tx, *first, now).await?;
                for id in rest {
                    outbox::mark_sent_with(tx, *id, *first, now).await?;
                }
                Ok(())
            })
        });
        noted.await.map_or_else(Outcome::from, |()| Outcome::Done)
    }

    /// Of messages nobody knows whether they arrived. After the last attempt staff has to ask.
    async fn note_uncertain(
        &self,
        dialogue: DialogueId,
        messages: Vec<OutboxId>,
        reason: &str,
        last: bool,
    ) -> Result<(), StoreError> {
        let (intake, told) = (self.intake.clone(), reason.to_owned());
        let noted = self.store.write(move |tx| {
            Box::pin(async move {
                for id in messages {
                    outbox::mark_uncertain(tx, id, &told).await?;
                }
                if last {
                    intake.raise(tx, Some(dialogue), FlagKind::DeliveryFailed, About::Conversation).await?;
                }
                Ok(())
            })
        });
        noted.await
    }

    /// Whoever sent it the last time did not come back to say what became of it.
    async fn fate_unknown(&self, dialogue: DialogueId, message: OutboxId) -> Outcome {
        let read = self.store.read(move |tx| Box::pin(async move { outbox::find(tx, message).await }));
        match read.await {
            Ok(Some(row)) if matches!(row.status, Delivery::Pending | Delivery::Uncertain) => {}
            Ok(_) => return Outcome::Done,
            Err(error) => return error.into(),
        }
        let noted = self.note_uncertain(dialogue, vec![message], Unsent::Interrupted.reason(), true).await;
        noted.map_or_else(Outcome::from, |()| Outcome::Done)
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
    let Together { messages, text, buttons, notice } = whole;
    Ok(Parcel { kind, dialogue, messages, text, buttons, notice, welcome: None })
}

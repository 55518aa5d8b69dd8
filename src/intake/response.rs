//! Answers that go out in the response to the very message they answer: a platform waits some
//! seconds for them (WeChat, WeCom), and what it takes that way needs no call of ours.

use super::message::{Button, OutboundBody};
use super::{Intake, Received};
use crate::channel::{Inbound, plain};
use crate::domain::ids::{DialogueId, InboxId, OutboxId};
use crate::domain::job::Job;
use crate::store::outbox::{self, Outbound};
use crate::store::{StoreError, Tx, jobs};

/// A message that was taken in, and what goes out in the response to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub received: Received,
    /// The answers as one text with their buttons as words; `None`: nothing, or nothing that fits.
    pub text: Option<String>,
    /// What goes out by that text.
    pub taken: Vec<Taken>,
}

/// An answer that one response took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub message: OutboxId,
    pub dialogue: DialogueId,
    /// Which attempt it is to bring it: whoever takes it next makes another.
    pub attempt: u32,
}

impl Intake {
    /// Takes a message in as [`Intake::receive`] does and, in the same transaction, as many of its
    /// answers as fit into one text of `most` bytes: they count as sent. A repeated message gets the
    /// same answers again, unless they were sent the other way by now. None is taken once it is no longer `in_time`:
    /// whoever asked may have hung up while this waited for its turn, and never hear that it was late.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored: the channel must not acknowledge the message.
    pub async fn receive_answered(
        &self,
        inbound: Inbound,
        most: usize,
        in_time: impl Fn() -> bool + Send + 'static,
    ) -> Result<Answered, StoreError> {
        let labels = Intake::count_received(&inbound);
        let this = self.clone();
        let answered = self.store.write(move |tx| {
            Box::pin(async move {
                let received = this.receive_in(tx, inbound).await?;
                let (text, taken) =
                    if in_time() { this.take_answers(tx, received.message, most).await? } else { (None, Vec::new()) };
                Ok::<_, StoreError>(Answered { received, text, taken })
            })
        });
        let answered = answered.await?;
        Intake::count_outcome(labels, answered.received);
        Ok(answered)
    }

    /// Gives answers back to be sent the other way: the response came too late. Those that went out
    /// meanwhile, in the response to a repetition of the message, are left alone.
    ///
    /// # Errors
    /// A [`StoreError`]; they count as sent then, until the platform repeats the message.
    pub async fn answer_later(&self, taken: Vec<Taken>) -> Result<(), StoreError> {
        let (this, now) = (self.clone(), self.clock.now());
        let returned = self.store.write(move |tx| {
            Box::pin(async move {
                for Taken { message, dialogue, attempt } in taken {
                    if outbox::put_back(tx, message, attempt).await? {
                        // The job of before may have found it sent, and be done.
                        this.owe_again(tx, Job::Deliver { dialogue, message }, now).await?;
                    }
                }
                Ok::<_, StoreError>(())
            })
        });
        returned.await
    }

    async fn take_answers(
        &self,
        tx: &mut Tx,
        message: InboxId,
        most: usize,
    ) -> Result<(Option<String>, Vec<Taken>), StoreError> {
        let answers = outbox::take_answers(tx, message, self.clock.now()).await?;
        let fits = |text: &str, buttons: &[Button]| plain::with_buttons(text, buttons).len() <= most;
        let whole = together(&answers, fits)?;
        let mut taken = Vec::new();
        for (place, answer) in answers.iter().enumerate() {
            if place >= whole.messages.len() {
                outbox::put_back(tx, answer.id, answer.attempt).await?;
                continue;
            }
            // What goes out in the response is owed nobody: a job would only find that out, later.
            let job = Job::Deliver { dialogue: answer.dialogue_id, message: answer.id };
            if let Some(key) = job.dedupe_key() {
                jobs::spare(tx, &key).await?;
            }
            taken.push(Taken { message: answer.id, dialogue: answer.dialogue_id, attempt: answer.attempt });
        }
        let text = (!taken.is_empty()).then(|| plain::with_buttons(&whole.text, &whole.buttons));
        Ok((text, taken))
    }
}

/// Several messages as one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Together {
    pub messages: Vec<OutboxId>,
    pub text: String,
    /// Those of the last message: only the last question is still open.
    pub buttons: Vec<Button>,
    /// Whether it is one message that says no more than a notice holds.
    pub notice: bool,
}

/// Puts messages together in their order, as long as the whole `fits`; none if not even the first does.
///
/// # Errors
/// [`StoreError::Corrupt`] if a stored message cannot be read.
pub fn together(rows: &[Outbound], fits: impl Fn(&str, &[Button]) -> bool) -> Result<Together, StoreError> {
    let mut whole = Together::default();
    for row in rows {
        let body = body_of(row)?;
        let gap = if whole.messages.is_empty() { "" } else { "\n\n" };
        let text = format!("{}{gap}{}", whole.text, body.text);
        if !fits(&text, &body.choices) {
            break;
        }
        whole.text = text;
        whole.buttons = body.choices;
        whole.notice = body.notice && whole.messages.is_empty();
        whole.messages.push(row.id);
    }
    Ok(whole)
}

/// Reads a stored message.
pub(super) fn body_of(row: &Outbound) -> Result<OutboundBody, StoreError> {
    let corrupt = |_| StoreError::Corrupt { table: "outbox", column: "body", id: row.id.to_string() };
    serde_json::from_str(&row.body).map_err(corrupt)
}

//! What staff does: works tickets, answers clients, hands conversations back.
//!
//! Each action is one transaction: the ticket's transition ([`crate::domain::ticket`]), its entry
//! in the history, its clocks, and what the client is told. Who may do what is decided at the door
//! (`crate::web`), or here where there is none ([`acts`]); this module decides whether it can be done.
//!
//! [`work`] moves a ticket through the closed loop, [`pool`] decides whose it is, [`extras`] holds what
//! is rarer (merge, split, pause, cause), [`appointments`], [`links`] and [`people`] what their names say.

pub mod accounts;
pub mod acts;
mod alerts;
mod appointments;
mod extras;
mod incidents;
pub mod links;
mod people;
mod pool;
mod recoveries;
mod work;

pub use pool::staff_leaves;
pub use work::Refusal;

pub use alerts::HeardStaff;

use serde_json::json;

use crate::domain::appointment::InvalidAppointment;
use crate::domain::calendar::InvalidDay;
use crate::domain::contact::NotOne;
use crate::domain::correction::{About, Labels};
use crate::domain::dialogue::Event;
use crate::domain::flag::{Flag, FlagKind};
use crate::domain::ids::{DialogueId, FlagId, MediaId, StaffId, TicketId};
use crate::domain::job::Job;
use crate::domain::recovery::OutOfTurn;
use crate::domain::sla::InvalidClock;
use crate::domain::ticket::{Actor, InvalidTransition, Status, Ticket};
use crate::domain::time::Timestamp;
use crate::domain::understanding::Awaiting;
use crate::domain::{media::MOST_CHARACTERS, text};
use crate::intake::Intake;
use crate::intake::message::OutboundBody;
use crate::store::corrections::{Verdict, Wording};
use crate::store::responses::Response;
use crate::store::{self, Store, StoreError, Tx};

/// What [`DeskError::Needed`] calls the evidence of a fix: of note and photo, one suffices.
pub const EVIDENCE: &str = "a note or a photo of the fix";

/// Why an action was refused. The text is for staff, in English; the console shows its own.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    #[error("{0} is needed")]
    Needed(&'static str),
    #[error("{0} is too long")]
    TooLong(&'static str),
    /// Whom it would be given to works here no more, or never did.
    #[error("there is no such member of staff any more")]
    Left,
    /// What a ticket would be merged into has ended.
    #[error("a ticket that is {} takes in no other", .0.name())]
    IntoEnded(Status),
    #[error("no chat reaches the client")]
    Unreachable,
    /// Not for the role of whoever wants to do it ([`crate::domain::access`]).
    #[error("their role does not allow it")]
    NotAllowed,
    /// Somebody else was faster: what the page showed is no longer so.
    #[error("somebody has changed it meanwhile")]
    Changed,
    #[error(transparent)]
    Appointment(#[from] InvalidAppointment),
    #[error(transparent)]
    Day(#[from] InvalidDay),
    #[error(transparent)]
    Clock(#[from] InvalidClock),
    #[error(transparent)]
    OutOfTurn(#[from] OutOfTurn),
    #[error(transparent)]
    NotOne(#[from] NotOne),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who acts, and which state of the ticket they had before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By {
    pub staff: StaffId,
    /// [`Ticket::updated_at`] as the page showed it; `None`: it does not matter.
    pub seen: Option<Timestamp>,
}

impl From<StaffId> for By {
    fn from(staff: StaffId) -> By {
        By { staff, seen: None }
    }
}

/// Staff's hands. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    intake: Intake,
}

impl Desk {
    /// Works on the store of `intake`.
    pub fn new(intake: Intake) -> Desk {
        Desk { store: intake.store.clone(), intake }
    }

    /// Writes to a client; the automaton keeps silent until the conversation is handed back.
    pub async fn reply(&self, dialogue: DialogueId, said: &str, by: StaffId) -> Result<(), DeskError> {
        self.answer(dialogue, said, by, None).await
    }

    /// The same from where it may come twice; `id` is by what a copy is known, which changes nothing.
    pub async fn reply_once(&self, dialogue: DialogueId, said: &str, by: StaffId, id: String) -> Result<(), DeskError> {
        self.answer(dialogue, said, by, Some(id)).await
    }

    async fn answer(&self, dialogue: DialogueId, said: &str, by: StaffId, id: Option<String>) -> Result<(), DeskError> {
        let said = words(said, "an answer")?;
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                if let Some(id) = id
                    && !store::alerts::remember_act(tx, &id, this.intake.clock.now()).await?
                {
                    return Ok(());
                }
                this.say(tx, dialogue, said, by).await
            })
        })
        .await
    }

    async fn say(&self, tx: &mut Tx, dialogue: DialogueId, said: String, by: StaffId) -> Result<(), DeskError> {
        self.intake.apply(tx, dialogue, Event::StaffSpoke).await?;
        self.intake.send_as_staff(tx, dialogue, &OutboundBody { text: said, ..OutboundBody::default() }).await?;
        self.answered(tx, dialogue).await?;
        tracing::info!(dialogue.id = %dialogue, staff.id = %by, "staff answered in dialogue {dialogue}");
        Ok(())
    }

    /// Gives a conversation back to the automaton.
    pub async fn hand_back(&self, dialogue: DialogueId, by: StaffId) -> Result<(), DeskError> {
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                this.intake.apply(tx, dialogue, Event::HandedBack).await?;
                tracing::info!(dialogue.id = %dialogue, staff.id = %by, "dialogue {dialogue} handed back");
                Ok(())
            })
        })
        .await
    }

    /// Takes note of a flag. Returns whether it was still unseen.
    pub async fn see(&self, flag: FlagId, by: StaffId) -> Result<bool, DeskError> {
        let now = self.intake.clock.now();
        self.write(move |tx| Box::pin(async move { Ok(store::flags::see(tx, flag, by, now).await?) })).await
    }

    /// Keeps what a person heard in a recording beside what was recognised, with who and when. The
    /// tickets the recording belongs to have it in their history and are judged anew. Where nothing was
    /// recognised and no ticket holds it, the conversation takes the words as if they were just heard.
    pub async fn correct_transcript(&self, media: MediaId, heard: &str, by: StaffId) -> Result<(), DeskError> {
        let heard = whole_words(heard, "what was said")?;
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let now = this.intake.clock.now();
                let dialogue = this.whose_recording(tx, media).await?;
                if let Some(dialogue) = dialogue {
                    // Of two who write the words down at once only the first one's are taken.
                    store::dialogues::lock(tx, dialogue).await?;
                }
                let found = store::transcripts::find(tx, media).await?.ok_or(DeskError::NotFound("recording"))?;
                let tickets = store::tickets::of_media(tx, media).await?;
                let dialogue = dialogue.filter(|_| tickets.is_empty() && found.was_given_up());
                for id in tickets {
                    let ticket = this.load(tx, id).await?;
                    this.changed(tx, &ticket, "heard_anew", by, json!({ "text": heard })).await?;
                    this.intake.owe(tx, Job::TagTicket { ticket: id }, now).await?;
                }
                store::transcripts::correct(tx, media, &heard, now).await?;
                let wording = Wording {
                    id: this.intake.clock.new_id(),
                    media_id: media,
                    original: found.text,
                    corrected: heard.clone(),
                    by,
                    at: now,
                };
                store::corrections::add_wording(tx, &wording).await?;
                if let Some(dialogue) = dialogue {
                    this.take_as_heard(tx, dialogue, media, heard, by).await?;
                }
                tracing::info!(media.id = %media, staff.id = %by, "the transcript of recording {media} was corrected");
                Ok(())
            })
        })
        .await
    }

    /// Returns the conversation in which a client sent a recording that can still be listened to; of what staff
    /// recorded of a visit there is none.
    async fn whose_recording(&self, tx: &mut Tx, media: MediaId) -> Result<Option<DialogueId>, StoreError> {
        if store::visits::of_media(tx, media).await?.is_some() {
            return Ok(None);
        }
        let file = store::media::find(tx, media).await?;
        Ok(file.filter(|file| file.lost.is_none()).and_then(|file| file.dialogue_id))
    }

    /// Has a conversation take what a person heard in a recording of it. Once nothing else in it waits to be
    /// listened to, the flag that asked for somebody who does is seen.
    async fn take_as_heard(
        &self,
        tx: &mut Tx,
        dialogue: DialogueId,
        media: MediaId,
        text: String,
        by: StaffId,
    ) -> Result<(), StoreError> {
        let Some(found) = store::dialogues::find(tx, dialogue).await? else { return Ok(()) };
        let understood = self.intake.understand(&text, &Intake::state_of(&found)?);
        self.intake.apply(tx, dialogue, Event::Transcribed { media, text, understood, in_part: false }).await?;
        if store::transcripts::any_given_up(tx, dialogue).await? {
            return Ok(());
        }
        let now = self.intake.clock.now();
        let asked = Flag {
            dialogue_id: Some(dialogue),
            ..Flag::raised(self.intake.clock.new_id(), FlagKind::VoiceUnheard, now)
        };
        for flag in store::flags::unseen_like(tx, &asked).await? {
            store::flags::see(tx, flag.id, by, now).await?;
        }
        Ok(())
    }

    /// Keeps what a person says that the words of a ticket or a response mean, beside what was
    /// recognised, with who and when. What the service does with the ticket stays as it is.
    pub async fn correct_labels(&self, about: About, corrected: Labels, by: StaffId) -> Result<(), DeskError> {
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let now = this.intake.clock.now();
                let (words, original) = match about {
                    About::Ticket(id) => {
                        let ticket = this.load(tx, id).await?;
                        let judged = this.judged_ticket(tx, &ticket).await?;
                        let (was, is) = (judged.1.named(), corrected.named());
                        let changes: Vec<_> = was.iter().zip(is).filter(|(was, is)| **was != *is).collect();
                        let changes: Vec<_> = changes
                            .iter()
                            .map(|(was, is)| json!({ "field": was.0, "from": was.1, "to": is.1 }))
                            .collect();
                        let event = if changes.is_empty() { "labels_confirmed" } else { "labels_corrected" };
                        this.changed(tx, &ticket, event, by, json!({ "changes": changes })).await?;
                        judged
                    }
                    About::Response(id) => {
                        let response = store::responses::find(tx, id).await?;
                        this.judged_response(&response.ok_or(DeskError::NotFound("response"))?)
                    }
                };
                if words.is_empty() {
                    return Err(DeskError::Needed("a text to judge"));
                }
                let id = this.intake.clock.new_id();
                let verdict = Verdict { id, about, words, original, corrected, by, at: now };
                store::corrections::add_verdict(tx, &verdict).await?;
                tracing::info!(staff.id = %by, correction.id = %id, "labels were corrected ({id})");
                Ok(())
            })
        })
        .await
    }

    /// Returns the words of a ticket (what was misheard put right) and what was recognised in them.
    /// The intent is not stored with a ticket: the rules tell it again.
    pub async fn judged_ticket(&self, tx: &mut Tx, ticket: &Ticket) -> Result<(String, Labels), StoreError> {
        let words = store::transcripts::corrected_words(tx, ticket.id, &ticket.description).await?;
        let understood = self.intake.tagger.understand(&words, None, Awaiting::Nothing);
        let (sentiment, category, urgency) = (ticket.sentiment, ticket.category, ticket.urgency);
        Ok((words, Labels { sentiment, category, urgency, intent: understood.intent }))
    }

    /// Returns the comment of a response and what was recognised in it. Only the mood is stored with
    /// a response: the rules tell the rest again.
    pub fn judged_response(&self, response: &Response) -> (String, Labels) {
        let words = response.comment.clone().unwrap_or_default();
        let labels = Labels::from(&self.intake.tagger.understand(&words, None, Awaiting::Nothing));
        (words, Labels { sentiment: response.sentiment.unwrap_or(labels.sentiment), ..labels })
    }

    async fn write<T, F>(&self, work: F) -> Result<T, DeskError>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> futures_util::future::BoxFuture<'t, Result<T, DeskError>> + Send + 'static,
        T: Send + 'static,
    {
        match self.store.write(work).await {
            Err(DeskError::Store(StoreError::Missing { table, .. })) => Err(DeskError::NotFound(table)),
            other => other,
        }
    }

    async fn load(&self, tx: &mut Tx, id: TicketId) -> Result<Ticket, DeskError> {
        store::tickets::load_for_update(tx, id).await?.ok_or(DeskError::NotFound("ticket"))
    }

    /// Loads a ticket for somebody who has it before them: of two who act at once the second is told.
    async fn load_seen(&self, tx: &mut Tx, id: TicketId, by: By) -> Result<Ticket, DeskError> {
        let ticket = self.load(tx, id).await?;
        if by.seen.is_some_and(|seen| seen != ticket.updated_at) { Err(DeskError::Changed) } else { Ok(ticket) }
    }

    /// Tells the owner something about a ticket, if there is a conversation.
    async fn tell(&self, tx: &mut Tx, ticket: &Ticket, event: Event) -> Result<(), DeskError> {
        match ticket.dialogue_id {
            Some(dialogue) => Ok(self.intake.apply(tx, dialogue, event).await?),
            None => Ok(()),
        }
    }

    async fn changed(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        event: &str,
        by: StaffId,
        body: serde_json::Value,
    ) -> Result<(), DeskError> {
        self.changed_by(tx, ticket, event, Actor::Staff(by), body).await
    }

    async fn changed_by(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        event: &str,
        actor: Actor,
        body: serde_json::Value,
    ) -> Result<(), DeskError> {
        store::tickets::update(tx, ticket).await?;
        self.intake.note_event(tx, ticket.id, event, actor, body, self.intake.clock.now()).await?;
        tracing::info!(ticket.id = %ticket.id, actor = %actor, event, "ticket {} {event}", ticket.number);
        Ok(())
    }
}

fn words(text: &str, what: &'static str) -> Result<String, DeskError> {
    let words: String = text::clean(text).chars().take(MOST_CHARACTERS).collect();
    if words.is_empty() { Err(DeskError::Needed(what)) } else { Ok(words) }
}

/// The same of something that is false once it is cut short.
fn whole_words(text: &str, what: &'static str) -> Result<String, DeskError> {
    let is_long = text::clean(text).chars().nth(MOST_CHARACTERS).is_some();
    if is_long { Err(DeskError::TooLong(what)) } else { words(text, what) }
}

//! Messages in: each is stored, understood, answered and acted upon in one transaction.
//!
//! [`Intake::receive`] remembers a message (once), loads the conversation, has
//! [`crate::domain::dialogue::step`] decide, and stores the state together with everything that
//! was decided: answers, tickets, flags, jobs. Nothing here waits for a network, a model or a
//! file. Whatever else happens to a conversation (a recording was heard, a time has passed, staff
//! acted) takes the same way through [`Intake::apply`].
//!
//! Read [`record`] for how effects become rows and [`message`] for how messages are stored.

mod anonymous;
mod answers;
mod appointment;
mod care;
mod clocks;
mod dispatch;
pub mod erase;
mod flags;
pub mod kind;
mod ladder;
mod leaving;
pub mod links;
pub mod message;
mod neighbours;
mod owe;
mod park;
pub(crate) mod people;
mod permit;
mod read;
mod record;
mod reopen;
pub mod response;
pub mod service;
mod shared;
mod speak;
mod visit;
mod warranty;

pub use record::blob_key;

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::catalog::Catalog;
use crate::channel::wechat::notice::Ways;
use crate::channel::{Content, Inbound};
use crate::clock::Clock;
use crate::domain::contact::Contact;
use crate::domain::dialogue::{Ctx, Effect, Event, State, Timer, step};
use crate::domain::ids::{ContactId, DialogueId, InboxId};
use crate::domain::language::Language;
use crate::domain::policy::Policy;
use crate::domain::privacy::Retention;
use crate::domain::time::Timestamp;
use crate::domain::token::TokenKey;
use crate::domain::understanding::Understanding;
use crate::store::dialogues::{Dialogue, Heard, NewDialogue};
use crate::store::{self, Store, StoreError, Tx};
use crate::tagging::Tagger;

/// By which messages are counted.
type Labels = [(&'static str, &'static str); 1];

/// Takes messages in. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    pub(crate) store: Store,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) tagger: Arc<Tagger>,
    pub(crate) clock: Clock,
    pub(crate) tokens: TokenKey,
    /// What is said where a text needs the telephone that is answered at any hour.
    pub(crate) emergency_phone: String,
    /// Whether staff is told of flags elsewhere than on the board.
    pub(crate) alerts: bool,
    /// Where progress links lead; `None`: nobody gets one.
    links: Option<links::Links>,
    /// How people of WeChat are told of something whose window is shut.
    ways: Ways,
    /// The rules for what goes out unasked.
    pub(crate) policy: Arc<Policy>,
    /// How long what is to go is kept.
    pub(crate) retention: Retention,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    pub dialogue: DialogueId,
    /// The message as it is stored: its answers are found by it.
    pub message: InboxId,
    /// It was here before; nothing was done twice.
    pub duplicate: bool,
}

/// A conversation being changed: who it is with, where it stands.
pub(crate) struct Scene {
    pub dialogue: DialogueId,
    pub contact: ContactId,
    pub channel: String,
    pub state: State,
    pub now: Timestamp,
    /// The message that is being answered; none where we speak unasked.
    pub answering: Option<InboxId>,
    /// What that message says of how they can be reached.
    pub heard: Option<Heard>,
}

impl Intake {
    /// Puts the parts together.
    pub fn new(
        store: Store,
        catalog: Arc<Catalog>,
        tagger: Arc<Tagger>,
        clock: Clock,
        tokens: TokenKey,
        emergency_phone: String,
    ) -> Intake {
        Intake {
            store,
            catalog,
            tagger,
            clock,
            tokens,
            emergency_phone,
            alerts: false,
            links: None,
            ways: Ways::default(),
            policy: Arc::default(),
            retention: Retention::default(),
        }
    }

    /// Has staff told of flags by [`crate::domain::job::Job::Alert`].
    pub fn with_alerts(self) -> Intake {
        Intake { alerts: true, ..self }
    }

    /// Keeps what is to go as long as the operator decided.
    pub fn with_retention(self, retention: Retention) -> Intake {
        Intake { retention, ..self }
    }

    /// Where working hours, evenings and quiet hours are counted.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.policy.quiet.zone
    }

    /// Takes one message in. Once this returns the message and everything that was decided are on
    /// disk, and the channel may acknowledge it.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored: the channel must not acknowledge the message.
    pub async fn receive(&self, inbound: Inbound) -> Result<Received, StoreError> {
        let labels = Intake::count_received(&inbound);
        let this = self.clone();
        let received = self.store.write(move |tx| Box::pin(async move { this.receive_in(tx, inbound).await })).await?;
        Intake::count_outcome(labels, received);
        Ok(received)
    }

    fn count_received(inbound: &Inbound) -> Labels {
        let labels = [("channel", inbound.channel.name())];
        metrics::counter!("huifang_inbound_received_total", &labels).increment(1);
        labels
    }

    fn count_outcome(labels: Labels, received: Received) {
        let counted =
            if received.duplicate { "huifang_inbound_duplicates_total" } else { "huifang_inbound_applied_total" };
        metrics::counter!(counted, &labels).increment(1);
    }

    /// Has an event happen to a conversation, in the caller's transaction, or to the one in which it goes
    /// on by now.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no such conversation.
    pub async fn apply(&self, tx: &mut Tx, dialogue: DialogueId, event: Event) -> Result<(), StoreError> {
        let found = self.where_now(tx, dialogue, Some(&event)).await?;
        self.apply_to(tx, dialogue, found, event).await
    }

    /// Has an event happen to this very conversation, wherever the person went on since: it was chosen as
    /// the one that reaches them.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no such conversation.
    pub async fn apply_here(&self, tx: &mut Tx, dialogue: DialogueId, event: Event) -> Result<(), StoreError> {
        let found = store::dialogues::load_for_update(tx, dialogue).await?;
        self.apply_to(tx, dialogue, found, event).await
    }

    async fn apply_to(
        &self,
        tx: &mut Tx,
        id: DialogueId,
        found: Option<Dialogue>,
        event: Event,
    ) -> Result<(), StoreError> {
        let found = found.ok_or_else(|| StoreError::Missing { table: "dialogues", id: id.to_string() })?;
        let mut scene = self.scene(tx, found).await?;
        self.happen(tx, &mut scene, event).await?;
        self.save(tx, &scene).await
    }

    /// Understands words by rules alone, as fast as a transaction may take.
    pub fn understand(&self, text: &str, state: &State) -> Understanding {
        let understood = self.tagger.understand(text, Some(state.language), state.awaiting());
        Understanding { corrects: self.catalog.script().repair.corrects(text), ..understood }
    }

    /// Returns where a stored conversation stands.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the stored state cannot be read.
    pub fn state_of(dialogue: &Dialogue) -> Result<State, StoreError> {
        serde_json::from_str(&dialogue.state).map_err(|_| StoreError::Corrupt {
            table: "dialogues",
            column: "state",
            id: dialogue.id.to_string(),
        })
    }

    async fn receive_in(&self, tx: &mut Tx, inbound: Inbound) -> Result<Received, StoreError> {
        let now = self.clock.now();
        let found = self.find_or_begin(tx, &inbound, now).await?;
        let mut scene = self.scene(tx, found).await?;
        let heard = Intake::heard(&inbound.content);
        let permits = permit::Change::of(&inbound.content);
        let read::Read { body, events, files, deed } = self.read(tx, &scene, inbound.content).await?;
        let id = self.clock.new_id::<InboxId>();
        let stored = store::inbox::NewInbound {
            id,
            channel: inbound.channel.name().to_owned(),
            external_id: inbound.external_id,
            dialogue_id: scene.dialogue,
            kind: body.kind().to_owned(),
            body: message::encode(&body)?,
            received_at: now,
        };
        let dialogue = scene.dialogue;
        if let Some(message) = store::inbox::remember(tx, &stored).await? {
            return Ok(Received { dialogue, message, duplicate: true });
        }
        self.keep_files(tx, dialogue, &files, now).await?;
        scene.answering = Some(id);
        scene.heard = heard;
        self.note_permits(tx, dialogue, permits, now).await?;
        let before = scene.state.clone();
        for event in events {
            self.happen(tx, &mut scene, event).await?;
        }
        if files.is_empty() && anonymous::answered(&before, &scene, body.choice.as_deref()) {
            store::inbox::blank(tx, id, &message::encode(&message::InboundBody::default())?).await?;
        }
        match deed {
            Some(read::Deed::Opened(opened)) => self.go_on_from(tx, &mut scene, &opened).await?,
            Some(read::Deed::Number(number)) => self.number_shown(tx, &mut scene, &number).await?,
            Some(read::Deed::Revoked) => self.revoked(tx, &scene).await?,
            None => {}
        }
        match heard {
            Some(Heard::Wrote) => {
                self.send_what_was_shut_out(tx, &scene, id).await?;
                self.send_what_waits(tx, &scene).await?;
            }
            Some(Heard::Left) => self.left(tx, &scene).await?,
            None => {}
        }
        self.save(tx, &scene).await?;
        Ok(Received { dialogue, message: id, duplicate: false })
    }

    /// What a message says of how the person can be reached.
    fn heard(content: &Content) -> Option<Heard> {
        match content {
            Content::Left => Some(Heard::Left),
            // Nothing was said: this opens no window.
            Content::Entered { .. } | Content::Consent { .. } | Content::Revoked => None,
            _ => Some(Heard::Wrote),
        }
    }

    async fn find_or_begin(&self, tx: &mut Tx, inbound: &Inbound, now: Timestamp) -> Result<Dialogue, StoreError> {
        let channel = inbound.channel.name();
        let written = match &inbound.content {
            Content::Text(text) | Content::Edited(text) => Some(text),
            _ => None,
        };
        // A command says nothing about the language of whoever sends it.
        let words = written.filter(|text| !text.trim_start().starts_with('/'));
        let language = inbound.language.or(words.and_then(|text| Language::of_text(text))).unwrap_or_default();
        let state = serde_json::to_string(&State::new(language)).map_err(|e| StoreError::Encode(Arc::new(e)))?;
        let new = NewDialogue {
            id: self.clock.new_id(),
            channel: channel.to_owned(),
            address: inbound.address.clone(),
            contact_id: None,
            state,
            now,
        };
        let mut found = store::dialogues::find_or_create(tx, &new).await?;
        if found.contact_id.is_none() {
            let contact = match store::identities::find_contact(tx, channel, &inbound.address).await? {
                Some(contact) => contact,
                None => {
                    let contact = Contact::new(self.clock.new_id(), language, now);
                    store::contacts::insert(tx, &contact).await?;
                    store::identities::link(tx, channel, &inbound.address, contact.id, now).await?;
                    contact.id
                }
            };
            store::dialogues::set_contact(tx, found.id, contact).await?;
            found.contact_id = Some(contact);
        }
        Ok(found)
    }

    async fn scene(&self, tx: &mut Tx, dialogue: Dialogue) -> Result<Scene, StoreError> {
        let now = self.clock.now();
        let state = Intake::state_of(&dialogue)?;
        let contact = match dialogue.contact_id {
            Some(contact) => contact,
            None => {
                let contact = Contact::new(self.clock.new_id(), state.language, now);
                store::contacts::insert(tx, &contact).await?;
                store::dialogues::set_contact(tx, dialogue.id, contact.id).await?;
                contact.id
            }
        };
        let (dialogue, channel) = (dialogue.id, dialogue.channel);
        Ok(Scene { dialogue, contact, channel, state, now, answering: None, heard: None })
    }

    async fn happen(&self, tx: &mut Tx, scene: &mut Scene, event: Event) -> Result<(), StoreError> {
        let event = self.unless_stopped(tx, scene, event).await?;
        let elapsed = if let Event::Elapsed(timer) = &event { Some(*timer) } else { None };
        if let Some(Timer::AppointmentEve { appointment, from }) = elapsed
            && !Intake::is_still_agreed(tx, appointment, from).await?
        {
            return Ok(());
        }
        let open = self.open_tickets(tx, scene.contact).await?;
        let incidents = match &scene.state.binding {
            Some(binding) => self.incidents_around(tx, binding.unit).await?,
            None => Vec::new(),
        };
        let ctx = Ctx {
            now: scene.now,
            fresh: self.clock.new_id(),
            script: self.catalog.script(),
            tickets: &open,
            incidents: &incidents,
        };
        if let Some(timer) = &elapsed {
            self.visit_elapsed(tx, scene, timer).await?;
        }
        let decided = step(scene.state.clone(), event, &ctx);
        scene.state = decided.state;
        let said = decided.effects.iter().any(|effect| matches!(effect, Effect::Say(_)));
        for effect in decided.effects {
            self.record(tx, scene, effect).await?;
        }
        match elapsed {
            Some(Timer::SurveyReminder { response }) if said => self.visit_reminded(tx, response, scene.now).await,
            _ => Ok(()),
        }
    }

    async fn save(&self, tx: &mut Tx, scene: &Scene) -> Result<(), StoreError> {
        let state = serde_json::to_string(&scene.state).map_err(|e| StoreError::Encode(Arc::new(e)))?;
        let handed_over = scene.state.handed_over();
        match scene.heard {
            Some(heard) => {
                store::dialogues::save_heard(tx, scene.dialogue, &state, handed_over, scene.now, heard).await
            }
            None => store::dialogues::save(tx, scene.dialogue, &state, handed_over, scene.now).await,
        }
    }

    /// Puts a message written by staff into the outbox.
    pub(crate) async fn send_as_staff(
        &self,
        tx: &mut Tx,
        dialogue: DialogueId,
        body: &message::OutboundBody,
    ) -> Result<(), StoreError> {
        let found = self.where_now(tx, dialogue, None).await?;
        let found = found.ok_or_else(|| StoreError::Missing { table: "dialogues", id: dialogue.to_string() })?;
        let scene = self.scene(tx, found).await?;
        self.send(tx, &scene, store::outbox::Author::Staff, body).await
    }
}

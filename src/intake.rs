//! Messages in: each is stored, understood, answered and acted upon in one transaction.
//!
//! [`Intake::receive`] remembers a message (once), loads the conversation, has
//! [`crate::domain::dialogue::step`] decide, and stores the state together with everything that
//! was decided: answers, tickets, flags, jobs. Nothing here waits for a network, a model or a
//! file. Whatever else happens to a conversation (a recording was heard, a time has passed, staff
//! acted) takes the same way through [`Intake::apply`].
//!
//! Read [`record`] for how effects become rows and [`message`] for how messages are stored.

mod appointment;
mod care;
mod clocks;
mod dispatch;
mod flags;
pub mod kind;
pub mod links;
pub mod message;
mod neighbours;
mod record;
mod reopen;
pub mod response;
mod speak;
mod visit;
mod warranty;

pub use record::blob_key;

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::catalog::Catalog;
use crate::channel::{Content, Inbound, MediaKind, Place, ReceivedFile};
use crate::clock::Clock;
use crate::domain::contact::Contact;
use crate::domain::dialogue::say::Label;
use crate::domain::dialogue::{Binding, Ctx, Effect, Event, OpenTicket, State, Timer, TokenFault, step};
use crate::domain::ids::{ContactId, DialogueId, InboxId};
use crate::domain::language::Language;
use crate::domain::media::{MOST_CHARACTERS, Refusal};
use crate::domain::policy::Policy;
use crate::domain::script::Command;
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::domain::token::TokenKey;
use crate::domain::understanding::{Awaiting, Understanding};
use crate::store::dialogues::{Dialogue, Heard, NewDialogue};
use crate::store::{self, Store, StoreError, Tx};
use crate::tagging::Tagger;
use message::InboundBody;

/// By which messages are counted.
type Labels = [(&'static str, &'static str); 1];

/// Characters of a place's name that are read.
const LONGEST_PLACE: usize = 200;

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
    /// The rules for what goes out unasked.
    pub(crate) policy: Arc<Policy>,
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

/// What a message holds, as it is stored and as it is acted upon.
struct Read {
    body: InboundBody,
    events: Vec<Event>,
    /// Those it came with, each with its id.
    files: Vec<ReceivedFile>,
}

impl Read {
    fn of(body: InboundBody, events: Vec<Event>) -> Read {
        Read { body, events, files: Vec::new() }
    }
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
            policy: Arc::default(),
        }
    }

    /// Has staff told of flags by [`crate::domain::job::Job::Alert`].
    pub fn with_alerts(self) -> Intake {
        Intake { alerts: true, ..self }
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

    /// Has an event happen to a conversation, in the caller's transaction.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no such conversation.
    pub async fn apply(&self, tx: &mut Tx, dialogue: DialogueId, event: Event) -> Result<(), StoreError> {
        let found = store::dialogues::load_for_update(tx, dialogue).await?;
        let found = found.ok_or_else(|| StoreError::Missing { table: "dialogues", id: dialogue.to_string() })?;
        let mut scene = self.scene(tx, found).await?;
        self.happen(tx, &mut scene, event).await?;
        self.save(tx, &scene).await
    }

    /// Understands words by rules alone, as fast as a transaction may take.
    pub fn understand(&self, text: &str, state: &State) -> Understanding {
        self.tagger.understand(text, Some(state.language), state.awaiting())
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
        let heard = if matches!(inbound.content, Content::Left) { Heard::Left } else { Heard::Wrote };
        let Read { body, events, files } = self.read(tx, &scene, inbound.content).await?;
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
        scene.heard = Some(heard);
        for event in events {
            self.happen(tx, &mut scene, event).await?;
        }
        if heard == Heard::Wrote {
            self.send_what_was_shut_out(tx, &scene, id).await?;
        }
        self.save(tx, &scene).await?;
        Ok(Received { dialogue, message: id, duplicate: false })
    }

    async fn find_or_begin(&self, tx: &mut Tx, inbound: &Inbound, now: Timestamp) -> Result<Dialogue, StoreError> {
        let channel = inbound.channel.name();
        let words = match &inbound.content {
            Content::Text(text) => Language::of_text(text),
            _ => None,
        };
        // A command says nothing about the language of whoever sends it.
        let words =
            words.filter(|_| !matches!(&inbound.content, Content::Text(text) if text.trim_start().starts_with('/')));
        let language = inbound.language.or(words).unwrap_or_default();
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

    /// Turns what a message holds into what is stored of it and what it means.
    async fn read(&self, tx: &mut Tx, scene: &Scene, content: Content) -> Result<Read, StoreError> {
        Ok(match content {
            Content::Text(written) => {
                let words = text::clean(&written);
                let mut body = InboundBody { text: Some(words.clone()), ..InboundBody::default() };
                let event = if words.is_empty() {
                    Event::Refused(Refusal::Empty)
                } else if words.chars().count() > MOST_CHARACTERS {
                    Event::Refused(Refusal::TooLong)
                } else if let Some(event) = self.token_of(tx, &words, scene.now).await? {
                    // The token opens the door for whoever shows it: it is not kept in the clear.
                    body.text = Some("/start".to_owned());
                    event
                } else if let Some(id) = self.offered(&scene.state, &words) {
                    Event::Choice { id }
                } else {
                    let understood = self.understand(&words, &scene.state);
                    body.understood = Some(understood.clone());
                    Event::Text { text: words, understood }
                };
                Read::of(body, vec![event])
            }
            Content::Choice(id) => {
                let label = self.label_of(&scene.state, &id);
                let body = InboundBody { choice: Some(id.clone()), text: label, ..InboundBody::default() };
                Read::of(body, vec![Event::Choice { id }])
            }
            Content::Media { files, caption } => self.read_files(scene, files, caption.as_deref()),
            Content::Remote { files, caption } => {
                let files = files.into_iter().map(|file| ReceivedFile::remote(self.clock.new_id(), file)).collect();
                self.read_files(scene, files, caption.as_deref())
            }
            Content::Place(place) => {
                let words = self.words_of(scene.state.language, &place);
                let understood = self.understand(&words, &scene.state);
                let body = InboundBody {
                    text: Some(words.clone()),
                    understood: Some(understood.clone()),
                    ..InboundBody::default()
                };
                Read::of(body, vec![Event::Text { text: words, understood }])
            }
            Content::Left => Read::of(InboundBody { left: true, ..InboundBody::default() }, Vec::new()),
            Content::Returned => Read::of(InboundBody { returned: true, ..InboundBody::default() }, Vec::new()),
            Content::Refused(refusal) => {
                let body = InboundBody { refused: Some(refusal), ..InboundBody::default() };
                Read::of(body, vec![Event::Refused(refusal)])
            }
        })
    }

    /// Says in words where a place is: it then goes the way of a typed address.
    fn words_of(&self, language: Language, place: &Place) -> String {
        let at = format!("{:.5}, {:.5}", place.latitude, place.longitude);
        let label = place.label.as_deref().map(text::clean).filter(|label| !label.is_empty());
        let label: String = label.iter().flat_map(|label| label.chars()).take(LONGEST_PLACE).collect();
        let (key, args) = if label.is_empty() {
            ("place.point", vec![("at", at)])
        } else {
            ("place.named", vec![("at", at), ("label", label)])
        };
        let args = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.catalog.text(language, key, &args)
    }

    fn read_files(&self, scene: &Scene, files: Vec<ReceivedFile>, caption: Option<&str>) -> Read {
        let caption = caption.map(text::clean).filter(|caption| !caption.is_empty());
        let caption = caption.map(|words| {
            let words: String = words.chars().take(MOST_CHARACTERS).collect();
            let understood = self.understand(&words, &scene.state);
            (words, understood)
        });
        let of_kind = |kind| files.iter().filter(move |file| file.kind == kind).map(|file| file.id);
        let photos: Vec<_> = of_kind(MediaKind::Photo).collect();
        let body = InboundBody {
            text: caption.as_ref().map(|(words, _)| words.clone()),
            understood: caption.as_ref().map(|(_, understood)| understood.clone()),
            media: files.iter().map(message::MediaRef::from).collect(),
            ..InboundBody::default()
        };
        // Recordings first, so that a summary waits for what they say.
        let mut events: Vec<Event> = of_kind(MediaKind::Voice).map(|media| Event::Voice { media }).collect();
        match (photos.is_empty(), caption) {
            (false, caption) => events.push(Event::Photos { media: photos, caption }),
            (true, Some((text, understood))) => events.push(Event::Text { text, understood }),
            (true, None) => {}
        }
        Read { body, events, files }
    }

    /// Reads `/start TOKEN`.
    async fn token_of(&self, tx: &mut Tx, words: &str, now: Timestamp) -> Result<Option<Event>, StoreError> {
        let Some((Command::Start, Some(token))) = self.catalog.script().words.command(words) else { return Ok(None) };
        let unit = match self.tokens.verify(&token, now) {
            Ok(unit) => unit,
            Err(fault) => return Ok(Some(Event::TokenRefused(fault))),
        };
        let Some(unit) = store::units::find(tx, unit).await? else {
            return Ok(Some(Event::TokenRefused(TokenFault::Unknown)));
        };
        let project = store::projects::find(tx, unit.project_id).await?;
        let label = match project {
            Some(project) => format!("{} {}", project.name, unit.label),
            None => unit.label,
        };
        Ok(Some(Event::Bound(Binding { unit: unit.id, project: unit.project_id, label })))
    }

    /// Reads a typed label, or the number of a button where no number is awaited, as its button:
    /// not every platform shows buttons.
    fn offered(&self, state: &State, words: &str) -> Option<String> {
        let by_label = state.offered.iter().find(|choice| match &choice.label {
            Label::Text(_) => false,
            Label::Key(key) => self.catalog.text(state.language, key, &std::collections::BTreeMap::new()) == words,
        });
        let numeric = state.awaiting() != Awaiting::Nothing;
        let by_number = || {
            let at = words.parse::<usize>().ok().filter(|_| !numeric)?;
            state.offered.get(at.checked_sub(1)?)
        };
        by_label.or_else(by_number).map(|choice| choice.id.clone())
    }

    fn label_of(&self, state: &State, id: &str) -> Option<String> {
        state.offered.iter().find(|choice| choice.id == id).map(|choice| self.label(state.language, &choice.label))
    }

    pub(crate) fn label(&self, language: Language, label: &Label) -> String {
        match label {
            Label::Text(text) => text.clone(),
            Label::Key(key) => self.catalog.text(language, key, &std::collections::BTreeMap::new()),
        }
    }

    async fn happen(&self, tx: &mut Tx, scene: &mut Scene, event: Event) -> Result<(), StoreError> {
        let tickets = store::tickets::open_for_contact(tx, scene.contact).await?;
        let open: Vec<OpenTicket> = tickets
            .into_iter()
            .map(|ticket| OpenTicket {
                id: ticket.id,
                status: ticket.status.name(),
                category: ticket.category.map(crate::domain::understanding::Category::name),
                number: ticket.number,
                location: ticket.location,
            })
            .collect();
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
        let elapsed = if let Event::Elapsed(timer) = &event { Some(*timer) } else { None };
        if let Some(timer) = &elapsed {
            self.visit_elapsed(tx, timer, scene.now).await?;
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
        let found = store::dialogues::find(tx, dialogue).await?;
        let found = found.ok_or_else(|| StoreError::Missing { table: "dialogues", id: dialogue.to_string() })?;
        let scene = self.scene(tx, found).await?;
        self.send(tx, &scene, store::outbox::Author::Staff, body).await
    }
}

//! The person at the other end of a conversation, and what can be asked of the database after it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use huifang::catalog::Catalog;
use huifang::channel::{ChannelKind, Content, Inbound, MediaKind, ReceivedFile};
use huifang::clock::Clock;
use huifang::domain::contact::Contact;
use huifang::domain::dialogue::{Event, NotHeard};
use huifang::domain::flag::Flag;
use huifang::domain::ids::{ContactId, DialogueId, MediaId, ProjectId, UnitId};
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::ticket::Ticket;
use huifang::domain::time::Timestamp;
use huifang::domain::token::TokenKey;
use huifang::domain::understanding::Urgency;
use huifang::intake::Intake;
use huifang::intake::message::{Button, InboundBody, OutboundBody};
use huifang::store::responses::{self, Response};
use huifang::store::thread::{self, Speaker};
use huifang::store::{self, Store};
use huifang::tagging::{Lexical, Tagger};
use sqlx::{Connection, SqliteConnection};

/// Saturday, 21 November 2026, 10:00 in Shanghai.
const START: Timestamp = Timestamp(1_795_226_400_000);

pub(crate) struct Talk {
    pub(crate) intake: Intake,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) key: TokenKey,
    pub(crate) unit: UnitId,
    url: String,
    channel: ChannelKind,
    address: String,
    sent: u32,
    seen: i64,
    read: BTreeMap<(ChannelKind, String), i64>,
    buttons: Vec<Button>,
    /// Buttons pressed so far.
    pub(crate) taps: u32,
    transcript: String,
    folder: tempfile::TempDir,
}

impl Talk {
    /// A person nobody knows yet writes from a Chinese phone.
    pub(crate) async fn begin() -> Talk {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("huifang.db").display());
        let store = Store::open(&url).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Clock::manual(START);
        let key = TokenKey::new([7; 32]);
        let intake = intake(&store, &clock, &key, Catalog::embedded().unwrap());
        let (project, unit): (ProjectId, UnitId) = (clock.new_id(), clock.new_id());
        store
            .write(move |tx| {
                Box::pin(async move {
                    let row = Project {
                        region: "华东".to_owned(),
                        handover_at: Some(START - Duration::from_secs(400 * 86_400)),
                        ..Project::new(project, "翠湖花园", ProjectKind::Housing)
                    };
                    store::projects::insert(tx, &row).await?;
                    let row = Unit {
                        building: Some("3".to_owned()),
                        unit: Some("2".to_owned()),
                        room: Some("1201".to_owned()),
                        ..Unit::new(unit, project, "3栋2单元1201")
                    };
                    store::units::insert(tx, &row).await
                })
            })
            .await
            .unwrap();
        Talk {
            intake,
            store,
            clock,
            key,
            unit,
            url,
            channel: ChannelKind::Web,
            address: "somebody".to_owned(),
            sent: 0,
            seen: 0,
            read: BTreeMap::new(),
            buttons: Vec::new(),
            taps: 0,
            transcript: String::new(),
            folder,
        }
    }

    /// … and has scanned the QR code of the flat.
    pub(crate) async fn bound() -> Talk {
        let mut talk = Talk::begin().await;
        talk.binds().await;
        talk.transcript.clear();
        talk
    }

    /// The operator changes what is asked, and the service starts again with it.
    pub(crate) fn operator_edits(&mut self, file: &str, change: impl FnOnce(&str) -> String) {
        let prompts = self.folder.path().join("prompts");
        copy(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts")), &prompts);
        let file = prompts.join(file);
        let written = change(&std::fs::read_to_string(&file).unwrap());
        std::fs::write(file, written).unwrap();
        self.intake = intake(&self.store, &self.clock, &self.key, Catalog::from_dir(&prompts).unwrap());
    }

    pub(crate) async fn binds(&mut self) {
        let token = self.key.sign(self.unit, self.clock.now() + Duration::from_secs(3600));
        self.send(Content::Text(format!("/start {token}")), "[扫码]").await;
    }

    pub(crate) async fn says(&mut self, words: &str) {
        self.send(Content::Text(words.to_owned()), words).await;
    }

    /// Presses the button with that label on the newest message that has buttons.
    pub(crate) async fn taps(&mut self, label: &str) {
        let button = self.buttons.iter().find(|button| button.label == label);
        let id = button
            .unwrap_or_else(|| panic!("no button {label} among {:?}\n{}", self.buttons, self.transcript))
            .id
            .clone();
        self.taps += 1;
        self.send(Content::Choice(id), &format!("[{label}]")).await;
    }

    pub(crate) async fn presses(&mut self, id: &str) {
        self.send(Content::Choice(id.to_owned()), &format!("[{id}]")).await;
    }

    pub(crate) fn button(&self, label: &str) -> String {
        self.buttons.iter().find(|button| button.label == label).unwrap().id.clone()
    }

    pub(crate) async fn sends_photo(&mut self) -> MediaId {
        let file = self.file(MediaKind::Photo);
        let id = file.id;
        self.send(Content::Media { files: vec![file], caption: None }, "[照片]").await;
        id
    }

    /// Sends a recording that has not been heard yet.
    pub(crate) async fn sends_voice(&mut self) -> MediaId {
        let file = self.file(MediaKind::Voice);
        let id = file.id;
        self.send(Content::Media { files: vec![file], caption: None }, "[语音]").await;
        id
    }

    /// Sends a recording; the recogniser hears `words` in it.
    pub(crate) async fn speaks(&mut self, words: &str) {
        let media = self.sends_voice().await;
        self.is_heard(media, words).await;
    }

    pub(crate) async fn is_heard(&mut self, media: MediaId, words: &str) {
        self.is_heard_so_far(media, words, false).await;
    }

    /// The recogniser hears `words`; `in_part` if more was said.
    pub(crate) async fn is_heard_so_far(&mut self, media: MediaId, words: &str, in_part: bool) {
        let (intake, dialogue, text) = (self.intake.clone(), self.dialogue().await, words.to_owned());
        let state = self.state().await;
        let understood = intake.understand(&text, &state);
        self.happens(dialogue, Event::Transcribed { media, text, understood, in_part }).await;
    }

    pub(crate) async fn is_not_heard(&mut self, media: MediaId, why: NotHeard) {
        let dialogue = self.dialogue().await;
        self.happens(dialogue, Event::NotHeard { media, why }).await;
    }

    pub(crate) async fn happens(&mut self, dialogue: DialogueId, event: Event) {
        let intake = self.intake.clone();
        self.store.write(move |tx| Box::pin(async move { intake.apply(tx, dialogue, event).await })).await.unwrap();
        self.listen().await;
    }

    /// The service is stopped and started again.
    pub(crate) async fn restart(&mut self) {
        self.store.close().await;
        self.store = Store::open(&self.url).await.unwrap();
        self.intake = intake(&self.store, &self.clock, &self.key, Catalog::embedded().unwrap());
        let _ = writeln!(self.transcript, "-- restart --");
    }

    /// The contact behind the conversation that is being held.
    pub(crate) async fn whose(&self) -> ContactId {
        let dialogue = self.dialogue().await;
        let found = self.store.read(|tx| Box::pin(async move { store::dialogues::find(tx, dialogue).await })).await;
        found.unwrap().unwrap().contact_id.unwrap()
    }

    pub(crate) async fn contact(&self, id: ContactId) -> Contact {
        self.store.read(|tx| Box::pin(async move { store::contacts::find(tx, id).await })).await.unwrap().unwrap()
    }

    pub(crate) async fn dialogue(&self) -> DialogueId {
        let (channel, address) = (self.channel.name(), self.address.clone());
        let found = self
            .store
            .read(move |tx| Box::pin(async move { store::dialogues::find_by_address(tx, channel, &address).await }))
            .await;
        found.unwrap().unwrap().id
    }

    pub(crate) async fn state(&self) -> huifang::domain::dialogue::State {
        let id = self.dialogue().await;
        let found = self.store.read(|tx| Box::pin(async move { store::dialogues::find(tx, id).await })).await;
        Intake::state_of(&found.unwrap().unwrap()).unwrap()
    }

    /// Emergencies that are open, then the latest, at last what has ended.
    pub(crate) async fn tickets(&self) -> Vec<Ticket> {
        let all = store::tickets::Filter::default();
        let read = self.store.read(|tx| Box::pin(async move { store::tickets::list(tx, &all, 50).await }));
        let mut tickets = read.await.unwrap();
        tickets.sort_by_key(|ticket| {
            let ended = !ticket.status.is_open();
            let mild = ticket.urgency != Urgency::Emergency;
            (ended, !ended && mild, Reverse((ticket.priority, ticket.created_at, ticket.id)))
        });
        tickets
    }

    pub(crate) async fn responses(&self) -> Vec<Response> {
        let all = responses::Filter::default();
        self.store.read(|tx| Box::pin(async move { responses::list(tx, &all, 50).await })).await.unwrap()
    }

    pub(crate) async fn flags(&self) -> Vec<Flag> {
        self.store.read(|tx| Box::pin(async move { store::flags::list_open(tx, 50).await })).await.unwrap()
    }

    pub(crate) async fn media_of(&self, ticket: &Ticket) -> usize {
        let id = ticket.id;
        let media = self.store.read(|tx| Box::pin(async move { store::media::list_for_ticket(tx, id).await })).await;
        media.unwrap().len()
    }

    /// From now on somebody else writes, from another address.
    pub(crate) fn moves_to(&mut self, address: &str) {
        address.clone_into(&mut self.address);
        self.seen = 0;
        self.buttons.clear();
    }

    /// From now on they write on a channel, from an address there; what they read stays read.
    pub(crate) async fn turns_to(&mut self, channel: ChannelKind, address: &str) {
        self.read.insert((self.channel, self.address.clone()), self.seen);
        self.channel = channel;
        self.moves_to(address);
        self.seen = self.read.get(&(channel, address.to_owned())).copied().unwrap_or_default();
        let _ = writeln!(self.transcript, "-- {} --", channel.name());
        if self.seen > 0 {
            self.listen().await;
        }
    }

    /// Sends what nobody types.
    pub(crate) async fn shows(&mut self, content: Content, shown: &str) {
        self.send(content, shown).await;
    }

    /// Reads what was said without being asked.
    pub(crate) async fn listens(&mut self) {
        self.listen().await;
    }

    /// Runs SQL behind the store's back.
    pub(crate) async fn execute(&self, sql: &str) {
        let path = self.url.strip_prefix("sqlite:").unwrap();
        let mut connection = SqliteConnection::connect(&format!("sqlite://{path}")).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Returns everything that was said since the last look.
    pub(crate) fn transcript(&mut self) -> String {
        std::mem::take(&mut self.transcript).trim_end().to_owned()
    }

    /// Sends something under a message id of its own choosing.
    pub(crate) async fn send_as(&mut self, external_id: &str, content: Content) -> bool {
        let inbound = Inbound {
            channel: self.channel,
            address: self.address.clone(),
            external_id: external_id.to_owned(),
            language: None,
            content,
        };
        let received = self.intake.receive(inbound).await.unwrap();
        self.listen().await;
        received.duplicate
    }

    /// Reads what was said unasked.
    pub(crate) async fn hears(&mut self) {
        self.listen().await;
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    async fn send(&mut self, content: Content, shown: &str) {
        self.sent += 1;
        let shown: String = huifang::domain::text::clean(shown).chars().take(60).collect();
        let _ = writeln!(self.transcript, "» {shown}");
        self.send_as(&format!("m{}", self.sent), content).await;
        self.clock.advance(Duration::from_secs(2));
    }

    async fn listen(&mut self) {
        let (dialogue, seen) = (self.dialogue().await, self.seen);
        let said =
            self.store.read(|tx| Box::pin(async move { thread::after(tx, dialogue, seen, 100).await })).await.unwrap();
        for entry in said {
            self.seen = entry.seq;
            if entry.speaker == Speaker::Client {
                serde_json::from_str::<InboundBody>(&entry.body).unwrap();
                continue;
            }
            let body: OutboundBody = serde_json::from_str(&entry.body).unwrap();
            for line in body.text.lines() {
                let _ = writeln!(self.transcript, "  {line}");
            }
            if !body.choices.is_empty() {
                let labels: Vec<_> = body.choices.iter().map(|button| button.label.as_str()).collect();
                let _ = writeln!(self.transcript, "  [{}]", labels.join("] ["));
                self.buttons = body.choices;
            }
        }
    }

    pub(crate) fn file(&self, kind: MediaKind) -> ReceivedFile {
        ReceivedFile {
            id: self.clock.new_id(),
            kind,
            content_type: match kind {
                MediaKind::Voice => "audio/ogg".to_owned(),
                MediaKind::Photo => "image/jpeg".to_owned(),
            },
            bytes: 1000,
            sha256: "0".repeat(64),
            recognition: None,
            remote: None,
        }
    }
}

fn intake(store: &Store, clock: &Clock, key: &TokenKey, catalog: Catalog) -> Intake {
    let catalog = Arc::new(catalog);
    let lexicon = huifang::catalog::lexicon::embedded().unwrap();
    let tagger = Arc::new(Tagger::by_rules(Lexical::new(&lexicon).unwrap()));
    Intake::new(store.clone(), catalog, tagger, clock.clone(), key.clone(), "400-000-0000".to_owned())
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

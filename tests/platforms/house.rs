//! One house of the service: a database and a media store in a folder of their own, the site on a
//! port, a clock that is stepped and jobs that are done by hand. Recordings go through the
//! program's own decode worker; a recognition service of ours says what is heard in them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use huifang::catalog::Catalog;
use huifang::channel::{ChannelKind, Channels};
use huifang::clock::Clock;
use huifang::desk::Desk;
use huifang::domain::alert::{QuietHours, Rule};
use huifang::domain::ids::{DialogueId, ProjectId, StaffId, TicketId, UnitId, VisitId};
use huifang::domain::language::Language;
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::staff::{Role, Staff};
use huifang::domain::time::Timestamp;
use huifang::domain::token::TokenKey;
use huifang::domain::visit::{Reason, Visit, VisitKind, VisitStatus};
use huifang::intake::Intake;
use huifang::jobs::Runner;
use huifang::jobs::alert::Alerts;
use huifang::planner::Planner;
use huifang::speech::{Listener, SpeechConfig};
use huifang::store::blobs::Blobs;
use huifang::store::jobs::{self, Share};
use huifang::store::outbox::{Delivery, Outbound};
use huifang::store::{self, Store, StoreError, dialogues, thread};
use huifang::tagging::{Lexical, Tagger};
use huifang::web;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

/// Saturday, 21 November 2026, 10:00 in Shanghai.
pub const START: Timestamp = Timestamp(1_795_226_400_000);

pub fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio").join(name)).unwrap()
}

/// A client that follows no redirects.
pub fn client() -> reqwest::Client {
    // Plain http; the client wants to know its way with TLS all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

/// Serves a router on a free port and returns `http://127.0.0.1:PORT`.
pub async fn serve(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Runs the program where nothing is set but this; returns what it printed and how it ended.
pub async fn program(set: &[(&str, &str)], arguments: &[&str], typed: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_huifang"))
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("HUIFANG_SERVER__PUBLIC_URL", "https://huifang.example.com")
        .envs(set.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).await.unwrap();
    let ended = child.wait_with_output().await.unwrap();
    format!("{}exit {}", String::from_utf8(ended.stdout).unwrap(), ended.status.code().unwrap())
}

pub struct House {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    pub clock: Clock,
    pub runner: Runner,
    key: TokenKey,
    unit: UnitId,
    words: Arc<Mutex<String>>,
    folder: tempfile::TempDir,
}

impl House {
    /// Opens a house that is reached by `channels`.
    pub async fn open(channels: impl FnOnce(&Clock) -> Channels) -> House {
        let words = Arc::new(Mutex::new(String::new()));
        let listener = listener(&words).await;
        House::begin(channels, listener, words).await
    }

    /// … where recordings are heard by the model that comes with the program.
    pub async fn open_with_model(channels: impl FnOnce(&Clock) -> Channels) -> House {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/speech/ggml-huifang-zh-en-q5_0.bin");
        let config = SpeechConfig { model, deadline_seconds: 120, ..SpeechConfig::default() };
        let listener = Listener::new(&config, PathBuf::from(env!("CARGO_BIN_EXE_huifang"))).unwrap();
        House::begin(channels, listener, Arc::default()).await
    }

    /// … where staff is told in a group of Telegram, or as the rules say, at any hour.
    pub async fn open_with_alerts(
        channels: impl FnOnce(&Clock) -> Channels,
        group: Option<i64>,
        rules: Vec<Rule>,
    ) -> House {
        let telegram_chat = group.map(|chat| chat.to_string());
        House::open_telling(channels, Alerts { telegram_chat, rules, ..House::alerts() }).await
    }

    /// Alerts that go nowhere yet, at any hour.
    pub fn alerts() -> Alerts {
        let midnight = jiff::civil::time(0, 0, 0, 0);
        Alerts {
            telegram_chat: None,
            mail: None,
            robot: None,
            webhook: None,
            rules: Vec::new(),
            quiet: QuietHours { from: midnight, to: midnight, zone: jiff::tz::TimeZone::UTC },
            on_call: None,
            language: Language::default(),
            ways: Vec::new(),
            public_url: "https://huifang.example.com".to_owned(),
        }
    }

    /// … where staff is told as these alerts say.
    pub async fn open_telling(channels: impl FnOnce(&Clock) -> Channels, alerts: Alerts) -> House {
        let clock = Clock::manual(START);
        let (channels, words) = (channels(&clock), Arc::new(Mutex::new(String::new())));
        let (listener, alerts) = (listener(&words).await, Some(Arc::new(alerts)));
        House::on(tempfile::tempdir().unwrap(), clock, channels, listener, words, None, alerts).await
    }

    /// Somebody new on the staff.
    pub async fn hires(&self, login: &str, name: &str) -> StaffId {
        self.hires_as(login, name, Role::Engineer).await
    }

    /// … of a role.
    pub async fn hires_as(&self, login: &str, name: &str, role: Role) -> StaffId {
        let new = Staff::new(self.clock.new_id(), login, role, self.clock.now());
        let staff = Staff { name: name.to_owned(), ..new };
        let id = staff.id;
        let hired = self
            .runner
            .store
            .write(move |tx| Box::pin(async move { store::staff::insert(tx, &staff, "no password").await }));
        hired.await.unwrap();
        id
    }

    /// What is in the link by which they show whose account is theirs.
    pub fn staff_token(&self, staff: StaffId) -> String {
        self.key.sign_staff(staff, self.clock.now() + Duration::from_secs(3600))
    }

    /// How many files lie in the media store.
    pub fn files_kept(&self) -> usize {
        let mut folders = vec![self.folder.path().join("media")];
        let mut count = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() { folders.push(entry.path()) } else { count += 1 }
            }
        }
        count
    }

    /// The service is stopped and started again, on what it had written.
    pub async fn restart(self) -> House {
        let Runner { store, clock, channels, listener, alerts, .. } = self.runner;
        store.close().await;
        House::on(self.folder, clock, channels, listener.unwrap(), self.words, Some(self.unit), alerts).await
    }

    async fn begin(channels: impl FnOnce(&Clock) -> Channels, listener: Listener, words: Arc<Mutex<String>>) -> House {
        let clock = Clock::manual(START);
        let channels = channels(&clock);
        House::on(tempfile::tempdir().unwrap(), clock, channels, listener, words, None, None).await
    }

    async fn on(
        folder: tempfile::TempDir,
        clock: Clock,
        channels: Channels,
        listener: Listener,
        words: Arc<Mutex<String>>,
        unit: Option<UnitId>,
        alerts: Option<Arc<Alerts>>,
    ) -> House {
        let at = |name: &str| folder.path().join(name).display().to_string();
        let store = Store::open(&format!("sqlite:{}", at("huifang.db"))).await.unwrap();
        store.migrate().await.unwrap();
        let key = TokenKey::new([7; 32]);
        let unit = match unit {
            Some(unit) => unit,
            None => settle(&store, &clock).await,
        };
        let catalog = Arc::new(Catalog::embedded().unwrap());
        let lexicon = huifang::catalog::lexicon::embedded().unwrap();
        let tagger = Arc::new(Tagger::by_rules(Lexical::new(&lexicon).unwrap()));
        let phone = "400-000-0000".to_owned();
        let intake =
            Intake::new(store.clone(), Arc::clone(&catalog), Arc::clone(&tagger), clock.clone(), key.clone(), phone);
        let intake = intake.with_ways(channels.ways(ChannelKind::Wechat));
        let intake = if alerts.is_some() { intake.with_alerts() } else { intake };
        let blobs = Blobs::open(&format!("file:{}", at("media"))).unwrap();
        let models = web::Models { listener: Some(listener.clone()), speech_off: false, mood_failed: false };
        let router = web::router(web::Parts {
            store: store.clone(),
            blobs: blobs.clone(),
            catalog: Arc::clone(&catalog),
            intake: intake.clone(),
            channels: channels.clone(),
            desk: Desk::new(intake.clone()),
            clock: clock.clone(),
            public_url: "http://127.0.0.1".to_owned(),
            trusted_proxies: web::TrustedProxies::default(),
            demo: false,
            clips: Vec::new(),
            stage: None,
            models,
            metrics: PrometheusBuilder::new().build_recorder().handle(),
            stop: CancellationToken::new(),
        });
        let url = serve(router.unwrap()).await;
        let listener = Some(listener);
        let runner = Runner { store, clock: clock.clone(), intake, blobs, channels, catalog, listener, tagger, alerts };
        House { url, clock, runner, key, unit, words, folder }
    }

    /// What is in the QR code of the flat.
    pub fn token(&self) -> String {
        self.token_of(self.unit)
    }

    /// What is in the link to a ticket's progress.
    pub fn progress_token(&self, ticket: TicketId) -> String {
        self.key.sign_progress(ticket, self.clock.now() + Duration::from_secs(3600))
    }

    /// A visit of the flat that is due at once.
    pub async fn owes_a_visit(&self, survey: &'static str) -> VisitId {
        let (id, now, unit) = (self.clock.new_id(), self.clock.now(), self.unit);
        let store = &self.runner.store;
        let planned = store.write(move |tx| {
            Box::pin(async move {
                let project = store::units::find(tx, unit).await?.unwrap().project_id;
                let kind = VisitKind::Special; // nothing a plan could take back
                let visit = Visit::planned(id, format!("{unit}:special:{id}"), kind, project, survey.to_owned(), now);
                store::visits::insert(tx, &Visit { unit_id: Some(unit), ..visit }).await
            })
        });
        assert!(planned.await.unwrap());
        self.visit_is_due(id).await;
        id
    }

    /// Does what is due with a visit.
    pub async fn visit_is_due(&self, id: VisitId) {
        let planner = Planner::new(self.runner.intake.clone());
        self.runner.store.write(move |tx| Box::pin(async move { planner.send(tx, id).await })).await.unwrap();
        self.runner.run_until_idle().await;
    }

    /// Returns where a visit stands, and why.
    pub async fn visit(&self, id: VisitId) -> (VisitStatus, Option<Reason>) {
        let found = self.runner.store.read(|tx| Box::pin(async move { store::visits::find(tx, id).await }));
        let visit = found.await.unwrap().unwrap();
        (visit.status, visit.reason)
    }

    /// The flat.
    pub fn unit(&self) -> UnitId {
        self.unit
    }

    /// … and of another unit.
    pub fn token_of(&self, unit: UnitId) -> String {
        self.key.sign(unit, self.clock.now() + Duration::from_secs(3600))
    }

    /// From now on these words are heard in every recording.
    pub fn hears(&self, words: &str) {
        words.clone_into(&mut self.words.lock().unwrap());
    }

    /// Does everything that is due, and what that leads to in the next seconds.
    pub async fn works(&self) {
        self.runner.run_until_idle().await;
        self.clock.advance(Duration::from_secs(7));
        self.runner.run_until_idle().await;
    }

    /// Whoever does the job that is due first is killed over it, at each of its attempts.
    pub async fn is_killed_at_every_attempt(&self) {
        loop {
            let now = self.clock.now();
            let claimed = self.runner.store.write(move |tx| {
                Box::pin(async move { jobs::claim(tx, now, 1, Duration::from_secs(60), Share::All).await })
            });
            let claimed = claimed.await.unwrap();
            let [job] = claimed.as_slice() else { panic!("one job: {claimed:?}") };
            self.clock.advance(Duration::from_secs(60));
            if job.attempt == job.max_attempts {
                return;
            }
        }
    }

    /// Returns the messages that stand at `status`.
    pub async fn outbox(&self, status: Delivery) -> Vec<Outbound> {
        let store = &self.runner.store;
        store.read(|tx| Box::pin(async move { store::outbox::list(tx, status, 100).await })).await.unwrap()
    }

    /// Returns how many messages came in.
    pub async fn received(&self, channel: &str, external_ids: &[&str]) -> usize {
        let mut count = 0;
        for id in external_ids {
            let (channel, id) = (channel.to_owned(), (*id).to_owned());
            let store = &self.runner.store;
            let known = store.read(|tx| Box::pin(async move { store::inbox::known(tx, &channel, &id).await })).await;
            count += usize::from(known.unwrap().is_some());
        }
        count
    }

    /// Makes the state of a conversation one that cannot be read.
    pub async fn spoil(&self, channel: &'static str, address: &str) -> DialogueId {
        let (address, now) = (address.to_owned(), self.clock.now());
        let spoilt = self.runner.store.write(move |tx| {
            Box::pin(async move {
                let found = dialogues::find_by_address(tx, channel, &address).await?.unwrap();
                dialogues::save(tx, found.id, "no state of ours", false, now).await?;
                Ok::<_, StoreError>(found.id)
            })
        });
        spoilt.await.unwrap()
    }

    /// Returns what was said in a conversation, as it is stored.
    pub async fn said_in(&self, dialogue: DialogueId) -> String {
        let read = self.runner.store.read(move |tx| Box::pin(async move { thread::latest(tx, dialogue, 9).await }));
        read.await.unwrap().into_iter().map(|entry| entry.body).collect()
    }

    /// Returns the reasons of the open flags.
    pub async fn flags(&self) -> Vec<&'static str> {
        let store = &self.runner.store;
        let flags = store.read(|tx| Box::pin(async move { store::flags::list_open(tx, 50).await })).await.unwrap();
        flags.iter().map(|flag| flag.kind.name()).collect()
    }

    /// Returns the tickets and survey answers that came of a conversation, one a line, with
    /// nothing in them that tells the channels apart.
    pub async fn rows(&self) -> String {
        let read = |store: &Store| {
            let store = store.clone();
            async move { store.read(|tx| Box::pin(async move { rows(tx).await })).await.unwrap() }
        };
        read(&self.runner.store).await
    }
}

async fn rows(tx: &mut store::Tx) -> Result<String, store::StoreError> {
    let mut rows = String::new();
    for ticket in store::tickets::list(tx, &store::tickets::Filter::default(), 50).await? {
        let what = (&ticket.category, ticket.urgency, &ticket.location, &ticket.component, &ticket.symptom);
        let bound = ticket.unit_id.is_some();
        let _ = writeln!(rows, "{} {what:?} {} {:?} {bound}", ticket.number, ticket.description, ticket.sentiment);
        for media in store::media::list_for_ticket(tx, ticket.id).await? {
            let heard = store::transcripts::find(tx, media.id).await?.and_then(|heard| heard.text);
            let _ = writeln!(rows, "  {} {} {} {heard:?}", media.kind, media.content_type, media.bytes);
        }
    }
    for response in store::responses::list(tx, &store::responses::Filter::default(), 50).await? {
        let result = (response.score, &response.band, response.nps, &response.comment, response.sentiment);
        let _ = writeln!(rows, "{} {:?} {result:?}", response.survey, response.progress);
        for answer in store::responses::answers(tx, response.id).await? {
            let _ = writeln!(rows, "  {} {:?}", answer.question, answer.value);
        }
    }
    Ok(rows)
}

/// Puts one flat into the database.
async fn settle(store: &Store, clock: &Clock) -> UnitId {
    let (project, unit): (ProjectId, UnitId) = (clock.new_id(), clock.new_id());
    let settled = store.write(move |tx| {
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
    });
    settled.await.unwrap();
    unit
}

/// A recognition service that hears what the test says.
async fn listener(words: &Arc<Mutex<String>>) -> Listener {
    let words = Arc::clone(words);
    let hear = move |_: axum::body::Bytes| {
        let text = words.lock().unwrap().clone();
        let segment = json!({ "text": text, "avg_logprob": -0.1, "no_speech_prob": 0.01 });
        std::future::ready(Json(json!({ "text": text, "segments": [segment] })))
    };
    let router = axum::Router::new().route("/v1/audio/transcriptions", post(hear));
    let url = serve(router.layer(DefaultBodyLimit::max(64 * 1024 * 1024))).await;
    let config = toml::from_str::<SpeechConfig>(&format!("service_url = \"{url}\"\ndeadline_seconds = 20"));
    Listener::new(&config.unwrap(), PathBuf::from(env!("CARGO_BIN_EXE_huifang"))).unwrap()
}

/// Holds the conversation that every channel holds, on the web chat, and returns what came of it:
/// a survey by taps with a remark, and a repair reported by voice.
pub async fn rows_of_the_web_chat(voice: &str) -> String {
    rows_of_the_web_chat_in(House::open(|_| Channels::default()).await, voice).await
}

/// … in a house of the test's own.
pub async fn rows_of_the_web_chat_in(house: House, voice: &str) -> String {
    let url = format!("{}/chat/api/messages", house.url);
    let session = "a-session-of-a-test";
    let says = async |body: serde_json::Value| {
        let mut body = body;
        body["session"] = json!(session);
        let answer = client().post(&url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        house.works().await;
    };
    says(json!({ "text": format!("/start {}", house.token()), "language": "zh-CN" })).await;
    for text in SURVEY {
        says(json!({ "text": text })).await;
    }
    house.hears(LEAK);
    let part = reqwest::multipart::Part::bytes(fixture(voice)).file_name("voice");
    let form = reqwest::multipart::Form::new().text("session", session).part("voice", part);
    assert_eq!(client().post(&url).multipart(form).send().await.unwrap().status(), 200);
    house.works().await;
    says(json!({ "text": "提交" })).await;
    house.rows().await
}

/// What is said to answer a survey.
pub const SURVEY: [&str; 7] = ["/survey", "2", "2", "3", "4", "3", "师傅来得太慢，等了三天"];
/// What is heard in the recording that reports a leak.
pub const LEAK: &str = "主卧卫生间天花板漏水";

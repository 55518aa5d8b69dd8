//! Recognition by a service on another machine. The service here is a real HTTP server that takes
//! the WAV apart; the recordings go through the program's own decode worker as always.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use huifang::catalog::Catalog;
use huifang::channel::Channels;
use huifang::channel::{ChannelKind, Content, Inbound, MediaKind, ReceivedFile};
use huifang::clock::Clock;
use huifang::domain::ids::MediaId;
use huifang::domain::language::Language::{Chinese, English};
use huifang::domain::time::Timestamp;
use huifang::domain::token::TokenKey;
use huifang::intake::Intake;
use huifang::jobs::Runner;
use huifang::speech::decode::{self, Caps};
use huifang::speech::service::Trouble;
use huifang::speech::{Heard, Listener, SpeechConfig, SpeechError};
use huifang::store::blobs::Blobs;
use huifang::store::transcripts::Hearing;
use huifang::store::{self, Store};
use huifang::tagging::{Lexical, Tagger};

const PROGRAM: &str = env!("CARGO_BIN_EXE_huifang");
/// Traditional, to see it turned.
const GOOD: &str = r#"{"task":"transcribe","text":"主臥衛生間天花板漏水","segments":[{"text":"主臥衛生間天花板漏水","avg_logprob":-0.25,"no_speech_prob":0.01}]}"#;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio").join(name)).unwrap()
}

/// What the service does with a request.
#[derive(Debug, Clone)]
enum Manner {
    Answers(String),
    Status(StatusCode, &'static str),
    /// Breaks off in the middle of the answer.
    Breaks,
    /// Sends without end.
    Floods,
    Silent,
}

/// What one request held.
#[derive(Debug, Clone)]
struct Asked {
    authorization: Option<String>,
    fields: Vec<(String, String)>,
    /// Samples of the WAV, as our own decoder reads it.
    samples: usize,
}

#[derive(Clone)]
struct Service {
    address: String,
    manner: Arc<Mutex<Manner>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Told when a request begins and when one is dropped unanswered.
    begun: Arc<tokio::sync::Notify>,
    dropped: Arc<tokio::sync::Notify>,
}

impl Service {
    async fn start() -> Service {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = Service {
            address: format!("http://{}", listener.local_addr().unwrap()),
            manner: Arc::new(Mutex::new(Manner::Answers(GOOD.to_owned()))),
            asked: Arc::default(),
            begun: Arc::default(),
            dropped: Arc::default(),
        };
        let router = Router::new()
            .route("/v1/audio/transcriptions", post(transcribe))
            .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
            .with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        service
    }

    fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn listener(&self) -> Listener {
        self.listener_with(20)
    }

    fn listener_with(&self, deadline_seconds: u32) -> Listener {
        let config = toml::from_str::<SpeechConfig>(&format!(
            "service_url = \"{}\"\nservice_model = \"sense-1\"\nservice_key = \"sk-hunter2\"\ndeadline_seconds = {deadline_seconds}",
            self.address
        ));
        Listener::new(&config.unwrap(), PathBuf::from(PROGRAM)).unwrap()
    }

    async fn refuses(&self, manner: Manner) -> SpeechError {
        self.set(manner);
        self.listener().listen(&fixture("leak.ogg"), None, Chinese).await.unwrap_err()
    }
}

struct WhenDropped(Arc<tokio::sync::Notify>);

impl Drop for WhenDropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

async fn transcribe(State(service): State<Service>, headers: HeaderMap, mut form: Multipart) -> Response {
    let mut asked = Asked {
        authorization: headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned()),
        fields: Vec::new(),
        samples: 0,
    };
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().unwrap().to_owned();
        if name == "file" {
            assert_eq!((field.file_name(), field.content_type()), (Some("speech.wav"), Some("audio/wav")));
            let wav = field.bytes().await.unwrap();
            asked.samples = decode::decode(&wav, Caps::default()).unwrap().samples.len();
        } else {
            asked.fields.push((name, field.text().await.unwrap()));
        }
    }
    service.asked.lock().unwrap().push(asked);
    service.begun.notify_one();
    let manner = service.manner.lock().unwrap().clone();
    match manner {
        Manner::Answers(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Manner::Status(status, wait) => (status, [(header::RETRY_AFTER, wait)], "secret words of mine").into_response(),
        Manner::Breaks => {
            let pieces = [Ok(Bytes::from_static(b"{\"text\":\"")), Err(std::io::Error::other("gone"))];
            Body::from_stream(futures_util::stream::iter(pieces)).into_response()
        }
        Manner::Floods => {
            let piece = || Some((Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 65_536])), ()));
            Body::from_stream(futures_util::stream::unfold((), move |()| std::future::ready(piece()))).into_response()
        }
        Manner::Silent => {
            let _dropped = WhenDropped(Arc::clone(&service.dropped));
            std::future::pending().await
        }
    }
}

#[tokio::test]
async fn a_recording_is_sent_as_wav_and_comes_back_as_simplified_words() {
    let service = Service::start().await;
    let listener = service.listener();
    let heard = listener.listen(&fixture("leak.ogg"), Some("水管 电梯"), Chinese).await.unwrap();
    let Heard::Speech(transcript) = heard else { panic!("{heard:?}") };
    assert_eq!(transcript.text, "主卧卫生间天花板漏水");
    assert_eq!(transcript.raw_text, "主臥衛生間天花板漏水");
    assert!((transcript.confidence - (-0.25_f32).exp()).abs() < 1e-4, "{}", transcript.confidence);
    assert!(transcript.model.starts_with("sense-1@127.0.0.1:"), "{}", transcript.model);
    let asked = service.asked();
    let [asked] = asked.as_slice() else { panic!("{asked:?}") };
    let whole = decode::decode(&fixture("leak.wav"), Caps::default()).unwrap().samples.len();
    assert!(asked.samples > whole / 2 && asked.samples <= whole + 1600, "{} of {whole}", asked.samples);
    assert_eq!(asked.authorization.as_deref(), Some("Bearer sk-hunter2"));
    let field = |name: &str| asked.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(field("model"), Some("sense-1"));
    assert_eq!(field("language"), Some("zh"));
    assert_eq!(field("response_format"), Some("verbose_json"));
    assert_eq!(field("prompt"), Some("水管 电梯"));
    listener.listen(&fixture("english.ogg"), None, English).await.unwrap();
    assert!(service.asked()[0].fields.contains(&("language".to_owned(), "en".to_owned())));
}

#[tokio::test]
async fn silence_and_noise_leave_the_machine_no_more_than_what_is_no_recording() {
    let service = Service::start().await;
    let listener = service.listener();
    for name in ["silence.ogg", "noise.ogg"] {
        let heard = listener.listen(&fixture(name), None, Chinese).await.unwrap();
        assert!(matches!(heard, Heard::Nothing { .. }), "{name}: {heard:?}");
    }
    listener.listen(&fixture("photo.jpg"), None, Chinese).await.unwrap_err();
    assert!(service.asked().is_empty());
}

#[tokio::test]
async fn what_may_pass_is_told_from_what_a_person_must_put_right() {
    let service = Service::start().await;
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND] {
        let error = service.refuses(Manner::Status(status, "")).await;
        assert!(matches!(error, SpeechError::Refused(_)), "{status}: {error:?}");
        assert!(error.to_string().contains("[speech] service_"), "{error}");
    }
    let error = service.refuses(Manner::Status(StatusCode::TOO_MANY_REQUESTS, "7")).await;
    assert!(
        matches!(error, SpeechError::Later { wait: Some(wait), .. } if wait == Duration::from_secs(7)),
        "{error:?}"
    );
    for manner in [
        Manner::Status(StatusCode::INTERNAL_SERVER_ERROR, "soon"),
        Manner::Breaks,
        Manner::Floods,
        Manner::Answers("<html>secret words of mine</html>".to_owned()),
        Manner::Answers(r#"{"text":{"secret words":"of mine"}}"#.to_owned()),
    ] {
        let error = service.refuses(manner.clone()).await;
        assert!(matches!(error, SpeechError::Later { wait: None, .. }), "{manner:?}: {error:?}");
        assert!(!error.to_string().contains("secret") && !error.to_string().contains("hunter2"), "{error}");
    }
    let nobody = Service { address: "http://127.0.0.1:1".to_owned(), ..service };
    assert!(matches!(nobody.refuses(Manner::Silent).await, SpeechError::Later { .. }));
}

/// Waits for what must happen.
async fn happens(what: &tokio::sync::Notify) {
    tokio::time::timeout(Duration::from_secs(60), what.notified()).await.unwrap();
}

#[tokio::test]
async fn a_service_that_does_not_answer_meets_the_deadline() {
    let service = Service::start().await;
    service.set(Manner::Silent);
    let error = service.listener_with(1).listen(&fixture("leak.ogg"), None, Chinese).await.unwrap_err();
    assert!(matches!(error, SpeechError::Deadline), "{error:?}");
    happens(&service.dropped).await;
}

#[tokio::test]
async fn a_recording_nobody_waits_for_any_more_is_not_asked_about_any_longer() {
    let service = Service::start().await;
    service.set(Manner::Silent);
    let listener = service.listener();
    let waiting = tokio::spawn(async move { listener.listen(&fixture("leak.ogg"), None, Chinese).await });
    happens(&service.begun).await;
    waiting.abort();
    happens(&service.dropped).await;
}

#[tokio::test]
async fn what_a_person_must_put_right_is_known_until_the_service_takes_something_again() {
    let service = Service::start().await;
    let listener = service.listener();
    service.set(Manner::Status(StatusCode::UNAUTHORIZED, ""));
    listener.try_out().await.unwrap_err();
    assert!(matches!(listener.trouble(), Some(Trouble::Refuses(why)) if why.contains("HTTP 401")));
    service.set(Manner::Answers(GOOD.to_owned()));
    listener.try_out().await.unwrap();
    assert_eq!(listener.trouble(), None);
    service.set(Manner::Answers(r#"{"error":{"message":"secret words of mine"}}"#.to_owned()));
    listener.listen(&fixture("leak.ogg"), None, Chinese).await.unwrap_err();
    assert!(matches!(listener.trouble(), Some(Trouble::Fails(why)) if !why.contains("secret")));
    // An outage of a moment is nobody's business.
    service.set(Manner::Answers(GOOD.to_owned()));
    listener.try_out().await.unwrap();
    service.set(Manner::Status(StatusCode::BAD_GATEWAY, ""));
    listener.try_out().await.unwrap_err();
    assert_eq!(listener.trouble(), None);
}

/// A clip of the demo.
fn clip(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/voices").join(name)).unwrap()
}

#[tokio::test]
async fn clear_speech_of_which_nothing_is_written_is_left_to_a_person() {
    let service = Service::start().await;
    let listener = service.listener();
    let asks = async |answer: &str, file: &[u8]| {
        service.set(Manner::Answers(answer.to_owned()));
        listener.listen(file, None, Chinese).await
    };
    let (sentence, word) = (clip("dissatisfied.ogg"), clip("four.ogg"));
    for wordless in [r#"{"text":""}"#, r#"{"text":" ","segments":[]}"#] {
        let heard = asks(wordless, &sentence).await;
        assert!(matches!(heard, Err(SpeechError::Unclear)), "{wordless}: {heard:?}");
        // A cough is as long as a word.
        let heard = asks(wordless, &word).await;
        assert!(matches!(heard, Ok(Heard::Nothing { .. })), "{wordless}: {heard:?}");
    }
    let silent = r#"{"text":"","segments":[{"text":"","avg_logprob":-0.4,"no_speech_prob":0.9}]}"#;
    let heard = asks(silent, &sentence).await;
    assert!(matches!(heard, Ok(Heard::Nothing { .. })), "a service that says so is believed: {heard:?}");
    assert_eq!(listener.trouble(), None);
}

#[tokio::test]
async fn check_says_whether_the_service_takes_us() {
    let service = Service::start().await;
    let place = tempfile::tempdir().unwrap();
    let check = || async {
        let ended = tokio::process::Command::new(PROGRAM)
            .arg("check")
            .current_dir(place.path())
            .env_clear()
            .env("HUIFANG_SPEECH__SERVICE_URL", &service.address)
            .env("HUIFANG_SPEECH__SERVICE_KEY", "sk-hunter2")
            .env("HUIFANG_TAGGING__MODEL", "")
            .output()
            .await
            .unwrap();
        String::from_utf8(ended.stdout).unwrap() + &String::from_utf8(ended.stderr).unwrap()
    };
    let found = check().await;
    assert!(found.contains("the recognition service answers"), "{found}");
    service.set(Manner::Status(StatusCode::UNAUTHORIZED, ""));
    let found = check().await;
    assert!(found.contains("warning  speech") && found.contains("HTTP 401"), "{found}");
    assert!(found.contains("service_key") && !found.contains("hunter2"), "{found}");
    // What may pass is no reason to change the settings.
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::TOO_MANY_REQUESTS] {
        service.set(Manner::Status(status, ""));
        let found = check().await;
        assert!(found.contains("→ look again later") && !found.contains("correct [speech]"), "{found}");
    }
    service.set(Manner::Answers("<html>".to_owned()));
    let found = check().await;
    assert!(found.contains("→ correct [speech] service_url or service_model"), "{found}");
}

/// The part of the program that does the jobs, on a database and a folder of its own.
struct Works {
    runner: Runner,
    folder: tempfile::TempDir,
}

impl Works {
    async fn begin(listener: Listener) -> Works {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let store = Store::open(&format!("sqlite:{}", at("huifang.db"))).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Clock::manual(Timestamp(1_795_226_400_000));
        let catalog = Arc::new(Catalog::embedded().unwrap());
        let lexicon = huifang::catalog::lexicon::embedded().unwrap();
        let tagger = Arc::new(Tagger::by_rules(Lexical::new(&lexicon).unwrap()));
        let key = TokenKey::new([7; 32]);
        let intake =
            Intake::new(store.clone(), Arc::clone(&catalog), Arc::clone(&tagger), clock.clone(), key, "110".to_owned());
        let blobs = Blobs::open(&format!("file:{}", at("media"))).unwrap();
        let runner = Runner {
            store,
            clock,
            intake,
            blobs,
            channels: Channels::default(),
            alerts: None,
            catalog,
            listener: Some(listener),
            tagger,
        };
        Works { runner, folder }
    }

    async fn receives_voice(&self, name: &str) -> MediaId {
        let bytes = fixture(name);
        let file = ReceivedFile {
            id: self.runner.clock.new_id(),
            kind: MediaKind::Voice,
            content_type: "audio/ogg".to_owned(),
            bytes: bytes.len() as u64,
            sha256: "0".repeat(64),
            recognition: None,
            remote: None,
        };
        let id = file.id;
        let inbound = Inbound {
            channel: ChannelKind::Web,
            address: "somebody".to_owned(),
            external_id: "m1".to_owned(),
            language: None,
            content: Content::Media { files: vec![file], caption: None },
        };
        self.runner.intake.receive(inbound).await.unwrap();
        let row = self.runner.store.read(|tx| Box::pin(async move { store::media::find(tx, id).await })).await;
        self.runner.blobs.put(&row.unwrap().unwrap().key, bytes.into()).await.unwrap();
        id
    }

    /// The folder of recordings is gone, or here again.
    fn moves_media(&self, from: &str, to: &str) {
        let at = |name: &str| self.folder.path().join(name);
        std::fs::rename(at(from), at(to)).unwrap();
    }

    /// Does what falls due hour after hour.
    async fn works_for(&self, hours: usize) {
        for _ in 0..hours {
            self.runner.run_until_idle().await;
            self.runner.clock.advance(Duration::from_secs(3600));
        }
    }

    async fn hearing(&self, media: MediaId) -> Hearing {
        let found = self.runner.store.read(|tx| Box::pin(async move { store::transcripts::find(tx, media).await }));
        found.await.unwrap().unwrap().hearing
    }
}

#[tokio::test]
async fn a_busy_service_is_asked_again_when_it_said_and_not_before() {
    let service = Service::start().await;
    service.set(Manner::Status(StatusCode::TOO_MANY_REQUESTS, "40"));
    let works = Works::begin(service.listener()).await;
    let media = works.receives_voice("leak.ogg").await;
    works.runner.run_until_idle().await;
    assert_eq!((works.hearing(media).await, service.asked().len()), (Hearing::Pending, 1));
    service.set(Manner::Answers(GOOD.to_owned()));
    works.runner.clock.advance(Duration::from_secs(39));
    works.runner.run_until_idle().await;
    assert_eq!((works.hearing(media).await, service.asked().len()), (Hearing::Pending, 0));
    works.runner.clock.advance(Duration::from_secs(2));
    works.runner.run_until_idle().await;
    assert_eq!((works.hearing(media).await, service.asked().len()), (Hearing::Heard, 1));
}

#[tokio::test]
async fn a_service_that_stays_away_or_refuses_leaves_the_recording_to_a_person() {
    let service = Service::start().await;
    for (manner, most) in
        [(Manner::Status(StatusCode::BAD_GATEWAY, ""), 7), (Manner::Status(StatusCode::FORBIDDEN, ""), 1)]
    {
        service.set(manner);
        let works = Works::begin(service.listener()).await;
        let media = works.receives_voice("leak.ogg").await;
        works.works_for(10).await;
        assert_eq!((works.hearing(media).await, service.asked().len()), (Hearing::Failed, most));
        let flags = works.runner.store.read(|tx| Box::pin(async move { store::flags::list_open(tx, 9).await })).await;
        assert!(flags.unwrap().iter().any(|flag| flag.kind.name() == "voice_unheard"));
    }
}

#[tokio::test]
async fn a_media_store_that_is_away_for_a_while_costs_no_try_at_listening() {
    let service = Service::start().await;
    let works = Works::begin(service.listener()).await;
    let media = works.receives_voice("leak.ogg").await;
    works.moves_media("media", "away");
    works.works_for(9).await;
    assert_eq!((works.hearing(media).await, service.asked().len()), (Hearing::Pending, 0));
    works.moves_media("away", "media");
    service.set(Manner::Status(StatusCode::BAD_GATEWAY, ""));
    works.works_for(2).await;
    assert_eq!((works.hearing(media).await, service.asked().len()), (Hearing::Pending, 2));
    service.set(Manner::Answers(GOOD.to_owned()));
    works.works_for(1).await;
    assert_eq!((works.hearing(media).await, service.asked().len()), (Hearing::Heard, 1));
}

#[tokio::test]
async fn a_media_store_that_stays_away_leaves_the_recording_to_a_person() {
    let service = Service::start().await;
    let works = Works::begin(service.listener()).await;
    let media = works.receives_voice("leak.ogg").await;
    works.moves_media("media", "away");
    works.works_for(9).await;
    assert_eq!(works.hearing(media).await, Hearing::Pending);
    works.works_for(1).await;
    assert_eq!((works.hearing(media).await, service.asked().len()), (Hearing::Failed, 0));
}

#[tokio::test]
async fn a_recording_over_which_the_program_is_killed_each_time_is_left_to_a_person() {
    let service = Service::start().await;
    service.set(Manner::Silent);
    let works = Works::begin(service.listener()).await;
    let media = works.receives_voice("leak.ogg").await;
    for _ in 0..7 {
        let runner = works.runner.clone();
        let working = tokio::spawn(async move { runner.run_until_idle().await });
        happens(&service.begun).await;
        working.abort();
        assert!(working.await.is_err());
        works.runner.clock.advance(Duration::from_secs(61));
    }
    service.set(Manner::Answers(GOOD.to_owned()));
    works.works_for(1).await;
    assert_eq!((works.hearing(media).await, service.asked().len()), (Hearing::Failed, 7));
}

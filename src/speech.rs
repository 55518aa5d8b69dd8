//! Voice messages → text, or the plain admission that there was none.
//!
//! [`sniff`] says what a file is; [`sandbox`] has it decoded by a child process; [`activity`] finds
//! the speech in it, or nothing; [`whisper`], or a [`service`] where one is configured, writes down
//! each piece; [`script`] tidies that up or recognises nonsense. [`Listener`] is all of this behind one
//! call. It never holds up the service (threads that stand behind all others, a bounded number at once,
//! a deadline) and never logs a word of what was said.
//!
//! The recogniser's rules are data: `models/manifest.toml` through [`crate::models::manifest`],
//! `prompts/speech/silence_phrases.txt` through [`script`].

pub mod activity;
pub mod decode;
pub mod ggml;
mod heard;
pub mod sandbox;
pub mod script;
pub mod service;
pub mod sniff;
pub mod whisper;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use tokio::sync::{AcquireError, Semaphore};

use self::activity::{Cutting, Speech};
use self::decode::{Caps, SAMPLE_RATE};
use self::sandbox::Sandbox;
use self::script::Script;
use self::service::{Service, ServiceFault, Trouble};
use self::whisper::{Recogniser, WhisperFault, Written};
use crate::domain::language::Language;
use crate::domain::secret::Secret;
use crate::models::manifest::SpeechTraits;
use crate::models::{Manifest, behind};

pub use self::heard::{Heard, SpeechError, Transcript};
pub use self::sandbox::WORKER_COMMAND;
pub use self::sandbox::worker::run as decode_worker;

/// Speech from which on a service that writes nothing is not believed, in samples: 1.5 s are a sentence.
const SENTENCE: usize = SAMPLE_RATE as usize * 3 / 2;

/// The `[speech]` section of the configuration.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpeechConfig {
    /// A Whisper model in ggml format.
    pub model: PathBuf,
    /// What people speak unless they chose another language.
    pub language: Language,
    /// CPU threads of one recognition. They wait for each other by spinning: more than one pays only
    /// where cores stand idle and the model is large (with the embedded one, on a busy machine of two
    /// cores, two threads took 20 times as long as one).
    #[serde(deserialize_with = "at_once")]
    pub threads: usize,
    /// Recognitions at the same time.
    #[serde(deserialize_with = "at_once")]
    pub permits: usize,
    /// Time a recognition gets beyond the length of the speech itself, in seconds.
    #[serde(deserialize_with = "up_to_an_hour")]
    pub deadline_seconds: u32,
    /// A recognition service that is asked instead of the model: `https://HOST`, with or without `/v1`.
    pub service_url: Option<String>,
    /// What the service calls the model that shall be used.
    pub service_model: String,
    pub service_key: Option<Secret>,
}

impl SpeechConfig {
    /// Whether the operator wants no recognition: no service is named, and the name of the model is empty.
    pub fn is_off(&self) -> bool {
        self.service_url.is_none() && self.model.as_os_str().is_empty()
    }
}

impl Default for SpeechConfig {
    fn default() -> SpeechConfig {
        SpeechConfig {
            model: PathBuf::from("models/speech/ggml-huifang-zh-en-q5_0.bin"),
            language: Language::default(),
            threads: 1,
            permits: 1,
            deadline_seconds: 20,
            service_url: None,
            service_model: "whisper-1".to_owned(),
            service_key: None,
        }
    }
}

/// Reads how many run at the same time: a slip of the pen here ends the process for want of threads.
fn at_once<'de, D: Deserializer<'de>>(source: D) -> Result<usize, D::Error> {
    counted(source, 64).map(usize::from)
}

fn up_to_an_hour<'de, D: Deserializer<'de>>(source: D) -> Result<u32, D::Error> {
    counted(source, 3_600).map(u32::from)
}

fn counted<'de, D: Deserializer<'de>>(source: D, most: u16) -> Result<u16, D::Error> {
    let number = u16::deserialize(source).ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| D::Error::custom(format!("expected a whole number from 1 to {most}")))
}

/// Turns recordings into text. Cheap to clone; clones share the model and its permits.
#[derive(Debug, Clone)]
pub struct Listener {
    sandbox: Sandbox,
    decoding: Arc<Semaphore>,
    recognising: Arc<Semaphore>,
    ear: Arc<Ear>,
}

/// What recognitions share.
struct Ear {
    by: By,
    script: Script,
    model: String,
    allowance: Duration,
    /// Whether it has been said that workers are not fully confined.
    warned: AtomicBool,
}

/// Who writes down what is said.
#[derive(Debug)]
enum By {
    Model(Recogniser),
    Service(Service),
}

impl std::fmt::Debug for Ear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ear").field("model", &self.model).field("by", &self.by).finish_non_exhaustive()
    }
}

impl Listener {
    /// Loads the model (tens of milliseconds for the embedded one, seconds for a large one), or
    /// prepares to ask the service, which is not yet asked: see [`Listener::try_out`]. `worker` is our
    /// own executable: [`sandbox`] runs it to decode.
    ///
    /// # Errors
    /// When the model is missing, is none, or is not the one its name says.
    pub fn new(config: &SpeechConfig, worker: PathBuf) -> Result<Listener, SpeechError> {
        let (by, model) = match &config.service_url {
            Some(url) => {
                let service = Service::new(url, &config.service_model, config.service_key.clone())?;
                let name = service.name();
                (By::Service(service), name)
            }
            None => load(&config.model, config.threads)?,
        };
        let script = Script::new().map_err(|error| SpeechError::Broken(error.to_string()))?;
        let permits = config.permits.max(1);
        Ok(Listener {
            sandbox: Sandbox::new(worker, Caps::default()),
            decoding: Arc::new(Semaphore::new(permits + 1)),
            recognising: Arc::new(Semaphore::new(permits)),
            ear: Arc::new(Ear {
                by,
                script,
                model,
                allowance: Duration::from_secs(config.deadline_seconds.into()),
                warned: AtomicBool::new(false),
            }),
        })
    }

    /// Writes down what is said in a recording of any known format. `vocabulary` is a sentence
    /// with words that are likely to occur; models that cannot use one are not given it.
    ///
    /// # Errors
    /// See [`SpeechError`].
    pub async fn listen(
        &self,
        bytes: &[u8],
        vocabulary: Option<&str>,
        language: Language,
    ) -> Result<Heard, SpeechError> {
        match sniff::sniff(bytes) {
            None => return Err(SpeechError::UnknownFormat),
            Some(container @ sniff::Container::Silk) => return Err(SpeechError::Unsupported(container.to_string())),
            Some(_) => {}
        }
        let decoded = {
            let _permit = self.decoding.acquire().await.map_err(closed)?;
            self.sandbox.decode(bytes).await?
        };
        if !decoded.confined && !self.ear.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "this kernel has Landlock in part or not at all: decode workers are held by resource limits and what it has"
            );
        }
        let permit = Arc::clone(&self.recognising).acquire_owned().await.map_err(closed)?;
        let ear = Arc::clone(&self.ear);
        let vocabulary = vocabulary.map(str::to_owned);
        let whole = decoded.whole;
        let heard = if let By::Service(service) = &self.ear.by {
            ear.hear_by(service, decoded.samples, vocabulary.as_deref(), language).await?
        } else {
            let hearing = behind::run("hearing", move || {
                // Held to the end even if nobody waits any more: the thread is still busy.
                let _permit = permit;
                ear.hear(&decoded.samples, vocabulary.as_deref(), language)
            });
            hearing.await.map_err(SpeechError::Broken)??
        };
        if whole { Ok(heard) } else { heard.of_remnant() }
    }

    /// Asks the service whether it would take a recording, by a second of near silence. A loaded
    /// model needs no such trial.
    ///
    /// # Errors
    /// What a recording would meet.
    pub async fn try_out(&self) -> Result<(), ServiceFault> {
        let By::Service(service) = &self.ear.by else { return Ok(()) };
        let tick = vec![0.001; SAMPLE_RATE as usize];
        let asked = tokio::time::timeout(self.ear.allowance, service.recognise(&tick, Language::default(), None));
        asked.await.map_err(|_| service.gave_no_answer())?.map(drop)
    }

    /// Whether a service on another machine is asked.
    pub fn is_remote(&self) -> bool {
        matches!(self.ear.by, By::Service(_))
    }

    /// Returns why the service is of no use, if it still is not as far as is known.
    pub fn trouble(&self) -> Option<Trouble> {
        match &self.ear.by {
            By::Service(service) => service.trouble(),
            By::Model(_) => None,
        }
    }

    /// Returns what a recording may cost at most.
    pub fn caps(&self) -> Caps {
        self.sandbox.caps()
    }

    /// Returns the name of the model.
    pub fn model(&self) -> &str {
        &self.ear.model
    }
}

impl Ear {
    /// Recognises by the model. Blocks.
    fn hear(&self, samples: &[f32], vocabulary: Option<&str>, language: Language) -> Result<Heard, SpeechError> {
        let By::Model(recogniser) = &self.by else { return Err(SpeechError::Broken("no model is loaded".into())) };
        let Some(speech) = activity::find(samples, cutting(recogniser.traits())) else { return Ok(nothing(samples)) };
        let deadline = Instant::now() + self.allowance(&speech.pieces);
        let mut written = Vec::new();
        for piece in speech.pieces.iter().filter_map(|range| samples.get(range.clone())) {
            written.push(recogniser.recognise(piece, language, vocabulary, deadline).map_err(|fault| match fault {
                WhisperFault::Deadline => SpeechError::Deadline,
                WhisperFault::Model(_) | WhisperFault::File(_) => SpeechError::Broken(fault.to_string()),
            })?);
        }
        self.believe(written, &speech, samples, language)
    }

    /// Recognises by a service, which is shown speech only, as a model is. Ends where it is dropped.
    async fn hear_by(
        self: Arc<Ear>,
        service: &Service,
        samples: Vec<f32>,
        vocabulary: Option<&str>,
        language: Language,
    ) -> Result<Heard, SpeechError> {
        // Services hear long recordings better whole, and are paid by the request.
        let traits = SpeechTraits { longest_piece_seconds: Caps::default().seconds, ..SpeechTraits::default() };
        let found = tokio::task::spawn_blocking(move || (activity::find(&samples, cutting(traits)), samples));
        let (speech, samples) = found.await.map_err(|error| SpeechError::Broken(error.to_string()))?;
        let Some(speech) = speech else { return Ok(nothing(&samples)) };
        let asked = async {
            let mut written = Vec::new();
            for piece in speech.pieces.iter().filter_map(|range| samples.get(range.clone())) {
                written.push(service.recognise(piece, language, vocabulary).await?);
            }
            Ok::<_, ServiceFault>(written)
        };
        let Ok(written) = tokio::time::timeout(self.allowance(&speech.pieces), asked).await else {
            service.gave_no_answer();
            return Err(SpeechError::Deadline);
        };
        let written = written?;
        // It says nothing, not even that nobody speaks: a person listens.
        let is_wordless = |piece: &Option<Written>| piece.as_ref().is_some_and(|written| written.text.is_empty());
        if speech.voiced >= SENTENCE && written.iter().all(is_wordless) {
            return Err(SpeechError::Unclear);
        }
        self.believe(written.into_iter().flatten().collect(), &speech, &samples, language)
    }

    /// Returns the time that pieces of speech may take.
    fn allowance(&self, pieces: &[Range<usize>]) -> Duration {
        let spoken: usize = pieces.iter().map(ExactSizeIterator::len).sum();
        self.allowance + Duration::from_secs_f64(spoken as f64 / f64::from(SAMPLE_RATE))
    }

    /// Keeps of what was written what can be believed.
    fn believe(
        &self,
        written: Vec<Written>,
        speech: &Speech,
        samples: &[f32],
        language: Language,
    ) -> Result<Heard, SpeechError> {
        // A piece that is doubted leaves a gap in the text.
        let mut pieces: Vec<Option<Written>> = Vec::new();
        for piece in written {
            if piece.doubtful {
                if !matches!(pieces.last(), Some(None)) {
                    pieces.push(None);
                }
            } else if !piece.text.is_empty() && !self.script.is_said_to_silence(&piece.text, speech.loudness) {
                pieces.push(Some(piece));
            }
        }
        if pieces.is_empty() {
            return Ok(nothing(samples));
        }
        if pieces.iter().all(Option::is_none) {
            return Err(SpeechError::Unclear);
        }
        Ok(Heard::Speech(self.transcript(&pieces, language, seconds(samples))))
    }

    /// Puts the pieces together, `None` for each that is doubted; one at least is believed.
    fn transcript(&self, pieces: &[Option<Written>], language: Language, seconds: f64) -> Transcript {
        let text = |piece: &Option<Written>| piece.as_ref().map_or(script::GAP, |written| &written.text).to_owned();
        let raw_text = script::join(&pieces.iter().map(text).collect::<Vec<_>>());
        let written = || pieces.iter().flatten();
        let tokens: usize = written().map(|piece| piece.tokens).sum();
        let sum: f32 = written().map(|piece| piece.log_probability * piece.tokens as f32).sum();
        Transcript {
            text: self.script.simplified(&raw_text),
            raw_text,
            language,
            seconds,
            confidence: (sum / tokens.max(1) as f32).exp(),
            model: self.model.clone(),
            in_part: pieces.iter().any(Option::is_none),
        }
    }
}

/// Loads a model; returns it with the name it goes by.
fn load(path: &Path, threads: usize) -> Result<(By, String), SpeechError> {
    if !path.is_file() {
        return Err(SpeechError::ModelMissing(path.to_owned()));
    }
    let manifest = Manifest::embedded().map_err(|error| SpeechError::Broken(error.to_string()))?;
    manifest.check_before_loading(path).map_err(|fault| SpeechError::NotAsKnown(fault.to_string()))?;
    let known = manifest.model_of(path);
    let traits = known.and_then(|model| model.speech).unwrap_or_default();
    let recogniser = Recogniser::load(path, traits, threads)
        .map_err(|fault| SpeechError::ModelUnusable { path: path.to_owned(), reason: fault.to_string() })?;
    Ok((By::Model(recogniser), known.map_or_else(|| file_stem(path), |model| model.name.clone())))
}

fn cutting(traits: SpeechTraits) -> Cutting {
    let samples_in =
        |milliseconds: u64| usize::try_from(milliseconds * u64::from(SAMPLE_RATE) / 1000).unwrap_or(usize::MAX);
    Cutting {
        pause: samples_in(traits.cut_at_pause_ms.into()),
        longest: samples_in(1000 * u64::from(traits.longest_piece_seconds)),
    }
}

fn seconds(samples: &[f32]) -> f64 {
    samples.len() as f64 / f64::from(SAMPLE_RATE)
}

fn nothing(samples: &[f32]) -> Heard {
    Heard::Nothing { seconds: seconds(samples) }
}

fn file_stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "unnamed".into(), |stem| stem.to_string_lossy().into_owned())
}

fn closed(_: AcquireError) -> SpeechError {
    SpeechError::Broken("the program is stopping".into())
}

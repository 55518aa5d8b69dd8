//! Voice messages → text, or the plain admission that there was none.
//!
//! [`sniff`] says what a file is; [`sandbox`] has it decoded by a child process; [`activity`] finds
//! the speech in it, or nothing; [`whisper`] writes down each piece; [`script`] tidies that up or
//! recognises nonsense. [`Listener`] is all of this behind one call. It never holds up the service
//! (blocking threads, a bounded number at once, a deadline) and never logs a word of what was said.
//!
//! The recogniser's rules are data: `models/manifest.toml` through [`crate::models::manifest`],
//! `prompts/speech/silence_phrases.txt` through [`script`].

pub mod activity;
pub mod decode;
pub mod sandbox;
pub mod script;
pub mod sniff;
pub mod whisper;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::{AcquireError, Semaphore};

use self::activity::Cutting;
use self::decode::{Caps, DecodeError, SAMPLE_RATE};
use self::sandbox::{Sandbox, SandboxError};
use self::script::Script;
use self::whisper::{Recogniser, WhisperFault, Written};
use crate::domain::language::Language;
use crate::models::Manifest;

pub use self::sandbox::WORKER_COMMAND;
pub use self::sandbox::worker::run as decode_worker;

/// The `[speech]` section of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpeechConfig {
    /// A Whisper model in ggml format.
    pub model: PathBuf,
    /// What people speak unless they chose another language.
    pub language: Language,
    /// CPU threads of one recognition. They wait for each other by spinning: more than one pays only
    /// where cores stand idle and the model is large (with the embedded one, on a busy machine of two
    /// cores, two threads took 20 times as long as one).
    pub threads: usize,
    /// Recognitions at the same time.
    pub permits: usize,
    /// Time a recognition gets beyond the length of the speech itself, in seconds.
    pub deadline_seconds: u32,
}

impl Default for SpeechConfig {
    fn default() -> SpeechConfig {
        SpeechConfig {
            model: PathBuf::from("models/speech/ggml-huifang-zh-en-q5_1.bin"),
            language: Language::default(),
            threads: 1,
            permits: 1,
            deadline_seconds: 20,
        }
    }
}

/// What was in a recording.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    Speech(Transcript),
    /// No speech: silence, noise, music, a pocket. `seconds` is the length of the recording.
    Nothing {
        seconds: f64,
    },
}

/// A recognised recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// In Simplified characters where it is Chinese.
    pub text: String,
    /// As the model wrote it.
    pub raw_text: String,
    pub language: Language,
    /// Length of the recording, silence included.
    pub seconds: f64,
    /// Mean probability of a token, 0…1. What a model's `least_confidence` forbids is not returned.
    pub confidence: f32,
    /// Name of the model, as `huifang models` lists it, or its file name.
    pub model: String,
}

/// Why a recording was not turned into text. In each case the recording itself is unharmed and a
/// person can listen to it.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    #[error("speech model {} is not there: name a Whisper model in ggml format in [speech] model", .0.display())]
    ModelMissing(PathBuf),
    #[error("speech model {} cannot be loaded: {reason}", path.display())]
    ModelUnusable { path: PathBuf, reason: String },
    /// A model we know by name, but not this file of it.
    #[error("speech model {0}")]
    NotAsKnown(String),
    #[error("the recording has {bytes} bytes, at most {cap} are taken")]
    TooLarge { bytes: usize, cap: usize },
    #[error("the recording lasts {seconds:.0} s, at most {cap} s are taken")]
    TooLong { seconds: f64, cap: u32 },
    #[error("this is not a recording")]
    UnknownFormat,
    /// Known, but not taken: the name of the format.
    #[error("the recording is in a format that is not supported: {0}")]
    Unsupported(String),
    #[error("the recording is damaged: {0}")]
    Damaged(String),
    /// Somebody speaks, but nothing believable could be made of it.
    #[error("the speech could not be understood")]
    Unclear,
    #[error("recognition took too long and was stopped")]
    Deadline,
    /// Not the recording's fault.
    #[error("speech recognition failed: {0}")]
    Broken(String),
}

impl From<SandboxError> for SpeechError {
    fn from(error: SandboxError) -> SpeechError {
        match error {
            SandboxError::Refused(DecodeError::TooLarge { bytes, cap }) => SpeechError::TooLarge { bytes, cap },
            SandboxError::Refused(DecodeError::TooLong { seconds, cap }) => SpeechError::TooLong { seconds, cap },
            SandboxError::Refused(DecodeError::UnknownFormat) => SpeechError::UnknownFormat,
            SandboxError::Refused(DecodeError::Unsupported(what)) => SpeechError::Unsupported(what),
            SandboxError::Refused(DecodeError::Damaged(why)) => SpeechError::Damaged(why),
            // A file that kills or stalls its decoder is damaged, whatever else it may be.
            error @ (SandboxError::TimedOut(_) | SandboxError::Died(_) | SandboxError::BadAnswer) => {
                SpeechError::Damaged(error.to_string())
            }
            error @ (SandboxError::Start { .. } | SandboxError::Pipe(_)) => SpeechError::Broken(error.to_string()),
        }
    }
}

/// Turns recordings into text. Cheap to clone; clones share the model and its permits.
#[derive(Debug, Clone)]
pub struct Listener {
    sandbox: Sandbox,
    decoding: Arc<Semaphore>,
    recognising: Arc<Semaphore>,
    ear: Arc<Ear>,
}

/// What blocking threads share.
struct Ear {
    recogniser: Recogniser,
    script: Script,
    model: String,
    allowance: Duration,
    /// Whether it has been said that workers are not fully confined.
    warned: AtomicBool,
}

impl std::fmt::Debug for Ear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ear").field("model", &self.model).field("recogniser", &self.recogniser).finish_non_exhaustive()
    }
}

impl Listener {
    /// Loads the model (tens of milliseconds for the embedded one, seconds for a large one).
    /// `worker` is our own executable: [`sandbox`] runs it to decode.
    ///
    /// # Errors
    /// When the model is missing or is none.
    pub fn new(config: &SpeechConfig, worker: PathBuf) -> Result<Listener, SpeechError> {
        let path = &config.model;
        if !path.is_file() {
            return Err(SpeechError::ModelMissing(path.clone()));
        }
        let unusable = |reason: String| SpeechError::ModelUnusable { path: path.clone(), reason };
        let manifest = Manifest::embedded().map_err(|error| SpeechError::Broken(error.to_string()))?;
        manifest.check_before_loading(path).map_err(|fault| SpeechError::NotAsKnown(fault.to_string()))?;
        let known = manifest.model_of(path);
        let traits = known.and_then(|model| model.speech).unwrap_or_default();
        let recogniser = Recogniser::load(path, traits, config.threads).map_err(|fault| unusable(fault.to_string()))?;
        let script = Script::new().map_err(|error| SpeechError::Broken(error.to_string()))?;
        let permits = config.permits.max(1);
        Ok(Listener {
            sandbox: Sandbox::new(worker, Caps::default()),
            decoding: Arc::new(Semaphore::new(permits + 1)),
            recognising: Arc::new(Semaphore::new(permits)),
            ear: Arc::new(Ear {
                recogniser,
                script,
                model: known.map_or_else(|| file_stem(path), |model| model.name.clone()),
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
            tracing::warn!("this kernel has no (full) Landlock: decode workers are held by resource limits alone");
        }
        let permit = Arc::clone(&self.recognising).acquire_owned().await.map_err(closed)?;
        let ear = Arc::clone(&self.ear);
        let vocabulary = vocabulary.map(str::to_owned);
        tokio::task::spawn_blocking(move || {
            // Held to the end even if nobody waits any more: the thread is still busy.
            let _permit = permit;
            ear.hear(&decoded.samples, vocabulary.as_deref(), language)
        })
        .await
        .map_err(|error| SpeechError::Broken(error.to_string()))?
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
    fn hear(&self, samples: &[f32], vocabulary: Option<&str>, language: Language) -> Result<Heard, SpeechError> {
        let seconds = samples.len() as f64 / f64::from(SAMPLE_RATE);
        let nothing = Ok(Heard::Nothing { seconds });
        let Some(speech) = activity::find(samples, self.cutting()) else { return nothing };
        let spoken: usize = speech.pieces.iter().map(ExactSizeIterator::len).sum();
        let deadline =
            Instant::now() + self.allowance + Duration::from_secs_f64(spoken as f64 / f64::from(SAMPLE_RATE));
        let (mut believed, mut doubted) = (Vec::new(), 0);
        for piece in speech.pieces.iter().filter_map(|range| samples.get(range.clone())) {
            let written =
                self.recogniser.recognise(piece, language, vocabulary, deadline).map_err(|fault| match fault {
                    WhisperFault::Deadline => SpeechError::Deadline,
                    WhisperFault::Model(_) => SpeechError::Broken(fault.to_string()),
                })?;
            if written.doubtful {
                doubted += 1;
            } else if !written.text.is_empty() && !self.script.is_said_to_silence(&written.text, speech.loudness) {
                believed.push(written);
            }
        }
        match (believed.is_empty(), doubted) {
            (true, 0) => nothing,
            (true, _) => Err(SpeechError::Unclear),
            (false, _) => Ok(Heard::Speech(self.transcript(&believed, language, seconds))),
        }
    }

    fn transcript(&self, written: &[Written], language: Language, seconds: f64) -> Transcript {
        let texts: Vec<String> = written.iter().map(|piece| piece.text.clone()).collect();
        let raw_text = script::join(&texts);
        let tokens: usize = written.iter().map(|piece| piece.tokens).sum();
        let sum: f32 = written.iter().map(|piece| piece.log_probability * piece.tokens as f32).sum();
        Transcript {
            text: self.script.simplified(&raw_text),
            raw_text,
            language,
            seconds,
            confidence: (sum / tokens.max(1) as f32).exp(),
            model: self.model.clone(),
        }
    }

    fn cutting(&self) -> Cutting {
        let traits = self.recogniser.traits();
        let samples_in =
            |milliseconds: u64| usize::try_from(milliseconds * u64::from(SAMPLE_RATE) / 1000).unwrap_or(usize::MAX);
        Cutting {
            pause: samples_in(traits.cut_at_pause_ms.into()),
            longest: samples_in(1000 * u64::from(traits.longest_piece_seconds)),
        }
    }
}

fn file_stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "unnamed".into(), |stem| stem.to_string_lossy().into_owned())
}

fn closed(_: AcquireError) -> SpeechError {
    SpeechError::Broken("the program is stopping".into())
}

//! What was heard in a recording, or why nothing was: neither asks a model.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::decode::DecodeError;
use super::sandbox::SandboxError;
use super::script;
use super::service::ServiceFault;
use crate::domain::language::Language;

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
    /// As the model wrote it, with the same gaps.
    pub raw_text: String,
    pub language: Language,
    /// Length of the recording, silence included.
    pub seconds: f64,
    /// Mean probability of a token, 0…1. What a model's `least_confidence` forbids is not returned.
    pub confidence: f32,
    /// Name of the model, as `huifang models` lists it, or its file name.
    pub model: String,
    /// Whether somebody also says what nothing believable could be made of, or what is lost with a part of the
    /// recording: the text has a gap there, or at its end.
    pub in_part: bool,
}

/// Why a recording was not turned into text. In each case the recording itself is unharmed and a
/// person can listen to it.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    #[error("{}", missing(.0))]
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
    /// What is lost may well have been the speech.
    #[error("the recording is damaged, and nothing is said in what is left of it")]
    Remnant,
    #[error("recognition took too long and was stopped")]
    Deadline,
    /// The recognition service wants other settings; trying again does not help.
    #[error("{0}")]
    Refused(String),
    /// The recognition service may take it later, after `wait` if it said so.
    #[error("{reason}")]
    Later { reason: String, wait: Option<Duration> },
    /// Not the recording's fault.
    #[error("speech recognition failed: {0}")]
    Broken(String),
}

/// Says why there is no file to load.
fn missing(model: &Path) -> String {
    if model.as_os_str().is_empty() {
        return "speech recognition is switched off ([speech] model is empty)".to_owned();
    }
    let model_is = format!("speech model {} is", model.display());
    if model.is_dir() {
        return format!("{model_is} a directory: name the file");
    }
    format!("{model_is} not there: name a Whisper model in ggml format in [speech] model")
}

impl From<ServiceFault> for SpeechError {
    fn from(fault: ServiceFault) -> SpeechError {
        let reason = fault.to_string();
        match fault {
            ServiceFault::Refused { .. } | ServiceFault::Settings(_) => SpeechError::Refused(reason),
            ServiceFault::Busy { wait, .. } => SpeechError::Later { reason, wait },
            ServiceFault::Unreachable { .. } | ServiceFault::Silent { .. } | ServiceFault::Nonsense { .. } => {
                SpeechError::Later { reason, wait: None }
            }
        }
    }
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

impl Heard {
    /// The same of a recording of which something is lost. Where that was is not known: the gap comes last.
    ///
    /// # Errors
    /// [`SpeechError::Remnant`] where nothing was said in what is left.
    pub(super) fn of_remnant(self) -> Result<Heard, SpeechError> {
        let Heard::Speech(mut transcript) = self else { return Err(SpeechError::Remnant) };
        for text in [&mut transcript.text, &mut transcript.raw_text] {
            if !text.ends_with(script::GAP) {
                text.push_str(script::GAP);
            }
        }
        Ok(Heard::Speech(Transcript { in_part: true, ..transcript }))
    }
}

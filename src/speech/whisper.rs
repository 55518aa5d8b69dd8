//! One recogniser: a Whisper model in memory, and a bounded number of states to run it with.
//!
//! Blocking and slow by nature; only [`super::Listener`] calls it, on a blocking thread and with a
//! permit in hand.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperError, WhisperState, WhisperTokenId,
};

use super::decode::SAMPLE_RATE;
use super::ggml::{self, GgmlFault};
use super::script;
use crate::domain::language::Language;
use crate::models::manifest::{AudioWindow, SpeechTraits};

/// Width of the second and last attempt.
const BEAM: i32 = 3;
/// Most tokens of vocabulary in front; whisper.cpp keeps at most half its text context.
const PROMPT_TOKENS: usize = 200;

/// Why a piece was not recognised.
#[derive(Debug, thiserror::Error)]
pub enum WhisperFault {
    #[error("recognition was stopped at its deadline")]
    Deadline,
    #[error("{0}")]
    Model(WhisperError),
    #[error("{0}")]
    File(GgmlFault),
}

/// What a model wrote for one piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// As written, tidied; possibly empty.
    pub text: String,
    /// Mean log probability of its tokens.
    pub log_probability: f32,
    /// How many tokens that mean is over.
    pub tokens: usize,
    /// Whether the second attempt was not convincing either.
    pub doubtful: bool,
}

/// A loaded model.
pub struct Recogniser {
    context: WhisperContext,
    idle: Mutex<Vec<WhisperState>>,
    traits: SpeechTraits,
    threads: i32,
}

impl fmt::Debug for Recogniser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recogniser")
            .field("traits", &self.traits)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl Recogniser {
    /// Loads a model in ggml format.
    ///
    /// # Errors
    /// When the file is no whole Whisper, or whisper.cpp cannot make sense of it.
    pub fn load(path: &Path, traits: SpeechTraits, threads: usize) -> Result<Recogniser, WhisperFault> {
        ggml::check(path).map_err(WhisperFault::File)?;
        // Otherwise whisper.cpp prints to standard error.
        whisper_rs::install_logging_hooks();
        let context =
            WhisperContext::new_with_params(path, WhisperContextParameters::default()).map_err(WhisperFault::Model)?;
        let state = context.create_state().map_err(WhisperFault::Model)?;
        let threads = i32::try_from(threads.max(1)).unwrap_or(1);
        Ok(Recogniser { context, idle: Mutex::new(vec![state]), traits, threads })
    }

    /// Returns how the model wants to be used.
    pub fn traits(&self) -> SpeechTraits {
        self.traits
    }

    /// Recognises one piece of speech (16 kHz mono, at most 30 s). If the first, greedy attempt
    /// loops or is improbable there is one more: whole window, a small beam, no vocabulary.
    ///
    /// # Errors
    /// At the deadline, or when whisper.cpp fails.
    pub fn recognise(
        &self,
        piece: &[f32],
        language: Language,
        vocabulary: Option<&str>,
        deadline: Instant,
    ) -> Result<Written, WhisperFault> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut state = match idle {
            Some(state) => state,
            None => self.context.create_state().map_err(WhisperFault::Model)?,
        };
        // A state that failed is dropped, not reused.
        let written = self.attempts(&mut state, piece, language, vocabulary, deadline)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(state);
        Ok(written)
    }

    fn attempts(
        &self,
        state: &mut WhisperState,
        piece: &[f32],
        language: Language,
        vocabulary: Option<&str>,
        deadline: Instant,
    ) -> Result<Written, WhisperFault> {
        let prompt = match vocabulary.filter(|_| self.traits.prompt) {
            Some(vocabulary) => self.prompt(vocabulary),
            None => Vec::new(),
        };
        let confidence = self.traits.least_confidence;
        let limits = Limits { language, deadline, tokens: most_tokens(piece.len()), confidence };
        let mut greedy = self.parameters(SamplingStrategy::Greedy { best_of: 1 }, limits);
        greedy.set_audio_ctx(as_c_int(self.traits.audio_window.positions(piece.len())));
        if !prompt.is_empty() {
            greedy.set_tokens(&prompt);
        }
        let first = run(state, greedy, piece, limits)?;
        if !first.doubtful {
            return Ok(first);
        }
        let mut wide = self.parameters(SamplingStrategy::BeamSearch { beam_size: BEAM, patience: -1.0 }, limits);
        wide.set_audio_ctx(as_c_int(AudioWindow::Whole.positions(piece.len())));
        let second = run(state, wide, piece, limits)?;
        let first_is_better = second.doubtful && first.log_probability > second.log_probability;
        Ok(if first_is_better { first } else { second })
    }

    /// Returns the last tokens of a vocabulary, in which the project's own names stand.
    fn prompt(&self, vocabulary: &str) -> Vec<WhisperTokenId> {
        // Room for a token a byte: whisper-rs 0.16 takes "too little room" for a length.
        let mut tokens = self.context.tokenize(vocabulary, vocabulary.len() + 1).unwrap_or_default();
        tokens.drain(..tokens.len().saturating_sub(PROMPT_TOKENS));
        tokens
    }

    fn parameters<'a>(&self, strategy: SamplingStrategy, limits: Limits) -> FullParams<'a, 'a> {
        let mut parameters = FullParams::new(strategy);
        parameters.set_n_threads(self.threads);
        parameters.set_language(Some(match limits.language {
            Language::Chinese => "zh",
            Language::English => "en",
        }));
        parameters.set_no_context(true);
        parameters.set_single_segment(true);
        parameters.set_no_timestamps(true);
        // No rising temperatures: they cost up to six times the time and mostly invent.
        parameters.set_temperature_inc(0.0);
        parameters.set_max_tokens(as_c_int(limits.tokens));
        parameters.set_print_progress(false);
        parameters.set_print_special(false);
        parameters.set_print_realtime(false);
        parameters.set_print_timestamps(false);
        let deadline = limits.deadline;
        // Boxed on purpose: whisper-rs 0.16 hands whisper.cpp a pointer to a boxed trait object and
        // reads it back as `F`, which is only the same thing if `F` is that box.
        let stop: Box<dyn FnMut() -> bool> = Box::new(move || Instant::now() >= deadline);
        parameters.set_abort_callback_safe::<_, Box<dyn FnMut() -> bool>>(stop);
        parameters
    }
}

/// What one run may cost.
#[derive(Debug, Clone, Copy)]
struct Limits {
    language: Language,
    deadline: Instant,
    tokens: usize,
    confidence: f32,
}

fn run(
    state: &mut WhisperState,
    parameters: FullParams<'_, '_>,
    piece: &[f32],
    limits: Limits,
) -> Result<Written, WhisperFault> {
    state.full(parameters, piece).map_err(|fault| {
        if Instant::now() >= limits.deadline { WhisperFault::Deadline } else { WhisperFault::Model(fault) }
    })?;
    let mut bytes = Vec::new();
    let (mut sum, mut tokens) = (0.0, 0);
    for segment in state.as_iter() {
        bytes.extend_from_slice(segment.to_bytes().map_err(WhisperFault::Model)?);
        for token in (0..segment.n_tokens()).filter_map(|index| segment.get_token(index)) {
            sum += token.token_probability().max(1e-9).ln();
            tokens += 1;
        }
    }
    let text = script::clean(&bytes);
    let log_probability = if tokens == 0 { 0.0 } else { sum / tokens as f32 };
    let doubtful = log_probability.exp() < limits.confidence || tokens >= limits.tokens || script::loops(&text);
    Ok(Written { text, log_probability, tokens, doubtful })
}

/// More tokens than anybody can say in that time: a model that writes more runs in a circle.
fn most_tokens(samples: usize) -> usize {
    8 * samples / SAMPLE_RATE as usize + 24
}

fn as_c_int(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::models::Manifest;
    use crate::speech::decode::{self, Caps};

    const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/speech/ggml-huifang-zh-en-q5_0.bin");

    fn leak() -> Vec<f32> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/audio/leak.wav");
        decode::decode(&std::fs::read(path).unwrap(), Caps::default()).unwrap().samples
    }

    fn recogniser() -> Recogniser {
        let traits = SpeechTraits { audio_window: AudioWindow::Fitted, prompt: false, ..SpeechTraits::default() };
        Recogniser::load(Path::new(MODEL), traits, 1).unwrap()
    }

    #[test]
    fn a_passed_deadline_stops_it_and_the_next_piece_is_none_the_worse() {
        let recogniser = recogniser();
        let passed = Instant::now();
        let stopped = recogniser.recognise(&leak(), Language::Chinese, None, passed);
        assert!(matches!(stopped, Err(WhisperFault::Deadline)), "{stopped:?}");
        let in_time = Instant::now() + Duration::from_mins(1);
        let written = recogniser.recognise(&leak(), Language::Chinese, None, in_time).unwrap();
        assert_eq!(written.text, "主卧卫生间天花板漏水");
        assert!(!written.doubtful && written.log_probability > -0.2);
    }

    #[test]
    fn another_language_than_it_expects_is_doubted() {
        // How sure a shipped model has to be stands in the manifest.
        let known = Manifest::embedded().unwrap();
        let traits = known.named("huifang-zh-en").unwrap().speech.unwrap();
        let recogniser = Recogniser::load(Path::new(MODEL), traits, 1).unwrap();
        let in_time = Instant::now() + Duration::from_mins(1);
        let written = recogniser.recognise(&leak(), Language::English, None, in_time).unwrap();
        assert!(written.doubtful, "{written:?}");
        assert!(!recogniser.recognise(&leak(), Language::Chinese, None, in_time).unwrap().doubtful);
    }

    #[test]
    fn of_a_long_vocabulary_the_last_names_are_shown() {
        let recogniser = recogniser();
        let names = (0..200).map(|number| format!("翠湖花园{number}期")).collect::<Vec<_>>().join(" ");
        let (all, last) = (recogniser.prompt(&names), recogniser.prompt("期"));
        assert_eq!(all.len(), PROMPT_TOKENS);
        assert!(all.ends_with(&last), "{all:?} ends with {last:?}");
    }

    #[test]
    fn tokens_are_bounded_by_the_length_of_the_clip() {
        assert_eq!(most_tokens(16_000), 32);
        assert_eq!(most_tokens(16_000 * 25), 224);
    }
}

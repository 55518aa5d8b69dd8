//! A recognition service with OpenAI's interface (`POST …/v1/audio/transcriptions`) in place of a
//! model of our own. Many programs speak it: OpenAI, whisper.cpp's server, faster-whisper servers,
//! vLLM.
//!
//! Everything around the recognition stays with [`super::Listener`]; this sends a piece of speech
//! as WAV and reads the answer, of which nothing is trusted and nothing is logged, nor is the key.

mod trouble;

use std::fmt;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::header::RETRY_AFTER;
use reqwest::multipart::{Form, Part};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

use super::decode::SAMPLE_RATE;
use super::script;
use super::whisper::Written;
use crate::domain::language::Language;
use crate::domain::secret::Secret;
use crate::http;

use self::trouble::Memory;
pub use self::trouble::Trouble;

/// How long a service may send nothing, from the first byte of the recording on: more than a recognition is ever given,
/// since one on a slow machine says nothing until it has heard all of it.
const SILENCE: Duration = Duration::from_secs(20 * 60);
/// Largest answer: an hour of speech with the times of every word has less.
const LARGEST_ANSWER: usize = 1024 * 1024;
/// Most characters of vocabulary: its end, where the project's own names stand, and which services keep too.
const PROMPT_CHARACTERS: usize = 400;
/// Mean log probability below which a segment is not believed, as in OpenAI's decoder.
const DOUBTFUL: f32 = -1.0;
/// Probability of silence from which a doubtful segment is taken for invented, likewise.
const SILENT: f32 = 0.6;
/// What is assumed of a service that says nothing of its confidence: one half.
const UNSTATED: f32 = -std::f32::consts::LN_2;
/// Characters a second beyond which nobody speaks; more is invented.
const FASTEST: usize = 40;

/// Why a service gave no text.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ServiceFault {
    /// A person has to change the settings.
    #[error("the recognition service at {place} refuses with HTTP {status}: {hint}")]
    Refused { place: String, status: u16, hint: &'static str },
    #[error("the recognition service at {place} is busy or out of order (HTTP {status})")]
    Busy { place: String, status: u16, wait: Option<Duration> },
    #[error("the recognition service at {place} cannot be reached: {reason}")]
    Unreachable { place: String, reason: String },
    #[error("the recognition service at {place} gives no answer in time")]
    Silent { place: String },
    #[error("the recognition service at {place} answers something that is no transcription: {reason}")]
    Nonsense { place: String, reason: String },
    #[error("the recognition service cannot be used: {0}")]
    Settings(String),
}

impl ServiceFault {
    /// Whether it may be over without anybody's doing.
    fn may_pass(&self) -> bool {
        match self {
            ServiceFault::Busy { .. } | ServiceFault::Unreachable { .. } | ServiceFault::Silent { .. } => true,
            ServiceFault::Refused { .. } | ServiceFault::Nonsense { .. } | ServiceFault::Settings(_) => false,
        }
    }

    /// Returns what an operator does about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            ServiceFault::Busy { .. } => "look again later; until then recordings wait",
            ServiceFault::Unreachable { .. } | ServiceFault::Silent { .. } => {
                "see that it runs and that this machine may go there, or correct [speech] service_url; until then \
                 recordings wait"
            }
            // Its words say what.
            ServiceFault::Refused { .. } => "put that right; until then recordings wait for a person",
            ServiceFault::Nonsense { .. } | ServiceFault::Settings(_) => {
                "correct [speech] service_url or service_model; until then recordings wait for a person"
            }
        }
    }
}

/// A service that was configured.
pub struct Service {
    client: Client,
    url: Url,
    model: String,
    key: Option<Secret>,
    memory: Memory,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("place", &self.place()).field("model", &self.model).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    text: String,
    #[serde(default)]
    segments: Option<Vec<Segment>>,
}

#[derive(Deserialize)]
struct Segment {
    #[serde(default)]
    text: String,
    avg_logprob: Option<f32>,
    no_speech_prob: Option<f32>,
}

impl Service {
    /// Prepares to ask the service at `base` (`https://HOST`, with or without `/v1`).
    ///
    /// # Errors
    /// When `base` is no address, or no HTTPS client can be made on this machine.
    pub fn new(base: &str, model: &str, key: Option<Secret>) -> Result<Service, ServiceFault> {
        let trimmed = base.trim_end_matches('/').trim_end_matches("/v1");
        let url = Url::parse(&format!("{trimmed}/v1/audio/transcriptions"))
            .ok()
            .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
            // The value is not repeated: it may hold a password.
            .ok_or_else(|| ServiceFault::Settings("service_url: expected https://HOST or http://HOST:PORT".into()))?;
        // A recording goes to the configured host and no other.
        let client = http::client(SILENCE)
            .redirect(Policy::none())
            .build()
            .map_err(|error| ServiceFault::Settings(http::reason(error)))?;
        Ok(Service { client, url, model: model.to_owned(), key, memory: Memory::default() })
    }

    /// Returns host and port.
    pub fn place(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Returns the name transcripts carry.
    pub fn name(&self) -> String {
        format!("{}@{}", self.model, self.place())
    }

    /// Returns why the service is of no use, if it still is not as far as is known.
    pub fn trouble(&self) -> Option<Trouble> {
        self.memory.told(Instant::now())
    }

    /// Returns the fault of an answer that nobody waits for any more.
    pub(super) fn gave_no_answer(&self) -> ServiceFault {
        let fault = ServiceFault::Silent { place: self.place() };
        self.memory.note(&fault, Instant::now());
        fault
    }

    /// Has a piece of speech (16 kHz mono) written down; `None` where the service itself says that nobody speaks.
    ///
    /// # Errors
    /// See [`ServiceFault`].
    pub async fn recognise(
        &self,
        piece: &[f32],
        language: Language,
        vocabulary: Option<&str>,
    ) -> Result<Option<Written>, ServiceFault> {
        let answered = self.ask(piece, language, vocabulary).await;
        match &answered {
            Ok(_) => self.memory.clear(),
            Err(fault) => self.memory.note(fault, Instant::now()),
        }
        answered
    }

    async fn ask(
        &self,
        piece: &[f32],
        language: Language,
        vocabulary: Option<&str>,
    ) -> Result<Option<Written>, ServiceFault> {
        let unreachable = |error| ServiceFault::Unreachable { place: self.place(), reason: http::reason(error) };
        let file = Part::bytes(wav(piece)).file_name("speech.wav").mime_str("audio/wav").map_err(unreachable)?;
        let spoken = match language {
            Language::Chinese => "zh",
            Language::English => "en",
        };
        let mut form = Form::new()
            .part("file", file)
            .text("model", self.model.clone())
            .text("language", spoken)
            .text("response_format", "verbose_json")
            .text("temperature", "0");
        if let Some(vocabulary) = vocabulary {
            let skipped = vocabulary.chars().count().saturating_sub(PROMPT_CHARACTERS);
            form = form.text("prompt", vocabulary.chars().skip(skipped).collect::<String>());
        }
        let mut request = self.client.post(self.url.clone()).multipart(form);
        if let Some(key) = self.key.as_ref().map(Secret::expose) {
            request = request.bearer_auth(key);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if !status.is_success() {
            let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            return Err(self.fault(status, wait.map(Duration::from_secs)));
        }
        let mut bytes = Vec::new();
        let mut body = response.bytes_stream();
        while let Some(more) = body.next().await {
            bytes.extend_from_slice(&more.map_err(unreachable)?);
            if bytes.len() > LARGEST_ANSWER {
                let reason = format!("more than {LARGEST_ANSWER} bytes");
                return Err(ServiceFault::Nonsense { place: self.place(), reason });
            }
        }
        // What serde says of a wrong type may quote the text: only where it went wrong is told.
        let answer: Answer = serde_json::from_slice(&bytes).map_err(|error| ServiceFault::Nonsense {
            place: self.place(),
            reason: format!("not the JSON of verbose_json (column {})", error.column()),
        })?;
        Ok(written(answer, piece.len()))
    }

    fn fault(&self, status: StatusCode, wait: Option<Duration>) -> ServiceFault {
        let place = self.place();
        let status = status.as_u16();
        let refused = |hint| ServiceFault::Refused { place: place.clone(), status, hint };
        match status {
            401 | 403 => refused("correct [speech] service_key (HUIFANG_SPEECH__SERVICE_KEY)"),
            402 => refused("the account that [speech] service_key belongs to is out of credit: top it up there"),
            404 | 405 => {
                refused("correct [speech] service_url or service_model (HUIFANG_SPEECH__SERVICE_URL, …_MODEL)")
            }
            300..=399 => refused("it sends on to another address; put the last one into [speech] service_url"),
            408 | 425 | 429 | 500..=599 => ServiceFault::Busy { place, status, wait },
            _ => refused("it does not take what it was sent; see [speech] service_model"),
        }
    }
}

/// Believes what can be believed of an answer to so many samples; `None` where it says that this was silence.
fn written(answer: Answer, samples: usize) -> Option<Written> {
    let segments = answer.segments.unwrap_or_default();
    let stated = |segment: &Segment| segment.avg_logprob.filter(|value| value.is_finite()).map(|value| value.min(0.0));
    let is_silent = |segment: &Segment| segment.no_speech_prob.is_some_and(|silent| silent > SILENT);
    let invented = |segment: &Segment| is_silent(segment) && stated(segment).is_some_and(|value| value < DOUBTFUL);
    let kept: Vec<&Segment> = segments.iter().filter(|segment| !invented(segment)).collect();
    // Where nothing is left out the text as a whole has the better spacing.
    let text = if kept.len() == segments.len() {
        script::clean(answer.text.as_bytes())
    } else {
        script::join(&kept.iter().map(|segment| script::clean(segment.text.as_bytes())).collect::<Vec<_>>())
    };
    if text.is_empty() && segments.iter().any(is_silent) {
        return None;
    }
    let (mut sum, mut weight) = (0.0, 0.0);
    for (segment, value) in kept.iter().filter_map(|segment| Some((segment, stated(segment)?))) {
        let length = segment.text.chars().count().max(1) as f32;
        sum += value * length;
        weight += length;
    }
    let log_probability = if weight > 0.0 { sum / weight } else { UNSTATED };
    let characters = text.chars().count();
    let too_fast = characters > FASTEST * (samples / SAMPLE_RATE as usize + 2);
    let doubtful = !text.is_empty() && (log_probability < DOUBTFUL || too_fast || script::loops(&text));
    Some(Written { text, log_probability, tokens: characters, doubtful })
}

/// 16 kHz, mono, 16 bits.
fn wav(samples: &[f32]) -> Vec<u8> {
    let length = u32::try_from(2 * samples.len()).unwrap_or(u32::MAX);
    let mut wav = Vec::with_capacity(44 + 2 * samples.len());
    wav.extend(b"RIFF");
    wav.extend(length.saturating_add(36).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1, 0, 1, 0]); // PCM, one channel
    wav.extend(SAMPLE_RATE.to_le_bytes());
    wav.extend((2 * SAMPLE_RATE).to_le_bytes());
    wav.extend([2, 0, 16, 0]); // bytes a frame, bits a sample
    wav.extend(b"data");
    wav.extend(length.to_le_bytes());
    for sample in samples {
        #[expect(clippy::cast_possible_truncation, reason = "clamped to the range of i16")]
        let level = (sample.clamp(-1.0, 1.0) * 32767.0) as i16;
        wav.extend(level.to_le_bytes());
    }
    wav
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::decode::{self, Caps};

    fn read_if_any(json: &str, seconds: usize) -> Option<Written> {
        written(serde_json::from_str(json).unwrap(), seconds * SAMPLE_RATE as usize)
    }

    fn read(json: &str, seconds: usize) -> Written {
        read_if_any(json, seconds).unwrap()
    }

    #[test]
    fn the_wav_is_what_was_spoken() {
        let samples: Vec<f32> = (0..16_000_u16).map(|n| (f32::from(n) * 0.1).sin() * 0.5).collect();
        let back = decode::decode(&wav(&samples), Caps::default()).unwrap().samples;
        assert_eq!(back.len(), samples.len());
        assert!(back.iter().zip(&samples).all(|(a, b)| (a - b).abs() < 1e-3));
    }

    #[test]
    fn confidence_is_that_of_the_segments_by_their_length() {
        let heard = read(
            r#"{"text":"漏水了 修","segments":[{"text":"漏水了","avg_logprob":-0.1,"no_speech_prob":0.01},{"text":"修","avg_logprob":-0.5}]}"#,
            3,
        );
        assert_eq!((heard.text.as_str(), heard.doubtful), ("漏水了 修", false));
        assert!((heard.log_probability + 0.2).abs() < 1e-6);
    }

    #[test]
    fn a_segment_that_was_silence_is_left_out() {
        let heard = read(
            r#"{"text":"漏水 请订阅","segments":[{"text":"漏水","avg_logprob":-0.2,"no_speech_prob":0.1},{"text":" 请订阅","avg_logprob":-1.4,"no_speech_prob":0.9}]}"#,
            3,
        );
        assert_eq!(heard.text, "漏水");
        let silent = r#"{"text":"谢谢","segments":[{"text":"谢谢","avg_logprob":-1.4,"no_speech_prob":0.9}]}"#;
        assert_eq!(read_if_any(silent, 3), None);
    }

    #[test]
    fn silence_that_is_stated_is_told_from_an_answer_without_words() {
        let segment = |silence: f32| format!(r#"{{"text":" ","segments":[{{"no_speech_prob":{silence}}}]}}"#);
        assert_eq!(read_if_any(&segment(0.9), 3), None);
        for wordless in [r#"{"text":""}"#, r#"{"text":"","segments":[]}"#, segment(0.1).as_str()] {
            assert_eq!(read(wordless, 3).text, "", "{wordless}");
        }
    }

    #[test]
    fn an_account_without_credit_is_not_taken_for_a_wrong_model() {
        let service = Service::new("http://localhost:9", "m", None).unwrap();
        let told = |status: u16| service.fault(StatusCode::from_u16(status).unwrap(), None);
        assert!(told(402).to_string().ends_with("is out of credit: top it up there"), "{}", told(402));
        assert!(told(429).remedy().starts_with("look again later") && told(500).may_pass());
        assert!(!told(401).remedy().contains("later") && !told(401).may_pass());
    }

    #[test]
    fn what_cannot_have_been_said_is_doubted() {
        assert!(!read(r#"{"text":"漏水"}"#, 1).doubtful, "a service need not state its confidence");
        assert!(read(&format!(r#"{{"text":"{}"}}"#, "好的".repeat(40)), 1).doubtful, "it runs in a circle");
        let long: String = ('\u{4e00}'..'\u{4f00}').collect();
        assert!(read(&format!(r#"{{"text":"{long}"}}"#), 1).doubtful, "nobody speaks that fast");
        assert!(
            read(r#"{"text":"嗯","segments":[{"text":"嗯","avg_logprob":-2.0,"no_speech_prob":0.1}]}"#, 1).doubtful
        );
    }

    #[test]
    fn neither_key_nor_password_shows() {
        let service = Service::new("http://me:hunter2@localhost:9/v1/", "m", Some(Secret::new("sk-hunter2"))).unwrap();
        assert!(!format!("{service:?} {:?}", service.key).contains("hunter2"));
        assert_eq!((service.url.path(), service.name().as_str()), ("/v1/audio/transcriptions", "m@localhost:9"));
        let error = Service::new("ftp://me:hunter2@there", "m", None).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

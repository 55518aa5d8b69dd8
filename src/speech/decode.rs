//! Bytes → 16 kHz mono samples, with hard caps.
//!
//! Runs hostile input through format parsers and codecs, so nothing outside the worker of
//! [`super::sandbox`] (and tests) may call it. A truncated or damaged recording yields what is there,
//! and whether that is all of it; one that is too long is refused with its real length, which is counted, never taken from a header.

mod amr;
mod ogg;
mod packets;
mod resample;

use super::sniff::{Container, sniff};

/// Samples a second of everything behind this module: what the recogniser was trained on.
pub const SAMPLE_RATE: u32 = 16_000;

/// What a recording may cost at most.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Size of the file in bytes.
    pub bytes: usize,
    /// Length of the audio in seconds.
    pub seconds: u32,
}

impl Default for Caps {
    /// 20 MB and 10 minutes: ten times the longest voice message of any chat platform.
    fn default() -> Caps {
        Caps { bytes: 20 * 1024 * 1024, seconds: 600 }
    }
}

impl Caps {
    fn samples(self) -> usize {
        self.seconds as usize * SAMPLE_RATE as usize
    }
}

/// What a recording sounds like.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// Mono, in −1…1, at [`SAMPLE_RATE`].
    pub samples: Vec<f32>,
    /// Whether nothing of the recording is known to be lost.
    pub whole: bool,
}

/// Why there are no samples.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DecodeError {
    #[error("{bytes} bytes, at most {cap} are taken")]
    TooLarge { bytes: usize, cap: usize },
    #[error("{seconds:.0} s of audio, at most {cap} s are taken")]
    TooLong { seconds: f64, cap: u32 },
    #[error("not a recording in any format we know")]
    UnknownFormat,
    /// A format that is known but not taken, by name: `SILK v3`, or a codec inside a container.
    #[error("{0} is not supported")]
    Unsupported(String),
    #[error("damaged: {0}")]
    Damaged(String),
}

/// Decodes a recording.
///
/// # Errors
/// See [`DecodeError`]; a recording of which at least one packet decodes is not an error.
pub fn decode(bytes: &[u8], caps: Caps) -> Result<Sound, DecodeError> {
    if bytes.len() > caps.bytes {
        return Err(DecodeError::TooLarge { bytes: bytes.len(), cap: caps.bytes });
    }
    match sniff(bytes) {
        None => Err(DecodeError::UnknownFormat),
        Some(Container::Silk) => Err(DecodeError::Unsupported(Container::Silk.to_string())),
        Some(Container::AmrNb) => amr::decode(bytes, amr::Band::Narrow, caps),
        Some(Container::AmrWb) => amr::decode(bytes, amr::Band::Wide, caps),
        Some(
            container @ (Container::Ogg
            | Container::WebM
            | Container::Mp3
            | Container::Mp4
            | Container::Wav
            | Container::Flac),
        ) => packets::decode(bytes, container, caps),
    }
}

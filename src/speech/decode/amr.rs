//! AMR narrow- and wideband in the storage format of RFC 4867, section 5.
//!
//! Phones send discontinuously: pauses are described once and then left empty. Each frame, full
//! or empty, is 20 ms of audio here, so the length is always the number of frames × 20 ms.

use codec_core::codecs::amr::{AmrCodec, AmrFrameType, AmrVariant};
use codec_core::types::{CodecConfig, CodedFrame, FrameKind, VariableRateCodec};

use super::resample::To16k;
use super::{Caps, DecodeError, SAMPLE_RATE, Sound};

/// Which of the two codecs a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Band {
    Narrow,
    Wide,
}

impl Band {
    fn variant(self) -> AmrVariant {
        match self {
            Band::Narrow => AmrVariant::NarrowBand,
            Band::Wide => AmrVariant::WideBand,
        }
    }

    fn codec(self) -> Result<AmrCodec, DecodeError> {
        let config = match self {
            Band::Narrow => CodecConfig::amr_nb(),
            Band::Wide => CodecConfig::amr_wb(),
        };
        AmrCodec::new(&config).map_err(|error| DecodeError::Damaged(error.to_string()))
    }
}

/// Decodes a whole file.
///
/// # Errors
/// Too long, or without one frame.
pub(super) fn decode(bytes: &[u8], band: Band, caps: Caps) -> Result<Sound, DecodeError> {
    let variant = band.variant();
    let body = bytes.get(variant.storage_magic().len()..).unwrap_or_default();
    let (frames, whole) = frames(body, variant);
    let seconds = frames.len() as f64 * 0.02;
    if seconds > f64::from(caps.seconds) {
        return Err(DecodeError::TooLong { seconds, cap: caps.seconds });
    }
    if frames.is_empty() {
        return Err(DecodeError::Damaged("no complete AMR frame".into()));
    }
    let mut codec = band.codec()?;
    let mut out = To16k::new(variant.sample_rate())?;
    // A file that begins within a pause has nothing to continue: lowest mode, silence.
    let mut mode = 0;
    for frame in frames {
        if frame.kind == FrameKind::Speech {
            mode = frame.mode;
        }
        let pcm =
            codec.decode_frame(&CodedFrame { mode, ..frame }).unwrap_or_else(|_| vec![0; variant.frame_samples()]);
        let samples: Vec<f32> = pcm.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
        out.push(&samples)?;
    }
    debug_assert!(out.samples() <= caps.seconds as usize * SAMPLE_RATE as usize);
    Ok(Sound { samples: out.finish()?, whole })
}

/// Splits a file into frames, up to the first that is cut off or of a reserved type: behind such
/// a frame there is no telling where the next one begins. Returns as well whether there is none.
fn frames(mut rest: &[u8], variant: AmrVariant) -> (Vec<CodedFrame>, bool) {
    let mut frames = Vec::new();
    while let Some((&header, tail)) = rest.split_first() {
        let Ok(kind) = AmrFrameType::from_index(variant, header >> 3 & 0x0f) else { break };
        let Some((data, tail)) = tail.split_at_checked(kind.octet_aligned_bytes()) else { break };
        rest = tail;
        let mut frame = match kind {
            AmrFrameType::Speech(mode) => CodedFrame::speech(mode.index(), data.to_vec()),
            AmrFrameType::Sid(_) => CodedFrame::comfort_noise(data.to_vec()),
            AmrFrameType::NoData => CodedFrame::no_data(),
            AmrFrameType::SpeechLost => CodedFrame::lost(),
        };
        frame.quality_ok &= header >> 2 & 1 == 1;
        frames.push(frame);
    }
    (frames, rest.is_empty())
}

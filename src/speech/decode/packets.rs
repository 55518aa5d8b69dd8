//! Everything that consists of packets in a container: OGG, WebM, MP3, MP4, WAV, FLAC.
//!
//! Only the reader that fits the sniffed container is offered the bytes, so a file cannot choose
//! among parsers by carrying several signatures.

use std::io::{Cursor, ErrorKind};

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::{Hint, Probe};
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions, ReadOnlySource};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;
use symphonia::default::formats;
use symphonia_adapter_libopus::OpusDecoder;

use super::resample::To16k;
use super::{Caps, Container, DecodeError, SAMPLE_RATE, Sound, ogg};

/// Decodes the first audio track.
///
/// # Errors
/// Too long, unreadable from the first packet on, or in a codec that is not taken.
pub(super) fn decode(bytes: &[u8], container: Container, caps: Caps) -> Result<Sound, DecodeError> {
    let bytes = bytes.get(id3_tag_length(bytes)..).unwrap_or_default();
    let source: Box<dyn MediaSource> = match container {
        // Unless it cannot know the file's length, the reader gives up on a truncated segment.
        Container::WebM => Box::new(ReadOnlySource::new(Cursor::new(bytes))),
        _ => Box::new(Cursor::new(bytes)),
    };
    let source = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    let mut reader = probe(container)
        .probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| damaged(&error))?;
    let track = reader
        .default_track(TrackType::Audio)
        .or_else(|| reader.tracks().iter().find(|t| t.codec_params.as_ref().is_some_and(|p| p.audio().is_some())))
        .ok_or_else(|| DecodeError::Damaged("no audio track".into()))?;
    let (id, time_base) = (track.id, track.time_base);
    let parameters = track
        .codec_params
        .as_ref()
        .and_then(|parameters| parameters.audio())
        .ok_or_else(|| DecodeError::Damaged("the audio track does not name its codec".into()))?;
    let mut decoder =
        codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default()).map_err(|error| match error {
            Error::Unsupported(what) => DecodeError::Unsupported(format!("{container} with this codec ({what})")),
            error => damaged(&error),
        })?;

    // All packets first: their number of seconds is known long before they are decoded.
    let Packets { kept, seconds, mut first_fault, ended_early } =
        read_all(reader.as_mut(), id, time_base, caps, container);
    if seconds > f64::from(caps.seconds) {
        return Err(DecodeError::TooLong { seconds, cap: caps.seconds });
    }
    let mut whole = !ended_early && (container != Container::Ogg || ogg::is_whole(bytes));
    let mut out: Option<To16k> = None;
    for packet in &kept {
        match take(decoder.as_mut(), packet, &mut out) {
            Ok(()) => {}
            Err(Fault::Packet(fault)) => {
                first_fault = first_fault.or(Some(fault));
                whole = false;
            }
            Err(Fault::Ours(error)) => return Err(error),
        }
        // A file may say less than it holds.
        if let Some(samples) = out.as_ref().map(To16k::samples).filter(|&samples| samples > caps.samples()) {
            return Err(DecodeError::TooLong { seconds: samples as f64 / f64::from(SAMPLE_RATE), cap: caps.seconds });
        }
    }
    match out {
        Some(out) if out.samples() > 0 => Ok(Sound { samples: out.finish()?, whole }),
        _ => Err(DecodeError::Damaged(first_fault.unwrap_or_else(|| format!("no audio in this {container} file")))),
    }
}

/// The packets of one track.
struct Packets {
    /// Those within the cap.
    kept: Vec<Packet>,
    /// Length of all of them, whether kept or not; 0 where the container does not say.
    seconds: f64,
    /// Why reading ended before the end of the file.
    first_fault: Option<String>,
    /// Whether something is lost by that.
    ended_early: bool,
}

/// Reads a track to its end. A fault of the container ends the recording there: what came before
/// it is good.
fn read_all(
    reader: &mut dyn FormatReader,
    id: u32,
    time_base: Option<TimeBase>,
    caps: Caps,
    container: Container,
) -> Packets {
    let mut read = Packets { kept: Vec::new(), seconds: 0.0, first_fault: None, ended_early: false };
    loop {
        let packet = match reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return read,
            Err(error) => {
                read.ended_early = !is_end(&error, container);
                read.first_fault = Some(error.to_string());
                return read;
            }
        };
        if packet.track_id == id {
            let time = time_base.and_then(|time_base| time_base.calc_duration(packet.dur));
            read.seconds += time.map_or(0.0, |time| time.as_secs_f64());
            if read.seconds <= f64::from(caps.seconds) {
                read.kept.push(packet);
            }
        }
    }
}

/// Whether an error is no more than the end of a file, in a container that may leave its length open.
fn is_end(error: &Error, container: Container) -> bool {
    let may_be_open = matches!(container, Container::Ogg | Container::WebM | Container::Wav);
    may_be_open && matches!(error, Error::IoError(cause) if cause.kind() == ErrorKind::UnexpectedEof)
}

/// What can go wrong with one packet: the packet is skipped, or the whole recording is refused.
enum Fault {
    Packet(String),
    Ours(DecodeError),
}

/// Decodes one packet and appends it as mono.
fn take(decoder: &mut dyn AudioDecoder, packet: &Packet, out: &mut Option<To16k>) -> Result<(), Fault> {
    let buffer = decoder.decode(packet).map_err(|error| Fault::Packet(error.to_string()))?;
    let rate = buffer.spec().rate();
    let channels = buffer.spec().channels().count().max(1);
    let out = match out {
        Some(out) => out,
        None => out.insert(To16k::new(rate).map_err(Fault::Ours)?),
    };
    if out.rate() != rate {
        return Err(Fault::Packet(format!("the sample rate changes from {} to {rate} Hz", out.rate())));
    }
    let mut interleaved: Vec<f32> = Vec::new();
    buffer.copy_to_vec_interleaved(&mut interleaved);
    let mono: Vec<f32> = interleaved
        .chunks_exact(channels)
        .map(|frame| frame.iter().sum::<f32>() / channels as f32)
        .map(|sample| if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 })
        .collect();
    out.push(&mono).map_err(Fault::Ours)
}

fn probe(container: Container) -> Probe {
    let mut probe = Probe::default();
    match container {
        Container::Ogg => probe.register_format::<formats::OggReader<'_>>(),
        Container::WebM => probe.register_format::<formats::MkvReader<'_>>(),
        Container::Mp4 => probe.register_format::<formats::IsoMp4Reader<'_>>(),
        Container::Wav => probe.register_format::<formats::WavReader<'_>>(),
        Container::Flac => probe.register_format::<formats::FlacReader<'_>>(),
        Container::Mp3 => probe.register_format::<formats::MpaReader<'_>>(),
        Container::AmrNb | Container::AmrWb | Container::Silk => {}
    }
    probe
}

/// Returns the length of an ID3v2 tag in front of the audio. Tags are skipped, never parsed.
fn id3_tag_length(bytes: &[u8]) -> usize {
    match bytes {
        [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] => {
            let size = [a, b, c, d].iter().fold(0, |size, &&byte| size << 7 | usize::from(byte & 0x7f));
            let footer = if flags & 0x10 == 0 { 0 } else { 10 };
            10 + size + footer
        }
        _ => 0,
    }
}

fn codecs() -> CodecRegistry {
    let mut codecs = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut codecs);
    codecs.register_audio_decoder::<OpusDecoder>();
    codecs
}

fn damaged(error: &Error) -> DecodeError {
    DecodeError::Damaged(error.to_string())
}

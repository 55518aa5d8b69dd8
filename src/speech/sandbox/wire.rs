//! What a decode worker says on its standard output: a greeting once it is confined, then one
//! answer. The parent trusts none of it: lengths are checked, text is bounded and cleaned.

use std::io::{self, Write};

use super::super::decode::{Caps, DecodeError, SAMPLE_RATE, Sound};

const GREETING: &[u8; 4] = b"HFA1";
/// Longest reason a worker may give, in bytes.
const REASON: usize = 200;

const SAMPLES: u8 = 0;
const TOO_LARGE: u8 = 1;
const TOO_LONG: u8 = 2;
const UNKNOWN: u8 = 3;
const UNSUPPORTED: u8 = 4;
const DAMAGED: u8 = 5;
/// The samples of a recording of which something is lost.
const REMNANT: u8 = 6;

/// A worker's whole output.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) confined: bool,
    pub(super) result: Result<Sound, DecodeError>,
}

/// Returns the length in bytes of the longest answer that `caps` allow.
pub(super) fn longest(caps: Caps) -> u64 {
    6 + 4 * (u64::from(caps.seconds) * u64::from(SAMPLE_RATE) + 1) + REASON as u64
}

/// Says that the worker is confined and ready to read.
///
/// # Errors
/// When the parent is gone.
pub(super) fn greet(out: &mut impl Write, confined: bool) -> io::Result<()> {
    out.write_all(GREETING)?;
    out.write_all(&[u8::from(confined)])?;
    out.flush()
}

/// Sends the answer.
///
/// # Errors
/// When the parent is gone.
pub(super) fn write(out: &mut impl Write, result: &Result<Sound, DecodeError>) -> io::Result<()> {
    match result {
        Ok(Sound { samples, whole }) => {
            out.write_all(&[if *whole { SAMPLES } else { REMNANT }])?;
            for chunk in samples.chunks(4096) {
                let bytes: Vec<u8> = chunk.iter().flat_map(|sample| sample.to_le_bytes()).collect();
                out.write_all(&bytes)?;
            }
        }
        Err(DecodeError::TooLarge { bytes, cap }) => {
            out.write_all(&[TOO_LARGE])?;
            out.write_all(&(*bytes as u64).to_le_bytes())?;
            out.write_all(&(*cap as u64).to_le_bytes())?;
        }
        Err(DecodeError::TooLong { seconds, cap }) => {
            out.write_all(&[TOO_LONG])?;
            out.write_all(&seconds.to_le_bytes())?;
            out.write_all(&u64::from(*cap).to_le_bytes())?;
        }
        Err(DecodeError::UnknownFormat) => out.write_all(&[UNKNOWN])?,
        Err(DecodeError::Unsupported(what)) => write_reason(out, UNSUPPORTED, what)?,
        Err(DecodeError::Damaged(what)) => write_reason(out, DAMAGED, what)?,
    }
    out.flush()
}

/// Reads a worker's whole output; nothing if it is not one of ours from end to end.
pub(super) fn read(output: &[u8]) -> Option<Answer> {
    let (&[confined @ (0 | 1), tag], body) = output.strip_prefix(GREETING)?.split_first_chunk()? else { return None };
    let result = match tag {
        SAMPLES | REMNANT if body.len().is_multiple_of(4) => {
            let (samples, _) = body.as_chunks::<4>();
            let samples: Vec<f32> = samples.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
            let finite = samples.iter().all(|sample| sample.is_finite());
            finite.then_some(Ok(Sound { samples, whole: tag == SAMPLES }))?
        }
        TOO_LARGE => {
            let (bytes, cap) = two_numbers(body)?;
            let in_bytes = |number: [u8; 8]| usize::try_from(u64::from_le_bytes(number)).ok();
            Err(DecodeError::TooLarge { bytes: in_bytes(bytes)?, cap: in_bytes(cap)? })
        }
        TOO_LONG => {
            let (seconds, cap) = two_numbers(body)?;
            let seconds = Some(f64::from_le_bytes(seconds)).filter(|seconds| seconds.is_finite())?;
            Err(DecodeError::TooLong { seconds, cap: u32::try_from(u64::from_le_bytes(cap)).ok()? })
        }
        UNKNOWN if body.is_empty() => Err(DecodeError::UnknownFormat),
        UNSUPPORTED => Err(DecodeError::Unsupported(reason(body))),
        DAMAGED => Err(DecodeError::Damaged(reason(body))),
        _ => return None,
    };
    Some(Answer { confined: confined == 1, result })
}

fn two_numbers(body: &[u8]) -> Option<([u8; 8], [u8; 8])> {
    let (first, rest) = body.split_first_chunk()?;
    Some((*first, rest.try_into().ok()?))
}

fn write_reason(out: &mut impl Write, tag: u8, reason: &str) -> io::Result<()> {
    out.write_all(&[tag])?;
    out.write_all(reason.as_bytes().get(..REASON).unwrap_or(reason.as_bytes()))
}

/// A reason ends up in a log: one line of printable characters.
fn reason(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().filter(|c| !c.is_control()).take(REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(result: &Result<Sound, DecodeError>) -> Option<Answer> {
        let mut output = Vec::new();
        greet(&mut output, true).unwrap();
        write(&mut output, result).unwrap();
        assert!(output.len() as u64 <= longest(Caps::default()));
        read(&output)
    }

    #[test]
    fn every_answer_survives_the_pipe() {
        let answers = [
            Ok(Sound { samples: vec![0.0, -1.0, 0.25], whole: true }),
            Ok(Sound { samples: vec![0.5], whole: false }),
            Ok(Sound { samples: Vec::new(), whole: true }),
            Err(DecodeError::TooLarge { bytes: 30_000_000, cap: 20_000_000 }),
            Err(DecodeError::TooLong { seconds: 1_200.5, cap: 600 }),
            Err(DecodeError::UnknownFormat),
            Err(DecodeError::Unsupported("SILK v3".into())),
            Err(DecodeError::Damaged("no audio".into())),
        ];
        for answer in answers {
            let read = there_and_back(&answer).unwrap();
            assert!(read.confined);
            assert_eq!(read.result, answer);
        }
    }

    #[test]
    fn a_worker_that_lies_is_not_believed() {
        let greeting = |rest: &[u8]| [GREETING.as_slice(), &[1], rest].concat();
        assert!(read(b"").is_none());
        assert!(read(b"HFA1").is_none());
        assert!(read(b"panic at the disco").is_none());
        assert!(read(&greeting(&[])).is_none(), "died after the greeting");
        assert!(read(&greeting(&[9, 9])).is_none(), "unknown tag");
        assert!(read(&greeting(&[SAMPLES, 1, 2])).is_none(), "half a sample");
        assert!(read(&greeting(&[SAMPLES, 0, 0, 0xc0, 0x7f])).is_none(), "not a number");
        assert!(read(&greeting(&[TOO_LONG, 1])).is_none(), "half a duration");
        let long = read(&greeting(&[&[DAMAGED], "\u{1b}[31m坏".repeat(500).as_bytes()].concat())).unwrap();
        assert!(
            matches!(long.result, Err(DecodeError::Damaged(reason)) if reason.chars().count() == REASON && !reason.contains('\u{1b}'))
        );
    }
}

//! A look at a Whisper file before whisper.cpp is given it: is it one, is it whole, and does it hold
//! what its header says?
//!
//! whisper.cpp trusts its file: another kind of model makes it abort the process, and so does a header
//! that does not fit; one that is cut off loads and writes nonsense. So the header, the vocabulary and
//! the place of every tensor are walked here first, and each tensor is compared with the [`shape`] that
//! the header gives it. The weights themselves are not read; [`super::whisper`] loads them.

mod shape;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use self::shape::Shape;

/// "ggml", little-endian.
const MAGIC: u32 = 0x6767_6d6c;
/// The tensor that every Whisper has.
const EMBEDDING: &str = "decoder.token_embedding.weight";
/// Larger than any published shape, small enough for memory.
const MOST_VOCABULARY: u32 = 200_000;
const MOST_STATE: u32 = 8192;
const MOST_LAYERS: u32 = 256;
const MOST_POSITIONS: u32 = 65_536;
const MOST_NAME: u32 = 256;

/// Why a file is not given to whisper.cpp.
#[derive(Debug, thiserror::Error)]
pub enum GgmlFault {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error(
        "it is no Whisper model in ggml format: {0}; take a file ggml-NAME.bin of whisper.cpp, or 'huifang models pull NAME'"
    )]
    OtherKind(String),
    #[error("it is cut off or damaged: {0}; fetch it again")]
    Damaged(String),
}

/// Walks a file from its first byte to its last.
pub(super) fn check(path: &Path) -> Result<(), GgmlFault> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut walk = Walk { file: BufReader::new(file), at: 0, size };
    let shape = walk.header()?;
    walk.vocabulary()?;
    walk.tensors(shape)
}

struct Walk {
    file: BufReader<File>,
    at: u64,
    size: u64,
}

impl Walk {
    fn header(&mut self) -> Result<Shape, GgmlFault> {
        let other = |reason: String| Err(GgmlFault::OtherKind(reason));
        if self.size < 4 || self.number("magic")? != MAGIC {
            return other("it does not begin with the mark of ggml".to_owned());
        }
        let mut said = [0; 11];
        for (place, name) in said.iter_mut().zip(SHAPE) {
            *place = self.number(name.0)?;
        }
        for (value, (name, least, most)) in said.into_iter().zip(SHAPE) {
            if !(least..=most).contains(&value) {
                return other(format!("its {name} is {value}, a Whisper's lies between {least} and {most}"));
            }
        }
        let [vocabulary, sound, audio, audio_heads, audio_layers, text, width, heads, layers, bands, kind] = said;
        if audio != width || audio % audio_heads != 0 || width % heads != 0 {
            return other(format!("its halves do not fit: {audio} and {width} wide, {audio_heads} and {heads} heads"));
        }
        // Thousands count versions of the quantisation.
        let Some((_, weights)) = KINDS.iter().find(|(known, _)| *known == kind % 1000) else {
            return other(format!("its numbers are of the unknown kind {kind}"));
        };
        let (rows, bins) = (self.number("filters")?, self.number("filters")?);
        if rows != bands || bins > 4096 {
            return other(format!("its filters are {rows} by {bins}"));
        }
        self.skip(u64::from(rows) * u64::from(bins) * 4, "its filters")?;
        Ok(Shape { width, bands, vocabulary, sound, text, audio_layers, text_layers: layers, weights: *weights })
    }

    fn vocabulary(&mut self) -> Result<(), GgmlFault> {
        let words = self.number("vocabulary")?;
        if words > MOST_VOCABULARY {
            return Err(GgmlFault::Damaged(format!("its vocabulary has {words} words")));
        }
        for word in 0..words {
            let length = self.number("vocabulary")?;
            self.skip(length.into(), &format!("word {word} of its vocabulary"))?;
        }
        Ok(())
    }

    fn tensors(&mut self, shape: Shape) -> Result<(), GgmlFault> {
        let mut seen = BTreeSet::new();
        while self.at < self.size {
            let (dimensions, length, kind) = (self.number("tensor")?, self.number("tensor")?, self.number("tensor")?);
            if dimensions > 4 || length > MOST_NAME {
                return Err(GgmlFault::Damaged(format!("at byte {} there is no tensor", self.at)));
            }
            // What is not said of the four is one.
            let mut sizes = [1; 4];
            for size in sizes.iter_mut().take(dimensions as usize) {
                *size = self.number("tensor")?;
            }
            let elements = sizes.iter().fold(1_u64, |product, size| product.saturating_mul((*size).into()));
            let mut name = vec![0; length as usize];
            self.read(&mut name, "the name of a tensor")?;
            let name = String::from_utf8_lossy(&name).into_owned();
            let Some((_, block, bytes)) = BLOCKS.iter().find(|(known, ..)| *known == kind) else {
                return Err(GgmlFault::Damaged(format!("the numbers of {name} are of the unknown kind {kind}")));
            };
            shape.compare(&name, sizes, kind).map_err(GgmlFault::Damaged)?;
            self.skip((elements / block).saturating_mul(*bytes), &name)?;
            if let Some(name) = seen.replace(name) {
                return Err(GgmlFault::Damaged(format!("it holds {name} twice")));
            }
        }
        if !seen.contains(EMBEDDING) {
            return Err(GgmlFault::Damaged("it holds no words to write with".to_owned()));
        }
        match shape.tensors() {
            all if all == seen.len() => Ok(()),
            all => Err(GgmlFault::Damaged(format!("it holds {} tensors instead of {all}", seen.len()))),
        }
    }

    fn number(&mut self, what: &str) -> Result<u32, GgmlFault> {
        let mut bytes = [0; 4];
        self.read(&mut bytes, what)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn read(&mut self, bytes: &mut [u8], what: &str) -> Result<(), GgmlFault> {
        self.room(bytes.len() as u64, what)?;
        self.file.read_exact(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn skip(&mut self, bytes: u64, what: &str) -> Result<(), GgmlFault> {
        self.room(bytes, what)?;
        self.file.seek_relative(i64::try_from(bytes).unwrap_or(i64::MAX))?;
        self.at += bytes;
        Ok(())
    }

    /// Whether so many bytes are left.
    fn room(&self, bytes: u64, what: &str) -> Result<(), GgmlFault> {
        if bytes <= self.size - self.at {
            return Ok(());
        }
        Err(GgmlFault::Damaged(format!("it ends at byte {} within {what}", self.size)))
    }
}

/// What the header says, in this order, with the least and most of each.
const SHAPE: [(&str, u32, u32); 11] = [
    ("vocabulary", 1, MOST_VOCABULARY),
    ("length of sound", 1, MOST_POSITIONS),
    ("width of the listening half", 1, MOST_STATE),
    ("heads of the listening half", 1, MOST_STATE),
    ("layers of the listening half", 1, MOST_LAYERS),
    ("length of text", 1, MOST_POSITIONS),
    ("width of the writing half", 1, MOST_STATE),
    ("heads of the writing half", 1, MOST_STATE),
    ("layers of the writing half", 1, MOST_LAYERS),
    ("number of frequency bands", 80, 128),
    ("kind of numbers", 0, 9999),
];

/// Kinds of numbers a file can be of (`ggml_ftype`), and of which kind its large tensors are then (`ggml_type`).
const KINDS: [(u32, u32); 12] =
    [(0, 0), (1, 1), (2, 2), (3, 3), (7, 8), (8, 6), (9, 7), (10, 10), (11, 11), (12, 12), (13, 13), (14, 14)];

/// Kinds of numbers a tensor can be of (`ggml_type`): how many elements stand in how many bytes.
const BLOCKS: [(u32, u64, u64); 12] = [
    (0, 1, 4),
    (1, 1, 2),
    (2, 32, 18),
    (3, 32, 20),
    (6, 32, 22),
    (7, 32, 24),
    (8, 32, 34),
    (10, 256, 84),
    (11, 256, 110),
    (12, 256, 144),
    (13, 256, 176),
    (14, 256, 210),
];

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/speech/ggml-huifang-zh-en-q5_0.bin");

    /// What is said of a file with these bytes.
    fn said(bytes: &[u8]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        check(file.path()).map_or_else(|fault| fault.to_string(), |()| "whole".to_owned())
    }

    #[test]
    fn the_shipped_model_is_whole() {
        check(Path::new(MODEL)).unwrap();
    }

    #[test]
    fn wherever_it_is_cut_off_it_says_so() {
        let whole = fs::read(MODEL).unwrap();
        for cut in [whole.len() - 1, whole.len() / 2, 40_000, 5000, 60, 30] {
            let said = said(&whole[..cut]);
            assert!(said.starts_with("it is cut off or damaged: "), "{cut}: {said}");
        }
        // After the vocabulary and before the first tensor whisper.cpp would find nothing missing.
        let first = whole.windows(EMBEDDING.len()).position(|part| part == EMBEDDING.as_bytes()).unwrap();
        assert!((0..60).any(|back| said(&whole[..first - back]).contains("holds no words")));
    }

    #[test]
    fn a_header_that_does_not_fit_what_follows_it_is_refused() {
        let whole = fs::read(MODEL).unwrap();
        let with = |place: usize, value: u32| {
            let mut other = whole.clone();
            other[4 * place..4 * place + 4].copy_from_slice(&value.to_le_bytes());
            said(&other)
        };
        insta::assert_snapshot!(with(8, 5), @"it is no Whisper model in ggml format: its halves do not fit: 192 and 192 wide, 4 and 5 heads; take a file ggml-NAME.bin of whisper.cpp, or 'huifang models pull NAME'");
        insta::assert_snapshot!(with(2, 1499), @"it is cut off or damaged: encoder.positional_embedding is 192 by 1500, its header says 192 by 1499; fetch it again");
        insta::assert_snapshot!(with(5, 3), @"it is cut off or damaged: encoder.blocks.3.attn.query.weight is none of its tensors; fetch it again");
        insta::assert_snapshot!(with(9, 3), @"it is cut off or damaged: it holds 119 tensors instead of 143; fetch it again");
        insta::assert_snapshot!(with(11, 2007), @"it is cut off or damaged: encoder.blocks.0.attn.query.weight holds numbers of kind 6, its header says 8; fetch it again");
    }

    #[test]
    fn another_model_of_the_same_format_is_refused() {
        // The header of whisper.cpp's own detector of speech, which begins with the same mark.
        let mut vad = MAGIC.to_le_bytes().to_vec();
        vad.extend(16_u32.to_le_bytes());
        vad.extend(b"silero-16k-v5.1.2");
        vad.extend([6, 2, 0, 0].repeat(40));
        insta::assert_snapshot!(said(&vad), @"it is no Whisper model in ggml format: its length of sound is 1701603699, a Whisper's lies between 1 and 65536; take a file ggml-NAME.bin of whisper.cpp, or 'huifang models pull NAME'");
        insta::assert_snapshot!(said(b"# not a model\n"), @"it is no Whisper model in ggml format: it does not begin with the mark of ggml; take a file ggml-NAME.bin of whisper.cpp, or 'huifang models pull NAME'");
        insta::assert_snapshot!(said(b""), @"it is no Whisper model in ggml format: it does not begin with the mark of ggml; take a file ggml-NAME.bin of whisper.cpp, or 'huifang models pull NAME'");
        let mut kind = fs::read(MODEL).unwrap();
        kind[44..48].copy_from_slice(&1608_u32.to_le_bytes());
        insta::assert_snapshot!(said(&kind), @"it is no Whisper model in ggml format: its numbers are of the unknown kind 1608; take a file ggml-NAME.bin of whisper.cpp, or 'huifang models pull NAME'");
    }
}

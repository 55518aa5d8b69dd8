//! The models that are known by name, and how each wants to be used.
//!
//! `models/manifest.toml` is part of the program; the models themselves are files beside it. A
//! model is recognised by file name and size, so that starting does not hash half a gigabyte;
//! [`ModelFile::verify`] hashes, for `huifang check` and `huifang models verify`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

const MANIFEST: &str = include_str!("../../models/manifest.toml");

/// `models/manifest.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(rename = "model")]
    pub models: Vec<Model>,
}

/// One model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub name: String,
    /// `speech` or `sentiment`.
    pub purpose: String,
    pub licence: String,
    pub languages: Vec<String>,
    pub note: String,
    pub speech: Option<SpeechTraits>,
    pub files: Vec<ModelFile>,
}

/// One file of a model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Path below `models/`.
    pub file: String,
    /// Lower-case hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// How a speech model wants to be used.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeechTraits {
    pub audio_window: AudioWindow,
    /// Whether a sentence of vocabulary in front helps. A model that never saw one in training
    /// takes it for something it has said, and goes on from there.
    pub prompt: bool,
    /// A pause of at least this length ends a piece, in milliseconds.
    pub cut_at_pause_ms: u32,
    /// Mean probability of a token below which a piece is not believed.
    pub least_confidence: f32,
    /// Longest piece to recognise at once, in seconds.
    pub longest_piece_seconds: u32,
}

/// How much of the encoder's 30 s window is computed for a clip. Speech is far shorter, and the
/// encoder is most of the work; but a model copes only with windows like those it was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudioWindow {
    /// Trained on windows that end with the speech: just the clip, plus 8 positions (160 ms).
    Fitted,
    /// Trained on padded windows, as OpenAI's models were: never under 256 positions, and 128
    /// beyond the clip. Shorter windows make such models loop (whisper.cpp #1951).
    Published,
    /// All of it, whatever the clip: what whisper.cpp does by itself.
    Whole,
}

impl AudioWindow {
    /// Positions of the full window; one is 20 ms.
    const FULL: usize = 1500;
    const SAMPLES_A_POSITION: usize = 320;

    /// Returns the encoder positions to compute for a clip of `samples` at 16 kHz.
    pub fn positions(self, samples: usize) -> usize {
        let clip = samples.div_ceil(AudioWindow::SAMPLES_A_POSITION);
        match self {
            AudioWindow::Fitted => (clip + 8).clamp(16, AudioWindow::FULL),
            AudioWindow::Published => (clip + 128).clamp(256, AudioWindow::FULL),
            AudioWindow::Whole => AudioWindow::FULL,
        }
    }
}

impl Default for SpeechTraits {
    /// What suits the published Whisper models.
    fn default() -> SpeechTraits {
        SpeechTraits {
            audio_window: AudioWindow::Published,
            prompt: true,
            // A mean log probability of −1, as in OpenAI's decoder.
            least_confidence: 0.37,
            cut_at_pause_ms: u32::MAX,
            longest_piece_seconds: 25,
        }
    }
}

impl Manifest {
    /// Returns the manifest this program was built with.
    ///
    /// # Errors
    /// Never in a program that passed its tests.
    pub fn embedded() -> Result<Manifest, toml::de::Error> {
        toml::from_str(MANIFEST)
    }

    /// Returns the model a file belongs to, by its name and size.
    pub fn model_of(&self, path: &Path) -> Option<&Model> {
        let name = path.file_name()?.to_str()?;
        let size = path.metadata().ok()?.len();
        self.models.iter().find(|model| {
            let is_it =
                |known: &ModelFile| known.size == size && Path::new(&known.file).file_name() == Some(name.as_ref());
            model.files.iter().any(is_it)
        })
    }
}

impl ModelFile {
    /// Reads the file below `root` and returns whether it has the listed size and checksum.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn verify(&self, root: &Path) -> io::Result<bool> {
        let mut file = File::open(root.join(&self.file))?;
        if file.metadata()?.len() != self.size {
            return Ok(false);
        }
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => hasher.update(buffer.get(..read).unwrap_or_default()),
            }
        }
        Ok(data_encoding::HEXLOWER.encode(&hasher.finalize()) == self.sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models"))
    }

    #[test]
    fn every_listed_file_is_there_and_is_what_it_should_be() {
        let manifest = Manifest::embedded().unwrap();
        for file in manifest.models.iter().flat_map(|model| &model.files) {
            assert!(file.verify(models()).unwrap(), "{}", file.file);
        }
    }

    #[test]
    fn a_changed_file_is_noticed() {
        let root = tempfile::tempdir().unwrap();
        let file = ModelFile {
            file: "a.bin".into(),
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into(),
            size: 3,
        };
        assert!(file.verify(root.path()).is_err(), "missing");
        std::fs::write(root.path().join("a.bin"), "abc").unwrap();
        assert!(file.verify(root.path()).unwrap());
        std::fs::write(root.path().join("a.bin"), "abd").unwrap();
        assert!(!file.verify(root.path()).unwrap());
        std::fs::write(root.path().join("a.bin"), "abcd").unwrap();
        assert!(!file.verify(root.path()).unwrap());
    }

    #[test]
    fn the_embedded_speech_model_is_known_and_others_are_used_as_published() {
        let manifest = Manifest::embedded().unwrap();
        let model = manifest.model_of(&models().join("speech/ggml-huifang-zh-en-q5_1.bin")).unwrap();
        assert_eq!(model.name, "huifang-zh-en");
        assert_eq!(model.speech.unwrap().audio_window, AudioWindow::Fitted);
        assert!(manifest.model_of(&models().join("README.md")).is_none());
    }

    #[test]
    fn the_window_fits_the_clip_and_never_exceeds_the_whole() {
        assert_eq!(AudioWindow::Fitted.positions(32_000), 108);
        assert_eq!(AudioWindow::Published.positions(32_000), 256);
        assert_eq!(AudioWindow::Published.positions(160_000), 628);
        assert_eq!(AudioWindow::Fitted.positions(16_000 * 60), 1500);
        assert_eq!(AudioWindow::Published.positions(16_000 * 60), 1500);
    }
}

//! `models/manifest.toml`: the models that are known by name, and how each wants to be used.
//!
//! A model is recognised by the name of its file and its size, so that starting does not hash half
//! a gigabyte; [`super::integrity`] says when a file is hashed.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::labels::Labels;

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
    pub purpose: Purpose,
    pub licence: String,
    pub languages: Vec<String>,
    pub note: String,
    /// Where it is published, ending in `/`; the names of the files are added to it. Without it the
    /// model is part of the repository.
    pub source: Option<String>,
    pub speech: Option<SpeechTraits>,
    /// What the classifier's labels mean, where they are not ours.
    pub labels: Option<Labels>,
    /// The weights first.
    pub files: Vec<ModelFile>,
    #[serde(default)]
    pub metrics: Vec<Metric>,
}

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Speech,
    Sentiment,
}

/// One file of a model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Path below `models/`.
    pub file: String,
    /// Lower-case hex; `None` where it could not be learnt for sure.
    pub sha256: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
}

/// What was measured of a model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Such as `character error rate, Mandarin`.
    pub figure: String,
    /// A share of 1 where the figure is a rate.
    pub value: f64,
    /// What it was measured on.
    pub data: String,
    /// The day it was measured, `YYYY-MM-DD`.
    pub date: String,
    /// The command that measured it.
    pub command: Option<String>,
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

    /// Returns the model of this name.
    pub fn named(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// Returns the model whose weights a file is: by name and size, or, where no size is known, by
    /// where it lies.
    pub fn model_of(&self, weights: &Path) -> Option<&Model> {
        let name = weights.file_name()?.to_str()?;
        let size = weights.metadata().ok()?.len();
        self.models.iter().find(|model| {
            model.weights().is_some_and(|file| match file.size {
                Some(known) => known == size && file.name() == name,
                None => weights.ends_with(&file.file),
            })
        })
    }

    /// Returns the model that a file claims to be by its place (`…/sentiment/model.safetensors`) or,
    /// for speech models, by its name alone, whatever is in it.
    pub fn known_as(&self, weights: &Path) -> Option<&Model> {
        self.models.iter().find(|model| {
            model.weights().is_some_and(|file| {
                let same_name = weights.file_name() == Path::new(&file.file).file_name();
                weights.ends_with(&file.file) || (model.purpose == Purpose::Speech && same_name)
            })
        })
    }
}

impl Model {
    /// Returns the file that holds the weights.
    pub fn weights(&self) -> Option<&ModelFile> {
        self.files.first()
    }

    /// Whether a file of it, at least, is in a directory of models.
    pub fn is_in(&self, models: &Path) -> bool {
        self.files.iter().any(|file| file.below(models).exists())
    }

    /// Returns the bytes of all files, where they are known.
    pub fn size(&self) -> Option<u64> {
        self.files.iter().map(|file| file.size).sum()
    }
}

impl ModelFile {
    /// Returns the name without the path.
    pub fn name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or(&self.file)
    }

    /// Returns where the file lies in a directory of models.
    pub fn below(&self, models: &Path) -> PathBuf {
        models.join(&self.file)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Purpose::Speech => "speech",
            Purpose::Sentiment => "sentiment",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models"))
    }

    #[test]
    fn every_shipped_file_is_there_and_is_what_it_should_be() {
        let manifest = Manifest::embedded().unwrap();
        let shipped: Vec<_> = manifest.models.iter().filter(|model| model.source.is_none()).collect();
        assert!(shipped.len() >= 2);
        for file in shipped.iter().flat_map(|model| &model.files) {
            file.verify(&file.below(models()), true).unwrap_or_else(|fault| panic!("{} {fault}", file.file));
        }
    }

    #[test]
    fn what_the_manifest_says_can_be_meant() {
        let manifest = Manifest::embedded().unwrap();
        let mut names: Vec<_> = manifest.models.iter().map(|model| &model.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), manifest.models.len(), "a name stands for one model");
        for model in &manifest.models {
            let directory = Path::new(&model.weights().unwrap().file).parent();
            for file in &model.files {
                assert_eq!(Path::new(&file.file).parent(), directory, "{}: one directory", model.name);
                assert!(file.size.is_none_or(|size| size > 0), "{}", file.file);
                assert!(!file.file.contains("..") && !file.file.starts_with('/'), "{}", file.file);
                let hex =
                    |text: &String| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                assert!(file.sha256.as_ref().is_none_or(hex), "{}", file.file);
            }
            assert!(model.source.as_ref().is_none_or(|url| url.starts_with("https://") && url.ends_with('/')));
        }
    }

    #[test]
    fn the_whisper_models_are_offered_in_their_sizes_and_all_are_pinned() {
        let manifest = Manifest::embedded().unwrap();
        for (size, forms) in [
            ("tiny", ["", "-q5_1", "-q8_0"]),
            ("base", ["", "-q5_1", "-q8_0"]),
            ("small", ["", "-q5_1", "-q8_0"]),
            ("medium", ["", "-q5_0", "-q8_0"]),
            ("large-v3-turbo", ["", "-q5_0", "-q8_0"]),
        ] {
            for form in forms {
                let model = manifest.named(&format!("whisper-{size}{form}")).unwrap();
                assert!(model.files.iter().all(|file| file.sha256.is_some() && file.size.is_some()), "{}", model.name);
            }
        }
    }

    #[test]
    fn metrics_say_what_they_were_measured_on() {
        let text = format!(
            "{}\n[[model.metrics]]\nfigure = \"accuracy\"\nvalue = 0.84\ndata = \"public half\"\ndate = \"2026-11-21\"\n",
            "[[model]]\nname = \"m\"\npurpose = \"sentiment\"\nlicence = \"MIT\"\nlanguages = []\nnote = \"\"\nfiles = []"
        );
        let manifest: Manifest = toml::from_str(&text).unwrap();
        let metric = &manifest.models[0].metrics[0];
        assert_eq!((metric.figure.as_str(), metric.data.as_str()), ("accuracy", "public half"));
        assert!(toml::from_str::<Manifest>(&text.replace("data = \"public half\"\n", "")).is_err(), "data is needed");
    }

    #[test]
    fn the_embedded_speech_model_is_known_and_others_are_used_as_published() {
        let manifest = Manifest::embedded().unwrap();
        let model = manifest.model_of(&models().join("speech/ggml-huifang-zh-en-q5_0.bin")).unwrap();
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

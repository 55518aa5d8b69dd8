//! The linear model over n-grams: mood, intent, trade and urgency of an utterance, in microseconds.
//!
//! It judges beside the rules, inside the transaction that takes a message in, and beside the
//! BERT classifier afterwards: letters and words in a row tell what no keyword list holds. The
//! file is read once; nothing here can fail later. Made by `models/sentiment/train/linear.py`;
//! what is trusted how far is decided in [`super::merge`].

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use super::marks::Marker;
use super::ngrams;
use super::opinion::{DEGREES, INTENTS, MOODS, Opinion, Review, TRADES, softmax, trades};
use super::score::Chooser;
use super::text::{Text, is_han};
use crate::domain::understanding::{Intent, Sentiment, Urgency};
use crate::models::Manifest;

/// A file larger than this is something else.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The linear model cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinearFault {
    #[error("n-gram model: {path} cannot be read: {reason}; set [tagging] ngrams to where it is, or leave it empty")]
    Unreadable { path: PathBuf, reason: String },
    #[error("n-gram model: {path} is damaged or of another kind: {reason}; fetch the project's own again")]
    Damaged { path: PathBuf, reason: String },
}

/// A loaded model.
#[derive(Debug)]
pub struct Linear {
    sentiment: Head<MOODS>,
    intent: Head<INTENTS>,
    category: Head<TRADES>,
    urgency: Head<DEGREES>,
    reviews: Option<Reviews>,
    marker: Option<Marker>,
    chooser: Option<Chooser>,
}

/// Public reviews and tweets, which words of feeling mean more plainly than messages to a service.
#[derive(Debug)]
struct Reviews {
    /// A message to a service, or a review.
    kind: Head<2>,
    /// What speaks for blame and for praise, beside neutral.
    chinese: Head<2>,
    other: Head<2>,
}

/// One question: a row of weights a bucket, one column a label.
#[derive(Debug)]
struct Head<const N: usize> {
    weights: Vec<[i8; N]>,
    steps: [f32; N],
    biases: [f32; N],
    /// Most tokens in a feature.
    longest: usize,
}

#[derive(Deserialize)]
struct Note {
    labels: Vec<String>,
    longest: usize,
}

impl Linear {
    /// Reads a model.
    ///
    /// # Errors
    /// [`LinearFault`] names the file and what is wrong with it.
    pub fn load(path: &Path) -> Result<Linear, LinearFault> {
        let unreadable = |reason: String| LinearFault::Unreadable { path: path.to_owned(), reason };
        let size = fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
        if size > MOST_BYTES {
            return Err(unreadable(format!("it has {size} bytes, at most {MOST_BYTES} are read")));
        }
        let bytes = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let damaged = |reason: String| LinearFault::Damaged { path: path.to_owned(), reason };
        let model = read(&bytes).map_err(damaged)?;
        // After the look above, which says more exactly what is wrong; here what no look can find.
        let known = Manifest::embedded().map_err(|error| damaged(error.to_string()))?;
        known.check_before_loading(path).map_err(|fault| damaged(fault.to_string()))?;
        Ok(model)
    }

    /// Returns the marker of keywords, where the file has one.
    pub(super) fn marker(&self) -> Option<&Marker> {
        self.marker.as_ref()
    }

    /// Returns the chooser of ratings, where the file has one.
    pub(super) fn chooser(&self) -> Option<&Chooser> {
        self.chooser.as_ref()
    }

    /// Judges an utterance.
    pub(super) fn judge(&self, text: &Text) -> Opinion {
        let long = ngrams::hashes(text, self.sentiment.longest);
        // The other heads look at shorter runs.
        let short = ngrams::hashes(text, self.intent.longest);
        let mut places = Vec::with_capacity(long.len());
        Opinion {
            sentiment: self.sentiment.likely(&long, &mut places),
            intent: Some(self.intent.likely(&short, &mut places)),
            category: Some(self.category.likely(&short, &mut places)),
            urgency: Some(self.urgency.likely(&short, &mut places)),
            review: self.reviews.as_ref().map(|reviews| reviews.judge(text, &long, &mut places)),
            pieces: Vec::new(),
        }
    }
}

impl Reviews {
    fn judge(&self, text: &Text, hashes: &[u32], places: &mut Vec<usize>) -> Review {
        let chinese = text.chars.iter().copied().any(is_han);
        let head = if chinese { &self.chinese } else { &self.other };
        let [negative, positive] = head.scores(hashes, places);
        Review { likely: self.kind.likely(hashes, places)[1], sentiment: softmax([negative, 0.0, positive]) }
    }
}

impl<const N: usize> Head<N> {
    /// Returns the probability of each label; `places` is lent to spare an allocation a head.
    fn likely(&self, hashes: &[u32], places: &mut Vec<usize>) -> [f64; N] {
        softmax(self.scores(hashes, places))
    }

    /// Returns what speaks for each label.
    fn scores(&self, hashes: &[u32], places: &mut Vec<usize>) -> [f64; N] {
        places.clear();
        places.extend(hashes.iter().map(|hash| *hash as usize % self.weights.len()));
        places.sort_unstable();
        places.dedup();
        let mut sums = [0_i32; N];
        for row in places.iter().filter_map(|place| self.weights.get(*place)) {
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += i32::from(*weight);
            }
        }
        let length = (places.len().max(1) as f64).sqrt();
        let mut scores = [0.0; N];
        for (((score, sum), step), bias) in scores.iter_mut().zip(sums).zip(self.steps).zip(self.biases) {
            *score = f64::from(sum) * f64::from(step) / length + f64::from(bias);
        }
        scores
    }
}

fn read(bytes: &[u8]) -> Result<Linear, String> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| format!("{error:?}"))?;
    let note = header.metadata().as_ref().and_then(|all| all.get("huifang")).ok_or("its header has no \"huifang\"")?;
    let notes: BTreeMap<String, Note> = serde_json::from_str(note).map_err(|error| error.to_string())?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| format!("{error:?}"))?;
    let has = |name: &str| tensors.names().iter().any(|known| **known == *name);
    let model = Linear {
        sentiment: head(&tensors, &notes, "sentiment", Sentiment::ALL.map(Sentiment::name))?,
        intent: head(&tensors, &notes, "intent", Intent::ALL.map(Intent::name))?,
        category: head(&tensors, &notes, "category", trades())?,
        urgency: head(&tensors, &notes, "urgency", Urgency::ALL.map(Urgency::name))?,
        reviews: notes.contains_key("kind").then(|| reviews(&tensors, &notes)).transpose()?,
        marker: has("marks.weight").then(|| Marker::read(&tensors)).transpose()?,
        chooser: has("ratings.sign").then(|| Chooser::read(&tensors)).transpose()?,
    };
    let short = [model.intent.longest, model.category.longest, model.urgency.longest];
    let long = model.reviews.as_ref().map_or([model.sentiment.longest; 3], |reviews| {
        [reviews.kind.longest, reviews.chinese.longest, reviews.other.longest]
    });
    let unlike = |all: [usize; 3], one: usize| all.iter().any(|longest| *longest != one);
    if unlike(short, model.intent.longest) || unlike(long, model.sentiment.longest) {
        return Err("its heads look at runs of different lengths, which are made only once for all of them".to_owned());
    }
    Ok(model)
}

fn reviews(tensors: &SafeTensors, notes: &BTreeMap<String, Note>) -> Result<Reviews, String> {
    let moods = [Sentiment::Negative, Sentiment::Positive].map(Sentiment::name);
    Ok(Reviews {
        kind: head(tensors, notes, "kind", ["service", "review"])?,
        chinese: head(tensors, notes, "reviews_zh", moods)?,
        other: head(tensors, notes, "reviews_en", moods)?,
    })
}

fn head<const N: usize>(
    tensors: &SafeTensors,
    notes: &BTreeMap<String, Note>,
    name: &str,
    labels: impl IntoIterator<Item = &'static str>,
) -> Result<Head<N>, String> {
    let note = notes.get(name).ok_or(format!("it has no head \"{name}\""))?;
    let labels: Vec<&str> = labels.into_iter().collect();
    if note.labels != labels || labels.len() != N {
        return Err(format!("the labels of \"{name}\" are {:?}, but {labels:?} are needed", note.labels));
    }
    if !(1..=8).contains(&note.longest) {
        return Err(format!("the features of \"{name}\" are of {} tokens, but 1 to 8 are possible", note.longest));
    }
    let (weights, steps, biases) = quantised(tensors, name)?;
    Ok(Head { weights, steps, biases, longest: note.longest })
}

/// Weights (a row a bucket), the step of each column, and its bias.
type Quantised<const N: usize> = (Vec<[i8; N]>, [f32; N], [f32; N]);

/// Reads the tensors of a table of weights.
pub(super) fn quantised<const N: usize>(tensors: &SafeTensors, name: &str) -> Result<Quantised<N>, String> {
    let tensor = |part: &str, kind: Dtype| {
        let full = format!("{name}.{part}");
        match tensors.tensor(&full) {
            Ok(tensor) if tensor.dtype() == kind && tensor.shape().last() == Some(&N) => Ok(tensor),
            Ok(tensor) => Err(format!(
                "{full} is {:?} of {:?}, but {kind:?} with {N} columns is needed",
                tensor.dtype(),
                tensor.shape()
            )),
            Err(error) => Err(format!("{full}: {error:?}")),
        }
    };
    let floats = |part: &str| -> Result<[f32; N], String> {
        let tensor = tensor(part, Dtype::F32)?;
        let (numbers, _) = tensor.data().as_chunks::<4>();
        let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let wrong = || format!("{name}.{part} is not {N} finite numbers");
        let numbers: [f32; N] = numbers.try_into().map_err(|_| wrong())?;
        if numbers.iter().all(|number| number.is_finite()) { Ok(numbers) } else { Err(wrong()) }
    };
    let weight = tensor("weight", Dtype::I8)?;
    let (rows, _) = weight.data().as_chunks::<N>();
    if rows.is_empty() {
        return Err(format!("{name}.weight is empty"));
    }
    Ok((rows.iter().map(|row| row.map(u8::cast_signed)).collect(), floats("step")?, floats("bias")?))
}

#[cfg(test)]
mod tests {
    use super::super::text::Script;
    use super::*;

    const EMBEDDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/sentiment/ngrams.safetensors");

    fn judged(text: &str) -> Opinion {
        let model = Linear::load(Path::new(EMBEDDED)).expect("the embedded model");
        model.judge(&Text::new(text, &Script::simplified()))
    }

    #[test]
    fn the_embedded_model_knows_a_report_from_praise() {
        let likely = |opinion: &Opinion, intent: Intent| {
            Intent::ALL.iter().zip(opinion.intent.expect("a head")).find(|(one, _)| **one == intent).expect("one").1
        };
        let report = judged("卫生间的水龙头一直滴水，关不紧");
        assert!(likely(&report, Intent::RepairReport) > 0.5, "{report:?}");
        assert!(report.sentiment[0] < 0.6 && report.sentiment[2] < 0.2, "{report:?}");
        let praise = judged("师傅特别细心，太感谢了");
        assert!(praise.sentiment[2] > 0.7, "{praise:?}");
        assert_eq!(praise, judged("師傅特別細心，太感謝了"), "the script does not matter");
    }

    #[test]
    fn the_empty_text_and_the_endless_one_are_judged() {
        for text in ["", " ", "\u{202e}", &"漏".repeat(100_000), &"x".repeat(100_000)] {
            let sum: f64 = judged(text).sentiment.iter().sum();
            assert!((sum - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("ngrams.safetensors");
        let reason = |bytes: &[u8]| {
            fs::write(&path, bytes).expect("written");
            let fault = Linear::load(&path).expect_err("a fault");
            fault.to_string().replace(&home.path().display().to_string(), "DIR")
        };
        let whole = fs::read(EMBEDDED).expect("read");
        insta::assert_snapshot!(reason(b"GGUF"), @"n-gram model: DIR/ngrams.safetensors is damaged or of another kind: HeaderTooSmall; fetch the project's own again");
        insta::assert_snapshot!(reason(&whole[..whole.len() / 2]), @"n-gram model: DIR/ngrams.safetensors is damaged or of another kind: MetadataIncompleteBuffer; fetch the project's own again");
        let renamed = String::from_utf8_lossy(&whole[8..2000]).replace("smalltalk", "chitchats");
        let spoilt: Vec<u8> =
            whole[..8].iter().chain(&renamed.as_bytes()[..1992]).chain(&whole[2000..]).copied().collect();
        assert!(reason(&spoilt).contains("chitchats"), "{}", reason(&spoilt));
        fs::remove_file(&path).expect("removed");
        let gone = Linear::load(&path).expect_err("a fault").to_string();
        assert!(gone.contains("set [tagging] ngrams to where it is"), "{gone}");
    }
}

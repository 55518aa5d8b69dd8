//! Looks at the three files of a classifier before libtorch does.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::super::opinion::trades;
use crate::domain::understanding::{Intent, Urgency};

/// What is wrong with a model's files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelFault {
    #[error(
        "sentiment model: {path} cannot be read: {reason}; put config.json, vocab.txt and model.safetensors of the model there, or set [tagging] model to where they are"
    )]
    Unreadable { path: PathBuf, reason: String },
    #[error("sentiment model: {path} is damaged: {reason}; fetch the model again")]
    Damaged { path: PathBuf, reason: String },
    #[error("sentiment model: {path} is of another kind: {reason}")]
    OtherKind { path: PathBuf, reason: String },
    #[error("sentiment model: {directory} cannot be used: {reason}")]
    Unusable { directory: PathBuf, reason: String },
}

/// Which output stands for which mood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub negative: i64,
    pub neutral: i64,
    pub positive: i64,
}

/// Files that fit together.
#[derive(Debug)]
pub(super) struct Checked {
    pub config: PathBuf,
    pub vocabulary: PathBuf,
    pub weights: PathBuf,
    pub order: Order,
    /// Most tokens.
    pub longest: usize,
    /// Whether the weights answer the questions for intent, trade and urgency too.
    pub has_heads: bool,
}

/// Configuration and vocabulary are small; anything larger is something else.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    model_type: Option<String>,
    hidden_size: u64,
    num_hidden_layers: u64,
    vocab_size: u64,
    max_position_embeddings: usize,
    id2label: BTreeMap<String, String>,
    /// Labels of further heads on the same encoder, in the order of their outputs: an addition of
    /// this project's own recipe.
    #[serde(default)]
    heads: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Tensor {
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// Checks that the files are there, whole, and belong together.
pub(super) fn check(directory: &Path) -> Result<Checked, ModelFault> {
    let path = |name: &str| directory.join(name);
    let (config_path, vocabulary, weights) = (path("config.json"), path("vocab.txt"), path("model.safetensors"));
    let config: Config = serde_json::from_str(&text(&config_path)?)
        .map_err(|error| ModelFault::Damaged { path: config_path.clone(), reason: error.to_string() })?;
    if config.model_type.as_deref().is_some_and(|kind| kind != "bert") {
        let kind = config.model_type.unwrap_or_default();
        let reason = format!("model_type is \"{kind}\", but a \"bert\" sequence classifier is needed");
        return Err(ModelFault::OtherKind { path: config_path, reason });
    }
    let order = order(&config.id2label).ok_or_else(|| ModelFault::OtherKind {
        path: config_path.clone(),
        reason: format!(
            "its labels are {:?}, but id2label must name negative, neutral and positive",
            config.id2label.values().collect::<Vec<_>>()
        ),
    })?;
    let words = text(&vocabulary)?.lines().count() as u64;
    if words != config.vocab_size {
        let reason = format!("it has {words} entries, but config.json says vocab_size {}", config.vocab_size);
        return Err(ModelFault::OtherKind { path: vocabulary, reason });
    }
    let has_heads = !config.heads.is_empty();
    if let Some(reason) = wrong_heads(&config.heads).filter(|_| has_heads) {
        return Err(ModelFault::OtherKind { path: config_path, reason });
    }
    check_weights(&weights, &config)?;
    Ok(Checked { config: config_path, vocabulary, weights, order, longest: config.max_position_embeddings, has_heads })
}

/// Says which further head does not answer with our labels.
fn wrong_heads(heads: &BTreeMap<String, Vec<String>>) -> Option<String> {
    our_heads().into_iter().find_map(|(name, labels)| match heads.get(name) {
        Some(found) if *found == labels => None,
        found => Some(format!("the labels of its head {name} are {found:?}, but {labels:?} are needed")),
    })
}

fn our_heads() -> [(&'static str, Vec<&'static str>); 3] {
    [
        ("intent", Intent::ALL.map(Intent::name).to_vec()),
        ("category", trades().collect()),
        ("urgency", Urgency::ALL.map(Urgency::name).to_vec()),
    ]
}

fn order(labels: &BTreeMap<String, String>) -> Option<Order> {
    let of = |wanted: &str| {
        labels.iter().find(|(_, label)| label.to_ascii_lowercase() == wanted).and_then(|(id, _)| id.parse().ok())
    };
    let order = Order { negative: of("negative")?, neutral: of("neutral")?, positive: of("positive")? };
    (labels.len() == 3).then_some(order)
}

/// Reads the header of the safetensors file: length, then JSON with shape and place of each tensor.
fn check_weights(path: &Path, config: &Config) -> Result<(), ModelFault> {
    let unreadable =
        |error: std::io::Error| ModelFault::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let damaged = |reason: String| ModelFault::Damaged { path: path.to_owned(), reason };
    let mut file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(|_| damaged("it is too short to be a safetensors file".to_owned()))?;
    let length = u64::from_le_bytes(length);
    if length > MOST_BYTES || length + 8 > size {
        return Err(damaged("it does not begin like a safetensors file".to_owned()));
    }
    let mut header = String::new();
    file.take(length).read_to_string(&mut header).map_err(unreadable)?;
    let header: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&header).map_err(|error| damaged(format!("its header: {error}")))?;
    let mut tensors = BTreeMap::new();
    for (name, value) in header.into_iter().filter(|(name, _)| name != "__metadata__") {
        let tensor: Tensor =
            serde_json::from_value(value).map_err(|error| damaged(format!("its header at {name}: {error}")))?;
        tensors.insert(name, tensor);
    }
    let end = tensors.values().map(|tensor| tensor.data_offsets.1).max().unwrap_or(0);
    if length + 8 + end != size {
        let whole = length + 8 + end;
        return Err(damaged(format!("it has {size} bytes, but its header says {whole}: it is cut off or not whole")));
    }
    let last = config.num_hidden_layers.saturating_sub(1);
    let heads = config.heads.iter().map(|(name, labels)| {
        (format!("heads.{name}.weight"), vec![labels.len() as u64, config.hidden_size])
    });
    let needed = [
        ("bert.embeddings.word_embeddings.weight".to_owned(), vec![config.vocab_size, config.hidden_size]),
        (format!("bert.encoder.layer.{last}.output.dense.bias"), vec![config.hidden_size]),
        ("classifier.weight".to_owned(), vec![3, config.hidden_size]),
    ];
    for (name, shape) in needed.into_iter().chain(heads) {
        let reason = match tensors.get(&name) {
            Some(tensor) if tensor.shape == shape => continue,
            Some(tensor) => format!("{name} is {:?}, but config.json makes it {shape:?}", tensor.shape),
            None => format!("it lacks {name}: not a BERT sequence classifier, or not the one of config.json"),
        };
        return Err(ModelFault::OtherKind { path: path.to_owned(), reason });
    }
    Ok(())
}

fn text(path: &Path) -> Result<String, ModelFault> {
    let unreadable = |reason: String| ModelFault::Unreadable { path: path.to_owned(), reason };
    let size = fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if size > MOST_BYTES {
        return Err(unreadable(format!("it has {size} bytes, at most {MOST_BYTES} are read")));
    }
    fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

//! Looks at the three files of a classifier before libtorch does.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use rust_bert::bert::BertConfig;
use rust_bert::distilbert::DistilBertConfig;
use serde::Deserialize;

use super::super::opinion::{SIGNS, trades};
use crate::domain::understanding::{Intent, Sentiment, Urgency};
use crate::models::{Labels, Manifest};

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
    /// A model we know by name, but not these files of it.
    #[error("sentiment model: {0}")]
    NotAsKnown(String),
    #[error("sentiment model: {directory} cannot be used: {reason}")]
    Unusable { directory: PathBuf, reason: String },
}

/// The architectures that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bert,
    DistilBert,
}

/// Files that fit together.
#[derive(Debug)]
pub(super) struct Checked {
    pub config: PathBuf,
    pub vocabulary: PathBuf,
    pub weights: PathBuf,
    pub kind: Kind,
    /// What each output stands for, in their order.
    pub moods: Vec<Sentiment>,
    /// Whether the vocabulary knows no capital letters.
    pub lower_case: bool,
    /// Most tokens.
    pub longest: usize,
    /// Whether the weights answer the questions for intent, trade and urgency too.
    pub has_heads: bool,
    /// Whether they mark keywords too.
    pub has_marks: bool,
}

/// The head that marks keywords, the one a model may lack: the linear marker then does it alone.
const MARKS: &str = "marks";
/// What it says of each token.
const PLACES: [&str; SIGNS] = ["outside", "begins", "inside"];

/// Entries that every vocabulary has.
const SPECIAL: [&str; 4] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
/// The kinds of numbers weights may be of, by their names in the header.
const NUMBERS: [&str; 3] = ["F32", "F16", "BF16"];

/// Configuration and vocabulary are small; anything larger is something else.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    model_type: Option<String>,
    #[serde(alias = "dim")]
    hidden_size: u64,
    #[serde(alias = "n_layers")]
    num_hidden_layers: u64,
    vocab_size: u64,
    max_position_embeddings: usize,
    /// Where [PAD] stands in the vocabulary.
    #[serde(default)]
    pad_token_id: Option<u64>,
    /// Without it rust-bert does not know how many classes there are.
    #[serde(default)]
    id2label: BTreeMap<String, String>,
    /// Labels of further heads on the same encoder, in the order of their outputs: an addition of
    /// this project's own recipe.
    #[serde(default)]
    heads: BTreeMap<String, Vec<String>>,
}

#[derive(Default, Deserialize)]
struct Tokenizer {
    #[serde(default)]
    do_lower_case: Option<bool>,
    /// Where special entries stand in the vocabulary.
    #[serde(default)]
    added_tokens_decoder: BTreeMap<u64, Added>,
}

#[derive(Deserialize)]
struct Added {
    content: String,
}

#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// Checks that the files are there, whole, and belong together. `labels` is what the operator says
/// of the model's labels; else the manifest may know, else they must be ours.
pub(super) fn check(directory: &Path, labels: Option<&Labels>) -> Result<Checked, ModelFault> {
    let path = |name: &str| directory.join(name);
    let (config_path, vocabulary, weights) = (path("config.json"), path("vocab.txt"), path("model.safetensors"));
    let other = |reason: String| ModelFault::OtherKind { path: config_path.clone(), reason };
    let said = text(&config_path)?;
    let config: Config = parsed(&config_path, &said)?;
    let kind = match config.model_type.as_deref() {
        None | Some("bert") => Kind::Bert,
        Some("distilbert") => Kind::DistilBert,
        Some(kind) => {
            let reason =
                format!("model_type is \"{kind}\", but a \"bert\" or \"distilbert\" sequence classifier is needed");
            return Err(other(reason));
        }
    };
    // rust-bert panics where it cannot read a configuration.
    match kind {
        Kind::Bert => drop(parsed::<BertConfig>(&config_path, &said)?),
        Kind::DistilBert => drop(parsed::<DistilBertConfig>(&config_path, &said)?),
    }
    let manifest = Manifest::embedded().map_err(|error| ModelFault::NotAsKnown(error.to_string()))?;
    let known = manifest.model_of(&weights).and_then(|model| model.labels.clone());
    let labels = labels.cloned().or(known).unwrap_or_else(Labels::ours);
    let moods = moods(&config.id2label, &labels).map_err(other)?;
    let tokenizer = path("tokenizer_config.json");
    let tokenizer: Tokenizer =
        if tokenizer.exists() { parsed(&tokenizer, &text(&tokenizer)?)? } else { Tokenizer::default() };
    let listed = listed_words(&path("tokenizer.json"))?;
    if let Some(reason) = wrong_words(&text(&vocabulary)?, &config, &tokenizer, &listed) {
        return Err(ModelFault::OtherKind { path: vocabulary, reason });
    }
    let has_heads = !config.heads.is_empty();
    let has_marks = config.heads.contains_key(MARKS);
    if let Some(reason) = wrong_heads(&config.heads).filter(|_| has_heads) {
        return Err(ModelFault::OtherKind { path: config_path, reason });
    }
    check_weights(&weights, &config, kind)?;
    // After the looks above, which say more exactly what is wrong; here what no look can find.
    manifest.check_before_loading(&weights).map_err(|fault| ModelFault::NotAsKnown(fault.to_string()))?;
    Ok(Checked {
        config: config_path,
        vocabulary,
        weights,
        kind,
        moods,
        lower_case: tokenizer.do_lower_case.unwrap_or(true),
        longest: config.max_position_embeddings,
        has_heads,
        has_marks,
    })
}

/// Says where a vocabulary is not the one that the weights were made with, as far as the files beside it tell.
fn wrong_words(vocabulary: &str, config: &Config, tokenizer: &Tokenizer, listed: &[(String, u64)]) -> Option<String> {
    let words: Vec<&str> = vocabulary.lines().collect();
    let size = words.len() as u64;
    if size != config.vocab_size {
        return Some(format!("it has {size} entries, but config.json says vocab_size {}", config.vocab_size));
    }
    if let Some(missing) = SPECIAL.into_iter().find(|special| !words.contains(special)) {
        return Some(format!("it lacks {missing}"));
    }
    let [padding, ..] = SPECIAL;
    let added = tokenizer.added_tokens_decoder.iter().filter(|(id, _)| **id < size);
    let mut told = std::iter::once((padding, config.pad_token_id.unwrap_or(0), "config.json"))
        .chain(added.map(|(id, added)| (added.content.as_str(), *id, "tokenizer_config.json")))
        .chain(listed.iter().map(|(word, id)| (word.as_str(), *id, "tokenizer.json")));
    let stands = |word: &str, id: u64| usize::try_from(id).is_ok_and(|id| words.get(id) == Some(&word));
    let (word, id, file) = told.find(|(word, id, _)| !stands(word, *id))?;
    Some(format!("its entry {id} is not {word}, as {file} has it"))
}

/// Returns the vocabulary as `tokenizer.json` lists it; nothing where there is no such file, or no such list in it.
fn listed_words(path: &Path) -> Result<Vec<(String, u64)>, ModelFault> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let said: serde_json::Value = parsed(path, &text(path)?)?;
    let listed = said.pointer("/model/vocab").and_then(serde_json::Value::as_object);
    Ok(listed.into_iter().flatten().filter_map(|(word, id)| Some((word.clone(), id.as_u64()?))).collect())
}

/// Says which further head does not answer with our labels.
fn wrong_heads(heads: &BTreeMap<String, Vec<String>>) -> Option<String> {
    our_heads().into_iter().find_map(|(name, labels)| match heads.get(name) {
        Some(found) if *found == labels => None,
        None if name == MARKS => None,
        found => Some(format!("the labels of its head {name} are {found:?}, but {labels:?} are needed")),
    })
}

fn our_heads() -> [(&'static str, Vec<&'static str>); 4] {
    [
        ("intent", Intent::ALL.map(Intent::name).to_vec()),
        ("category", trades().collect()),
        ("urgency", Urgency::ALL.map(Urgency::name).to_vec()),
        (MARKS, PLACES.to_vec()),
    ]
}

/// Returns what each output means, in the order of the outputs.
fn moods(labels: &BTreeMap<String, String>, known: &Labels) -> Result<Vec<Sentiment>, String> {
    let mut moods = Vec::new();
    for id in 0..labels.len() {
        let label = labels.get(&id.to_string()).ok_or_else(|| format!("its id2label has no {id}"))?;
        moods.extend(known.mood_of(label));
    }
    let both = moods.contains(&Sentiment::Negative) && moods.contains(&Sentiment::Positive);
    if moods.is_empty() || moods.len() != labels.len() || !both {
        return Err(format!(
            "its labels are {:?}, but id2label must name negative, neutral and positive, or [tagging] labels say what each means",
            labels.values().collect::<Vec<_>>()
        ));
    }
    Ok(moods)
}

fn parsed<T: serde::de::DeserializeOwned>(path: &Path, said: &str) -> Result<T, ModelFault> {
    serde_json::from_str(said).map_err(|error| ModelFault::Damaged { path: path.to_owned(), reason: error.to_string() })
}

/// Reads the header of the safetensors file: length, then JSON with shape and place of each tensor.
fn check_weights(path: &Path, config: &Config, kind: Kind) -> Result<(), ModelFault> {
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
    let last_byte = tensors.values().map(|tensor| tensor.data_offsets.1).max().unwrap_or(0);
    if length + 8 + last_byte != size {
        let whole = length + 8 + last_byte;
        return Err(damaged(format!("it has {size} bytes, but its header says {whole}: it is cut off or not whole")));
    }
    let other = |reason: String| ModelFault::OtherKind { path: path.to_owned(), reason };
    if let Some((name, tensor)) = tensors.iter().find(|(name, tensor)| !is_of_weights(name, tensor)) {
        let reason = format!("the numbers of {name} are {}, but F32, F16 or BF16 are needed", tensor.dtype);
        return Err(other(reason));
    }
    let layers = config.num_hidden_layers;
    let last = layers.saturating_sub(1);
    let (body, stack, end) = match kind {
        Kind::Bert => ("bert", "bert.encoder.layer.", "output.dense.bias"),
        Kind::DistilBert => ("distilbert", "distilbert.transformer.layer.", "ffn.lin2.bias"),
    };
    if let Some(name) = tensors.keys().find(|name| layer_of(name, stack).is_some_and(|layer| layer >= layers)) {
        return Err(other(format!("it holds {name}, but config.json says that there are {layers} layers")));
    }
    let heads = config
        .heads
        .iter()
        .map(|(name, labels)| (format!("heads.{name}.weight"), vec![labels.len() as u64, config.hidden_size]));
    let needed = [
        (format!("{body}.embeddings.word_embeddings.weight"), vec![config.vocab_size, config.hidden_size]),
        (format!("{stack}{last}.{end}"), vec![config.hidden_size]),
        ("classifier.weight".to_owned(), vec![config.id2label.len() as u64, config.hidden_size]),
    ];
    for (name, shape) in needed.into_iter().chain(heads) {
        let reason = match tensors.get(&name) {
            Some(tensor) if tensor.shape == shape => continue,
            Some(tensor) => format!("{name} is {:?}, but config.json makes it {shape:?}", tensor.shape),
            None => format!("it lacks {name}: not a BERT sequence classifier, or not the one of config.json"),
        };
        return Err(other(reason));
    }
    Ok(())
}

/// Whether a tensor is of numbers that weights may be of; what is none of the weights may be of any.
fn is_of_weights(name: &str, tensor: &Tensor) -> bool {
    let is_weight = matches!(name.rsplit_once('.'), Some((_, "weight" | "bias")));
    !is_weight || NUMBERS.contains(&tensor.dtype.as_str())
}

/// Returns which layer of a stack a tensor belongs to.
fn layer_of(name: &str, stack: &str) -> Option<u64> {
    name.strip_prefix(stack)?.split('.').next()?.parse().ok()
}

fn text(path: &Path) -> Result<String, ModelFault> {
    let unreadable = |reason: String| ModelFault::Unreadable { path: path.to_owned(), reason };
    let size = fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if size > MOST_BYTES {
        return Err(unreadable(format!("it has {size} bytes, at most {MOST_BYTES} are read")));
    }
    fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

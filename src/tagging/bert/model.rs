//! The network itself: tokens in, probabilities out, on the thread that owns it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use rust_bert::bert::{BertConfig, BertEmbeddings, BertModel};
use rust_bert::pipelines::common::{ModelResource, ModelType, TokenizerOption};
use rust_bert::pipelines::sequence_classification::{SequenceClassificationConfig, SequenceClassificationOption};
use rust_bert::resources::LocalResource;
use rust_bert::{Config as _, RustBertError};
use tch::nn::{self, Module as _, VarStore};
use tch::{Device, Kind, TchError, Tensor};

use super::super::opinion::{DEGREES, INTENTS, MOODS, Opinion, Piece, SIGNS, TRADES};
use super::super::text::is_han;
use super::files::{self, Checked};
use crate::domain::understanding::Sentiment;

/// Most characters in an entry of the vocabulary that stands for a run of them.
const LONGEST_RUN: usize = 4;

/// A classifier with its tokenizer.
pub(super) struct Model {
    tokenizer: TokenizerOption,
    /// Runs of Chinese characters the vocabulary knows as one: none in a published model.
    runs: HashMap<String, i64>,
    network: Network,
    /// What each class of mood stands for.
    moods: Vec<Sentiment>,
    longest: usize,
    /// Ids of [CLS] and [SEP].
    ends: (i64, i64),
}

enum Network {
    Bert(Box<Own>),
    /// DistilBERT, as rust-bert's own pipeline runs it.
    Distilled(Box<SequenceClassificationOption>),
}

/// A BERT with the head for the mood, and further ones where the file has them.
struct Own {
    body: BertModel<BertEmbeddings>,
    mood: nn::Linear,
    heads: Option<Heads>,
}

/// Further questions about the same utterance.
struct Heads {
    intent: nn::Linear,
    category: nn::Linear,
    urgency: nn::Linear,
    /// Asked of every token; the others of the whole.
    marks: Option<nn::Linear>,
}

/// A token of the network: an entry of the vocabulary and the characters it stands for.
struct Token {
    id: i64,
    start: usize,
    end: usize,
}

/// The network failed on a text.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Bert(#[from] RustBertError),
    #[error(transparent)]
    Torch(#[from] TchError),
}

impl Model {
    /// Loads what [`files::check`] found to fit together.
    pub(super) fn load(checked: &Checked) -> Result<Model, String> {
        // One thread for one message: the machine's other cores belong to other messages.
        tch::set_num_threads(1);
        let kind = match checked.kind {
            files::Kind::Bert => ModelType::Bert,
            files::Kind::DistilBert => ModelType::DistilBert,
        };
        let vocabulary = checked.vocabulary.to_str().ok_or("its path is not UTF-8")?;
        let tokenizer =
            TokenizerOption::from_file(kind, vocabulary, None, checked.lower_case, Some(checked.lower_case), None)
                .map_err(|error| error.to_string())?;
        let ids = tokenizer.convert_tokens_to_ids(["[CLS]", "[SEP]"].as_slice());
        let &[first, last] = ids.as_slice() else { return Err("its vocabulary has no [CLS] and [SEP]".to_owned()) };
        Ok(Model {
            runs: runs(&checked.vocabulary)?,
            network: match checked.kind {
                files::Kind::Bert => bert(checked)?,
                files::Kind::DistilBert => distilled(checked)?,
            },
            tokenizer,
            moods: checked.moods.clone(),
            longest: checked.longest,
            ends: (first, last),
        })
    }

    /// Judges a text whose characters are simplified.
    pub(super) fn judge(&self, text: &str) -> Result<Opinion, Failure> {
        let tokens = self.tokens(text);
        let (first, last) = self.ends;
        let ids: Vec<i64> = [first].into_iter().chain(tokens.iter().map(|token| token.id)).chain([last]).collect();
        let ids = Tensor::from_slice(&ids).unsqueeze(0);
        tch::no_grad(|| match &self.network {
            Network::Distilled(network) => {
                let scores = network.forward_t(Some(&ids), None, None, None, None, false);
                Ok(Opinion {
                    sentiment: self.moods(&scores)?,
                    intent: None,
                    category: None,
                    urgency: None,
                    review: None,
                    pieces: Vec::new(),
                })
            }
            Network::Bert(own) => {
                let Own { body, mood, heads } = own.as_ref();
                let output = body.forward_t(Some(&ids), None, None, None, None, None, None, false)?;
                let seen = output.pooled_output.unwrap_or_else(|| output.hidden_state.select(1, 0));
                let asked = heads.as_ref();
                let marks = asked.and_then(|heads| heads.marks.as_ref());
                Ok(Opinion {
                    sentiment: self.moods(&mood.forward(&seen))?,
                    intent: asked.map(|heads| likely(&heads.intent.forward(&seen))).transpose()?,
                    category: asked.map(|heads| likely(&heads.category.forward(&seen))).transpose()?,
                    urgency: asked.map(|heads| likely(&heads.urgency.forward(&seen))).transpose()?,
                    review: None,
                    pieces: match marks {
                        Some(marks) => pieces(&tokens, &marks.forward(&output.hidden_state))?,
                        None => Vec::new(),
                    },
                })
            }
        })
    }

    /// Sums what the classes of each mood are given: five stars are three moods.
    fn moods(&self, scores: &Tensor) -> Result<[f64; MOODS], TchError> {
        let likely = scores.f_softmax(-1, Kind::Float)?;
        let mut moods = [0.0; MOODS];
        for (class, mood) in (0_i64..).zip(&self.moods) {
            let share = likely.f_double_value(&[0, class])?;
            for (slot, one) in moods.iter_mut().zip(Sentiment::ALL) {
                if one == *mood {
                    *slot += share;
                }
            }
        }
        Ok(moods)
    }

    /// Returns the tokens of a text, without its ends; of a long one head and tail.
    fn tokens(&self, text: &str) -> Vec<Token> {
        let found = self.tokenizer.tokenize_with_offsets(text);
        let words = found.tokens;
        let ids = self.tokenizer.convert_tokens_to_ids(words.as_slice());
        let mut tokens = Vec::with_capacity(ids.len());
        let mut at = 0;
        while let (Some(id), Some(rest)) = (ids.get(at), words.get(at..)) {
            let (id, length) = self.run(rest).unwrap_or((*id, 1));
            // What stands for no character of the text is the mark of nothing.
            let place = |at: usize| found.offsets.get(at).copied().flatten();
            let (start, end) = (place(at).map_or(0, |it| it.begin), place(at + length - 1).map_or(0, |it| it.end));
            tokens.push(Token { id, start: start as usize, end: end as usize });
            at += length;
        }
        let room = self.longest.saturating_sub(2);
        if tokens.len() > room {
            let head = room / 2;
            tokens.drain(head..tokens.len() - (room - head));
        }
        tokens
    }

    /// Returns the longest known run of characters at the beginning, and how many tokens it takes.
    fn run(&self, tokens: &[String]) -> Option<(i64, usize)> {
        if self.runs.is_empty() {
            return None;
        }
        let mut run = String::new();
        let mut best = None;
        for (place, token) in tokens.iter().take(LONGEST_RUN).enumerate() {
            let mut characters = token.chars();
            if !characters.next().is_some_and(is_han) || characters.next().is_some() {
                break;
            }
            run.push_str(token);
            if place > 0
                && let Some(id) = self.runs.get(&run)
            {
                best = Some((*id, place + 1));
            }
        }
        best
    }
}

fn likely<const N: usize>(scores: &Tensor) -> Result<[f64; N], TchError> {
    let likely = scores.f_softmax(-1, Kind::Float)?;
    let mut found = [0.0; N];
    for (place, slot) in (0_i64..).zip(found.iter_mut()) {
        *slot = likely.f_double_value(&[0, place])?;
    }
    Ok(found)
}

/// Returns what is likely of each token, given scores for the ends too.
fn pieces(tokens: &[Token], scores: &Tensor) -> Result<Vec<Piece>, TchError> {
    let likely = scores.f_softmax(-1, Kind::Float)?;
    let numbers: Vec<f64> = Vec::try_from(likely.f_flatten(0, -1)?)?;
    let (rows, _) = numbers.as_chunks::<SIGNS>();
    Ok(tokens
        .iter()
        .zip(rows.iter().skip(1))
        .map(|(token, row)| Piece { start: token.start, end: token.end, likely: *row })
        .collect())
}

fn bert(checked: &Checked) -> Result<Network, String> {
    let config = BertConfig::from_file(&checked.config);
    let mut store = VarStore::new(Device::Cpu);
    let root = store.root();
    let body = BertModel::new(&root / "bert", &config);
    let linear = |path: nn::Path, labels: usize| {
        let labels = i64::try_from(labels).unwrap_or_default();
        nn::linear(path, config.hidden_size, labels, nn::LinearConfig::default())
    };
    let mood = linear(&root / "classifier", checked.moods.len());
    let heads = checked.has_heads.then(|| Heads {
        intent: linear(&root / "heads" / "intent", INTENTS),
        category: linear(&root / "heads" / "category", TRADES),
        urgency: linear(&root / "heads" / "urgency", DEGREES),
        marks: checked.has_marks.then(|| linear(&root / "heads" / "marks", SIGNS)),
    });
    store.load(&checked.weights).map_err(|error| error.to_string())?;
    // A file of half floats makes the network one of half floats, and on a processor that is several times slower.
    store.set_kind(Kind::Float);
    store.freeze();
    Ok(Network::Bert(Box::new(Own { body, mood, heads })))
}

fn distilled(checked: &Checked) -> Result<Network, String> {
    let local = |path: &Path| LocalResource::from(path.to_owned());
    let mut config = SequenceClassificationConfig::new(
        ModelType::DistilBert,
        ModelResource::Torch(Box::new(local(&checked.weights))),
        local(&checked.config),
        local(&checked.vocabulary),
        None,
        checked.lower_case,
        Some(checked.lower_case),
        None,
    );
    (config.device, config.kind) = (Device::Cpu, Some(Kind::Float));
    let network = SequenceClassificationOption::new(&config).map_err(|error| error.to_string())?;
    Ok(Network::Distilled(Box::new(network)))
}

fn runs(vocabulary: &Path) -> Result<HashMap<String, i64>, String> {
    let text = fs::read_to_string(vocabulary).map_err(|error| error.to_string())?;
    let is_run = |entry: &str| entry.chars().count() > 1 && entry.chars().all(is_han);
    let numbered = (0_i64..).zip(text.lines());
    Ok(numbered.filter(|(_, entry)| is_run(entry)).map(|(id, entry)| (entry.to_owned(), id)).collect())
}

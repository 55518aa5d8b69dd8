//! The network itself: tokens in, probabilities out, on the thread that owns it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use rust_bert::bert::{BertConfig, BertEmbeddings, BertModel};
use rust_bert::pipelines::common::{ModelType, TokenizerOption};
use rust_bert::{Config as _, RustBertError};
use tch::nn::{self, Module as _, VarStore};
use tch::{Device, Kind, TchError, Tensor};

use super::super::opinion::{DEGREES, INTENTS, MOODS, Opinion, TRADES};
use super::files::{Checked, Order};
use crate::tagging::text::is_han;

/// Most characters in an entry of the vocabulary that stands for a run of them.
const LONGEST_RUN: usize = 4;

/// A classifier with its tokenizer.
pub(super) struct Model {
    tokenizer: TokenizerOption,
    /// Runs of Chinese characters the vocabulary knows as one: none in a published model.
    runs: HashMap<String, i64>,
    bert: BertModel<BertEmbeddings>,
    mood: nn::Linear,
    heads: Option<Heads>,
    order: Order,
    longest: usize,
    /// Ids of [CLS] and [SEP].
    ends: (i64, i64),
}

/// Further questions about the same utterance.
struct Heads {
    intent: nn::Linear,
    category: nn::Linear,
    urgency: nn::Linear,
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
    /// Loads what [`super::files::check`] found to fit together.
    pub(super) fn load(checked: &Checked) -> Result<Model, String> {
        // One thread for one message: the machine's other cores belong to other messages.
        tch::set_num_threads(1);
        let vocabulary = checked.vocabulary.to_str().ok_or("its path is not UTF-8")?;
        let tokenizer = TokenizerOption::from_file(ModelType::Bert, vocabulary, None, true, Some(true), None)
            .map_err(|error| error.to_string())?;
        let config = BertConfig::from_file(&checked.config);
        let mut store = VarStore::new(Device::Cpu);
        let root = store.root();
        let bert = BertModel::new(&root / "bert", &config);
        let linear = |path: nn::Path, labels: usize| {
            nn::linear(path, config.hidden_size, i64::try_from(labels).unwrap_or_default(), nn::LinearConfig::default())
        };
        let mood = linear(&root / "classifier", MOODS);
        let heads = checked.has_heads.then(|| Heads {
            intent: linear(&root / "heads" / "intent", INTENTS),
            category: linear(&root / "heads" / "category", TRADES),
            urgency: linear(&root / "heads" / "urgency", DEGREES),
        });
        store.load(&checked.weights).map_err(|error| error.to_string())?;
        store.freeze();
        let ids = tokenizer.convert_tokens_to_ids(["[CLS]", "[SEP]"].as_slice());
        let &[first, last] = ids.as_slice() else { return Err("its vocabulary has no [CLS] and [SEP]".to_owned()) };
        Ok(Model {
            runs: runs(&checked.vocabulary)?,
            tokenizer,
            bert,
            mood,
            heads,
            order: checked.order,
            longest: checked.longest,
            ends: (first, last),
        })
    }

    /// Judges a text whose characters are simplified.
    pub(super) fn judge(&self, text: &str) -> Result<Opinion, Failure> {
        let ids = self.ids(text);
        let ids = Tensor::from_slice(&ids).unsqueeze(0);
        tch::no_grad(|| {
            let output = self.bert.forward_t(Some(&ids), None, None, None, None, None, None, false)?;
            let seen = output.pooled_output.unwrap_or_else(|| output.hidden_state.select(1, 0));
            let moods: [f64; MOODS] = likely(&self.mood, &seen)?;
            let at = |class: i64| usize::try_from(class).ok().and_then(|class| moods.get(class)).copied().unwrap_or(0.0);
            let heads = self.heads.as_ref();
            Ok(Opinion {
                sentiment: [at(self.order.negative), at(self.order.neutral), at(self.order.positive)],
                intent: heads.map(|heads| likely(&heads.intent, &seen)).transpose()?,
                category: heads.map(|heads| likely(&heads.category, &seen)).transpose()?,
                urgency: heads.map(|heads| likely(&heads.urgency, &seen)).transpose()?,
            })
        })
    }

    /// Returns the ids of a text between its ends; of a long one head and tail.
    fn ids(&self, text: &str) -> Vec<i64> {
        let tokens = self.tokenizer.tokenize(text);
        let pieces = self.tokenizer.convert_tokens_to_ids(tokens.as_slice());
        let mut ids = Vec::with_capacity(pieces.len() + 2);
        let mut at = 0;
        while let (Some(id), Some(rest)) = (pieces.get(at), tokens.get(at..)) {
            let (id, length) = self.run(rest).unwrap_or((*id, 1));
            ids.push(id);
            at += length;
        }
        let room = self.longest.saturating_sub(2);
        if ids.len() > room {
            let head = room / 2;
            ids.drain(head..ids.len() - (room - head));
        }
        ids.insert(0, self.ends.0);
        ids.push(self.ends.1);
        ids
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
            if place > 0 && let Some(id) = self.runs.get(&run) {
                best = Some((*id, place + 1));
            }
        }
        best
    }
}

fn likely<const N: usize>(head: &nn::Linear, seen: &Tensor) -> Result<[f64; N], TchError> {
    let likely = head.forward(seen).f_softmax(-1, Kind::Float)?;
    let mut found = [0.0; N];
    for (place, slot) in (0_i64..).zip(found.iter_mut()) {
        *slot = likely.f_double_value(&[0, place])?;
    }
    Ok(found)
}

fn runs(vocabulary: &Path) -> Result<HashMap<String, i64>, String> {
    let text = fs::read_to_string(vocabulary).map_err(|error| error.to_string())?;
    let is_run = |entry: &str| entry.chars().count() > 1 && entry.chars().all(is_han);
    let numbered = (0_i64..).zip(text.lines());
    Ok(numbered.filter(|(_, entry)| is_run(entry)).map(|(id, entry)| (entry.to_owned(), id)).collect())
}

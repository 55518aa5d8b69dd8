//! The BERT classifier: negative, neutral or positive, from local files through rust-bert; and
//! intent, trade, urgency and the marks of keywords, where the file has heads for them.
//!
//! The model is loaded once and lives on a thread of its own, since libtorch's handles may not
//! be shared; requests wait in a short queue. Everything that can be wrong with the files is
//! looked at before libtorch sees them, because it answers damage with a panic. Only this file
//! and those below it know of rust-bert and tch.

mod files;
mod guard;
mod model;

use std::path::Path;
use std::thread;

use tokio::sync::{mpsc, oneshot};

pub use self::files::ModelFault;
use self::guard::{guarded, without_frames};
use self::model::Model;
use super::opinion::Opinion;
use super::text::MOST_CHARS;
use crate::models::{Labels, behind};

/// Requests that may wait for the one model; more wait in their own tasks.
const QUEUE: usize = 64;

/// A loaded classifier. Cloning it shares the one model.
#[derive(Debug, Clone)]
pub struct Bert {
    requests: mpsc::Sender<Request>,
}

/// The model gave no judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoJudgement {
    #[error("the sentiment model failed on this text")]
    Failed,
    #[error("the thread of the sentiment model has ended")]
    Gone,
}

struct Request {
    text: String,
    reply: oneshot::Sender<Result<Opinion, NoJudgement>>,
}

impl Bert {
    /// Loads `config.json`, `vocab.txt` and `model.safetensors` of a directory; returns when the
    /// model has judged a first text. Blocks for some tenths of a second. `labels` says what the
    /// classes mean, where they are not ours and the manifest does not know it.
    ///
    /// # Errors
    /// [`ModelFault`] names the file, what is wrong with it, and what would be right.
    pub fn load(directory: &Path, labels: Option<&Labels>) -> Result<Bert, ModelFault> {
        let checked = files::check(directory, labels)?;
        let (requests, queue) = mpsc::channel(QUEUE);
        let (ready, loaded) = std::sync::mpsc::channel();
        let load = move || {
            behind::stand_behind();
            guarded(|| Model::load(&checked))
        };
        let run = move || match load() {
            Ok(Ok(model)) => {
                let first = guarded(|| model.judge("好")).and_then(|judged| judged.map_err(|error| error.to_string()));
                let works = first.is_ok();
                let told = ready.send(first.map(drop).map_err(|error| format!("it fails on a first text: {error}")));
                if told.is_ok() && works {
                    serve(&model, queue);
                }
            }
            Ok(Err(error)) => drop(ready.send(Err(error))),
            Err(error) => drop(ready.send(Err(format!("libtorch gave up on it: {error}")))),
        };
        let broken = |reason: String| {
            let reason = without_frames(&reason).to_owned();
            ModelFault::Unusable { directory: directory.to_owned(), reason }
        };
        thread::Builder::new()
            .name("sentiment".to_owned())
            .spawn(run)
            .map_err(|error| broken(format!("no thread for it: {error}")))?;
        match loaded.recv() {
            Ok(Ok(())) => Ok(Bert { requests }),
            Ok(Err(reason)) => Err(broken(reason)),
            Err(_) => Err(broken("its thread ended while loading".to_owned())),
        }
    }

    /// Judges a text.
    ///
    /// # Errors
    /// [`NoJudgement`] when the model failed; the caller goes on with the rules alone.
    pub async fn judge(&self, text: &str) -> Result<Opinion, NoJudgement> {
        let (request, answer) = Request::new(text);
        self.requests.send(request).await.map_err(|_| NoJudgement::Gone)?;
        answer.await.map_err(|_| NoJudgement::Gone)?
    }

    /// Judges a text, waiting on this thread: for commands, never inside the runtime.
    ///
    /// # Errors
    /// As [`Bert::judge`].
    pub fn judge_blocking(&self, text: &str) -> Result<Opinion, NoJudgement> {
        let (request, answer) = Request::new(text);
        self.requests.blocking_send(request).map_err(|_| NoJudgement::Gone)?;
        answer.blocking_recv().map_err(|_| NoJudgement::Gone)?
    }
}

impl Request {
    fn new(text: &str) -> (Request, oneshot::Receiver<Result<Opinion, NoJudgement>>) {
        let (reply, answer) = oneshot::channel();
        (Request { text: text.chars().take(MOST_CHARS).collect(), reply }, answer)
    }
}

fn serve(model: &Model, mut queue: mpsc::Receiver<Request>) {
    while let Some(request) = queue.blocking_recv() {
        if request.reply.is_closed() {
            continue;
        }
        let judgement = match guarded(|| model.judge(&request.text)) {
            Ok(Ok(judgement)) => Ok(judgement),
            Ok(Err(_)) | Err(_) => Err(NoJudgement::Failed),
        };
        if request.reply.send(judgement).is_err() {
            tracing::debug!("whoever asked for a judgement has given up");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const EMBEDDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/sentiment");

    #[test]
    fn the_embedded_model_tells_praise_from_blame() {
        let model = Bert::load(Path::new(EMBEDDED), None).expect("the embedded model");
        let praise = model.judge_blocking("服务非常好，师傅很专业，太满意了").expect("a judgement");
        let blame = model.judge_blocking("质量太差了，非常失望，再也不会买").expect("a judgement");
        assert!(praise.sentiment[2] > 0.6, "{praise:?}");
        assert!(blame.sentiment[0] > 0.6, "{blame:?}");
        assert!((praise.sentiment.iter().sum::<f64>() - 1.0).abs() < 1e-3);
    }

    #[test]
    fn texts_of_any_length_and_kind_are_judged() {
        let model = Bert::load(Path::new(EMBEDDED), None).expect("the embedded model");
        for text in ["", " ", "👍", "\u{202e}\u{0}\u{7}", &"漏水".repeat(50_000), &"x".repeat(100_000)] {
            let judged = model.judge_blocking(text).expect("a judgement");
            assert!(judged.sentiment[0].is_finite(), "{judged:?}");
        }
    }

    #[test]
    fn pieces_stand_where_their_characters_do() {
        const GIVEN: &str = "😀 师傅态度特别差，waited 3 hours for nothing！";
        let model = Bert::load(Path::new(EMBEDDED), None).expect("the embedded model");
        let characters: Vec<char> = GIVEN.chars().collect();
        let pieces = model.judge_blocking(GIVEN).expect("a judgement").pieces;
        let words: String = pieces.iter().flat_map(|piece| &characters[piece.start..piece.end]).collect();
        assert_eq!(words, GIVEN.replace(' ', ""), "all but the spaces, in their order");
        let outside = |wanted: char| {
            let at = characters.iter().position(|c| *c == wanted).expect("in the text");
            pieces.iter().find(|piece| (piece.start..piece.end).contains(&at)).expect("a piece").likely[0]
        };
        assert!(outside('差') < 0.5 && outside('师') > 0.5, "{pieces:?}");
        let long = model.judge_blocking(&"漏一滴水".repeat(100)).expect("a judgement").pieces;
        let ends = long.first().zip(long.last()).expect("pieces");
        assert_eq!((ends.0.start, ends.1.end), (0, 400), "head and tail of a long text");
        for piece in long {
            assert!((piece.likely.iter().sum::<f64>() - 1.0).abs() < 1e-3, "{piece:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_model_is_said() {
        let home = tempfile::tempdir().expect("a directory");
        let reason = |spoil: &dyn Fn(&Path)| {
            for name in ["config.json", "vocab.txt", "model.safetensors"] {
                fs::copy(Path::new(EMBEDDED).join(name), home.path().join(name)).expect("copied");
            }
            spoil(home.path());
            Bert::load(home.path(), None)
                .expect_err("a fault")
                .to_string()
                .replace(&home.path().display().to_string(), "DIR")
        };
        insta::assert_snapshot!(reason(&|dir| fs::remove_file(dir.join("vocab.txt")).expect("removed")), @"sentiment model: DIR/vocab.txt cannot be read: No such file or directory (os error 2); put config.json, vocab.txt and model.safetensors of the model there, or set [tagging] model to where they are");
        insta::assert_snapshot!(reason(&|dir| {
            let weights = fs::read(dir.join("model.safetensors")).expect("read");
            fs::write(dir.join("model.safetensors"), &weights[..weights.len() / 2]).expect("written");
        }), @"sentiment model: DIR/model.safetensors is damaged: it has 6568175 bytes, but its header says 13136350: it is cut off or not whole; fetch the model again");
        insta::assert_snapshot!(reason(&|dir| fs::write(dir.join("model.safetensors"), "GGUF").expect("written")), @"sentiment model: DIR/model.safetensors is damaged: it is too short to be a safetensors file; fetch the model again");
        insta::assert_snapshot!(reason(&|dir| {
            let config = fs::read_to_string(dir.join("config.json")).expect("read");
            fs::write(dir.join("config.json"), config.replace("\"negative\"", "\"LABEL_0\"")).expect("written");
        }), @r#"sentiment model: DIR/config.json is of another kind: its labels are ["LABEL_0", "neutral", "positive"], but id2label must name negative, neutral and positive, or [tagging] labels say what each means"#);
        insta::assert_snapshot!(reason(&|dir| {
            let config = fs::read_to_string(dir.join("config.json")).expect("read");
            fs::write(dir.join("config.json"), config.replace("\"hidden_size\": 256", "\"hidden_size\": 128")).expect("written");
        }), @"sentiment model: DIR/model.safetensors is of another kind: bert.embeddings.word_embeddings.weight is [16000, 256], but config.json makes it [16000, 128]");
        insta::assert_snapshot!(reason(&|dir| fs::write(dir.join("vocab.txt"), "[PAD]\n[UNK]\n").expect("written")), @"sentiment model: DIR/vocab.txt is of another kind: it has 2 entries, but config.json says vocab_size 16000");
        insta::assert_snapshot!(reason(&|dir| {
            let config = fs::read_to_string(dir.join("config.json")).expect("read");
            fs::write(dir.join("config.json"), config.replace("\"hidden_act\": \"relu\",", "")).expect("written");
        }), @"sentiment model: DIR/config.json is damaged: missing field `hidden_act` at line 66 column 1; fetch the model again");
        insta::assert_snapshot!(reason(&|dir| {
            let config = fs::read_to_string(dir.join("config.json")).expect("read");
            fs::write(dir.join("config.json"), config.replace("\"num_attention_heads\": 4", "\"num_attention_heads\": 3")).expect("written");
        }), @"sentiment model: DIR cannot be used: libtorch gave up on it: assertion `left == right` failed: Hidden size not a multiple of the number of attention heads");
        let config = |dir: &Path, from: &str, to: &str| {
            let config = fs::read_to_string(dir.join("config.json")).expect("read");
            assert!(config.contains(from), "{from}");
            fs::write(dir.join("config.json"), config.replace(from, to)).expect("written");
        };
        insta::assert_snapshot!(reason(&|dir| config(dir, "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2")), @"sentiment model: DIR/model.safetensors is of another kind: it holds bert.encoder.layer.2.attention.output.LayerNorm.bias, but config.json says that there are 2 layers");
        insta::assert_snapshot!(reason(&|dir| {
            let words = fs::read_to_string(dir.join("vocab.txt")).expect("read");
            let turned: Vec<&str> = words.lines().rev().collect();
            fs::write(dir.join("vocab.txt"), turned.join("\n") + "\n").expect("written");
        }), @"sentiment model: DIR/vocab.txt is of another kind: its entry 0 is not [PAD], as config.json has it");
        insta::assert_snapshot!(reason(&|dir| {
            let words = fs::read_to_string(dir.join("vocab.txt")).expect("read");
            fs::write(dir.join("vocab.txt"), words.replacen("[SEP]\n", "[sep]\n", 1)).expect("written");
        }), @"sentiment model: DIR/vocab.txt is of another kind: it lacks [SEP]");
        insta::assert_snapshot!(reason(&|dir| {
            let said = r#"{ "model": { "type": "WordPiece", "vocab": { "[CLS]": 3, "[SEP]": 2 } } }"#;
            fs::write(dir.join("tokenizer.json"), said).expect("written");
        }), @"sentiment model: DIR/vocab.txt is of another kind: its entry 3 is not [CLS], as tokenizer.json has it");
        fs::remove_file(home.path().join("tokenizer.json")).expect("removed");
        insta::assert_snapshot!(reason(&|dir| {
            let weights = fs::read(dir.join("model.safetensors")).expect("read");
            let length = 8 + usize::try_from(u64::from_le_bytes(weights[..8].try_into().expect("8"))).expect("small");
            let header = std::str::from_utf8(&weights[8..length]).expect("text").replace("\"F16\"", "\"I16\"");
            let spoilt = [&weights[..8], header.as_bytes(), &weights[length..]].concat();
            fs::write(dir.join("model.safetensors"), spoilt).expect("written");
        }), @"sentiment model: DIR/model.safetensors is of another kind: the numbers of bert.embeddings.LayerNorm.bias are I16, but F32, F16 or BF16 are needed");
        insta::assert_snapshot!(reason(&|dir| fs::write(dir.join("config.json"), "{").expect("written")), @"sentiment model: DIR/config.json is damaged: EOF while parsing an object at line 1 column 1; fetch the model again");
    }

    /// A DistilBERT of random weights that gives five stars, as a stranger may bring one.
    fn stars(directory: &Path) {
        let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "Good", "bad"];
        fs::write(directory.join("vocab.txt"), words.join("\n") + "\n").expect("written");
        let config = serde_json::json!({
            "model_type": "distilbert", "activation": "gelu", "attention_dropout": 0.1, "dim": 16, "dropout": 0.1,
            "hidden_dim": 32, "initializer_range": 0.02, "max_position_embeddings": 32, "n_heads": 2, "n_layers": 1,
            "qa_dropout": 0.1, "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": false, "tie_weights_": true,
            "vocab_size": words.len(),
            "id2label": { "0": "1 star", "1": "2 stars", "2": "3 stars", "3": "4 stars", "4": "5 stars" },
        });
        fs::write(directory.join("config.json"), config.to_string()).expect("written");
        fs::write(directory.join("tokenizer_config.json"), r#"{ "do_lower_case": false }"#).expect("written");
        let config =
            <rust_bert::distilbert::DistilBertConfig as rust_bert::Config>::from_file(directory.join("config.json"));
        let weights = tch::nn::VarStore::new(tch::Device::Cpu);
        rust_bert::distilbert::DistilBertModelClassifier::new(weights.root(), &config).expect("a model");
        weights.save(directory.join("model.safetensors")).expect("saved");
    }

    #[test]
    fn a_model_with_other_labels_is_used_once_it_is_said_what_they_mean() {
        let home = tempfile::tempdir().expect("a directory");
        stars(home.path());
        let error = Bert::load(home.path(), None).expect_err("labels nobody explained").to_string();
        assert!(error.contains(r#"["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]"#), "{error}");
        assert!(error.contains("[tagging] labels"), "{error}");
        let labels = |text: &str| {
            toml::from_str::<std::collections::BTreeMap<String, Labels>>(&format!("labels = \"{text}\""))
                .expect("labels")
                .remove("labels")
                .expect("labels")
        };
        let all = labels("1 star=negative, 2 stars=negative, 3 stars=neutral, 4 stars=positive, 5 stars=positive");
        let model = Bert::load(home.path(), Some(&all)).expect("a model");
        let judged = model.judge_blocking("good").expect("a judgement");
        let sum: f64 = judged.sentiment.iter().sum();
        assert!(
            (sum - 1.0).abs() < 1e-5 && judged.sentiment[1] > 0.0,
            "the shares of the five stars add up: {judged:?}"
        );
        let two = labels("1 star=negative, 2 stars=negative, 3 stars=negative, 4 stars=positive, 5 stars=positive");
        let other = Bert::load(home.path(), Some(&two)).expect("a model").judge_blocking("good").expect("a judgement");
        let ([negative, neutral, _], [all_negative, ..]) = (judged.sentiment, other.sentiment);
        assert!((all_negative - negative - neutral).abs() < 1e-6 && other.sentiment[1] == 0.0, "{other:?}");
        assert_eq!(judged.intent, None, "a stranger was not asked for more");
        assert!(Bert::load(home.path(), Some(&labels("1 star=negative"))).is_err(), "four labels are left open");
    }

    #[test]
    fn a_cased_vocabulary_is_asked_with_capitals() {
        let home = tempfile::tempdir().expect("a directory");
        stars(home.path());
        let all = serde_json::from_str(
            r#"{"1 star":"negative","2 stars":"negative","3 stars":"neutral","4 stars":"positive","5 stars":"positive"}"#,
        )
        .expect("labels");
        let model = Bert::load(home.path(), Some(&all)).expect("a model");
        let (small, capital) = (model.judge_blocking("good"), model.judge_blocking("Good"));
        assert_ne!(small.expect("a judgement"), capital.expect("a judgement"), "two words of this vocabulary");
    }

    #[test]
    fn a_model_in_the_place_of_the_shipped_one_must_be_the_shipped_one() {
        let home = tempfile::tempdir().expect("a directory");
        let place = home.path().join("sentiment");
        fs::create_dir(&place).expect("made");
        for name in ["config.json", "vocab.txt", "model.safetensors"] {
            fs::copy(Path::new(EMBEDDED).join(name), place.join(name)).expect("copied");
        }
        let mut weights = fs::read(place.join("model.safetensors")).expect("read");
        let end = weights.len();
        weights[end - 1] ^= 1;
        fs::write(place.join("model.safetensors"), weights).expect("written");
        let error = Bert::load(&place, None).expect_err("one bit is enough").to_string();
        assert!(
            error.contains("model.safetensors has sha256 ") && error.contains("take the file from the release"),
            "{error}"
        );
    }
}

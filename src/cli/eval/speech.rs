//! `huifang eval speech FILE`: how well recordings are heard, by the whole way of a voice message.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, bail};

use super::figures::{Figures, Measured};
use super::wording::{characters, edits, words};
use super::{Asked, name};
use crate::domain::language::Language;
use crate::domain::statistics::{RESAMPLES, percentile};
use crate::speech::{Heard, Listener, SpeechConfig, SpeechError};

/// Recordings: character and word error rates, invented words, real-time factor (TSV)
///
/// A row is `path<TAB>text` or `path<TAB>text<TAB>group`, without a heading; paths are relative to
/// the file, and an empty text says that nobody speaks. Each recording goes the whole way: decoding
/// in a child process, voice activity, model, simplified characters. Compared are letters and digits
/// after NFKC and lower case; punctuation and spaces are dropped, and digits stay as they are ("三"
/// is not "3"). Rows with Chinese characters give zh.cer, others en.cer and en.wer (words), each
/// summed over rows. silent.invented is the share of empty rows in which words were heard. A
/// recording that is not understood counts as heard empty. rtf is the time of the whole way over
/// the length of the recording, one after the other.
#[derive(Debug, clap::Args)]
pub struct Speech {
    #[command(flatten)]
    asked: Asked,
    /// A Whisper model in ggml format [default: `[speech] model`]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

#[derive(Debug)]
struct Row {
    path: PathBuf,
    text: String,
    group: Option<String>,
}

/// What one recording came to, as counts of edits and of what was said.
#[derive(Debug)]
struct Outcome {
    language: Option<Language>,
    characters: [f64; 2],
    words: [f64; 2],
    /// Something was heard.
    spoke: bool,
    failed: bool,
    /// Time over length; `None` where the length is not known.
    factor: Option<f64>,
}

impl Speech {
    pub(super) async fn run(self, config: SpeechConfig) -> anyhow::Result<()> {
        let rows = self.rows()?;
        let mut config = config;
        if let Some(model) = &self.model {
            config.model.clone_from(model);
            config.service_url = None;
        }
        let worker = std::env::current_exe().context("cannot tell where this program lies")?;
        let started = Instant::now();
        let listener = Listener::new(&config, worker)?;
        let load_seconds = started.elapsed().as_secs_f64();
        let (mut outcomes, mut misses) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in &rows {
            let (outcome, heard) = hear(&listener, row, config.language).await?;
            if outcome.failed || outcome.characters[0] > 0.0 {
                misses.push(format!("{}: \"{}\" heard as {heard}", row.path.display(), row.text));
            }
            outcomes.push(outcome);
        }
        let measured = Measured {
            eval: "speech",
            file: name(&self.asked.file),
            rows: rows.len(),
            model: Some(listener.model().to_owned()),
            resamples: RESAMPLES,
            load_seconds: Some(load_seconds),
            figures: figures(&rows, &outcomes),
            confusion: None,
        };
        self.asked.print(&measured, &misses)
    }

    fn rows(&self) -> anyhow::Result<Vec<Row>> {
        let beside = self.asked.file.parent().map(PathBuf::from).unwrap_or_default();
        self.asked.rows(|line| {
            let mut fields = line.split('\t');
            let (Some(path), Some(text), group, None) = (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                return Err("expected path, text and perhaps a group with tabs between".to_owned());
            };
            let path = beside.join(path);
            if !path.is_file() {
                return Err(format!("there is no recording {}", path.display()));
            }
            let group = group.map(str::trim).filter(|group| !group.is_empty()).map(str::to_owned);
            Ok(Row { path, text: text.to_owned(), group })
        })
    }
}

async fn hear(listener: &Listener, row: &Row, otherwise: Language) -> anyhow::Result<(Outcome, String)> {
    let bytes = tokio::fs::read(&row.path).await.with_context(|| format!("{} cannot be read", row.path.display()))?;
    let (said_characters, said_words) = (characters(&row.text), words(&row.text));
    // Bare digits are said in whatever language people speak here.
    let language = (!said_characters.is_empty()).then(|| Language::of_text(&row.text).unwrap_or(otherwise));
    let started = Instant::now();
    let heard = listener.listen(&bytes, None, language.unwrap_or(otherwise)).await;
    let took = started.elapsed().as_secs_f64();
    let (text, seconds, failed) = match heard {
        Ok(Heard::Speech(transcript)) => (transcript.text, Some(transcript.seconds), None),
        Ok(Heard::Nothing { seconds }) => (String::new(), Some(seconds), None),
        // Not believed is an answer, too.
        Err(SpeechError::Unclear) => (String::new(), None, None),
        Err(
            error @ (SpeechError::TooLarge { .. }
            | SpeechError::TooLong { .. }
            | SpeechError::UnknownFormat
            | SpeechError::Unsupported(_)
            | SpeechError::Damaged(_)
            | SpeechError::Remnant
            | SpeechError::Deadline),
        ) => (String::new(), None, Some(error.to_string())),
        // Not the recording's fault: whatever comes after it would be no measure.
        Err(error) => bail!("{}: {error}", row.path.display()),
    };
    let (heard_characters, heard_words) = (characters(&text), words(&text));
    let counts = |edits: usize, said: usize| [edits as f64, said as f64];
    let outcome = Outcome {
        language,
        characters: counts(edits(&said_characters, &heard_characters), said_characters.len()),
        words: counts(edits(&said_words, &heard_words), said_words.len()),
        spoke: !heard_characters.is_empty(),
        failed: failed.is_some(),
        factor: seconds.filter(|seconds| *seconds > 0.0).map(|seconds| took / seconds),
    };
    Ok((outcome, failed.map_or_else(|| format!("\"{text}\""), |error| format!("nothing: {error}"))))
}

fn figures(rows: &[Row], outcomes: &[Outcome]) -> Figures {
    let mut figures = Figures::default();
    let mut groups: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for (row, outcome) in rows.iter().zip(outcomes) {
        groups.entry(row.group.as_deref().unwrap_or_default()).or_default().push(outcome);
    }
    rates(&mut figures, "", &outcomes.iter().collect::<Vec<_>>());
    for (group, outcomes) in groups.iter().filter(|(group, _)| !group.is_empty()) {
        rates(&mut figures, &format!("group.{group}."), outcomes);
    }
    figures.share("failed", outcomes.iter().map(|outcome| outcome.failed));
    let factors: Vec<f64> = outcomes.iter().filter_map(|outcome| outcome.factor).collect();
    figures.add("rtf.p50", percentile(factors.clone(), 0.50));
    figures.add("rtf.p99", percentile(factors, 0.99));
    figures
}

fn rates(figures: &mut Figures, prefix: &str, outcomes: &[&Outcome]) {
    let of = |language| outcomes.iter().filter(move |outcome| outcome.language == language);
    let characters = |language| of(Some(language)).map(|outcome| outcome.characters).collect();
    figures.counts(format!("{prefix}zh.cer"), characters(Language::Chinese));
    figures.counts(format!("{prefix}en.cer"), characters(Language::English));
    figures.counts(format!("{prefix}en.wer"), of(Some(Language::English)).map(|outcome| outcome.words).collect());
    figures.share(format!("{prefix}silent.invented"), of(None).map(|outcome| outcome.spoke));
}

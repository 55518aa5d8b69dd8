//! `huifang eval sentiment|domain|speech FILE`: how well marked rows are understood and heard.
//!
//! Each command judges rows by the same way the service takes ([`Tagger::tag_blocking`],
//! `Listener::listen`) and prints figures with their 95 % intervals ([`figures`]); how the
//! intervals are drawn stands in [`crate::domain::statistics`]. Rows are people's words: nothing
//! of them is printed unless `--misses` asks for it.

mod domain;
mod figures;
mod sentiment;
mod speech;
mod wording;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::time::{ClockId, clock_gettime};

use self::figures::Measured;
use super::analyze::lexical;
use crate::config::{Config, TaggingConfig};
use crate::domain::language::Language;
use crate::domain::understanding::{Awaiting, Understanding};
use crate::tagging::Tagger;

/// Measures understanding and hearing against marked rows; every figure with its 95 % interval
///
/// The intervals are percentile bootstraps over rows (2,000 resamples, fixed seed). Where every row
/// is right they have no width: of n rows without a miss, up to 3/n of misses are still believable.
#[derive(Debug, clap::Subcommand)]
pub enum Eval {
    Sentiment(sentiment::Sentiment),
    Domain(domain::Domain),
    Speech(speech::Speech),
}

/// What all of them are asked.
#[derive(Debug, clap::Args)]
struct Asked {
    /// Marked rows
    file: PathBuf,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// Judge only the first N rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// List on standard error what was judged otherwise than marked: people's words
    #[arg(long)]
    misses: bool,
}

/// With what written words are judged.
#[derive(Debug, clap::Args)]
struct With {
    /// Directory of the sentiment model [default: `[tagging] model`]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Judge by the rules and the keyword lexicon alone, without the n-gram and the sentiment model
    #[arg(long, alias = "lexicon-only", conflicts_with = "model")]
    rules_only: bool,
}

impl Eval {
    /// Runs the command.
    ///
    /// # Errors
    /// When the file cannot be read, a row is at fault (named by line), or the model that is to
    /// be measured cannot be used.
    pub async fn run(self, config: Config) -> anyhow::Result<()> {
        match self {
            Eval::Sentiment(command) => tokio::task::spawn_blocking(move || command.run(&config.tagging)).await?,
            Eval::Domain(command) => tokio::task::spawn_blocking(move || command.run(&config.tagging)).await?,
            Eval::Speech(command) => command.run(config.speech).await,
        }
    }
}

impl Asked {
    /// Reads the file line by line. Empty lines are left out; `parse` says what is wrong with a row.
    fn rows<T>(&self, parse: impl Fn(&str) -> Result<T, String>) -> anyhow::Result<Vec<T>> {
        let file = self.file.display();
        let bytes = std::fs::read(&self.file).with_context(|| format!("{file} cannot be read"))?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let line = bytes.get(..error.valid_up_to()).unwrap_or_default().iter().filter(|byte| **byte == b'\n');
            anyhow::anyhow!("{file}:{}: not UTF-8", line.count() + 1)
        })?;
        let most = self.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let mut rows = Vec::new();
        let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
        for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            rows.push(parse(line).map_err(|wrong| anyhow::anyhow!("{file}:{}: {wrong}", index + 1))?);
        }
        if rows.is_empty() {
            bail!("{file} holds no rows");
        }
        rows.truncate(most);
        Ok(rows)
    }

    fn print(&self, measured: &Measured, misses: &[String]) -> anyhow::Result<()> {
        if self.misses {
            for miss in misses {
                eprintln!("{miss}");
            }
        }
        if self.json {
            super::print(serde_json::to_string(measured)?)?;
        } else {
            super::print(measured.table())?;
        }
        Ok(())
    }
}

impl With {
    /// Opens the tagger; unlike the service, which goes on without a model, a measurement stops.
    fn tagger(&self, config: &TaggingConfig) -> anyhow::Result<(Tagger, Option<String>)> {
        let lexical = lexical()?;
        if self.rules_only {
            return Ok((Tagger::by_rules(lexical), None));
        }
        let model = self.model.clone().or_else(|| config.model.clone());
        let config = TaggingConfig { model, ..config.clone() };
        let (tagger, faults) = Tagger::open(lexical, &config.judges());
        let named = config.model.or(config.ngrams).map(|path| path.display().to_string());
        if !faults.is_empty() {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            let named = named.unwrap_or_default();
            bail!("{}\n{named} cannot be measured; --rules-only measures the rules alone", faults.join("\n"));
        }
        Ok((tagger, named))
    }
}

/// How long one row took: on the clock, and of the processor (all threads of this process).
#[derive(Debug, Clone, Copy)]
struct Spent {
    wall: Duration,
    cpu: Duration,
}

/// Judges texts one after the other, as a single message would be, and times each.
fn judge<'a>(
    tagger: &Tagger,
    texts: impl Iterator<Item = (&'a str, Option<Language>, Awaiting)> + Clone,
) -> (Vec<Understanding>, Vec<Spent>) {
    // The first message pays for what is made ready only once.
    for (text, language, awaiting) in texts.clone().take(1) {
        tagger.tag_blocking(text, language, awaiting);
    }
    texts
        .map(|(text, language, awaiting)| {
            let (started, worked) = (Instant::now(), processor_time());
            let understood = tagger.tag_blocking(text, language, awaiting);
            (understood, Spent { wall: started.elapsed(), cpu: processor_time().saturating_sub(worked) })
        })
        .unzip()
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

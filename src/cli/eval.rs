//! `huifang eval domain FILE`: how well marked utterances are understood.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::analyze::open;
use crate::config::TaggingConfig;
use crate::tagging::Tagger;
use crate::tagging::evaluation::{Report, Row, Share, measure};

/// Measures understanding against marked rows
#[derive(Debug, clap::Subcommand)]
pub enum Eval {
    /// Mood, intent, trade, urgency, ratings, place and keywords of utterances (JSONL)
    Domain(Domain),
}

/// Rows as JSONL: text, lang, sentiment, intent, score, nps, category, urgency, `emotion_keywords`, location
#[derive(Debug, clap::Args)]
pub struct Domain {
    /// Marked utterances
    file: PathBuf,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// List what was understood otherwise than marked
    #[arg(long)]
    misses: bool,
    /// Judge by the keyword lexicon alone, without the sentiment model
    #[arg(long)]
    lexicon_only: bool,
}

impl Eval {
    /// Runs the command with the `[tagging]` section of the configuration.
    ///
    /// # Errors
    /// When the file cannot be read or a row is at fault: named by line.
    pub async fn run(self, config: &TaggingConfig) -> anyhow::Result<()> {
        let Eval::Domain(command) = self;
        let rows = read(&command.file)?;
        let config = config.clone();
        let lexicon_only = command.lexicon_only;
        let (report, spent, has_model) = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
            let tagger = open(&config, lexicon_only)?;
            let (report, spent) = judge(&tagger, &rows);
            Ok((report, spent, tagger.has_model()))
        })
        .await??;
        if command.misses {
            for miss in &report.misses {
                eprintln!("{miss}");
            }
        }
        let (median, slow) = (percentile(&spent, 50), percentile(&spent, 99));
        if command.json {
            let mut value = serde_json::to_value(&report)?;
            if let Some(fields) = value.as_object_mut() {
                fields.insert("model".to_owned(), json!(has_model));
                fields.insert("p50_ms".to_owned(), json!(median.as_secs_f64() * 1e3));
                fields.insert("p99_ms".to_owned(), json!(slow.as_secs_f64() * 1e3));
            }
            writeln!(std::io::stdout(), "{value}")?;
        } else {
            let table = table(&report);
            writeln!(std::io::stdout(), "{table}{:<28} {median:?} / {slow:?}", "time p50 / p99")?;
        }
        Ok(())
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<Row>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row = serde_json::from_str(line).with_context(|| format!("{}:{}: not a row", file.display(), index + 1))?;
        rows.push(row);
    }
    if rows.is_empty() {
        bail!("{} holds no rows", file.display());
    }
    Ok(rows)
}

fn judge(tagger: &Tagger, rows: &[Row]) -> (Report, Vec<Duration>) {
    let mut understood = Vec::with_capacity(rows.len());
    let mut spent = Vec::with_capacity(rows.len());
    for row in rows {
        let started = Instant::now();
        understood.push(tagger.tag_blocking(&row.text, row.lang, row.awaiting));
        spent.push(started.elapsed());
    }
    spent.sort_unstable();
    (measure(rows, &understood), spent)
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

fn table(report: &Report) -> String {
    let mut lines = vec![format!("{:<28} {}", "rows", report.rows)];
    let mut share = |name: &str, share: Share| {
        lines.push(format!("{name:<28} {:.3}  {}/{}", share.rate(), share.hits, share.of));
    };
    share("sentiment accuracy", report.sentiment);
    for (class, recall) in &report.sentiment_recall {
        share(&format!("  recall {class}"), *recall);
    }
    share("intent", report.intent);
    share("category", report.category);
    share("urgency", report.urgency);
    share("emergency recall", report.emergency_recall);
    share("emergency false alarms", report.emergency_false_alarms);
    share("scores stated", report.scores_stated);
    share("no score where none", report.scores_absent);
    share("location (half overlap)", report.location);
    share("location (exact)", report.location_exact);
    share("keyword precision", report.keyword_precision);
    share("keyword recall", report.keyword_recall);
    lines.push(format!("{:<28} {:.3}", "keyword F1", report.keyword_f1));
    lines.push(format!("{:<28} {:.3}", "sentiment macro-F1", report.sentiment_macro_f1));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_at_fault_is_named_by_line() {
        let home = tempfile::tempdir().expect("a directory");
        let file = home.path().join("rows.jsonl");
        std::fs::write(&file, "{\"text\":\"满意\"}\n{\"text\":\"好\",\"intent\":\"joy\"}\n").expect("written");
        let error = format!("{:#}", read(&file).expect_err("a fault"));
        assert!(error.contains("rows.jsonl:2: not a row") && error.contains("joy"), "{error}");
    }
}

//! The figures of a run, as a table for people and as JSON for scripts.
//!
//! The JSON is an outside interface: `eval` (which command), `file`, `rows`, `model` (null for
//! rules alone), `resamples`, `load_seconds` (speech), `figures` (by name, each with `value`,
//! `low`, `high` and, where it is a share of counts, `hits` and `of`), `confusion` (marked → read
//! → rows). Names of figures are stable: `sentiment.accuracy`, `emergency.recall`, `zh.cer`, ….

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::Spent;
use crate::domain::statistics::{self, Confusion, Estimate, estimate, percentile, ratio};

/// The names of the classes, in the order of a [`Confusion`].
pub(super) const CLASSES: [&str; 3] = ["negative", "neutral", "positive"];

/// Everything one run measured.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) eval: &'static str,
    pub(super) file: String,
    pub(super) rows: usize,
    pub(super) model: Option<String>,
    pub(super) resamples: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) load_seconds: Option<f64>,
    pub(super) figures: Figures,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) confusion: Option<BTreeMap<&'static str, BTreeMap<&'static str, u64>>>,
}

/// Figures by name, in the order in which they are told.
#[derive(Debug, Default)]
pub(super) struct Figures(Vec<(String, Figure)>);

/// One figure.
#[derive(Debug, Serialize)]
pub(super) struct Figure {
    #[serde(flatten)]
    estimate: Estimate,
    #[serde(skip_serializing_if = "Option::is_none")]
    hits: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
}

impl Serialize for Figures {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, figure)| (name, figure)))
    }
}

impl Figures {
    /// Adds a figure, unless there is none: no row speaks of it.
    pub(super) fn add(&mut self, name: impl Into<String>, estimate: Option<Estimate>) {
        self.0.extend(estimate.map(|estimate| (name.into(), Figure { estimate, hits: None, of: None })));
    }

    /// Adds the share of rows of which something holds.
    pub(super) fn share(&mut self, name: impl Into<String>, rows: impl Iterator<Item = bool>) {
        self.counts(name, rows.map(|hit| [f64::from(u8::from(hit)), 1.0]).collect());
    }

    /// Adds the share of a count in another, each summed over rows: edits in characters, hits in spans.
    pub(super) fn counts(&mut self, name: impl Into<String>, rows: Vec<[f64; 2]>) {
        let sum = |at: fn(&[f64; 2]) -> f64| Some(whole(rows.iter().map(at).sum()));
        let (hits, of) = (sum(|row| row[0]), sum(|row| row[1]));
        self.0.extend(estimate(rows, ratio).map(|estimate| (name.into(), Figure { estimate, hits, of })));
    }

    /// Adds accuracy and macro-F1 of three classes.
    pub(super) fn classes(&mut self, prefix: &str, rows: &[Confusion]) {
        self.share(format!("{prefix}.accuracy"), rows.iter().map(|row| statistics::accuracy(row) == Some(1.0)));
        self.add(format!("{prefix}.macro_f1"), estimate(rows.to_vec(), statistics::macro_f1));
    }

    /// Adds precision, recall and F1 of each class.
    pub(super) fn each_class(&mut self, prefix: &str, rows: &[Confusion]) {
        for (class, name) in CLASSES.into_iter().enumerate() {
            let mut add = |what: &str, formula: fn(&Confusion, usize) -> Option<f64>| {
                self.add(format!("{prefix}.{name}.{what}"), estimate(rows.to_vec(), |cells| formula(cells, class)));
            };
            add("precision", statistics::precision);
            add("recall", statistics::recall);
            add("f1", statistics::class_f1);
        }
    }

    /// Adds what a message took, in milliseconds.
    pub(super) fn times(&mut self, spent: &[Spent]) {
        let wall: Vec<f64> = spent.iter().map(|spent| spent.wall.as_secs_f64() * 1e3).collect();
        self.add("latency.p50_ms", percentile(wall.clone(), 0.50));
        self.add("latency.p99_ms", percentile(wall, 0.99));
        self.add(
            "cpu.mean_ms",
            estimate(spent.iter().map(|spent| [spent.cpu.as_secs_f64() * 1e3, 1.0]).collect(), ratio),
        );
    }
}

impl Measured {
    /// Returns the figures as a table, one a line: name, value, interval, counts.
    pub(super) fn table(&self) -> String {
        let mut table = String::new();
        let model = self.model.as_deref().unwrap_or("rules alone");
        let _ = writeln!(table, "{} of {}: {} rows, {model}", self.eval, self.file, self.rows);
        if let Some(seconds) = self.load_seconds {
            let _ = writeln!(table, "{:<34} {seconds:.2} s", "load");
        }
        for (name, Figure { estimate: Estimate { value, low, high }, hits, of }) in &self.figures.0 {
            let counts = hits.zip(*of).map(|(hits, of)| format!("  {hits}/{of}")).unwrap_or_default();
            let _ = writeln!(table, "{name:<34} {value:>7.3}  [{low:.3}, {high:.3}]{counts}");
        }
        if let Some(confusion) = &self.confusion {
            let _ = writeln!(table, "{:<12}{:>12}{:>12}{:>12}", "marked↓ read→", CLASSES[0], CLASSES[1], CLASSES[2]);
            for (marked, read) in confusion {
                let cells: String = read.values().fold(String::new(), |mut line, count| {
                    let _ = write!(line, "{count:>12}");
                    line
                });
                let _ = writeln!(table, "{marked:<13}{cells}");
            }
        }
        table.trim_end().to_owned()
    }
}

/// Returns how often each class was read as which.
pub(super) fn confusion(rows: &[Confusion]) -> BTreeMap<&'static str, BTreeMap<&'static str, u64>> {
    let count = |marked: usize, read: usize| whole(rows.iter().filter_map(|row| row.get(3 * marked + read)).sum());
    let line = |marked| CLASSES.into_iter().enumerate().map(|(read, name)| (name, count(marked, read))).collect();
    CLASSES.into_iter().enumerate().map(|(marked, name)| (name, line(marked))).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of counts")]
fn whole(sum: f64) -> u64 {
    sum.round() as u64
}

//! How well utterances are understood, against rows that people have marked.
//!
//! The measures of `huifang eval domain`: accuracy, macro-F1 and recall by class for mood,
//! overlap F1 for keywords, recall and false alarms for emergencies, accuracy for the rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::language::Language;
use crate::domain::understanding::{Awaiting, Category, Intent, Sentiment, Understanding, Urgency};

/// One marked utterance.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    #[serde(default)]
    pub id: serde_json::Value,
    pub text: String,
    #[serde(default)]
    pub lang: Option<Language>,
    #[serde(default)]
    pub awaiting: Awaiting,
    #[serde(default)]
    pub sentiment: Option<Sentiment>,
    #[serde(default)]
    pub intent: Option<Intent>,
    #[serde(default)]
    pub score: Option<f64>,
    #[serde(default)]
    pub nps: Option<f64>,
    #[serde(default)]
    pub category: Option<Category>,
    #[serde(default)]
    pub urgency: Option<Urgency>,
    #[serde(default)]
    pub emotion_keywords: Vec<String>,
    #[serde(default)]
    pub location: Option<String>,
}

/// A share: how many of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub struct Share {
    pub hits: usize,
    pub of: usize,
}

impl Share {
    /// Returns the share, 0 of nothing.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
    pub fn rate(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.hits as f64 / self.of as f64 }
    }

    fn count(&mut self, hit: bool) {
        self.of += 1;
        self.hits += usize::from(hit);
    }
}

/// Every measure of one run.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Report {
    pub rows: usize,
    pub sentiment: Share,
    pub sentiment_macro_f1: f64,
    /// Recall by class: negative, neutral, positive.
    pub sentiment_recall: BTreeMap<String, Share>,
    pub intent: Share,
    pub category: Share,
    pub urgency: Share,
    pub emergency_recall: Share,
    pub emergency_false_alarms: Share,
    /// Rows with a stated score or willingness to recommend that are read right.
    pub scores_stated: Share,
    /// Rows without one in which none is read.
    pub scores_absent: Share,
    /// The place as marked, or overlapping it by half; none where none is marked.
    pub location: Share,
    pub location_exact: Share,
    pub keyword_precision: Share,
    pub keyword_recall: Share,
    pub keyword_f1: f64,
    /// What was understood otherwise than marked, one line each.
    #[serde(skip)]
    pub misses: Vec<String>,
}

/// Compares what was understood with what is marked, row by row.
pub fn measure(rows: &[Row], understood: &[Understanding]) -> Report {
    let mut report = Report { rows: rows.len(), ..Report::default() };
    let mut confusion: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (row, got) in rows.iter().zip(understood) {
        let mut miss = |what: &str, marked: String, read: String| {
            report.misses.push(format!("{} {what}: {marked} read as {read}: {}", row.id, row.text));
        };
        if let Some(marked) = row.sentiment {
            let hit = marked == got.sentiment;
            report.sentiment.count(hit);
            report.sentiment_recall.entry(name(&marked)).or_default().count(hit);
            *confusion.entry((name(&marked), name(&got.sentiment))).or_default() += 1;
            if !hit {
                miss("sentiment", name(&marked), format!("{} ({:.2})", name(&got.sentiment), got.polarity));
            }
        }
        if let Some(marked) = row.intent {
            report.intent.count(marked == got.intent);
            if marked != got.intent {
                miss("intent", name(&marked), name(&got.intent));
            }
        }
        report.category.count(row.category == got.category);
        if row.category != got.category {
            miss("category", name(&row.category), name(&got.category));
        }
        if let Some(marked) = row.urgency {
            report.urgency.count(marked == got.urgency);
            let alarm = got.urgency == Urgency::Emergency;
            if marked == Urgency::Emergency {
                report.emergency_recall.count(alarm);
            } else {
                report.emergency_false_alarms.count(alarm);
            }
            if marked != got.urgency {
                miss("urgency", name(&marked), name(&got.urgency));
            }
        }
        let marked_scores = (row.score, row.nps);
        let got_scores = (got.score, got.nps.map(f64::from));
        let share = if marked_scores == (None, None) { &mut report.scores_absent } else { &mut report.scores_stated };
        share.count(marked_scores == got_scores);
        if marked_scores != got_scores {
            miss("score", format!("{marked_scores:?}"), format!("{got_scores:?}"));
        }
        let near = match (&row.location, &got.location) {
            (None, None) => true,
            (Some(marked), Some(read)) => overlap(&row.text, marked, read),
            _ => false,
        };
        report.location.count(near);
        report.location_exact.count(row.location == got.location);
        if !near {
            miss("location", format!("{:?}", row.location), format!("{:?}", got.location));
        }
        if let Some(line) = count_keywords(row, got, &mut report.keyword_precision, &mut report.keyword_recall) {
            miss("keywords", line.0, line.1);
        }
    }
    report.sentiment_macro_f1 = macro_f1(&confusion);
    report.keyword_f1 = f1(report.keyword_precision.rate(), report.keyword_recall.rate());
    report
}

/// A marked span is found when a read one covers at least half of its characters; a read one is
/// right when it does that for a marked one.
fn count_keywords(
    row: &Row,
    got: &Understanding,
    precision: &mut Share,
    recall: &mut Share,
) -> Option<(String, String)> {
    let marked: Vec<(usize, usize)> = row.emotion_keywords.iter().filter_map(|word| span_of(&row.text, word)).collect();
    let covers = |(start, end): (usize, usize), read: &crate::domain::understanding::Keyword| {
        let common = end.min(read.end).saturating_sub(start.max(read.start));
        2 * common >= end - start
    };
    let mut clean = true;
    for span in &marked {
        let hit = got.keywords.iter().any(|read| covers(*span, read));
        recall.count(hit);
        clean &= hit;
    }
    for read in &got.keywords {
        let hit = marked.iter().any(|span| covers(*span, read));
        precision.count(hit);
        clean &= hit;
    }
    let words: Vec<&str> = got.keywords.iter().map(|read| read.text.as_str()).collect();
    (!clean).then(|| (format!("{:?}", row.emotion_keywords), format!("{words:?}")))
}

fn span_of(text: &str, word: &str) -> Option<(usize, usize)> {
    let byte = text.find(word)?;
    let start = text.get(..byte)?.chars().count();
    Some((start, start + word.chars().count()))
}

fn overlap(text: &str, marked: &str, read: &str) -> bool {
    match (span_of(text, marked), span_of(text, read)) {
        (Some(a), Some(b)) => {
            let common = a.1.min(b.1).saturating_sub(a.0.max(b.0));
            2 * common >= a.1 - a.0 && 2 * common >= b.1 - b.0
        }
        _ => false,
    }
}

fn macro_f1(confusion: &BTreeMap<(String, String), usize>) -> f64 {
    let classes = ["negative", "neutral", "positive"];
    let total: f64 = classes
        .iter()
        .map(|class| {
            let mut precision = Share::default();
            let mut recall = Share::default();
            for ((marked, read), count) in confusion {
                for _ in 0..*count {
                    if marked == class {
                        recall.count(read == class);
                    }
                    if read == class {
                        precision.count(marked == class);
                    }
                }
            }
            f1(precision.rate(), recall.rate())
        })
        .sum();
    total / 3.0
}

fn f1(precision: f64, recall: f64) -> f64 {
    if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
}

fn name<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

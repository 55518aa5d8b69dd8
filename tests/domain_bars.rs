//! The development half of the domain utterances: what the rules alone reach on it.
//!
//! The rows lie beside the project, not in it; without them the test says so and passes.

use std::fs;
use std::path::Path;

use huifang::catalog;
use huifang::tagging::Lexical;
use huifang::tagging::evaluation::{Report, Row, measure};

const ROWS: &str = "../shared/data/domain/dev.jsonl";

fn development() -> Option<Report> {
    let path = std::env::var("HUIFANG_DOMAIN_ROWS").unwrap_or_else(|_| ROWS.to_owned());
    if !Path::new(&path).exists() {
        eprintln!("SKIPPED: {path} is not there, so the rules were not measured on the domain rows");
        return None;
    }
    let text = fs::read_to_string(&path).expect("readable rows");
    let rows: Vec<Row> = text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect();
    let lexicon = catalog::lexicon::embedded().expect("a lexicon without fault");
    let lexical = Lexical::new(&lexicon).expect("a lexicon that compiles");
    let read: Vec<_> = rows.iter().map(|row| lexical.understand(&row.text, row.lang, row.awaiting)).collect();
    let started = std::time::Instant::now();
    for row in &rows {
        std::hint::black_box(lexical.understand(&row.text, row.lang, row.awaiting));
    }
    eprintln!("{:?} per message", started.elapsed() / u32::try_from(rows.len()).unwrap_or(1));
    Some(measure(&rows, &read))
}

#[test]
fn the_rules_reach_their_bars_on_the_development_rows() {
    let Some(report) = development() else { return };
    for miss in &report.misses {
        eprintln!("{miss}");
    }
    eprintln!("{}", serde_json::to_string_pretty(&report).expect("json"));
    let failed: Vec<_> = [
        ("sentiment", report.sentiment.rate(), 0.90),
        ("recall of negatives", report.sentiment_recall.get("negative").map_or(0.0, |share| share.rate()), 0.90),
        ("recall of neutrals", report.sentiment_recall.get("neutral").map_or(0.0, |share| share.rate()), 0.85),
        ("emergencies", report.emergency_recall.rate(), 1.0),
        ("no false alarm", 1.0 - report.emergency_false_alarms.rate(), 0.98),
        ("intent", report.intent.rate(), 0.88),
        ("category", report.category.rate(), 0.88),
        ("scores stated", report.scores_stated.rate(), 0.97),
        ("no score where none", report.scores_absent.rate(), 0.97),
        ("location", report.location.rate(), 0.85),
        ("keyword F1", report.keyword_f1, 0.70),
    ]
    .into_iter()
    .filter(|(_, reached, bar)| reached < bar)
    .collect();
    assert!(failed.is_empty(), "below the bar: {failed:?}");
}

//! The development half of the domain utterances: what the rules alone reach on it.
//!
//! The rows lie beside the project, not in it; without them the test says so and passes.

#![expect(clippy::expect_used, reason = "a test that cannot go on should stop")]

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
    assert!(report.rows > 0);
}

//! The development half of the domain utterances: what the rules alone reach on it.
//!
//! The rows lie beside the project, not in it; without them the test says so and passes.

#![expect(clippy::expect_used, reason = "all of this crate is tests")]

mod skipped;

use std::fs;
use std::path::Path;

use huifang::catalog;
use huifang::tagging::evaluation::{Report, Row, Share, measure};
use huifang::tagging::{Judges, Lexical, Tagger};

use self::skipped::skipped;

const ROWS: &str = "../shared/data/domain/dev.jsonl";

/// Rows of our own, written after the rules and then learnt from: no measure of what is unseen,
/// but of what must not get worse.
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/understanding");

fn report(path: &str) -> Report {
    let text = fs::read_to_string(path).expect("readable rows");
    let rows: Vec<Row> = text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect();
    let lexicon = catalog::lexicon::embedded().expect("a lexicon without fault");
    let lexical = Lexical::new(&lexicon).expect("a lexicon that compiles");
    let read: Vec<_> = rows.iter().map(|row| lexical.understand(&row.text, row.lang, row.awaiting)).collect();
    measure(&rows, &read)
}

#[test]
fn the_rules_reach_their_bars_on_the_development_rows() {
    if !Path::new(ROWS).exists() {
        skipped(&format!("{ROWS} is not there, so the rules were not measured on the domain rows"));
        return;
    }
    let report = report(ROWS);
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

#[test]
fn what_was_once_understood_stays_understood() {
    for (file, bars) in [("first.jsonl", [0.83, 0.82, 0.88, 1.0]), ("second.jsonl", [0.75, 0.75, 0.80, 0.85])] {
        let report = report(&format!("{OWN}/{file}"));
        let reached = [report.sentiment, report.intent, report.category, report.emergency_recall].map(Share::rate);
        assert!(reached.iter().zip(bars).all(|(reached, bar)| *reached >= bar), "{file}: {reached:?} but {bars:?}");
        assert!(report.emergency_false_alarms.rate() <= 0.04, "{file}: {:?}", report.emergency_false_alarms);
    }
}

/// Ratings in forms that came to the minds of three authors; nobody who worked on rules or chooser has looked at a row.
#[test]
fn ratings_are_found_in_forms_nobody_wrote_for_them() {
    let lexical = Lexical::new(&catalog::lexicon::embedded().expect("a lexicon")).expect("it compiles");
    let ngrams = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/sentiment/ngrams.safetensors");
    let (tagger, faults) = Tagger::open(lexical, &Judges { ngrams: Some(&ngrams), ..Judges::default() });
    assert_eq!(faults, []);
    let mut rows: Vec<Row> = Vec::new();
    for file in ["odd_eighth.jsonl", "odd_twelfth.jsonl", "odd_thirteenth.jsonl"] {
        let text = fs::read_to_string(format!("{OWN}/{file}")).expect("readable rows");
        rows.extend(text.lines().map(|line| serde_json::from_str::<Row>(line).expect("a row")));
    }
    let read: Vec<_> = rows.iter().map(|row| tagger.understand(&row.text, row.lang, row.awaiting)).collect();
    let report = measure(&rows, &read);
    println!("stated {:?}, absent {:?}", report.scores_stated, report.scores_absent);
    assert!(report.scores_stated.rate() >= 0.85, "{:?}", report.scores_stated);
    assert!(report.scores_absent.rate() >= 0.90, "{:?}", report.scores_absent);
}

/// Rows by authors who had seen neither rules nor vocabulary nor training rows. Those before `twelfth` have since been learnt
/// from: rules were written after them and the models are trained on them; on totals over `twelfth` and `thirteenth` it was
/// chosen how far each judge is trusted. So only the bars from `fourteenth` on and the hard ones say something of
/// wording that is new. The bars hold what is reached; they are no claim beyond.
#[test]
fn the_judges_together_understand_wording_nobody_wrote_for_them() {
    let lexical = Lexical::new(&catalog::lexicon::embedded().expect("a lexicon")).expect("it compiles");
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/sentiment");
    let ngrams = models.join("ngrams.safetensors");
    let judges = Judges { model: Some(&models), ngrams: Some(&ngrams), ..Judges::default() };
    let (tagger, faults) = Tagger::open(lexical, &judges);
    assert_eq!(faults, []);
    for (file, bars, false_alarms) in [
        ("third.jsonl", [0.95, 0.95, 0.94, 0.99], 0.03),
        ("fourth.jsonl", [0.95, 0.92, 0.95, 0.99], 0.03),
        ("fifth.jsonl", [0.95, 0.92, 0.95, 0.99], 0.03),
        ("seventh.jsonl", [0.93, 0.92, 0.94, 0.99], 0.03),
        ("eighth.jsonl", [0.93, 0.92, 0.94, 0.99], 0.03),
        ("ninth.jsonl", [0.93, 0.92, 0.92, 0.99], 0.03),
        ("tenth.jsonl", [0.93, 0.92, 0.92, 0.99], 0.03),
        ("eleventh.jsonl", [0.93, 0.92, 0.92, 0.99], 0.03),
        ("twelfth.jsonl", [0.84, 0.83, 0.86, 0.99], 0.03),
        ("thirteenth.jsonl", [0.82, 0.83, 0.86, 0.99], 0.03),
        ("fourteenth.jsonl", [0.81, 0.81, 0.90, 0.99], 0.03),
        ("fifteenth.jsonl", [0.86, 0.88, 0.86, 0.99], 0.02),
        ("sixteenth.jsonl", [0.86, 0.83, 0.89, 0.99], 0.03),
        ("hard.jsonl", [0.95, 0.92, 0.90, 0.98], 0.10),
        ("hard_eighth.jsonl", [0.90, 0.90, 0.84, 0.98], 0.08),
        ("hard_ninth.jsonl", [0.90, 0.90, 0.84, 0.98], 0.08),
        ("hard_tenth.jsonl", [0.86, 0.90, 0.81, 0.98], 0.08),
        ("hard_eleventh.jsonl", [0.86, 0.90, 0.81, 0.98], 0.08),
        ("hard_twelfth.jsonl", [0.68, 0.79, 0.67, 0.95], 0.13),
        ("hard_thirteenth.jsonl", [0.60, 0.70, 0.60, 0.85], 0.15),
        ("hard_fourteenth.jsonl", [0.70, 0.80, 0.68, 0.93], 0.08),
        ("hard_fifteenth.jsonl", [0.72, 0.82, 0.73, 0.90], 0.10),
    ] {
        let text = fs::read_to_string(format!("{OWN}/{file}")).expect("readable rows");
        let rows: Vec<Row> = text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect();
        let read: Vec<_> = rows.iter().map(|row| tagger.tag_blocking(&row.text, row.lang, row.awaiting)).collect();
        let report = measure(&rows, &read);
        let reached = [report.sentiment, report.intent, report.category, report.emergency_recall].map(Share::rate);
        println!(
            "{file}: {reached:?}, false alarms {:?}, keywords {:.3}",
            report.emergency_false_alarms, report.keyword_f1
        );
        assert!(reached.iter().zip(bars).all(|(reached, bar)| *reached >= bar), "{file}: {reached:?} but {bars:?}");
        assert!(report.emergency_false_alarms.rate() <= false_alarms, "{file}: {:?}", report.emergency_false_alarms);
    }
}

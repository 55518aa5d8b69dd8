//! `huifang eval domain FILE`: everything that is understood from utterances of the domain.

use super::figures::{Figures, Measured, confusion};
use super::{Asked, With, judge, name};
use crate::config::TaggingConfig;
use crate::domain::statistics::{Confusion, RESAMPLES, confused, estimate, span_f1};
use crate::tagging::evaluation::{Outcome, Row, Spans, class, compare};

/// Mood, intent, trade, urgency, ratings, place and mood words of utterances (JSONL)
///
/// A row is one JSON object: `text`, and of the following what is marked: `id`, `lang` (zh, en),
/// `awaiting` (`score_1_5`, `score_1_10`, `nps_0_10` or null), `sentiment`, `intent`, `category`, `urgency`, `score`
/// (of 5), `score10`, `nps`, `emotion_keywords` (substrings), `location` (a substring). What a row
/// does not carry is not judged; null says that none is meant. A place or mood word counts as found
/// when at least half of its characters are covered.
#[derive(Debug, clap::Args)]
pub struct Domain {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    with: With,
}

impl Domain {
    pub(super) fn run(&self, config: &TaggingConfig) -> anyhow::Result<()> {
        let rows: Vec<Row> = self.asked.rows(parse)?;
        let (tagger, model) = self.with.tagger(config)?;
        let texts = rows.iter().map(|row| (row.text.as_str(), row.lang, row.awaiting));
        let (understood, spent) = judge(&tagger, texts);
        let outcomes: Vec<Outcome> = rows.iter().zip(&understood).map(|(row, got)| compare(row, got)).collect();
        if outcomes.iter().all(|outcome| *outcome == Outcome::default()) {
            eprintln!("huifang: no row marks anything: only the time was measured");
        }
        let moods = outcomes.iter().filter_map(|outcome| outcome.sentiment);
        let cells: Vec<Confusion> = moods.map(|(marked, read)| confused(class(marked), class(read))).collect();
        let mut figures = figures(&outcomes, &cells);
        figures.times(&spent);
        let measured = Measured {
            eval: "domain",
            file: name(&self.asked.file),
            rows: rows.len(),
            model,
            resamples: RESAMPLES,
            load_seconds: None,
            figures,
            confusion: (!cells.is_empty()).then(|| confusion(&cells)),
        };
        let misses: Vec<String> = outcomes.into_iter().flat_map(|outcome| outcome.misses).collect();
        self.asked.print(&measured, &misses)
    }
}

fn figures(outcomes: &[Outcome], cells: &[Confusion]) -> Figures {
    let mut figures = Figures::default();
    figures.classes("sentiment", cells);
    figures.each_class("sentiment", cells);
    let mut share = |name: &str, of: fn(&Outcome) -> Option<bool>| {
        figures.share(name, outcomes.iter().filter_map(of));
    };
    share("intent.accuracy", |outcome| outcome.intent);
    share("category.accuracy", |outcome| outcome.category);
    share("urgency.accuracy", |outcome| outcome.urgency);
    share("emergency.recall", |outcome| outcome.emergency.and_then(|(marked, read)| marked.then_some(read)));
    share("emergency.false_alarms", |outcome| outcome.emergency.and_then(|(marked, read)| (!marked).then_some(read)));
    share("scores.stated", |outcome| outcome.score.and_then(|(stated, right)| stated.then_some(right)));
    share("scores.absent", |outcome| outcome.score.and_then(|(stated, right)| (!stated).then_some(right)));
    share("location.overlap", |outcome| outcome.location.map(|(near, _)| near));
    share("location.exact", |outcome| outcome.location.map(|(_, exact)| exact));
    let spans: Vec<[f64; 4]> = outcomes.iter().filter_map(|outcome| outcome.keywords).map(Spans::counts).collect();
    figures.counts("keywords.precision", spans.iter().map(|[_, _, right, read]| [*right, *read]).collect());
    figures.counts("keywords.recall", spans.iter().map(|[found, marked, _, _]| [*found, *marked]).collect());
    figures.add("keywords.f1", estimate(spans, span_f1));
    figures
}

fn parse(line: &str) -> Result<Row, String> {
    // serde would take a list of values for a row as well.
    if !line.trim_start().starts_with('{') {
        return Err("not a row: expected a JSON object, such as {\"text\": …}".to_owned());
    }
    let row: Row = serde_json::from_str(line).map_err(|error| {
        // serde counts from line 1 of this line; only the column says something.
        let wrong = error.to_string();
        let wrong = wrong.split(" at line ").next().unwrap_or_default();
        format!("not a row: {wrong} (column {})", error.column())
    })?;
    if row.text.trim().is_empty() {
        return Err("the text is empty".to_owned());
    }
    match row.astray() {
        Some(part) => Err(format!("\"{part}\" is marked, and stands nowhere in the text")),
        None => Ok(row),
    }
}

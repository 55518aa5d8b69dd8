//! `huifang eval sentiment FILE`: the final verdict on the mood of texts.

use std::collections::BTreeMap;

use super::figures::{CLASSES, Figures, Measured, confusion};
use super::{Asked, With, judge, name};
use crate::config::TaggingConfig;
use crate::domain::language::Language;
use crate::domain::statistics::{Confusion, RESAMPLES, confused};
use crate::domain::understanding::Awaiting;
use crate::tagging::evaluation::class;

/// Mood of texts: accuracy, macro-F1, each class, by language and source, time (TSV)
///
/// A row is `label<TAB>language<TAB>source<TAB>text`, without a heading: label is negative, neutral
/// or positive, language zh or en, source any name to group by.
#[derive(Debug, clap::Args)]
pub struct Sentiment {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    with: With,
}

#[derive(Debug)]
struct Row {
    /// Place in [`CLASSES`].
    label: usize,
    language: Language,
    source: String,
    text: String,
}

impl Sentiment {
    pub(super) fn run(&self, config: &TaggingConfig) -> anyhow::Result<()> {
        let rows = self.asked.rows(parse)?;
        let (tagger, model) = self.with.tagger(config)?;
        let texts = rows.iter().map(|row| (row.text.as_str(), Some(row.language), Awaiting::Nothing));
        let (understood, spent) = judge(&tagger, texts);
        let read: Vec<usize> = understood.iter().map(|understood| class(understood.sentiment)).collect();
        let cells: Vec<Confusion> = rows.iter().zip(&read).map(|(row, read)| confused(row.label, *read)).collect();
        let mut figures = Figures::default();
        figures.classes("sentiment", &cells);
        figures.each_class("sentiment", &cells);
        let mut groups: BTreeMap<String, Vec<Confusion>> = BTreeMap::new();
        for (row, cell) in rows.iter().zip(&cells) {
            let tag = row.language.tag().split('-').next().unwrap_or_default();
            groups.entry(format!("language.{tag}")).or_default().push(*cell);
            groups.entry(format!("source.{}", row.source)).or_default().push(*cell);
        }
        for (group, cells) in &groups {
            figures.classes(group, cells);
        }
        figures.times(&spent);
        let measured = Measured {
            eval: "sentiment",
            file: name(&self.asked.file),
            rows: rows.len(),
            model,
            resamples: RESAMPLES,
            load_seconds: None,
            figures,
            confusion: Some(confusion(&cells)),
        };
        let label = |class: usize| CLASSES.get(class).copied().unwrap_or_default();
        let misses: Vec<String> = rows
            .iter()
            .zip(read)
            .filter(|(row, read)| row.label != *read)
            .map(|(row, read)| format!("{} read as {}: {}", label(row.label), label(read), row.text))
            .collect();
        self.asked.print(&measured, &misses)
    }
}

fn parse(line: &str) -> Result<Row, String> {
    let fields: Vec<&str> = line.splitn(4, '\t').collect();
    let [label, language, source, text] = fields.as_slice() else {
        let found = fields.len();
        return Err(format!("expected label, language, source and text with tabs between, found {found} of the four"));
    };
    let known = CLASSES.iter().position(|class| class == label);
    let label = known.ok_or_else(|| format!("unknown label \"{label}\": expected negative, neutral or positive"))?;
    let tag = Language::from_tag(language);
    let language = tag.ok_or_else(|| format!("unknown language \"{language}\": expected zh or en"))?;
    if text.trim().is_empty() {
        return Err("the text is empty".to_owned());
    }
    Ok(Row { label, language, source: (*source).to_owned(), text: (*text).to_owned() })
}

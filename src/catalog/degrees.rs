//! `degrees.toml`: the words that answer a question of a survey as a mark does, and those that take an answer back.

use std::collections::BTreeMap;

use super::document::{Source, Table};
use super::fault::Fault;
use super::files::Files;
use crate::domain::degree::{DEGREES, Degrees};
use crate::domain::language::Language;
use crate::domain::script::normalised;

const FILE: &str = "degrees.toml";

/// Reads the words.
pub(super) fn read(files: &Files, faults: &mut Vec<Fault>) -> Degrees {
    let Some(text) = files.required(FILE, faults) else { return Degrees::default() };
    let source = Source::new(FILE, text);
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), &root.span());
    let mut found = Degrees::default();
    let degrees = table.tables("degree");
    if degrees.len() != usize::from(DEGREES) {
        source.fault(table.at(), format!("there must be {DEGREES} [[degree]], from the lowest to the highest"));
    }
    for (degree, entry) in (0..DEGREES).zip(degrees) {
        read_words(&source, &entry, degree, &mut found.satisfied);
        if let Some(recommends) = entry.table("recommends") {
            read_words(&source, &recommends, degree, &mut found.recommends);
            recommends.finish();
        }
        entry.finish();
    }
    if let Some(amending) = table.table("amending") {
        let listed = Language::ALL.into_iter().flat_map(|language| amending.strings(language.tag()));
        found.amending = listed.map(|words| normalised_head(&words.value)).collect();
        amending.finish();
    }
    table.finish();
    faults.extend(source.into_faults());
    found
}

/// Reads the words for one degree in every language.
fn read_words(source: &Source<'_>, table: &Table<'_, '_>, degree: u8, known: &mut BTreeMap<String, u8>) {
    for word in Language::ALL.into_iter().flat_map(|language| table.strings(language.tag())) {
        if known.insert(normalised(&word.value), degree).is_some_and(|before| before != degree) {
            source.fault(word.at, format!("`{}` is another degree already", word.value));
        }
    }
}

/// The closing `…` stands for whatever follows: [`normalised`] would take it for punctuation.
fn normalised_head(words: &str) -> String {
    match words.strip_suffix('…') {
        Some(head) => format!("{}…", normalised(head)),
        None => normalised(words),
    }
}

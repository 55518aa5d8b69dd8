//! `degrees.toml`: the words that answer a question about satisfaction when they are the whole message.

use std::collections::BTreeMap;

use super::document::{Source, Table};
use super::fault::Fault;
use super::files::Files;
use crate::domain::language::Language;
use crate::domain::script::{DEGREES, normalised};

const FILE: &str = "degrees.toml";

/// Reads the words, each with its degree, 0 for the lowest.
pub(super) fn read(files: &Files, faults: &mut Vec<Fault>) -> BTreeMap<String, u8> {
    let Some(text) = files.required(FILE, faults) else { return BTreeMap::new() };
    let source = Source::new(FILE, text);
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), &root.span());
    let mut words = BTreeMap::new();
    let degrees = table.tables("degree");
    if degrees.len() != usize::from(DEGREES) {
        source.fault(table.at(), format!("there must be {DEGREES} [[degree]], from the lowest to the highest"));
    }
    for (degree, entry) in (0..DEGREES).zip(degrees) {
        for language in Language::ALL {
            for word in entry.strings(language.tag()) {
                if words.insert(normalised(&word.value), degree).is_some_and(|before| before != degree) {
                    source.fault(word.at, format!("`{}` is another degree already", word.value));
                }
            }
        }
        entry.finish();
    }
    table.finish();
    faults.extend(source.into_faults());
    words
}

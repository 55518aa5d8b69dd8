//! `courtesies.toml`: the words that are only polite when they are the whole message.

use std::collections::BTreeMap;

use super::document::{Source, Table};
use super::fault::Fault;
use super::files::Files;
use crate::domain::language::Language;
use crate::domain::script::{Courtesy, normalised};

const FILE: &str = "courtesies.toml";
const COURTESIES: [(&str, Courtesy); 3] =
    [("thanks", Courtesy::Thanks), ("greeting", Courtesy::Greeting), ("pause", Courtesy::Pause)];

/// Reads the words, each with what it is.
pub(super) fn read(files: &Files, faults: &mut Vec<Fault>) -> BTreeMap<String, Courtesy> {
    let Some(text) = files.required(FILE, faults) else { return BTreeMap::new() };
    let source = Source::new(FILE, text);
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), &root.span());
    let mut words = BTreeMap::new();
    for (name, courtesy) in COURTESIES {
        let Some(entry) = table.table(name) else {
            source.fault(table.at(), format!("there is no [{name}]"));
            continue;
        };
        for language in Language::ALL {
            for word in entry.strings(language.tag()) {
                if words.insert(normalised(&word.value), courtesy).is_some_and(|before| before != courtesy) {
                    source.fault(word.at, format!("`{}` is another courtesy already", word.value));
                }
            }
        }
        entry.finish();
    }
    table.finish();
    faults.extend(source.into_faults());
    words
}

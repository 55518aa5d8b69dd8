//! `faq/*.toml`: questions that are often asked.

use super::document::{Source, Table};
use super::fault::Fault;
use super::files::Files;
use super::named::TextNames;
use crate::domain::faq::Entry;

/// Reads every file, in the order of their names; the answers are noted in `names`.
pub(super) fn read(files: &Files, names: &mut TextNames, faults: &mut Vec<Fault>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (path, text) in files.within("faq") {
        let source = Source::new(path, text);
        let root = source.parse();
        let table = Table::new(&source, root.get_ref(), &root.span());
        for entry in table.tables("entry") {
            let id = entry.string("id");
            let at = id.at;
            let words = entry.groups("words");
            if words.is_empty() || words.iter().any(Vec::is_empty) {
                source.fault(at, "`words` must be a list of lists, none of them empty");
            }
            if entries.iter().any(|known| known.id == id.value) {
                source.fault(at, format!("there is another entry `{}`", id.value));
            }
            if !id.value.is_empty() {
                let key = super::document::Placed { value: format!("faq.{}", id.value), at };
                names.note(&source, key);
            }
            entries.push(Entry { id: id.value, words });
            entry.finish();
        }
        table.finish();
        faults.extend(source.into_faults());
    }
    entries
}

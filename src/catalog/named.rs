//! Which texts the surveys, the repair form and the commands name, and where, so that a name
//! without a text is found with its line.

use super::document::{Placed, Source};
use super::fault::Fault;
use super::texts::Texts;
use crate::domain::language::Language;

/// The names met so far.
#[derive(Debug, Default)]
pub(super) struct TextNames(Vec<Name>);

#[derive(Debug)]
struct Name {
    file: String,
    line: u32,
    key: String,
}

impl TextNames {
    /// Notes that a file names a text, and returns the name.
    pub(super) fn note(&mut self, source: &Source<'_>, key: Placed<String>) -> String {
        // An empty one is noted as a fault already.
        if !key.value.is_empty() {
            let name = Name { file: source.file().to_owned(), line: source.line(key.at), key: key.value.clone() };
            self.0.push(name);
        }
        key.value
    }

    /// Notes that a file as a whole needs a text.
    pub(super) fn need(&mut self, file: &str, key: String) {
        self.0.push(Name { file: file.to_owned(), line: 1, key });
    }

    /// Notes a fault for each name that has no text, or one with a placeholder that nobody fills.
    pub(super) fn check(&self, texts: &Texts, faults: &mut Vec<Fault>) {
        for Name { file, line, key } in &self.0 {
            let mut found = Language::ALL.into_iter().filter_map(|language| texts.get(language, key)).peekable();
            let message = if found.peek().is_none() {
                format!("there is no text `{key}`")
            } else if found.any(|text| !text.placeholders().is_empty()) {
                format!("the text `{key}` has a placeholder, which nothing fills in here")
            } else {
                continue;
            };
            faults.push(Fault { file: file.clone(), line: *line, message });
        }
    }
}

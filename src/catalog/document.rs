//! One TOML file of `prompts/`, read so that every mistake in it is found in one go.
//!
//! `serde` stops at the first mistake; an operator who edits prompts wants the whole list. So a
//! [`Table`] hands out its values one by one, notes a [`Fault`] with its line for each that is
//! missing or of the wrong kind, and at the end one for each key nobody asked for.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;

/// A file and the faults found in it so far.
pub(super) struct Source<'t> {
    file: &'t str,
    text: &'t str,
    faults: RefCell<Vec<Fault>>,
}

impl<'t> Source<'t> {
    /// A file by its path below `prompts/`, with its text.
    pub(super) fn new(file: &'t str, text: &'t str) -> Source<'t> {
        Source { file, text, faults: RefCell::default() }
    }

    /// Parses the file; what is no TOML is noted as a fault, the rest is still read.
    pub(super) fn parse(&self) -> Spanned<DeTable<'t>> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let start = error.span().map_or(0, |span| span.start);
            self.fault(start, error.message());
        }
        root
    }

    /// Returns the path below `prompts/`.
    pub(super) fn file(&self) -> &'t str {
        self.file
    }

    /// Notes a fault at a byte of the file.
    pub(super) fn fault(&self, at: usize, message: impl Into<String>) {
        self.faults.borrow_mut().push(Fault::at(self.file, self.text, at, message));
    }

    /// Returns the line of a byte, counted from 1.
    pub(super) fn line(&self, at: usize) -> u32 {
        super::fault::line_of(self.text, at)
    }

    /// Returns everything that was found wrong.
    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults.into_inner()
    }
}

/// A value and the byte of its file at which it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) at: usize,
}

/// A table of a [`Source`], of which every key must be asked for once.
pub(super) struct Table<'a, 't> {
    source: &'a Source<'t>,
    entries: &'a DeTable<'t>,
    at: usize,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a, 't> Table<'a, 't> {
    /// The table of that source at that place.
    pub(super) fn new(source: &'a Source<'t>, entries: &'a DeTable<'t>, span: &Range<usize>) -> Table<'a, 't> {
        Table { source, entries, at: span.start, asked: RefCell::default() }
    }

    /// Returns the byte at which the table stands.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Returns a string that must be there and not be empty; a fault and an empty string otherwise.
    pub(super) fn string(&self, key: &'static str) -> Placed<String> {
        self.optional_string(key).unwrap_or_else(|| {
            self.note_missing(key);
            Placed { value: String::new(), at: self.at }
        })
    }

    /// Returns a string that may be left out, but not be empty.
    pub(super) fn optional_string(&self, key: &'static str) -> Option<Placed<String>> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str().map(str::trim);
        if text.is_none_or(str::is_empty) {
            self.source.fault(value.span().start, format!("`{key}` must be a text that is not empty"));
        }
        Some(Placed { value: text.unwrap_or_default().to_owned(), at: value.span().start })
    }

    /// Returns a list of strings, empty when left out.
    pub(super) fn strings(&self, key: &'static str) -> Vec<Placed<String>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.source.fault(value.span().start, format!("`{key}` must be a list of texts"));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref().as_str().map(str::trim).filter(|text| !text.is_empty()) {
                Some(text) => texts.push(Placed { value: text.to_owned(), at: item.span().start }),
                None => self.source.fault(item.span().start, format!("`{key}` may hold only texts that are not empty")),
            }
        }
        texts
    }

    /// Returns a list of strings as they stand, spaces and line ends included; empty when left out.
    pub(super) fn raw_strings(&self, key: &'static str) -> Vec<String> {
        let items = self.value(key).and_then(|value| value.get_ref().as_array());
        let texts = items.into_iter().flatten().filter_map(|item| item.get_ref().as_str());
        texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
    }

    /// Returns a list of lists of strings in lower case, empty when left out.
    pub(super) fn groups(&self, key: &'static str) -> Vec<Vec<String>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let groups = value.get_ref().as_array().into_iter().flatten().filter_map(|group| group.get_ref().as_array());
        let words = |group: &toml::de::DeArray<'_>| {
            let texts = group.iter().filter_map(|item| item.get_ref().as_str());
            texts.map(str::trim).filter(|text| !text.is_empty()).map(str::to_lowercase).collect()
        };
        groups.map(words).collect()
    }

    /// Returns a whole number from 1 up that must be there; a fault and 1 otherwise.
    pub(super) fn count(&self, key: &'static str) -> u32 {
        let Some(value) = self.value(key) else {
            self.note_missing(key);
            return 1;
        };
        let number = value.get_ref().as_integer().and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        number.filter(|n| *n > 0).unwrap_or_else(|| {
            self.source.fault(value.span().start, format!("`{key}` must be a whole number from 1 up"));
            1
        })
    }

    /// Returns a whole number from 1 up that may be left out.
    pub(super) fn optional_count(&self, key: &'static str) -> Option<u32> {
        self.entries.contains_key(key).then(|| self.count(key)).or_else(|| {
            self.asked.borrow_mut().push(key);
            None
        })
    }

    /// Returns a number that may be left out.
    pub(super) fn number(&self, key: &'static str) -> Option<Placed<f64>> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Float(float) => float.as_str().parse().ok().filter(|number: &f64| number.is_finite()),
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.source.fault(value.span().start, format!("`{key}` must be a number"));
        }
        number.map(|number| Placed { value: number, at: value.span().start })
    }

    /// Returns a truth value, false when left out.
    pub(super) fn flag(&self, key: &'static str) -> bool {
        let Some(value) = self.value(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.source.fault(value.span().start, format!("`{key}` must be true or false"));
            false
        })
    }

    /// Returns a table that may be left out.
    pub(super) fn table(&self, key: &'static str) -> Option<Table<'a, 't>> {
        let value = self.value(key)?;
        let Some(entries) = value.get_ref().as_table() else {
            self.source.fault(value.span().start, format!("`{key}` must be a table"));
            return None;
        };
        Some(Table::new(self.source, entries, &value.span()))
    }

    /// Returns a list of tables, empty when left out.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Table<'a, 't>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let items = value.get_ref().as_array().into_iter().flatten();
        let tables: Vec<_> =
            items.filter_map(|item| Some(Table::new(self.source, item.get_ref().as_table()?, &item.span()))).collect();
        if value.get_ref().as_array().map(|items| items.len()) != Some(tables.len()) {
            self.source.fault(value.span().start, format!("`{key}` must be a list of tables"));
        }
        tables
    }

    /// Returns every entry with a text for its value, for tables whose keys are data.
    pub(super) fn all_strings(&self) -> Vec<(Placed<String>, String)> {
        let mut pairs = Vec::new();
        for (key, value) in self.entries {
            let Some(text) = value.get_ref().as_str().filter(|text| !text.is_empty()) else {
                let message = format!("`{}` must be a text that is not empty", key.get_ref());
                self.source.fault(value.span().start, message);
                continue;
            };
            pairs.push((Placed { value: key.get_ref().to_string(), at: key.span().start }, text.to_owned()));
        }
        pairs
    }

    /// Notes a fault for every key that was not asked for.
    pub(super) fn finish(self) {
        let asked = self.asked.into_inner();
        for key in self.entries.keys() {
            if !asked.iter().any(|known| known == key.get_ref()) {
                let message = format!("unknown key `{}`; known here: {}", key.get_ref(), asked.join(", "));
                self.source.fault(key.span().start, message);
            }
        }
    }

    fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'t>>> {
        self.asked.borrow_mut().push(key);
        self.entries.get(key)
    }

    fn note_missing(&self, key: &str) {
        self.source.fault(self.at, format!("`{key}` is missing"));
    }
}

//! One row of a register, read column by column; every mistake in it is noted with its place.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;

use super::book::Row;
use super::cell::Cell;
use super::fault::{Fault, Faults, Place, Problem};
use super::shelf::Spot;
use super::table::Table;
use crate::domain::calendar;
use crate::domain::phone;
use crate::domain::register::{Column, RegisterWords, ValueSet, compared};
use crate::domain::time::Timestamp;
use crate::domain::warranty::Span;

/// Characters of the longest name, code or address.
const LONGEST_NAME: usize = 200;
/// Bytes of the longest word that empties a cell; what is longer is not compared.
const LONGEST_WORD: usize = 24;
/// Entries of one list.
const MOST_ENTRIES: usize = 100;
/// Years that dates in a register lie in: anything else is a slip of the pen.
const LIKELY_YEARS: std::ops::RangeInclusive<i16> = 1950..=2150;
/// The longest term that is believed, in months or seasons.
const LONGEST_TERM: u32 = 1200;

/// What a cell says about what is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<T> {
    /// Nothing: what is known stays.
    Absent,
    /// It is to be emptied.
    Clear,
    Is(T),
}

impl<T> Value<T> {
    /// Applies it to what may be unknown.
    pub(super) fn put(self, target: &mut Option<T>) {
        match self {
            Value::Absent => {}
            Value::Clear => *target = None,
            Value::Is(value) => *target = Some(value),
        }
    }

    /// Applies it to what has an ordinary value when nothing is said.
    pub(super) fn put_or(self, target: &mut T, ordinary: T) {
        match self {
            Value::Absent => {}
            Value::Clear => *target = ordinary,
            Value::Is(value) => *target = value,
        }
    }

    /// Returns what it is, if it is something.
    pub(super) fn known(self) -> Option<T> {
        match self {
            Value::Is(value) => Some(value),
            Value::Absent | Value::Clear => None,
        }
    }
}

/// A row, and where mistakes in it go.
pub(super) struct Line<'a> {
    /// Every table of the file.
    pub(super) tables: &'a [Table],
    pub(super) table: &'a Table,
    pub(super) row: &'a Row,
    pub(super) at: Spot,
    pub(super) words: &'a RegisterWords,
    pub(super) zone: &'a TimeZone,
    pub(super) faults: &'a mut Faults,
}

impl Line<'_> {
    /// Returns where a column of this row is.
    pub(super) fn place(&self, column: Column) -> Place {
        let heading = self.table.columns.iter().find(|heading| heading.column == column);
        Place {
            sheet: self.table.sheet.clone(),
            row: Some(self.row.number),
            column: heading.map(|heading| heading.index),
            heading: heading.map(|heading| heading.text.clone()),
        }
    }

    /// Returns what another row is called here: its number, with its sheet where that is another one.
    pub(super) fn named(&self, other: Spot) -> String {
        let elsewhere = self.tables.get(other.table).filter(|_| other.table != self.at.table);
        match elsewhere.and_then(|table| table.sheet.as_deref()) {
            Some(sheet) => format!("{} ({sheet})", other.row),
            None => other.row.to_string(),
        }
    }

    /// Notes what is wrong with a column of this row.
    pub(super) fn fault(&mut self, column: Column, problem: Problem, args: &[(&str, &str)]) {
        let fault = Fault::at(self.place(column), problem, args);
        self.faults.add(fault);
    }

    /// Returns a key: a text that must be there and that no list may stand in.
    pub(super) fn key(&mut self, column: Column) -> Option<String> {
        match self.text(column) {
            Value::Is(text) => Some(text),
            Value::Absent if self.is_readable(column) => {
                self.fault(column, Problem::Missing, &[]);
                None
            }
            Value::Absent => None,
            Value::Clear => {
                self.fault(column, Problem::CannotBeCleared, &[]);
                None
            }
        }
    }

    /// Returns a value that may not be emptied, and must be there if the record is `new`.
    pub(super) fn required<T>(&mut self, column: Column, value: Value<T>, new: bool) -> Option<T> {
        match value {
            Value::Is(value) => Some(value),
            Value::Clear => {
                self.fault(column, Problem::CannotBeCleared, &[]);
                None
            }
            Value::Absent => {
                if new && self.is_readable(column) {
                    self.fault(column, Problem::Missing, &[]);
                }
                None
            }
        }
    }

    /// Reads a text.
    pub(super) fn text(&mut self, column: Column) -> Value<String> {
        let Some(shown) = self.shown(column) else { return Value::Absent };
        if self.clears(&shown) {
            return Value::Clear;
        }
        if shown.chars().nth(LONGEST_NAME).is_some() {
            self.fault(column, Problem::TooLong, &[("most", &LONGEST_NAME.to_string())]);
            return Value::Absent;
        }
        // A line break within a name comes from a cell that was too narrow.
        Value::Is(shown.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Reads a day as the instant it begins at.
    pub(super) fn day(&mut self, column: Column) -> Value<(Date, Timestamp)> {
        let Some(shown) = self.shown(column) else { return Value::Absent };
        if self.clears(&shown) {
            return Value::Clear;
        }
        let read = self.cell(column).and_then(Cell::date);
        match read {
            None => self.fault(column, Problem::NotADate, &[("value", &shown)]),
            Some(date) if !LIKELY_YEARS.contains(&date.year()) => {
                self.fault(column, Problem::UnlikelyDate, &[("value", &date.to_string())]);
            }
            Some(date) => {
                if let Some(begin) = calendar::instant(date, Time::midnight(), self.zone) {
                    return Value::Is((date, begin));
                }
                self.fault(column, Problem::NotADate, &[("value", &shown)]);
            }
        }
        Value::Absent
    }

    /// Reads yes or no.
    pub(super) fn flag(&mut self, column: Column) -> Value<bool> {
        if let Some(Cell::Flag(flag)) = self.cell(column) {
            return Value::Is(*flag);
        }
        let Some(shown) = self.shown(column) else { return Value::Absent };
        let said = compared(&shown);
        let is = |words: &[String]| words.iter().any(|word| compared(word) == said);
        if is(&self.words.yes) {
            return Value::Is(true);
        }
        if is(&self.words.no) {
            return Value::Is(false);
        }
        if self.clears(&shown) {
            return Value::Clear;
        }
        let first = |words: &[String]| words.first().cloned().unwrap_or_default();
        let (yes, no) = (first(&self.words.yes), first(&self.words.no));
        self.fault(column, Problem::NotAFlag, &[("value", &shown), ("yes", &yes), ("no", &no)]);
        Value::Absent
    }

    /// Reads one of a set of values.
    pub(super) fn value<T: DeserializeOwned>(&mut self, column: Column, set: ValueSet) -> Value<T> {
        let Some(shown) = self.shown(column) else { return Value::Absent };
        if self.clears(&shown) {
            return Value::Clear;
        }
        self.one_of(column, set, &shown).map_or(Value::Absent, Value::Is)
    }

    /// Reads several of a set of values; none twice.
    pub(super) fn values<T: DeserializeOwned + PartialEq>(&mut self, column: Column, set: ValueSet) -> Value<Vec<T>> {
        match self.list(column) {
            Value::Absent => Value::Absent,
            Value::Clear => Value::Clear,
            Value::Is(entries) => {
                let mut found = Vec::new();
                for entry in entries {
                    if let Some(value) = self.one_of::<T>(column, set, &entry).filter(|value| !found.contains(value)) {
                        found.push(value);
                    }
                }
                Value::Is(found)
            }
        }
    }

    /// Reads a list of texts.
    pub(super) fn list(&mut self, column: Column) -> Value<Vec<String>> {
        let Some(shown) = self.shown(column) else { return Value::Absent };
        if self.clears(&shown) {
            return Value::Clear;
        }
        let entries = self.parts(&shown);
        if entries.len() > MOST_ENTRIES {
            self.fault(column, Problem::TooLong, &[("most", &MOST_ENTRIES.to_string())]);
            return Value::Absent;
        }
        Value::Is(entries)
    }

    /// Reads a telephone number. What stands there is never repeated.
    pub(super) fn phone(&mut self, column: Column) -> Value<String> {
        match self.text(column) {
            Value::Is(text) => match phone::normalised(&text) {
                Some(number) => Value::Is(number),
                None => {
                    self.fault(column, Problem::NotAPhone, &[]);
                    Value::Absent
                }
            },
            other => other,
        }
    }

    /// Reads a mail address. What stands there is never repeated.
    pub(super) fn mail(&mut self, column: Column) -> Value<String> {
        match self.text(column) {
            Value::Is(text) => {
                let parts = text.split_once('@').filter(|(who, host)| !who.is_empty() && host.contains('.'));
                let plain = parts.is_some_and(|(_, host)| !host.contains('@') && !host.starts_with('.'));
                if plain && !text.contains(char::is_whitespace) {
                    return Value::Is(text);
                }
                self.fault(column, Problem::NotAMail, &[]);
                Value::Absent
            }
            other => other,
        }
    }

    /// Reads how long a term is: `8年`, `36 months`, `3 seasons`, `design life`.
    pub(super) fn period(&mut self, column: Column) -> Option<Span> {
        let text = self.key(column)?;
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let span = match (number.parse::<u32>().ok(), self.words.value(ValueSet::Period, unit)) {
            (None, Some("design_life")) if number.is_empty() => Some(Span::DesignLife),
            (Some(count), Some("months")) => Some(Span::Months(count)),
            (Some(count), Some("years")) => count.checked_mul(12).map(Span::Months),
            (Some(count), Some("seasons")) => Some(Span::Seasons(count)),
            _ => None,
        };
        let believed = span.filter(|span| match span {
            Span::DesignLife => true,
            Span::Months(count) | Span::Seasons(count) => (1..=LONGEST_TERM).contains(count),
        });
        if believed.is_none() {
            self.fault(column, Problem::NotAPeriod, &[("value", &text)]);
        }
        believed
    }

    /// Returns the entries of a list.
    pub(super) fn parts(&self, text: &str) -> Vec<String> {
        let mut parts = vec![text];
        for separator in &self.words.separators {
            parts = parts.into_iter().flat_map(|part| part.split(separator.as_str())).collect();
        }
        parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    fn one_of<T: DeserializeOwned>(&mut self, column: Column, set: ValueSet, word: &str) -> Option<T> {
        let read = self
            .words
            .value(set, word)
            .and_then(|id| T::deserialize(StrDeserializer::<serde::de::value::Error>::new(id)).ok());
        if read.is_none() {
            let known = self.words.choices(set).join(", ");
            self.fault(column, Problem::NotAValue, &[("value", word), ("known", &known)]);
        }
        read
    }

    fn cell(&self, column: Column) -> Option<&Cell> {
        let heading = self.table.columns.iter().find(|heading| heading.column == column)?;
        self.row.cells.get(heading.index)
    }

    /// Returns what stands in a column; notes what cannot be read.
    fn shown(&mut self, column: Column) -> Option<String> {
        match self.cell(column)? {
            Cell::Error => self.fault(column, Problem::CellError, &[]),
            Cell::TooLong => {
                self.fault(column, Problem::TooLong, &[("most", &super::cell::LONGEST_CELL.to_string())]);
            }
            cell => return cell.shown(),
        }
        None
    }

    /// Whether nothing stands there that was noted as unreadable.
    fn is_readable(&self, column: Column) -> bool {
        matches!(self.cell(column), None | Some(Cell::Empty))
    }

    fn clears(&self, text: &str) -> bool {
        if text.len() > LONGEST_WORD {
            return false;
        }
        let said = compared(text);
        self.words.clear.iter().any(|word| compared(word) == said)
    }
}

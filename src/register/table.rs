//! A sheet as the table of one register: which register, and what stands in which column.

use super::book::{Row, Sheet};
use super::fault::{Fault, Faults, Place, Problem};
use crate::domain::language::Language;
use crate::domain::register::{Column, Register, RegisterWords, SheetWords};

/// The rows of one register, below their headings.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub register: Register,
    pub sheet: Option<String>,
    /// Which column of the sheet holds what, with its heading.
    pub columns: Vec<Heading>,
    pub rows: Vec<Row>,
}

/// A heading that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    pub column: Column,
    /// Counted from 0.
    pub index: usize,
    pub text: String,
}

/// Finds the registers in a file's sheets. `wanted` says what the only sheet holds; otherwise its
/// name does, or its headings.
pub fn recognise(
    sheets: Vec<Sheet>,
    wanted: Option<Register>,
    words: &RegisterWords,
    faults: &mut Faults,
    notes: &mut Faults,
) -> Vec<Table> {
    let only = sheets.iter().filter(|sheet| !sheet.rows.is_empty()).count() == 1;
    let names: Vec<String> = sheets.iter().filter_map(|sheet| sheet.name.clone()).collect();
    let mut tables = Vec::new();
    let mut empty = true;
    for sheet in sheets {
        let title = sheet.name.as_deref();
        if title.is_some_and(|name| words.is_guide(name)) || sheet.rows.is_empty() {
            continue;
        }
        empty = false;
        let by_name = title.and_then(|name| words.register(name));
        let register = wanted.filter(|_| only).or(by_name).or_else(|| by_headings(&sheet, words));
        match (register, wanted) {
            (Some(register), Some(wanted)) if register != wanted => {}
            (Some(register), _) => tables.extend(table(sheet, register, words, faults, notes)),
            (None, _) => match title {
                Some(name) => {
                    notes.add(Fault::at(sheet.place(None), Problem::UnknownSheet, &[("sheet", name)]));
                }
                None => faults.add(Fault::of_file(Problem::UnknownTable, &[])),
            },
        }
    }
    if empty {
        faults.add(Fault::of_file(Problem::Empty, &[]));
    } else if tables.is_empty() && faults.is_empty() {
        faults.add(Fault::of_file(Problem::NoSheet, &[("sheets", &names.join(", "))]));
    }
    tables
}

/// Returns the register that has all its keys among the headings, and most of the headings.
fn by_headings(sheet: &Sheet, words: &RegisterWords) -> Option<Register> {
    let first = sheet.rows.first()?;
    let score = |of: &SheetWords| {
        let found: Vec<Column> = first.cells.iter().filter_map(|cell| of.column(&cell.shown()?)).collect();
        let complete = of.register.keys().iter().all(|key| found.contains(key));
        complete.then_some(found.len())
    };
    let mut scores: Vec<_> = words.sheets.iter().filter_map(|of| Some((score(of)?, of.register))).collect();
    scores.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    match scores.as_slice() {
        [(best, _), (second, _), ..] if best == second => None,
        [(_, register), ..] => Some(*register),
        [] => None,
    }
}

fn table(
    sheet: Sheet,
    register: Register,
    words: &RegisterWords,
    faults: &mut Faults,
    notes: &mut Faults,
) -> Option<Table> {
    let of = words.sheet(register)?;
    let mut rows = sheet.rows.into_iter();
    let first = rows.next()?;
    let mut columns: Vec<Heading> = Vec::new();
    for (index, cell) in first.cells.iter().enumerate() {
        let Some(text) = cell.shown() else { continue };
        let place = Place {
            sheet: sheet.name.clone(),
            row: Some(first.number),
            column: Some(index),
            heading: Some(text.clone()),
        };
        match of.column(&text) {
            None => notes.add(Fault::at(place, Problem::UnknownColumn, &[("heading", &text)])),
            Some(column) if columns.iter().any(|known| known.column == column) => {
                faults.add(Fault::at(place, Problem::ColumnTwice, &[("heading", &text)]));
            }
            Some(column) => columns.push(Heading { column, index, text }),
        }
    }
    let missing: Vec<_> =
        register.keys().iter().filter(|key| !columns.iter().any(|known| known.column == **key)).collect();
    for key in &missing {
        let place = Place { sheet: sheet.name.clone(), row: Some(first.number), ..Place::default() };
        let headings = [Language::Chinese, Language::English].map(|language| of.heading(**key, language));
        faults.add(Fault::at(place, Problem::NoKeyColumn, &[("heading", &headings.join(" / "))]));
    }
    missing.is_empty().then(|| Table { register, sheet: sheet.name, columns, rows: rows.collect() })
}

//! A file as sheets of cells, whatever its form; with caps on everything, since it comes from
//! outside.
//!
//! [`super::xlsx`] reads workbooks, [`super::delimited`] texts; here is what both come to and what
//! both are limited by.

use super::cell::Cell;
use super::fault::{Fault, Place, Problem};
use super::{delimited, xlsx};

/// The largest file that is read.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Rows of one sheet.
pub const MOST_ROWS: usize = 200_000;
/// Columns in which something may stand.
pub const MOST_COLUMNS: usize = 64;
/// Cells of all sheets in which something stands.
const MOST_CELLS: usize = 5_000_000;
/// Bytes of text of all cells together: a short workbook can repeat a long text without end.
const MOST_TEXT: usize = 256 * 1024 * 1024;

/// A sheet with the rows in which something stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sheet {
    /// `None` where a file has no sheets.
    pub name: Option<String>,
    pub rows: Vec<Row>,
}

/// A row in which something stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Counted from 1.
    pub number: u32,
    pub cells: Vec<Cell>,
}

impl Sheet {
    /// Returns a place in this sheet.
    pub fn place(&self, row: Option<u32>) -> Place {
        Place { sheet: self.name.clone(), row, ..Place::default() }
    }
}

/// Reads a file: a workbook by its first bytes, a text otherwise. Its name is not looked at.
///
/// # Errors
/// The one fault that keeps it from being read.
pub fn read(bytes: &[u8]) -> Result<Vec<Sheet>, Fault> {
    if bytes.len() > MOST_BYTES {
        let most = (MOST_BYTES / 1024 / 1024).to_string();
        return Err(Fault::of_file(Problem::TooLarge, &[("most", &most)]));
    }
    if bytes.starts_with(b"PK") { xlsx::read(bytes) } else { delimited::read(bytes).map(|sheet| vec![sheet]) }
}

/// Collects the cells of one sheet and stops at the caps.
pub(super) struct Collector<'b> {
    sheet: Sheet,
    budget: &'b mut Budget,
}

/// What all sheets of a file may still hold.
pub(super) struct Budget {
    cells: usize,
    text: usize,
}

impl Budget {
    pub(super) fn new() -> Budget {
        Budget { cells: MOST_CELLS, text: MOST_TEXT }
    }
}

impl<'b> Collector<'b> {
    pub(super) fn new(name: Option<String>, budget: &'b mut Budget) -> Collector<'b> {
        Collector { sheet: Sheet { name, rows: Vec::new() }, budget }
    }

    /// Takes a cell in; rows come in order. `row` counts from 1, `column` from 0.
    pub(super) fn add(&mut self, row: u32, column: usize, cell: Cell) -> Result<(), Fault> {
        if cell == Cell::Empty {
            return Ok(());
        }
        if column >= MOST_COLUMNS {
            let place = Place { column: Some(column), ..self.sheet.place(Some(row)) };
            return Err(Fault::at(place, Problem::TooManyColumns, &[("most", &MOST_COLUMNS.to_string())]));
        }
        let text = if let Cell::Text(text) = &cell { text.len() } else { 0 };
        let left = (self.budget.cells.checked_sub(1), self.budget.text.checked_sub(text));
        let new = self.sheet.rows.last().is_none_or(|last| last.number != row);
        let (Some(cells), Some(text), false) = (left.0, left.1, new && self.sheet.rows.len() >= MOST_ROWS) else {
            return Err(Fault::at(self.sheet.place(None), Problem::TooManyRows, &[("most", &MOST_ROWS.to_string())]));
        };
        *self.budget = Budget { cells, text };
        if new {
            self.sheet.rows.push(Row { number: row, cells: Vec::new() });
        }
        if let Some(row) = self.sheet.rows.last_mut() {
            if row.cells.len() <= column {
                row.cells.resize(column + 1, Cell::Empty);
            }
            if let Some(place) = row.cells.get_mut(column) {
                *place = cell;
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Sheet {
        self.sheet
    }
}

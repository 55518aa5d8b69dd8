//! Excel workbooks, read cell by cell.
//!
//! A workbook is a ZIP of XML, so a small one can unpack to more than any memory: everything in
//! it is unpacked once into nothing, with a cap, before calamine sees it. calamine also believes
//! the number of texts a workbook announces, so that number is checked too; and it is asked for
//! cells one by one, because its tables are as large as the farthest cell says.

use std::io::{Cursor, Read as _};

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx};
use jiff::civil::Date;

use super::book::{Budget, Collector, Sheet};
use super::cell::Cell;
use super::fault::{Fault, Problem};

/// What a workbook may unpack to.
const MOST_UNPACKED: u64 = 256 * 1024 * 1024;
/// Parts of a workbook; an ordinary one has a dozen.
const MOST_PARTS: usize = 2000;
/// Texts a workbook may announce.
const MOST_TEXTS: u64 = 4_000_000;
/// Where it announces them.
const ANNOUNCED: &str = "uniqueCount";

/// Reads every sheet of a workbook.
///
/// # Errors
/// The one fault that keeps it from being read.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Sheet>, Fault> {
    check(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| broken())?;
    let mut budget = Budget::new();
    let mut sheets = Vec::new();
    for name in book.sheet_names() {
        let mut collector = Collector::new(Some(name.clone()), &mut budget);
        // A chart on a sheet of its own has no cells.
        let Ok(mut cells) = book.worksheet_cells_reader(&name) else { continue };
        while let Some(cell) = cells.next_cell().map_err(|_| broken())? {
            let (row, column) = cell.get_position();
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            collector.add(row.saturating_add(1), column, cell_of(cell.get_value()))?;
        }
        sheets.push(collector.finish());
    }
    Ok(sheets)
}

fn broken() -> Fault {
    Fault::of_file(Problem::Broken, &[])
}

fn cell_of(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet counts in f64 itself")]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Bool(flag) => Cell::Flag(*flag),
        DataRef::DateTime(date) => date_of(date).map_or(Cell::Number(date.as_f64()), Cell::Date),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::text(text),
        DataRef::Error(_) => Cell::Error,
    }
}

fn date_of(date: &ExcelDateTime) -> Option<Date> {
    let (year, month, day, ..) = date.to_ymd_hms_milli();
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Unpacks everything into nothing and refuses what is larger than a register can be.
fn check(bytes: &[u8]) -> Result<(), Fault> {
    let too_large = || {
        let most = (MOST_UNPACKED / 1024 / 1024).to_string();
        Fault::of_file(Problem::Unpacks, &[("most", &most)])
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
    if archive.len() > MOST_PARTS {
        return Err(broken());
    }
    let mut left = MOST_UNPACKED;
    let mut part = Vec::new();
    for index in 0..archive.len() {
        part.clear();
        let file = archive.by_index(index).map_err(|_| broken())?;
        let is_xml = file.name().map_err(|_| broken())?.to_ascii_lowercase().ends_with("xml");
        let read = file.take(left + 1).read_to_end(&mut part).map_err(|_| broken())?;
        left = left.checked_sub(read as u64).ok_or_else(too_large)?;
        let modest = match std::str::from_utf8(&part) {
            Ok(text) => is_modest(text),
            // Spreadsheets write UTF-8; in another encoding the announcement could hide.
            Err(_) => !is_xml,
        };
        if !modest {
            return Err(broken());
        }
    }
    Ok(())
}

/// Whether a part announces no more texts than a register can have.
fn is_modest(part: &str) -> bool {
    part.match_indices(ANNOUNCED).all(|(start, _)| {
        let behind = part.get(start + ANNOUNCED.len()..).unwrap_or_default();
        let digits = behind.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '>');
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let digits = digits.get(..end).unwrap_or_default();
        digits.is_empty() || digits.parse::<u64>().is_ok_and(|count| count <= MOST_TEXTS)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    fn packed(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn a_small_workbook_that_unpacks_to_more_than_any_register_is_refused_unread() {
        let most = usize::try_from(MOST_UNPACKED).unwrap();
        let bomb = packed(&[("xl/worksheets/sheet1.xml", vec![b' '; most + 1])]);
        assert!(bomb.len() < 2 * 1024 * 1024, "{}", bomb.len());
        assert_eq!(read(&bomb).unwrap_err().problem, Problem::Unpacks);
    }

    #[test]
    fn a_workbook_that_announces_more_texts_than_it_can_have_is_refused() {
        for announced in ["uniqueCount=\"99999999999999\"", "uniqueCount = '18446744073709551616'"] {
            let part = format!("<?xml version=\"1.0\"?><sst {announced}></sst>").into_bytes();
            assert_eq!(read(&packed(&[("xl/sharedStrings.xml", part)])).unwrap_err().problem, Problem::Broken);
        }
        let hidden: Vec<u8> = "<sst uniqueCount=\"99999999999\"/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&packed(&[("xl/sharedStrings.xml", hidden)])).unwrap_err().problem, Problem::Broken);
        assert!(is_modest("<sst count=\"3\" uniqueCount=\"2\">"));
    }

    #[test]
    fn what_only_begins_like_a_workbook_is_refused() {
        for bytes in [b"PK".to_vec(), b"PK\x03\x04 nothing".to_vec(), packed(&[("readme.txt", b"x".to_vec())])] {
            assert_eq!(read(&bytes).unwrap_err().problem, Problem::Broken);
        }
    }

    #[test]
    fn cells_far_away_cost_nothing_and_are_refused() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "项目编号").unwrap();
        sheet.write(1_048_575, 16_383, "x").unwrap();
        let fault = read(&book.save_to_buffer().unwrap()).unwrap_err();
        assert_eq!((fault.problem, fault.place.letters().as_deref()), (Problem::TooManyColumns, Some("XFD")));
    }
}

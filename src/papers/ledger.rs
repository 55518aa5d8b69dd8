//! The ledger (问题台账) as CSV and XLSX, for whoever works with it elsewhere.
//!
//! What people typed must not become a formula in somebody's spreadsheet: in CSV such a cell is
//! written behind an apostrophe (OWASP, CSV Injection), in XLSX every cell is a string or a date.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

use crate::domain::calendar::{by_when, ends_a_day, last_day, local};
use crate::domain::time::Timestamp;
use crate::store::ledger::Line;

/// Lines a file may have: more than a large company's year.
pub const MOST_LINES: u32 = 100_000;
/// Spreadsheets take no more in a cell.
const MOST_CHARACTERS: usize = 32_000;

/// The columns, in order; the heading of each is `web.console.ledger.column.<name>`.
pub const COLUMNS: [&str; 18] = [
    "number",
    "kind",
    "project",
    "unit",
    "location",
    "category",
    "description",
    "urgency",
    "cause",
    "warranty",
    "incident",
    "owner",
    "status",
    "reopened",
    "reported",
    "expected",
    "rectified",
    "closed",
];

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the CSV cannot be written: {0}")]
    Csv(#[from] csv::Error),
    #[error("the workbook cannot be written: {0}")]
    Xlsx(#[from] XlsxError),
    #[error("the file cannot be written: {0}")]
    Io(#[from] std::io::Error),
}

/// How words and times are put into a file.
pub struct Terms<'t> {
    /// Returns the text of a key in the reader's language.
    pub say: &'t dyn Fn(&str) -> String,
    pub zone: TimeZone,
}

enum Value {
    Words(String),
    Count(u32),
    At(Option<Timestamp>),
    /// Until when something is to be done.
    By(Option<Timestamp>),
}

/// Writes the lines as CSV with a byte order mark, by which Excel knows UTF-8.
///
/// # Errors
/// [`LedgerError`] if there is no memory for it.
pub fn csv(lines: &[Line], terms: &Terms<'_>) -> Result<Vec<u8>, LedgerError> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(headings(terms))?;
    for line in lines {
        let cells = values(line, terms).into_iter().map(|value| match value {
            Value::Words(words) => harmless(words),
            Value::Count(count) => count.to_string(),
            Value::At(at) => {
                at.map(|at| local(at, &terms.zone).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
            }
            Value::By(at) => at.map(|at| by_when(at, &terms.zone)).unwrap_or_default(),
        });
        writer.write_record(cells)?;
    }
    writer.flush()?;
    writer.into_inner().map_err(|error| LedgerError::Io(error.into_error()))
}

/// Writes the lines as a workbook with one sheet, its first line fixed.
///
/// # Errors
/// [`LedgerError`] if there is no memory for it.
pub fn xlsx(lines: &[Line], terms: &Terms<'_>) -> Result<Vec<u8>, LedgerError> {
    let mut workbook = Workbook::new();
    let head = Format::new().set_bold().set_background_color(0x00E6_EFED_u32);
    let date = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let sheet = workbook.add_worksheet();
    sheet.set_name((terms.say)("web.console.ledger.title"))?;
    sheet.set_freeze_panes(1, 0)?;
    for (heading, column) in headings(terms).iter().zip(0_u16..) {
        sheet.write_string_with_format(0, column, heading, &head)?;
        sheet.set_column_width(column, width(COLUMNS.get(usize::from(column)).copied().unwrap_or_default()))?;
    }
    for (line, row) in lines.iter().zip(1_u32..) {
        for (value, column) in values(line, terms).into_iter().zip(0_u16..) {
            match value {
                // A string stays a string, whatever it begins with.
                Value::Words(words) => sheet.write_string(row, column, words)?,
                Value::Count(count) => sheet.write_number(row, column, count)?,
                Value::At(None) | Value::By(None) => sheet,
                Value::By(Some(at)) if ends_a_day(at, &terms.zone) => {
                    let last = excel_day(last_day(at, &terms.zone))?;
                    sheet.write_datetime_with_format(row, column, last, &day)?
                }
                Value::At(Some(at)) | Value::By(Some(at)) => {
                    sheet.write_datetime_with_format(row, column, excel(at, &terms.zone)?, &date)?
                }
            };
        }
    }
    Ok(workbook.save_to_buffer()?)
}

fn headings(terms: &Terms<'_>) -> Vec<String> {
    COLUMNS.iter().map(|name| (terms.say)(&format!("web.console.ledger.column.{name}"))).collect()
}

fn values(line: &Line, terms: &Terms<'_>) -> Vec<Value> {
    let say = |key: &str| (terms.say)(key);
    let words = |text: &str| Value::Words(text.chars().take(MOST_CHARACTERS).collect());
    let known = |text: &Option<String>| words(text.as_deref().unwrap_or_default());
    let status = say(&format!("web.console.status.{}", line.status.name()));
    let status = if line.unverified { format!("{status} ({})", say("web.console.ledger.silent")) } else { status };
    let warranty = match line.in_warranty {
        Some(true) => say("web.console.ticket.in_warranty"),
        Some(false) => say("web.console.ticket.out_of_warranty"),
        None => String::new(),
    };
    vec![
        words(&line.number),
        words(&say(&format!("web.console.kind.{}", line.kind.name()))),
        known(&line.project),
        known(&line.unit),
        known(&line.location),
        words(&line.category.map(|category| say(&format!("category.{}", category.name()))).unwrap_or_default()),
        words(&line.description),
        words(&say(&format!("urgency.{}", line.urgency.name()))),
        words(&line.cause.map(|cause| say(&format!("web.paper.cause.{}", cause.name()))).unwrap_or_default()),
        words(&warranty),
        known(&line.incident),
        known(&line.owner),
        words(&status),
        Value::Count(line.reopened),
        Value::At(Some(line.reported_at)),
        Value::By(line.expected_at),
        Value::At(line.rectified_at),
        Value::At(line.closed_at),
    ]
}

/// Puts an apostrophe before what a spreadsheet would take for a formula.
fn harmless(words: String) -> String {
    if words.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{words}") } else { words }
}

fn excel(at: Timestamp, zone: &TimeZone) -> Result<ExcelDateTime, XlsxError> {
    let at = local(at, zone);
    excel_day(at.date())?.and_hms(u16::from(part(at.hour())), part(at.minute()), part(at.second()))
}

fn excel_day(day: Date) -> Result<ExcelDateTime, XlsxError> {
    ExcelDateTime::from_ymd(u16::try_from(day.year()).unwrap_or(1900), part(day.month()), part(day.day()))
}

fn part(value: i8) -> u8 {
    u8::try_from(value).unwrap_or_default()
}

fn width(column: &str) -> f64 {
    match column {
        "description" => 40.0,
        "number" | "project" | "unit" | "location" | "reported" | "expected" | "rectified" | "closed" => 17.0,
        _ => 11.0,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};
    use uuid::Uuid;

    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::ids::TicketId;
    use crate::domain::language::Language;
    use crate::domain::ticket::{Status, TicketKind};
    use crate::domain::understanding::{Category, Urgency};

    pub(crate) fn line() -> Line {
        Line {
            ticket: TicketId(Uuid::from_u128(1)),
            number: "HF2611-0042".to_owned(),
            kind: TicketKind::Repair,
            status: Status::Closed,
            unverified: true,
            category: Some(Category::Leak),
            urgency: Urgency::High,
            project: Some("翠湖花园".to_owned()),
            unit: Some("3栋1单元502".to_owned()),
            location: None,
            description: "主卧渗水，\"很急\"".to_owned(),
            owner: Some("王工".to_owned()),
            cause: None,
            in_warranty: Some(true),
            incident: None,
            reopened: 2,
            reported_at: Timestamp(1_795_226_400_000),
            expected_at: None,
            rectified_at: Some(Timestamp(1_795_312_800_000)),
            closed_at: Some(Timestamp(1_795_399_200_000)),
        }
    }

    fn with_terms<T>(work: impl FnOnce(&Terms<'_>) -> T) -> T {
        let catalog = Catalog::embedded().unwrap();
        let say = |key: &str| catalog.text(Language::Chinese, key, &std::collections::BTreeMap::new());
        work(&Terms { say: &say, zone: TimeZone::get("Asia/Shanghai").unwrap() })
    }

    #[test]
    fn the_csv_holds_a_heading_and_a_line_in_local_time() {
        let bytes = with_terms(|terms| csv(&[line()], terms)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        insta::assert_snapshot!(text.trim_start_matches('\u{feff}'));
        assert!(text.starts_with('\u{feff}'));
    }

    #[test]
    fn a_day_that_was_promised_is_that_day_and_not_midnight_after_it() {
        // The end of 30 November and half past two of the first, in Shanghai.
        for (until, written, date) in [
            (1_796_054_400_000, "2026-11-30", (2026, 11, 30, 0, 0, 0, 0)),
            (1_796_106_600_000, "2026-12-01 14:30", (2026, 12, 1, 14, 30, 0, 0)),
        ] {
            let line = Line { expected_at: Some(Timestamp(until)), ..line() };
            let text = String::from_utf8(with_terms(|terms| csv(std::slice::from_ref(&line), terms)).unwrap()).unwrap();
            let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            assert_eq!(&reader.records().next().unwrap().unwrap()[15], written);
            let book = with_terms(|terms| xlsx(std::slice::from_ref(&line), terms)).unwrap();
            let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book)).unwrap();
            let range = book.worksheet_range("问题台账").unwrap();
            let Some(Data::DateTime(at)) = range.get((1, 15)) else { panic!("{:?}", range.get((1, 15))) };
            assert_eq!(at.to_ymd_hms_milli(), date);
        }
    }

    #[test]
    fn what_people_typed_becomes_no_formula() {
        for bad in ["=HYPERLINK(\"http://x\")", "+1", "-1+2", "@SUM(A1)", "\t=1"] {
            let line = Line { description: bad.to_owned(), ..line() };
            let text = with_terms(|terms| csv(std::slice::from_ref(&line), terms)).unwrap();
            let text = String::from_utf8(text).unwrap();
            let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            assert_eq!(&record[6], format!("'{bad}"), "{bad}");
            let book = with_terms(|terms| xlsx(std::slice::from_ref(&line), terms)).unwrap();
            let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book)).unwrap();
            let name = book.sheet_names()[0].clone();
            assert_eq!(book.worksheet_range(&name).unwrap().get((1, 6)), Some(&Data::String(bad.to_owned())));
            assert!(book.worksheet_formula(&name).unwrap().is_empty(), "{bad}");
        }
    }

    #[test]
    fn the_workbook_holds_numbers_and_dates_as_such() {
        let book = with_terms(|terms| xlsx(&[line()], terms)).unwrap();
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book)).unwrap();
        let range = book.worksheet_range("问题台账").unwrap();
        assert_eq!(range.get_size(), (2, COLUMNS.len()));
        assert_eq!(range.get((1, 13)), Some(&Data::Float(2.0)));
        let Some(Data::DateTime(at)) = range.get((1, 14)) else { panic!("{:?}", range.get((1, 14))) };
        assert_eq!(at.to_ymd_hms_milli(), (2026, 11, 21, 10, 0, 0, 0));
    }
}

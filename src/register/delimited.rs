//! CSV as spreadsheets write it: UTF-8 with or without a byte order mark, UTF-16 ("Unicode
//! text"), or GB18030 as Excel in China; with commas, semicolons or tabs.

use std::borrow::Cow;
use std::io::Read as _;

use encoding_rs::{Encoding, GB18030, UTF_8};

use super::book::{Budget, Collector, Sheet};
use super::cell::Cell;
use super::fault::{Fault, Place, Problem};

/// What may stand between cells; the one that stands most often in the first line is it.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Put behind the text as a record that no text holds: a quote that nobody closed takes it in.
const END: &[u8] = b"\n\0";

/// Reads a text.
///
/// # Errors
/// The one fault that keeps it from being read.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, Fault> {
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes().chain(END));
    let mut budget = Budget::new();
    let mut collector = Collector::new(None, &mut budget);
    let mut record = csv::StringRecord::new();
    let mut lines = Lines { text: &text, counted_to: 0, line: 1 };
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(collector.finish()),
            Ok(true) => {}
            Err(cause) => {
                let row = cause.position().and_then(|at| u32::try_from(at.line()).ok());
                return Err(Fault::at(Place { row, ..Place::default() }, Problem::Broken, &[]));
            }
        }
        let line = lines.of(record.position().and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or(0));
        match record.iter().next_back() {
            Some("\0") => return Ok(collector.finish()),
            Some(field) if field.ends_with('\0') => {
                return Err(Fault::at(Place { row: Some(line), ..Place::default() }, Problem::Broken, &[]));
            }
            _ => {}
        }
        for (column, field) in record.iter().enumerate() {
            collector.add(line, column, Cell::text(field))?;
        }
    }
}

/// Counts lines by itself: the reader stands before the end of the last record's line when it
/// takes the next for begun.
struct Lines<'t> {
    text: &'t str,
    counted_to: usize,
    line: u32,
}

impl Lines<'_> {
    /// Returns the line of the record that begins at or after a byte; bytes come in order.
    fn of(&mut self, byte: usize) -> u32 {
        let behind = self.text.get(byte..).unwrap_or_default();
        let start = byte + (behind.len() - behind.trim_start_matches(['\r', '\n']).len());
        let passed = self.text.get(self.counted_to..start).unwrap_or_default();
        self.line = self.line.saturating_add(u32::try_from(line_ends(passed)).unwrap_or(u32::MAX));
        self.counted_to = start.max(self.counted_to);
        self.line
    }
}

/// Counts the ends of lines as the reader takes them: `\n`, `\r\n` or `\r` alone.
fn line_ends(text: &str) -> usize {
    text.matches(['\r', '\n']).count() - text.matches("\r\n").count()
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => GB18030,
    };
    let (text, _, broken) = encoding.decode(bytes);
    // A text holds no NUL; a program, a picture or an old workbook does.
    if text.contains('\0') {
        return Err(Fault::of_file(Problem::NotATable, &[]));
    }
    if broken { Err(Fault::of_file(Problem::Encoding, &[])) } else { Ok(text) }
}

fn delimiter(text: &str) -> u8 {
    let first = text.split(['\r', '\n']).next().unwrap_or_default();
    let count = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
    // Of equally many the first counts.
    DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Vec<Vec<String>> {
        let rows = read(bytes).unwrap().rows;
        rows.iter().map(|row| row.cells.iter().map(|cell| cell.shown().unwrap_or_default()).collect()).collect()
    }

    #[test]
    fn a_table_is_read_in_every_encoding_spreadsheets_write() {
        let text = "项目编号,名称\r\nCH-01,翠湖花园\r\n";
        let expected = [["项目编号", "名称"], ["CH-01", "翠湖花园"]];
        assert_eq!(texts(text.as_bytes()), expected);
        assert_eq!(texts(format!("\u{feff}{text}").as_bytes()), expected);
        assert_eq!(texts(&GB18030.encode(text).0), expected);
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(texts(&utf16), expected);
    }

    #[test]
    fn commas_semicolons_and_tabs_part_cells() {
        for text in ["a,b\n1,2\n", "a;b\n1;2\n", "a\tb\n1\t2\n"] {
            assert_eq!(texts(text.as_bytes()), [["a", "b"], ["1", "2"]], "{text:?}");
        }
        assert_eq!(texts("a\n\"x, y\"\n".as_bytes()), [["a"], ["x, y"]]);
    }

    #[test]
    fn rows_are_counted_as_lines_and_empty_ones_are_passed_over() {
        let sheet = read("a,b\n\n,\n1,\"2\n3\"\n4,5\n".as_bytes()).unwrap();
        assert_eq!(sheet.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 4, 6]);
        let sheet = read("a,b\r\n\r\n,\r\n1,\"2\r\n3\"\r\n4,5\r\n".as_bytes()).unwrap();
        assert_eq!(sheet.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 4, 6]);
    }

    #[test]
    fn a_line_may_end_with_a_carriage_return_alone() {
        let numbered = |text: &str| {
            let rows = read(text.as_bytes()).unwrap().rows;
            rows.iter().map(|row| (row.number, row.cells.len())).collect::<Vec<_>>()
        };
        assert_eq!(numbered("a,b\r1,2\r\r3,4\r"), [(1, 2), (2, 2), (4, 2)]);
        assert_eq!(numbered("a,b,c\n1,2\r,3\r\n4\n"), [(1, 3), (2, 2), (3, 2), (4, 1)]);
        // What stands below the headings does not count.
        assert_eq!(texts(b"a,b\r1;2;3;4,5\r"), [["a", "b"], ["1;2;3;4", "5"]]);
    }

    #[test]
    fn a_quote_that_nobody_closes_is_a_fault_of_its_line() {
        for (text, line) in [("a,b\r\n1,2\r\n3,\"4\r\n5,6\r\n7,8\r\n", 3), ("a,b\n\n\"", 3), ("a,\"b", 1)] {
            let fault = read(text.as_bytes()).unwrap_err();
            assert_eq!((fault.problem, fault.place.row), (Problem::Broken, Some(line)), "{text:?}");
        }
        assert_eq!(texts(b"a,\"b\""), [["a", "b"]]);
        assert_eq!(texts("5\" tap,\"\"\"x\"\"\"\n".as_bytes()), [["5\" tap", "\"x\""]]);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(read(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap_err().problem, Problem::NotATable);
        assert_eq!(read(b"a,b\n\xff\xff\xff,1\n").unwrap_err().problem, Problem::Encoding);
    }
}

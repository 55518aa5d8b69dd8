//! QR codes of units on sheets of A4, to be cut out and put up: whoever scans one is bound to its
//! unit and need not say where they live.
//!
//! What stands in a code is decided by whoever asks for it (`crate::cli`). One layout serves both
//! forms: SVG, where the sheets stand one below the other, and PDF ([`super::pdf`]).

use std::fmt::Write as _;

use qrcode::types::Color;
use qrcode::{EcLevel, QrCode};

use super::layout::{HEIGHT, Mark, Sheet, WIDTH};
use super::pdf::{self, PdfError};
use crate::domain::language::Language;

/// Codes side by side, and one below the other.
const COLUMNS: usize = 3;
const ROWS: usize = 4;
/// Points around a sheet.
const MARGIN: f32 = 36.0;
/// Points a code is wide, with the light border of four modules that readers need.
const SIDE: f32 = 140.0;
/// Modules of that border (ISO/IEC 18004).
const QUIET: usize = 4;
/// Sizes of the words below a code: the project, the unit, what it is for.
const SMALL: f32 = 8.0;
const LARGE: f32 = 12.0;

/// A code, and what stands below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub project: String,
    pub unit: String,
    /// What a telephone reads: an address.
    pub content: String,
}

/// Why there are no sheets.
#[derive(Debug, thiserror::Error)]
pub enum CodesError {
    #[error("the code of {unit:?} would hold too much to be read")]
    TooLong { unit: String },
    #[error(transparent)]
    Pdf(#[from] PdfError),
}

/// Draws the codes as one picture; `hint` says below each what it is for.
///
/// # Errors
/// [`CodesError::TooLong`].
pub fn svg(codes: &[Code], hint: &str) -> Result<String, CodesError> {
    let sheets = lay_out(codes, hint)?;
    let count = u16::try_from(sheets.len()).unwrap_or(u16::MAX);
    let height = HEIGHT * f32::from(count.max(1));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for (at, sheet) in (0_u16..).zip(&sheets) {
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">", HEIGHT * f32::from(at));
        for mark in sheet {
            draw(&mut svg, mark);
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// Draws the codes as PDF.
///
/// # Errors
/// [`CodesError`].
pub fn pdf(codes: &[Code], hint: &str, title: &str, language: Language) -> Result<Vec<u8>, CodesError> {
    Ok(pdf::write_sheets(&lay_out(codes, hint)?, title, language)?)
}

/// Returns how many sheets so many codes take.
pub fn sheets(codes: usize) -> usize {
    codes.div_ceil(COLUMNS * ROWS)
}

fn lay_out(codes: &[Code], hint: &str) -> Result<Vec<Sheet>, CodesError> {
    codes.chunks(COLUMNS * ROWS).map(|some| sheet(some, hint)).collect()
}

fn sheet(codes: &[Code], hint: &str) -> Result<Sheet, CodesError> {
    let place = |index: usize, count: usize, whole: f32| {
        let (index, count) = (u16::try_from(index).unwrap_or(0), u16::try_from(count).unwrap_or(1));
        MARGIN + (whole - 2.0 * MARGIN) / f32::from(count) * f32::from(index)
    };
    let mut marks = Vec::new();
    for (at, code) in codes.iter().enumerate() {
        let (x, y) = (place(at % COLUMNS, COLUMNS, WIDTH), place(at / COLUMNS, ROWS, HEIGHT));
        let drawn = QrCode::with_error_correction_level(code.content.as_bytes(), EcLevel::M);
        let drawn = drawn.map_err(|_| CodesError::TooLong { unit: code.unit.clone() })?;
        let (width, modules) = (drawn.width(), drawn.to_colors());
        let rows = modules.chunks(width.max(1)).map(|row| row.iter().map(|module| *module == Color::Dark).collect());
        let whole = u16::try_from(width + 2 * QUIET).unwrap_or(u16::MAX);
        let module = SIDE / f32::from(whole);
        let quiet = module * f32::from(u16::try_from(QUIET).unwrap_or(0));
        marks.push(Mark::Modules { x: x + quiet, y: y + quiet, module, rows: rows.collect() });
        let words = [(12.0, SMALL, true, &code.project), (26.0, LARGE, false, &code.unit)];
        for (below, size, soft, text) in words {
            marks.push(Mark::Words { x: x + quiet, y: y + SIDE + below, size, soft, text: text.clone() });
        }
        let hint = hint.to_owned();
        marks.push(Mark::Words { x: x + quiet, y: y + SIDE + 38.0, size: SMALL, soft: true, text: hint });
    }
    Ok(marks)
}

/// Returns the dark stretches of a row: where each begins, and how many modules it has.
pub(super) fn stretches(row: &[bool]) -> Vec<(usize, usize)> {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for (at, dark) in row.iter().enumerate() {
        match stretches.last_mut() {
            Some((begin, length)) if *dark && *begin + *length == at => *length += 1,
            _ if *dark => stretches.push((at, 1)),
            _ => {}
        }
    }
    stretches
}

fn draw(svg: &mut String, mark: &Mark) {
    match mark {
        Mark::Words { x, y, size, soft, text } => {
            let fill = if *soft { "#5a5a5a" } else { "#000" };
            let text = escaped(text);
            let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\">{text}</text>");
        }
        Mark::Modules { x, y, module, rows } => {
            let mut path = String::new();
            for (down, row) in rows.iter().enumerate() {
                for (begin, length) in stretches(row) {
                    let _ = write!(path, "M{begin} {down}h{length}v1h-{length}z");
                }
            }
            let _ = writeln!(svg, "<path transform=\"translate({x} {y}) scale({module})\" d=\"{path}\"/>");
        }
        // Of papers alone.
        Mark::Line { .. } | Mark::Ground { .. } => {}
    }
}

fn escaped(text: &str) -> String {
    let legal = text.chars().filter(|c| !c.is_control());
    legal.fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(count: usize) -> Vec<Code> {
        let code = |n| Code {
            project: "翠湖花园 <一期>".to_owned(),
            unit: format!("3栋2单元{}", 1200 + n),
            content: format!("https://t.me/huifang_bot?start={n:048}"),
        };
        (0..count).map(code).collect()
    }

    #[test]
    fn each_unit_has_its_own_code_with_its_name_below() {
        let svg = svg(&codes(13), "扫一扫").unwrap();
        assert_eq!((svg.matches("<path").count(), sheets(13)), (13, 2));
        assert!(svg.contains("翠湖花园 &lt;一期&gt;") && svg.contains("3栋2单元1212"));
        let mut drawn: Vec<_> = svg.lines().filter_map(|line| line.split_once(" d=").map(|(_, path)| path)).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 13);
        assert!(roxmltree::Document::parse(&svg).is_ok());
    }

    #[test]
    fn a_code_has_its_three_corners_and_a_quiet_border() {
        let sheet = lay_out(&codes(1), "").unwrap().remove(0);
        let Some(Mark::Modules { x, module, rows, .. }) = sheet.first() else { panic!("no code: {sheet:?}") };
        assert!(*x >= MARGIN + 3.9 * module);
        let finder = [true, true, true, true, true, true, true, false];
        let last = rows.len() - 1;
        for (row, from_the_right) in [(0, false), (0, true), (last, false)] {
            let mut row: Vec<bool> = rows[row].clone();
            if from_the_right {
                row.reverse();
            }
            assert_eq!(row[..8], finder);
        }
        assert!(rows.iter().all(|row| row.len() == rows.len()));
    }

    #[test]
    fn the_pdf_has_a_page_for_every_twelve_codes() {
        let pdf = pdf(&codes(13), "扫一扫", "翠湖花园", Language::Chinese).unwrap();
        let pages = String::from_utf8_lossy(&pdf);
        assert!(pdf.starts_with(b"%PDF-") && pages.contains("/Count 2"), "{} bytes", pdf.len());
    }

    #[test]
    fn what_no_code_can_hold_is_refused_by_its_unit() {
        let long = Code { project: String::new(), unit: "A".to_owned(), content: "x".repeat(5_000) };
        assert_eq!(svg(&[long], "").unwrap_err().to_string(), "the code of \"A\" would hold too much to be read");
    }
}

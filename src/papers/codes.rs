//! QR codes of units on sheets of A4, to be cut out and put up: whoever scans one is bound to its
//! unit and need not say where they live.
//!
//! What stands in a code is decided by whoever asks for it (`crate::cli`). One layout serves both
//! forms: SVG, where the sheets stand one below the other, and PDF ([`super::pdf`]). As PNG each code is
//! a picture of its own without words, for one's own documents.

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
/// Pixels a module is wide in a picture: some 600 in all, enough for print.
const PIXELS: usize = 10;
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

/// Draws one code alone, as a picture in black and white, with its quiet border.
///
/// # Errors
/// [`CodesError::TooLong`].
pub fn png(code: &Code) -> Result<Vec<u8>, CodesError> {
    let modules = modules(code)?;
    let side = (modules.len() + 2 * QUIET) * PIXELS;
    let at = |pixel: usize| (pixel / PIXELS).checked_sub(QUIET);
    let dark = |x: usize, y: usize| {
        let row = at(y).and_then(|down| modules.get(down));
        at(x).and_then(|along| row?.get(along).copied()).unwrap_or(false)
    };
    Ok(super::png::write(side, side, dark))
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
        let rows = modules(code)?;
        let whole = u16::try_from(rows.len() + 2 * QUIET).unwrap_or(u16::MAX);
        let module = SIDE / f32::from(whole);
        let quiet = module * f32::from(u16::try_from(QUIET).unwrap_or(0));
        marks.push(Mark::Modules { x: x + quiet, y: y + quiet, module, rows });
        let words = [(12.0, SMALL, true, &code.project), (26.0, LARGE, false, &code.unit)];
        for (below, size, soft, text) in words {
            marks.push(Mark::Words { x: x + quiet, y: y + SIDE + below, size, soft, text: text.clone() });
        }
        let hint = hint.to_owned();
        marks.push(Mark::Words { x: x + quiet, y: y + SIDE + 38.0, size: SMALL, soft: true, text: hint });
    }
    Ok(marks)
}

/// Returns the modules of a code, row by row, dark ones true.
fn modules(code: &Code) -> Result<Vec<Vec<bool>>, CodesError> {
    let drawn = QrCode::with_error_correction_level(code.content.as_bytes(), EcLevel::M);
    let drawn = drawn.map_err(|_| CodesError::TooLong { unit: code.unit.clone() })?;
    let colors = drawn.to_colors();
    let rows = colors.chunks(drawn.width().max(1));
    Ok(rows.map(|row| row.iter().map(|module| *module == Color::Dark).collect()).collect())
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
        Mark::Line { .. } | Mark::Ground { .. } | Mark::Picture { .. } => {}
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
    use std::collections::BTreeMap;
    use std::io::Read as _;

    use rqrr::PreparedImage;

    use super::*;

    /// What a reader that is not ours makes of a picture.
    fn read(width: usize, height: usize, dark: impl Fn(usize, usize) -> bool) -> Vec<String> {
        let light = |x, y| if dark(x, y) { 0 } else { 255 };
        let mut picture = PreparedImage::prepare_from_greyscale(width, height, light);
        let grids = picture.detect_grids();
        let mut said: Vec<_> = grids.iter().map(|grid| grid.decode().unwrap().1).collect();
        said.sort();
        said
    }

    /// … of stretches of modules, each as column, row and length.
    fn read_stretches(stretches: &[(usize, usize, usize)]) -> Vec<String> {
        const SCALE: usize = 4;
        let side = stretches.iter().map(|(_, row, _)| row + 1).max().unwrap() + 8;
        read(side * SCALE, side * SCALE, |x, y| {
            let (Some(x), Some(y)) = ((x / SCALE).checked_sub(4), (y / SCALE).checked_sub(4)) else { return false };
            stretches.iter().any(|(begin, row, length)| *row == y && (*begin..begin + length).contains(&x))
        })
    }

    fn of_every_channel() -> Vec<Code> {
        let token = "AaH71PUAcACAAAAAAAAAAA2sBAi5sb1MFkNbPBqkXRZZDBkI8";
        let contents = [
            format!("https://t.me/huifang_bot?start={token}"),
            "http://weixin.qq.com/q/02AbCdEfGh".to_owned(),
            format!("https://work.weixin.qq.com/kf/kfcbf8f8d07ac7215f?enc_scene=ENCGFSDF567DF&scene_param={token}"),
            format!("https://huifang.example.com/chat?t={token}"),
        ];
        let code = |content| Code { project: "翠湖花园".to_owned(), unit: "3栋".to_owned(), content };
        contents.into_iter().map(code).collect()
    }

    #[test]
    fn a_picture_leads_exactly_where_it_should_on_every_channel() {
        for code in of_every_channel() {
            let drawn = png(&code).unwrap();
            let mut chunks = BTreeMap::new();
            let mut rest = &drawn[8..];
            while let Some((head, after)) = rest.split_at_checked(8) {
                let length = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
                let crc = u32::from_be_bytes(after[length..length + 4].try_into().unwrap());
                assert_eq!(crc32fast::hash(&rest[4..8 + length]), crc);
                chunks.insert(head[4..].to_vec(), after[..length].to_vec());
                rest = &after[length + 4..];
            }
            assert_eq!((&drawn[..4], chunks.len()), (&b"\x89PNG"[..], 3));
            let head = &chunks[&b"IHDR"[..]];
            let side = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap()) as usize;
            let (width, height) = (side(0), side(4));
            let mut pixels = Vec::new();
            flate2::read::ZlibDecoder::new(&chunks[&b"IDAT"[..]][..]).read_to_end(&mut pixels).unwrap();
            let line = width.div_ceil(8) + 1;
            assert_eq!(pixels.len(), line * height);
            let dark = |x: usize, y: usize| pixels[y * line + 1 + x / 8] >> (7 - x % 8) & 1 == 0;
            assert_eq!(read(width, height, dark), [code.content]);
        }
    }

    #[test]
    fn the_codes_of_a_drawing_lead_exactly_where_they_should() {
        let codes = of_every_channel();
        let svg = svg(&codes, "扫一扫").unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let paths = document.descendants().filter(|node| node.has_tag_name("path"));
        let mut said = Vec::new();
        for path in paths {
            // M{column} {row}h{length}v1h-{length}z
            let stretch = |part: &str| {
                let (at, rest) = part.split_once('h').unwrap();
                let (column, row) = at.split_once(' ').unwrap();
                let length = rest.split_once('v').unwrap().0;
                (column.parse().unwrap(), row.parse().unwrap(), length.parse().unwrap())
            };
            let drawn = path.attribute("d").unwrap();
            let stretches: Vec<_> = drawn.split('M').filter(|part| !part.is_empty()).map(stretch).collect();
            said.extend(read_stretches(&stretches));
        }
        assert_eq!(said, codes.into_iter().map(|code| code.content).collect::<Vec<_>>());
    }

    #[test]
    fn the_codes_of_a_sheet_of_paper_lead_exactly_where_they_should() {
        let codes = of_every_channel();
        let pdf = pdf(&codes, "", "翠湖花园", Language::Chinese).unwrap();
        // Every stream of the file, unpacked; the page's is the one that draws.
        let mut drawn = String::new();
        let mut at = 0;
        while let Some(found) = pdf[at..].windows(7).position(|word| word == b"stream\n") {
            let begin = at + found + 7;
            let mut stream = Vec::new();
            let _ = flate2::read::ZlibDecoder::new(&pdf[begin..]).read_to_end(&mut stream);
            drawn.push_str(&String::from_utf8_lossy(&stream));
            drawn.push('\n');
            at = begin;
        }
        // A rectangle is four corners: "x y m", "x y l" … or "x y w h re".
        let mut corners: Vec<(f64, f64)> = Vec::new();
        let mut rects: Vec<[f64; 4]> = Vec::new();
        let words: Vec<&str> = drawn.split_ascii_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            let number = |back: usize| words[at - back].parse::<f64>().unwrap();
            match *word {
                "re" => rects.push([number(4), number(3), number(2), number(1)]),
                "m" => corners = vec![(number(2), number(1))],
                "l" => corners.push((number(2), number(1))),
                "h" if corners.len() >= 4 => {
                    let (left, top) = corners[0];
                    let (right, bottom) = corners[2];
                    rects.push([left, top, right - left, bottom - top]);
                }
                _ => {}
            }
        }
        assert!(!rects.is_empty(), "{}", &drawn[..drawn.len().min(2_000)]);
        // At eight pixels a point the whole sheet is read at once.
        let scale = 4.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sheet of paper in pixels")]
        let (width, height) = ((f64::from(WIDTH) * scale) as usize, (f64::from(HEIGHT) * scale) as usize);
        let mut dark = vec![false; width * height];
        for [x, y, along, down] in rects {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sheet of paper in pixels")]
            let pixel = |at: f64| (at * scale).round().max(0.0) as usize;
            for row in pixel(y.min(y + down))..pixel(y.max(y + down)).min(height) {
                for column in pixel(x)..pixel(x + along).min(width) {
                    dark[row * width + column] = true;
                }
            }
        }
        let mut expected: Vec<_> = codes.into_iter().map(|code| code.content).collect();
        expected.sort();
        assert_eq!(read(width, height, |x, y| dark[y * width + x]), expected);
    }

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

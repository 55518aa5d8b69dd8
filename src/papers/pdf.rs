//! A paper as PDF. Two fonts are built in (`assets/fonts/`): Droid Sans Fallback for Chinese, and
//! Roboto for the Latin letters and digits it lacks; a file carries only the characters it uses.
//! The text can be selected, searched and read aloud: krilla writes what each glyph stands for.

use std::sync::LazyLock;

use krilla::Document;
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Data, SerializeSettings};
use ttf_parser::Face;

use super::codes::stretches;
use super::layout::{HEIGHT, Mark, Sheet, WIDTH, lay_out};
use crate::domain::language::Language;
use crate::domain::paper::Paper;

const CHINESE: &[u8] = include_bytes!("../../assets/fonts/DroidSansFallbackFull.ttf");
const LATIN: &[u8] = include_bytes!("../../assets/fonts/Roboto-Regular.ttf");

/// Why there is no PDF. Nothing a reader did can cause it.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    #[error("a built-in font cannot be read")]
    Font,
    #[error("the sheet has no size")]
    Sheet,
    #[error("the PDF cannot be written: {0}")]
    Written(String),
}

/// A font for drawing and for measuring.
struct Letters {
    font: Font,
    face: Face<'static>,
}

impl Letters {
    fn of(bytes: &'static [u8]) -> Option<Letters> {
        Some(Letters { font: Font::new(Data::from(bytes), 0)?, face: Face::parse(bytes, 0).ok()? })
    }

    /// Returns a character's glyph and its width, of the size of the letters.
    fn glyph(&self, c: char) -> Option<(u16, f32)> {
        let glyph = self.face.glyph_index(c)?;
        let advance = self.face.glyph_hor_advance(glyph)?;
        Some((glyph.0, f32::from(advance) / f32::from(self.face.units_per_em())))
    }
}

/// The Chinese font comes second: Latin letters and digits of the first are the better ones.
static FONTS: LazyLock<Option<[Letters; 2]>> = LazyLock::new(|| Some([Letters::of(LATIN)?, Letters::of(CHINESE)?]));

/// Writes a paper as PDF.
///
/// # Errors
/// [`PdfError`] if this program is broken.
pub fn write(paper: &Paper, language: Language) -> Result<Vec<u8>, PdfError> {
    write_with(paper, language, SerializeSettings::default())
}

fn write_with(paper: &Paper, language: Language, settings: SerializeSettings) -> Result<Vec<u8>, PdfError> {
    let fonts = FONTS.as_ref().ok_or(PdfError::Font)?;
    let sheets = lay_out(paper, &|c| chosen(fonts, c).2);
    write_all(&sheets, format!("{} {}", paper.title, paper.number), language, settings)
}

/// Writes sheets that were laid out elsewhere.
///
/// # Errors
/// [`PdfError`] if this program is broken.
pub(super) fn write_sheets(sheets: &[Sheet], title: &str, language: Language) -> Result<Vec<u8>, PdfError> {
    write_all(sheets, title.to_owned(), language, SerializeSettings::default())
}

fn write_all(
    sheets: &[Sheet],
    title: String,
    language: Language,
    settings: SerializeSettings,
) -> Result<Vec<u8>, PdfError> {
    let fonts = FONTS.as_ref().ok_or(PdfError::Font)?;
    let mut document = Document::new_with(settings);
    for sheet in sheets {
        let mut page = document.start_page_with(PageSettings::from_wh(WIDTH, HEIGHT).ok_or(PdfError::Sheet)?);
        let mut surface = page.surface();
        for mark in sheet {
            draw(&mut surface, mark, fonts);
        }
        surface.finish();
        page.finish();
    }
    let about = Metadata::new().title(title).language(language.tag().to_owned());
    document.set_metadata(about.creator("huifang".to_owned()));
    document.finish().map_err(|error| PdfError::Written(format!("{error:?}")))
}

/// Returns which font has a character, its glyph and its width. What neither has is the empty box
/// of the Chinese font, so that nobody overlooks it.
fn chosen(fonts: &[Letters; 2], c: char) -> (&Letters, u16, f32) {
    let [latin, chinese] = fonts;
    // Both have quotation marks and dashes; in Chinese they are as wide as a character.
    let found = [latin, chinese].into_iter().find_map(|letters| Some((letters, letters.glyph(c)?)));
    match found {
        Some((letters, (glyph, width))) => (letters, glyph, width),
        None => (chinese, 0, 1.0),
    }
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, fonts: &[Letters; 2]) {
    match mark {
        Mark::Words { x, y, size, soft, text } => {
            surface.set_stroke(None);
            surface.set_fill(Some(grey(if *soft { 90 } else { 0 })));
            words(surface, (*x, *y), *size, text, fonts);
        }
        Mark::Line { from, to } => {
            let mut path = PathBuilder::new();
            path.move_to(from.0, from.1);
            path.line_to(to.0, to.1);
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke { paint: luma::Color::new(150).into(), width: 0.6, ..Stroke::default() }));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Modules { x, y, module, rows } => {
            let length = |count: usize| module * f32::from(u16::try_from(count).unwrap_or(u16::MAX));
            let mut path = PathBuilder::new();
            for (down, row) in rows.iter().enumerate() {
                for (begin, count) in stretches(row) {
                    if let Some(rect) = Rect::from_xywh(x + length(begin), y + length(down), length(count), *module) {
                        path.push_rect(rect);
                    }
                }
            }
            surface.set_stroke(None);
            surface.set_fill(Some(grey(0)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Ground { x, y, width, height } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) {
                path.push_rect(rect);
            }
            surface.set_stroke(None);
            surface.set_fill(Some(grey(243)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
    }
}

fn grey(level: u8) -> Fill {
    Fill { paint: luma::Color::new(level).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}

/// Draws one line, each stretch of it with the font that has its characters.
fn words(surface: &mut Surface<'_>, (mut x, y): (f32, f32), size: f32, text: &str, fonts: &[Letters; 2]) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (letters, ..) = chosen(fonts, first);
        let of_this = |c: char| std::ptr::eq(chosen(fonts, c).0, letters);
        let end = rest.find(|c| !of_this(c)).unwrap_or(rest.len());
        let (run, more) = rest.split_at(end);
        let mut width = 0.0;
        let mut glyphs = Vec::new();
        for (at, c) in run.char_indices() {
            let (_, glyph, advance) = chosen(fonts, c);
            let range = at..at + c.len_utf8();
            glyphs.push(KrillaGlyph::new(GlyphId::new(u32::from(glyph)), advance, 0.0, 0.0, 0.0, range, None));
            width += advance * size;
        }
        surface.draw_glyphs(Point::from_xy(x, y), &glyphs, letters.font.clone(), run, size, false);
        x += width;
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::paper::repair::{completion, service};
    use crate::domain::paper::visit::record;
    use crate::domain::paper::{Reader, Terms};
    use crate::domain::time::Timestamp;

    fn papers(language: Language) -> Vec<Paper> {
        let catalog = Catalog::embedded().unwrap();
        let say = |key: &str| catalog.text(language, key, &std::collections::BTreeMap::new());
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let terms = Terms { say: &say, zone, reader: Reader::Link, now: Timestamp(1_795_226_400_000) };
        let repair = crate::domain::paper::repair::tests::repair();
        let visit = crate::domain::paper::visit::tests::visit();
        vec![completion(&repair, &terms), service(&repair, &terms), record(&visit, &terms)]
    }

    fn pages(pdf: &[u8]) -> usize {
        let text = String::from_utf8_lossy(pdf);
        text.matches("/Type/Page/").count() + text.matches("/Type /Page\n").count()
    }

    #[test]
    fn every_paper_is_a_small_pdf_in_every_language() {
        for language in Language::ALL {
            for (paper, n) in papers(language).iter().zip(1..) {
                let pdf = write(paper, language).unwrap();
                assert!(pdf.starts_with(b"%PDF-") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
                assert!(pdf.len() < 200_000, "{} takes {} bytes", paper.title, pdf.len());
                if let Ok(folder) = std::env::var("HUIFANG_DRAW_INTO") {
                    std::fs::write(format!("{folder}/paper{n}.{}.pdf", language.tag()), pdf).unwrap();
                }
            }
        }
    }

    #[test]
    fn a_long_paper_has_as_many_pages_as_it_was_laid_out_on() {
        let mut paper = papers(Language::Chinese).remove(1);
        let field = crate::domain::paper::Field { label: "补充".to_owned(), value: "漏水".repeat(3000) };
        paper.blocks.push(crate::domain::paper::Block::Text(field));
        let fonts = FONTS.as_ref().unwrap();
        let sheets = lay_out(&paper, &|c| chosen(fonts, c).2).len();
        let plain = SerializeSettings { pretty: true, compress_content_streams: false, ..SerializeSettings::default() };
        let pdf = write_with(&paper, Language::Chinese, plain).unwrap();
        assert!(sheets > 3);
        assert_eq!(pages(&pdf), sheets);
    }

    /// Each glyph is mapped back to its character by a `ToUnicode` map (ISO 32000-1, 9.10.3).
    #[test]
    fn every_character_of_a_paper_can_be_read_back_from_the_pdf() {
        let plain = SerializeSettings { compress_content_streams: false, ..SerializeSettings::default() };
        for paper in papers(Language::Chinese) {
            let pdf = write_with(&paper, Language::Chinese, plain.clone()).unwrap();
            let text = String::from_utf8_lossy(&pdf);
            assert!(text.contains("/ToUnicode"));
            let written = format!("{}{}{}", paper.title, paper.number, paper.foot);
            for c in written.chars().filter(|c| !c.is_whitespace()) {
                let code = format!("<{:04X}>", u32::from(c));
                assert!(text.contains(&code), "{c} of {} is not mapped back", paper.title);
            }
        }
    }

    #[test]
    fn the_built_in_fonts_have_what_chinese_papers_are_written_with() {
        let fonts = FONTS.as_ref().unwrap();
        let needed = "保修完成确认单工程回访单渗漏业主签字日期〇《》（），。、：；！？“”‘’—…·%℃㎡×ABCxyz0189-/";
        for c in needed.chars() {
            assert!(chosen(fonts, c).1 != 0, "{c} has no glyph");
        }
        assert_eq!(chosen(fonts, '\u{10ffff}').1, 0);
    }
}

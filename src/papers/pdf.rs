//! A paper as PDF. Two fonts are built in (`assets/fonts/`): Droid Sans Fallback for Chinese, and
//! Roboto for the Latin letters and digits it lacks; a file carries only the characters it uses.
//! The text can be selected, searched and read aloud: krilla writes what each glyph stands for.

use std::sync::LazyLock;

use krilla::Document;
use krilla::color::luma;
use krilla::geom::Transform;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::graphic::Graphic;
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Data, SerializeSettings};
use ttf_parser::Face;

use super::codes::stretches;
use super::embed;
use super::layout::{HEIGHT, Mark, Sheet, WIDTH, lay_out};
use super::picture::Album;
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

/// Writes a paper as PDF, with the pictures of the album.
///
/// # Errors
/// [`PdfError`] if this program is broken.
pub fn write(paper: &Paper, language: Language, album: &Album) -> Result<Vec<u8>, PdfError> {
    write_with(paper, language, album, SerializeSettings::default())
}

fn write_with(
    paper: &Paper,
    language: Language,
    album: &Album,
    settings: SerializeSettings,
) -> Result<Vec<u8>, PdfError> {
    let fonts = FONTS.as_ref().ok_or(PdfError::Font)?;
    let sheets = lay_out(paper, &|c| chosen(fonts, c).2, album);
    write_all(&sheets, format!("{} {}", paper.title, paper.number), language, album, settings)
}

/// Writes sheets that were laid out elsewhere.
///
/// # Errors
/// [`PdfError`] if this program is broken.
pub(super) fn write_sheets(sheets: &[Sheet], title: &str, language: Language) -> Result<Vec<u8>, PdfError> {
    write_all(sheets, title.to_owned(), language, &Album::default(), SerializeSettings::default())
}

fn write_all(
    sheets: &[Sheet],
    title: String,
    language: Language,
    album: &Album,
    settings: SerializeSettings,
) -> Result<Vec<u8>, PdfError> {
    let fonts = FONTS.as_ref().ok_or(PdfError::Font)?;
    let mut pictures = Vec::new();
    let mut document = Document::new_with(settings);
    for sheet in sheets {
        let mut page = document.start_page_with(PageSettings::from_wh(WIDTH, HEIGHT).ok_or(PdfError::Sheet)?);
        let mut surface = page.surface();
        for mark in sheet {
            match mark {
                Mark::Picture { x, y, width, height, id } => {
                    let Some(raster) = album.get(*id) else { continue };
                    let n = u16::try_from(pictures.len()).map_err(|_| PdfError::Sheet)?;
                    stand_in(&mut surface, n, on_sheet((*x, *y), (*width, *height), raster.turn));
                    pictures.push(raster);
                }
                mark => draw(&mut surface, mark, fonts),
            }
        }
        surface.finish();
        page.finish();
    }
    let about = Metadata::new().title(title).language(language.tag().to_owned());
    document.set_metadata(about.creator("huifang".to_owned()));
    let written = document.finish().map_err(|error| PdfError::Written(format!("{error:?}")))?;
    embed::fill(written, &pictures).map_err(|error| PdfError::Written(error.to_string()))
}

/// Draws the form that [`embed`] makes picture `n` of; the transformation puts the unit square, in
/// which pictures are drawn bottom up, where the picture is to lie.
fn stand_in(surface: &mut Surface<'_>, n: u16, at: Transform) {
    let width = f32::from(embed::mark_of(n));
    let mut builder = surface.stream_builder();
    let mut inner = builder.surface();
    let mut path = PathBuilder::new();
    if let Some(rect) = Rect::from_xywh(0.0, 0.0, width, 7.0) {
        path.push_rect(rect);
    }
    inner.set_fill(Some(grey(255)));
    if let Some(path) = path.finish() {
        inner.draw_path(&path);
    }
    inner.finish();
    let form = Graphic::new(builder.finish(), false);
    surface.push_transform(&at);
    surface.draw_graphic(form);
    surface.pop();
}

/// Returns what puts the unit square of a picture that was taken turned (1–8 as EXIF counts) upright
/// into a rectangle whose corner is at the upper left.
fn on_sheet((x, y): (f32, f32), (width, height): (f32, f32), turn: u8) -> Transform {
    // Of the corner at the lower left, and of the sides along and up: where they come to lie, in the
    // unit square of what is seen.
    let (corner, along, up) = match turn {
        2 => ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0)),
        3 => ((1.0, 1.0), (-1.0, 0.0), (0.0, -1.0)),
        4 => ((0.0, 1.0), (1.0, 0.0), (0.0, -1.0)),
        5 => ((1.0, 1.0), (0.0, -1.0), (-1.0, 0.0)),
        6 => ((0.0, 1.0), (0.0, -1.0), (1.0, 0.0)),
        7 => ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0)),
        8 => ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)),
        _ => ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)),
    };
    let across = |(right, _): (f32, f32)| right * width;
    let down = |(_, above): (f32, f32)| -above * height;
    Transform::from_row(across(along), down(along), across(up), down(up), x + across(corner), y + height + down(corner))
}

/// Returns which font has a character, its glyph and its width. What neither has is the empty box
/// of the Chinese font, so that nobody overlooks it.
fn chosen(fonts: &[Letters; 2], c: char) -> (&Letters, u16, f32) {
    let [latin, chinese] = fonts;
    // Quotation marks and dashes, which both have, are the Latin ones.
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
        // Drawn by whoever has the album.
        Mark::Picture { .. } => {}
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
    use crate::domain::ids::MediaId;
    use crate::domain::paper::repair::{completion, service};
    use crate::domain::paper::visit::record;
    use crate::domain::paper::{Photo, Reader, Taker, Terms};
    use crate::domain::time::Timestamp;
    use crate::papers::picture::samples::{jpeg, png, turned};

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
                let pdf = write(paper, language, &Album::default()).unwrap();
                assert!(pdf.starts_with(b"%PDF-") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
                assert!(pdf.len() < 200_000, "{} takes {} bytes", paper.title, pdf.len());
                if let Ok(folder) = std::env::var("HUIFANG_DRAW_INTO") {
                    std::fs::write(format!("{folder}/paper{n}.{}.pdf", language.tag()), pdf).unwrap();
                }
            }
        }
    }

    /// One of each kind: from a telephone, turned by a quarter, and with transparency.
    fn album() -> (Vec<Photo>, Album) {
        let clear: Vec<u8> = (0..64_u8).flat_map(|n| [n * 4, 128, 255 - n * 4, 255]).collect();
        let grey: Vec<u8> = (0..64_u8).flat_map(|n| [n * 4, 255]).collect();
        let palette = [(b"PLTE", [200, 30, 30, 30, 30, 200].as_slice())];
        let files = [
            jpeg(),
            turned(6),
            turned(3),
            turned(8),
            turned(5),
            png(64, 48, 6, &[], &clear),
            png(64, 40, 4, &[], &grey),
            png(64, 40, 3, &palette, &[[0; 32], [1; 32]].concat()),
        ];
        let (mut photos, mut album) = (Vec::new(), Album::default());
        for (file, n) in files.iter().zip(1..) {
            let id = MediaId(uuid::Uuid::from_u128(n));
            album.add(id, file).unwrap();
            let by = Taker::Staff(Some("王工".to_owned()));
            photos.push(Photo { id, by, at: Timestamp(1_795_226_400_000), gone: false });
        }
        let gone = MediaId(uuid::Uuid::from_u128(99));
        photos.push(Photo { id: gone, by: Taker::Client(None), at: Timestamp(1_795_226_400_000), gone: true });
        (photos, album)
    }

    #[test]
    fn photos_stand_in_the_pdf_as_they_were_compressed_and_one_that_is_gone_is_named() {
        let (photos, album) = album();
        for language in Language::ALL {
            let catalog = Catalog::embedded().unwrap();
            let say = |key: &str| catalog.text(language, key, &std::collections::BTreeMap::new());
            let zone = TimeZone::get("Asia/Shanghai").unwrap();
            let terms = Terms { say: &say, zone, reader: Reader::Link, now: Timestamp(1_795_226_400_000) };
            let visit = crate::domain::paper::visit::tests::visit();
            let visit = crate::domain::paper::visit::Visit { photos: photos.clone(), client: Some("right"), ..visit };
            let pdf = write(&record(&visit, &terms), language, &album).unwrap();
            let text = String::from_utf8_lossy(&pdf);
            assert_eq!(text.matches("/Subtype/Image").count(), 8);
            assert_eq!((text.matches("/DCTDecode").count(), text.matches("/Predictor 15").count()), (5, 3));
            let photo = jpeg();
            let scan = photo.windows(2).position(|bytes| bytes == [0xff, 0xda]).unwrap();
            assert_eq!(pdf.windows(photo.len() - scan).filter(|part| *part == &photo[scan..]).count(), 5);
            assert!(!pdf.windows(6).any(|bytes| bytes == b"SECRET"), "what the camera knew stays out");
            if let Ok(folder) = std::env::var("HUIFANG_DRAW_INTO") {
                std::fs::write(format!("{folder}/photos.{}.pdf", language.tag()), &pdf).unwrap();
            }
        }
    }

    #[test]
    fn a_picture_that_lay_on_its_side_is_put_upright() {
        let at = |turn, u, v| {
            let t = on_sheet((10.0, 20.0), (4.0, 8.0), turn);
            (t.sx() * u + t.kx() * v + t.tx(), t.ky() * u + t.sy() * v + t.ty())
        };
        // The upper left and the lower right corner of what is seen, by where they lie in the file
        // (EXIF 2.3, tag 274: which sides of the picture row 0 and column 0 are).
        let corners = [
            (1, (0.0, 1.0), (1.0, 0.0)),
            (2, (1.0, 1.0), (0.0, 0.0)),
            (3, (1.0, 0.0), (0.0, 1.0)),
            (4, (0.0, 0.0), (1.0, 1.0)),
            (5, (0.0, 1.0), (1.0, 0.0)),
            (6, (0.0, 0.0), (1.0, 1.0)),
            (7, (1.0, 0.0), (0.0, 1.0)),
            (8, (1.0, 1.0), (0.0, 0.0)),
        ];
        for (turn, upper_left, lower_right) in corners {
            assert_eq!(at(turn, upper_left.0, upper_left.1), (10.0, 20.0), "{turn}");
            assert_eq!(at(turn, lower_right.0, lower_right.1), (14.0, 28.0), "{turn}");
        }
    }

    #[test]
    fn a_long_paper_has_as_many_pages_as_it_was_laid_out_on() {
        let mut paper = papers(Language::Chinese).remove(1);
        let field = crate::domain::paper::Field { label: "补充".to_owned(), value: "漏水".repeat(3000) };
        paper.blocks.push(crate::domain::paper::Block::Text(field));
        let fonts = FONTS.as_ref().unwrap();
        let sheets = lay_out(&paper, &|c| chosen(fonts, c).2, &Album::default()).len();
        let plain = SerializeSettings { pretty: true, compress_content_streams: false, ..SerializeSettings::default() };
        let pdf = write_with(&paper, Language::Chinese, &Album::default(), plain).unwrap();
        assert!(sheets > 3);
        assert_eq!(pages(&pdf), sheets);
    }

    /// Each glyph is mapped back to its character by a `ToUnicode` map (ISO 32000-1, 9.10.3).
    #[test]
    fn every_character_of_a_paper_can_be_read_back_from_the_pdf() {
        let plain = SerializeSettings { compress_content_streams: false, ..SerializeSettings::default() };
        for paper in papers(Language::Chinese) {
            let pdf = write_with(&paper, Language::Chinese, &Album::default(), plain.clone()).unwrap();
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

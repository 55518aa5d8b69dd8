//! Photos on a sheet, two to a row, each with its words below; one that cannot be shown is a frame
//! with the reason in it.

use super::{HEADING, INNER, LEADING, MARGIN, Mark, PAD, Page, SMALL, count, wrap};
use crate::domain::paper::Picture;
use crate::papers::picture::Album;

/// Pictures side by side, and the room between them.
const COLUMNS: usize = 2;
const GAP: f32 = 12.0;
/// The most a picture is wide and high: three rows to a sheet.
const WIDE: f32 = (INNER - GAP) / 2.0;
const HIGH: f32 = 196.0;
/// How high the frame of one that cannot be shown is.
const EMPTY: f32 = 72.0;
/// Lines of a caption.
const CAPTION: usize = 2;
/// What they take, with the room to the next row.
const BELOW: f32 = 2.0 * SMALL * LEADING + PAD;

impl Page<'_> {
    pub(super) fn pictures(&mut self, pictures: &[Picture], album: &Album) {
        for row in pictures.chunks(COLUMNS) {
            self.picture_row(row, album);
        }
    }

    /// Turns the page unless a heading and the first row of pictures go on it.
    pub(super) fn need_row(&mut self, pictures: &[Picture], album: &Album) {
        let high = pictures.iter().take(COLUMNS).map(|picture| size(picture, album).1).fold(0.0, f32::max);
        self.need(HEADING * 2.5 + high + BELOW);
    }

    fn picture_row(&mut self, row: &[Picture], album: &Album) {
        let line_height = SMALL * LEADING;
        let sizes: Vec<_> = row.iter().map(|picture| size(picture, album)).collect();
        let high = sizes.iter().map(|(_, high)| *high).fold(0.0, f32::max);
        self.need(high + BELOW);
        let top = self.y;
        for ((picture, (width, height)), n) in row.iter().zip(sizes).zip(0..) {
            let x = MARGIN + count(n) * (WIDE + GAP);
            let is_shown = picture.missing.is_none() && album.get(picture.id).is_some();
            if is_shown {
                self.mark(Mark::Picture { x, y: top, width, height, id: picture.id });
            } else {
                let why = picture.missing.as_deref().unwrap_or_default();
                self.mark(Mark::Ground { x, y: top, width, height });
                for (line, n) in wrap(why, SMALL, width - 2.0 * PAD, self.ruler).iter().zip(1..) {
                    self.words(x + PAD, top + PAD + count(n) * line_height, SMALL, true, line);
                }
            }
            for (line, n) in wrap(&picture.caption, SMALL, WIDE, self.ruler).iter().take(CAPTION).zip(1..) {
                self.words(x, top + height + count(n) * line_height, SMALL, true, line);
            }
        }
        self.y = top + high + BELOW;
    }
}

/// As large as it fits, its sides in proportion.
fn size(picture: &Picture, album: &Album) -> (f32, f32) {
    let Some(raster) = album.get(picture.id).filter(|_| picture.missing.is_none()) else { return (WIDE, EMPTY) };
    let (width, height) = raster.seen();
    // Of a picture a thousand times as long as wide a line is left, not nothing.
    #[expect(clippy::cast_possible_truncation, reason = "no picture has more pixels than a float counts")]
    let slope = (f64::from(height) / f64::from(width.max(1))).clamp(0.001, 1000.0) as f32;
    if WIDE * slope <= HIGH { (WIDE, WIDE * slope) } else { (HIGH / slope, HIGH) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::lay_out;
    use super::super::tests::{half, paper};
    use super::*;
    use crate::domain::ids::MediaId;
    use crate::domain::paper::{Block, Field};
    use crate::papers::picture::samples::{jpeg, png, turned};

    fn picture(n: u128, missing: Option<&str>) -> Picture {
        let caption = format!("{n}. 王工 · 2026-11-21 10:00");
        Picture { id: MediaId(Uuid::from_u128(n)), caption, missing: missing.map(str::to_owned) }
    }

    #[test]
    fn pictures_lie_two_to_a_row_each_in_proportion_and_with_its_words() {
        let mut album = Album::default();
        let files = [jpeg(), turned(6), png(2000, 3, 0, &[], &[0; 2000]), png(2, 1, 0, &[], &[0; 2])];
        for (n, file) in (1..).zip(&files) {
            album.add(MediaId(Uuid::from_u128(n)), file).unwrap();
        }
        let pictures = (1..=7).map(|n| picture(n, (n > 4).then_some("损坏"))).collect();
        let sheets = lay_out(&paper(vec![Block::Pictures(pictures)]), &half, &album);
        let drawn = sheets.iter().flatten().filter_map(|mark| match mark {
            Mark::Picture { x, y, width, height, .. } => Some((*x, *y, *width, *height)),
            _ => None,
        });
        let drawn: Vec<_> = drawn.collect();
        assert_eq!(drawn.len(), 4);
        let level = (drawn[0].1 - drawn[1].1).abs() < 0.01;
        assert!(level && drawn[0].0 < drawn[1].0 && drawn[2].1 > drawn[0].1 + drawn[0].3);
        for (x, y, width, height) in &drawn {
            assert!(*width <= WIDE + 0.1 && *height <= HIGH + 0.1 && *height > 0.1 && *x >= MARGIN && *y > MARGIN);
        }
        let upright = drawn[0].3 / drawn[0].2;
        assert!((drawn[1].2 / drawn[1].3 - upright).abs() < 0.01, "a picture that was turned is turned back");
        let words: String = sheets
            .iter()
            .flatten()
            .filter_map(|mark| match mark {
                Mark::Words { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(words.matches("损坏").count(), 3);
        assert!((1..=7).all(|n| words.contains(&format!("{n}. 王工"))), "{words}");
    }

    #[test]
    fn a_row_of_pictures_is_never_cut_by_the_end_of_a_sheet() {
        let mut album = Album::default();
        for n in 1..=12 {
            album.add(MediaId(Uuid::from_u128(n)), &png(3, 4, 0, &[], &[0; 3])).unwrap();
        }
        let pictures = (1..=12).map(|n| picture(n, None)).collect();
        let sheets = lay_out(&paper(vec![Block::Pictures(pictures)]), &half, &album);
        assert_eq!(sheets.len(), 2, "three rows to a sheet");
        // Nor does a heading stay behind.
        let filler = Block::Text(Field { label: String::new(), value: "一\n".repeat(40) });
        let blocks = vec![filler, Block::Heading("附：照片".to_owned()), Block::Pictures(vec![picture(1, None)])];
        let apart = lay_out(&paper(blocks), &half, &album);
        let second = apart.get(1).unwrap();
        assert!(second.iter().any(|mark| matches!(mark, Mark::Words { text, .. } if text == "附：照片")));
        assert!(second.iter().any(|mark| matches!(mark, Mark::Picture { .. })));
        for mark in sheets.iter().flatten() {
            if let Mark::Picture { x, y, width, height, .. } = mark {
                assert!(y + height <= super::super::BOTTOM && x + width <= super::super::WIDTH - MARGIN + 0.5);
            }
        }
    }
}

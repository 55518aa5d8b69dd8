//! A photo as a PDF can hold it: JPEG and PNG go in as they are compressed (ISO 32000-1, 7.4.4 and
//! 7.4.8), so nothing is decoded here, and nothing that a decoder would trip over can harm us.
//!
//! What is looked at is the frame around the pixels: whether the file is whole, how large the picture
//! is, which way up it was taken. What a camera wrote beside it (place, serial number) is left out.
//! Other kinds (WebP, HEIC, interlaced PNG) would have to be decoded; a paper names them instead.

mod jpeg;
mod png;

use std::collections::BTreeMap;

use crate::domain::ids::MediaId;

/// Most bytes of one picture, and of all pictures of a paper together.
const MOST_BYTES: usize = 12 * 1024 * 1024;
const MOST_BYTES_IN_ALL: usize = 24 * 1024 * 1024;
/// Most pixels of one picture; the telephones of today take fifty million.
const MOST_PIXELS: u64 = 64_000_000;

/// Why a picture cannot be shown; each has a text `web.paper.picture.<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The file ends too early, or is not what it says.
    Broken,
    /// More bytes or pixels than a paper takes.
    TooLarge,
    /// A kind of picture that a PDF cannot hold.
    Kind,
}

impl Fault {
    /// Returns the name used in texts.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Broken => "broken",
            Fault::TooLarge => "too_large",
            Fault::Kind => "kind",
        }
    }
}

/// The pictures of a paper that can be drawn, by file.
#[derive(Debug, Default)]
pub struct Album {
    pictures: BTreeMap<MediaId, Raster>,
    bytes: usize,
}

impl Album {
    /// Whether a file of that size is worth fetching.
    ///
    /// # Errors
    /// [`Fault::TooLarge`].
    pub fn takes(&self, bytes: u64) -> Result<(), Fault> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let fits = bytes <= MOST_BYTES && self.bytes.saturating_add(bytes) <= MOST_BYTES_IN_ALL;
        if fits { Ok(()) } else { Err(Fault::TooLarge) }
    }

    /// Adds a file.
    ///
    /// # Errors
    /// The [`Fault`] it has; it is not added then.
    pub fn add(&mut self, id: MediaId, file: &[u8]) -> Result<(), Fault> {
        self.takes(u64::try_from(file.len()).unwrap_or(u64::MAX))?;
        self.pictures.insert(id, Raster::read(file)?);
        self.bytes += file.len();
        Ok(())
    }

    pub(super) fn get(&self, id: MediaId) -> Option<&Raster> {
        self.pictures.get(&id)
    }
}

/// Which components a pixel has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Colours {
    Grey,
    Rgb,
    /// Four inks; Adobe's files hold them the other way round.
    Inks {
        inverted: bool,
    },
    /// The colours, three bytes each.
    Palette(Vec<u8>),
    /// With a component that says how transparent a pixel is: it is not looked at.
    GreyAlpha,
    RgbAlpha,
}

impl Colours {
    /// Components of a pixel.
    pub(super) fn count(&self) -> u8 {
        match self {
            Colours::Grey | Colours::Palette(_) => 1,
            Colours::GreyAlpha => 2,
            Colours::Rgb => 3,
            Colours::Inks { .. } | Colours::RgbAlpha => 4,
        }
    }
}

/// How the pixels are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Jpeg,
    /// Deflate with the filters of PNG.
    Png,
}

/// A picture, ready to be put into a PDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raster {
    /// As stored, before it is turned.
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bits: u8,
    pub(super) colours: Colours,
    pub(super) packing: Packing,
    pub(super) data: Vec<u8>,
    /// How to turn it, 1–8 as EXIF counts; 1 is not at all.
    pub(super) turn: u8,
}

impl Raster {
    fn read(file: &[u8]) -> Result<Raster, Fault> {
        let raster = if file.starts_with(&[0xff, 0xd8, 0xff]) {
            jpeg::read(file)?
        } else if file.starts_with(&png::SIGNATURE) {
            png::read(file)?
        } else {
            return Err(Fault::Kind);
        };
        match u64::from(raster.width) * u64::from(raster.height) {
            0 => Err(Fault::Broken),
            pixels if pixels > MOST_PIXELS => Err(Fault::TooLarge),
            _ => Ok(raster),
        }
    }

    /// Returns width and height as it is seen.
    pub(super) fn seen(&self) -> (u32, u32) {
        if self.turn >= 5 { (self.height, self.width) } else { (self.width, self.height) }
    }
}

/// Returns the bytes of a part of a file; a file that ends before is broken.
fn part(file: &[u8], from: usize, length: usize) -> Result<&[u8], Fault> {
    from.checked_add(length).and_then(|end| file.get(from..end)).ok_or(Fault::Broken)
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
pub(super) mod samples {
    /// A PNG whose bytes lie uncompressed: `kind` is the colour type, `row` one row of pixels.
    pub(crate) fn png(width: u32, height: u32, kind: u8, extra: &[(&[u8; 4], &[u8])], row: &[u8]) -> Vec<u8> {
        let mut header = Vec::new();
        header.extend(width.to_be_bytes());
        header.extend(height.to_be_bytes());
        header.extend([8, kind, 0, 0, 0]);
        let pixels: Vec<u8> = (0..height).flat_map(|_| std::iter::once(0).chain(row.iter().copied())).collect();
        let mut file = super::png::SIGNATURE.to_vec();
        crate::papers::png::chunk(&mut file, *b"IHDR", &header);
        for (name, data) in extra {
            crate::papers::png::chunk(&mut file, **name, data);
        }
        crate::papers::png::chunk(&mut file, *b"IDAT", &crate::papers::png::stored(&pixels));
        crate::papers::png::chunk(&mut file, *b"IEND", &[]);
        file
    }

    /// The photo of the tests: 640 × 480 or so, as a telephone takes it.
    pub(crate) fn jpeg() -> Vec<u8> {
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/audio/photo.jpg")).unwrap()
    }

    /// The same with what a camera writes beside it: turned by a quarter, taken somewhere.
    pub(crate) fn turned(turn: u8) -> Vec<u8> {
        let jpeg = jpeg();
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([turn, 0, 0, 0, 0, 0, 0]);
        exif.extend(b"SECRET PLACE");
        let mut file = jpeg[..2].to_vec();
        file.extend([0xff, 0xe1]);
        file.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        file.extend(exif);
        file.extend(&jpeg[2..]);
        file
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::samples::{jpeg, png, turned};
    use super::*;

    #[test]
    fn a_photo_is_taken_as_it_is_compressed() {
        let raster = Raster::read(&jpeg()).unwrap();
        assert_eq!((raster.packing, raster.bits, &raster.colours), (Packing::Jpeg, 8, &Colours::Rgb));
        assert!(raster.width > 0 && raster.data.ends_with(&[0xff, 0xd9]));
        let raster = Raster::read(&png(2, 3, 2, &[], &[1, 2, 3, 4, 5, 6])).unwrap();
        assert_eq!((raster.packing, raster.seen(), raster.colours.count()), (Packing::Png, (2, 3), 3));
        for (kind, colours, row) in [(0, Colours::Grey, 2), (4, Colours::GreyAlpha, 4), (6, Colours::RgbAlpha, 8)] {
            assert_eq!(Raster::read(&png(2, 1, kind, &[], &vec![9; row])).unwrap().colours, colours);
        }
        let palette = [(b"PLTE", [1, 2, 3, 4, 5, 6].as_slice())];
        assert_eq!(
            Raster::read(&png(2, 1, 3, &palette, &[0, 1])).unwrap().colours,
            Colours::Palette(palette[0].1.to_vec())
        );
    }

    #[test]
    fn a_photo_is_shown_the_way_it_was_taken_and_without_where() {
        let upright = Raster::read(&jpeg()).unwrap();
        let lying = Raster::read(&turned(6)).unwrap();
        assert_eq!((upright.turn, lying.turn), (1, 6));
        assert_eq!(lying.seen(), (upright.height, upright.width));
        assert!(!lying.data.windows(6).any(|bytes| bytes == b"SECRET"), "what the camera knew is not passed on");
        assert_eq!(lying.data, upright.data);
        assert_eq!(Raster::read(&turned(9)).unwrap().turn, 1, "there is no such way to turn it");
    }

    #[test]
    fn a_file_that_was_cut_off_or_changed_is_broken_wherever() {
        for whole in [jpeg(), turned(6), png(3, 2, 2, &[], &[7; 9])] {
            let step = (whole.len() / 97).max(1);
            for cut in (3..whole.len()).step_by(step) {
                let read = Raster::read(&whole[..cut]);
                assert!(matches!(read, Err(Fault::Broken | Fault::Kind)), "cut at {cut}: {read:?}");
            }
        }
        let mut changed = png(3, 2, 2, &[], &[7; 9]);
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        assert_eq!(Raster::read(&changed).unwrap_err(), Fault::Broken);
    }

    #[test]
    fn no_bytes_whatever_make_it_panic() {
        let mut seed = 0x2545_f491_u32;
        let mut random = || {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            seed
        };
        for whole in [jpeg(), turned(8), png(3, 2, 3, &[(b"PLTE", &[0; 6])], &[1; 3])] {
            for _ in 0..400 {
                let mut mutated = whole.clone();
                for _ in 0..4 {
                    let at = random() as usize % mutated.len().min(700);
                    mutated[at] = random().to_be_bytes()[0];
                }
                let _ = Raster::read(&mutated);
            }
        }
    }

    #[test]
    fn what_a_pdf_cannot_hold_and_what_is_too_large_is_named() {
        assert_eq!(Raster::read(b"RIFF\0\0\0\0WEBPVP8 ").unwrap_err(), Fault::Kind);
        let mut interlaced = png(2, 1, 0, &[], &[1, 2]);
        interlaced[28] = 1;
        let crc = crc32fast::hash(&interlaced[12..29]);
        interlaced[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(Raster::read(&interlaced).unwrap_err(), Fault::Kind);
        assert_eq!(Raster::read(&png(8001, 8000, 0, &[], &[])).unwrap_err(), Fault::TooLarge);
        assert_eq!(Raster::read(&png(0, 8, 0, &[], &[])).unwrap_err(), Fault::Broken);
        for fault in [Fault::Broken, Fault::TooLarge, Fault::Kind] {
            let catalog = crate::catalog::Catalog::embedded().unwrap();
            assert!(catalog.has(&format!("web.paper.picture.{}", fault.name())));
        }
    }

    #[test]
    fn a_paper_takes_twelve_mib_a_picture_and_twenty_four_in_all() {
        let mut album = Album::default();
        assert_eq!(album.takes(12 * 1024 * 1024), Ok(()));
        assert_eq!(album.takes(12 * 1024 * 1024 + 1), Err(Fault::TooLarge));
        album.add(MediaId(Uuid::from_u128(1)), &jpeg()).unwrap();
        album.bytes = 20 * 1024 * 1024;
        assert_eq!(album.takes(4 * 1024 * 1024), Ok(()));
        assert_eq!(album.takes(4 * 1024 * 1024 + 1), Err(Fault::TooLarge));
        assert!(album.get(MediaId(Uuid::from_u128(1))).is_some() && album.get(MediaId(Uuid::from_u128(2))).is_none());
    }
}

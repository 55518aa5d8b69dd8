//! The frame of a JPEG (ISO/IEC 10918-1, annex B): markers and segments, never the pixels.

use super::{Colours, Fault, Packing, Raster, number, part};

/// Of JPEG 2000 and its relatives these are the ones PDF knows: baseline, extended, progressive.
const FRAMES: [u8; 3] = [0xc0, 0xc1, 0xc2];
const START: u8 = 0xda;
const END: u8 = 0xd9;
/// What applications add, from EXIF on; Adobe says how to read the colours.
const EXIF: u8 = 0xe1;
const ADOBE: u8 = 0xee;
const COMMENT: u8 = 0xfe;
/// "Orientation", and its type: a number of two bytes.
const ORIENTATION: u32 = 0x0112;
const SHORT: u32 = 3;

/// What the segments before the pixels say.
#[derive(Default)]
struct Head {
    frame: Option<(u32, u32, u8)>,
    adobe: bool,
    turn: Option<u8>,
}

/// Takes a JPEG apart and puts it together again without what a camera wrote beside the picture.
pub(super) fn read(file: &[u8]) -> Result<Raster, Fault> {
    let mut data = part(file, 0, 2)?.to_vec();
    let (mut head, mut at) = (Head::default(), 2);
    loop {
        let (marker, segment, next) = segment(file, at)?;
        match marker {
            EXIF if segment.starts_with(b"Exif\0\0") => {
                head.turn = head.turn.or_else(|| orientation(segment.get(6..)?));
            }
            ADOBE => head.adobe |= segment.starts_with(b"Adobe"),
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return Err(Fault::Kind),
            marker if FRAMES.contains(&marker) => head.frame = Some(frame(segment)?),
            _ => {}
        }
        let said_beside = matches!(marker, EXIF..=0xed | 0xef | COMMENT);
        if !said_beside {
            data.extend(part(file, at, next - at)?);
        }
        at = next;
        if marker == START {
            break;
        }
    }
    let end = scans(file, at)?;
    data.extend(part(file, at, end - at)?);
    let (width, height, components) = head.frame.ok_or(Fault::Broken)?;
    let colours = match components {
        1 => Colours::Grey,
        3 => Colours::Rgb,
        4 => Colours::Inks { inverted: head.adobe },
        _ => return Err(Fault::Kind),
    };
    let turn = head.turn.unwrap_or(1);
    Ok(Raster { width, height, bits: 8, colours, packing: Packing::Jpeg, data, turn })
}

/// Returns the marker there, what it says, and where the next one is.
fn segment(file: &[u8], at: usize) -> Result<(u8, &[u8], usize), Fault> {
    if part(file, at, 1)? != [0xff] {
        return Err(Fault::Broken);
    }
    // Any number of 0xff may come before a marker.
    let filling = file.get(at..).unwrap_or_default().iter().take_while(|byte| **byte == 0xff).count();
    let mark = at + filling;
    let marker = part(file, mark, 1)?.first().copied().unwrap_or_default();
    if marker == 0 || matches!(marker, 0x01 | 0xd0..=END) {
        return Err(Fault::Broken);
    }
    let length = number(part(file, mark + 1, 2)?) as usize;
    let body = part(file, mark + 3, length.checked_sub(2).ok_or(Fault::Broken)?)?;
    Ok((marker, body, mark + 1 + length))
}

/// Returns where the picture ends: behind the last of its scans.
fn scans(file: &[u8], mut at: usize) -> Result<usize, Fault> {
    loop {
        let rest = file.get(at..).ok_or(Fault::Broken)?;
        let mark = at + rest.iter().position(|byte| *byte == 0xff).ok_or(Fault::Broken)?;
        match part(file, mark + 1, 1)? {
            [END] => return Ok(mark + 2),
            // A byte of the pixels, a point to begin anew from, or a byte that only fills.
            [0x00 | 0xd0..=0xd7] => at = mark + 2,
            [0xff] => at = mark + 1,
            _ => at = segment(file, mark)?.2,
        }
    }
}

/// Returns width, height and components.
fn frame(segment: &[u8]) -> Result<(u32, u32, u8), Fault> {
    let [8, size @ .., components] = part(segment, 0, 6)? else { return Err(Fault::Kind) };
    let (height, width) = size.split_at(2);
    if number(height) == 0 {
        // It would be said after the first scan.
        return Err(Fault::Kind);
    }
    Ok((number(width), number(height), *components))
}

/// Reads which way up a picture was taken out of EXIF (TIFF 6.0, one directory).
fn orientation(tiff: &[u8]) -> Option<u8> {
    let little = match tiff.get(..4)? {
        b"II\x2a\0" => true,
        b"MM\0\x2a" => false,
        _ => return None,
    };
    let read = |at: usize, length: usize| {
        let mut bytes = tiff.get(at..at.checked_add(length)?)?.to_vec();
        if little {
            bytes.reverse();
        }
        Some(number(&bytes))
    };
    let directory = usize::try_from(read(4, 4)?).ok()?;
    let entries = usize::try_from(read(directory, 2)?).ok()?;
    let entry = |n: usize| directory.checked_add(2 + 12 * n);
    let found = (0..entries).filter_map(entry).find(|at| read(*at, 2) == Some(ORIENTATION))?;
    let turn = read(found + 8, 2).filter(|_| read(found + 2, 2) == Some(SHORT))?;
    u8::try_from(turn).ok().filter(|turn| (1..=8).contains(turn))
}

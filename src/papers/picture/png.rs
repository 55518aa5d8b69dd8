//! The frame of a PNG (RFC 2083): its chunks, each held against its checksum, never the pixels.

use super::{Colours, Fault, Packing, Raster, number, part};

/// What every file begins with.
pub(super) const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

/// Takes a PNG apart.
pub(super) fn read(file: &[u8]) -> Result<Raster, Fault> {
    let (mut at, mut header, mut palette, mut data) = (SIGNATURE.len(), None, Vec::new(), Vec::new());
    loop {
        let length = usize::try_from(number(part(file, at, 4)?)).map_err(|_| Fault::Broken)?;
        let chunk = part(file, at + 4, length.checked_add(4).ok_or(Fault::Broken)?)?;
        let (name, body) = chunk.split_at(4);
        let sum = number(part(file, at + 4 + chunk.len(), 4)?);
        if crc32fast::hash(chunk) != sum {
            return Err(Fault::Broken);
        }
        match name {
            b"IHDR" => header = Some(self::header(body)?),
            b"PLTE" => palette = body.to_vec(),
            b"IDAT" => data.extend(body),
            b"IEND" => break,
            _ => {}
        }
        at += 8 + chunk.len();
    }
    let (width, height, bits, kind) = header.ok_or(Fault::Broken)?;
    let colours = match kind {
        0 => Colours::Grey,
        2 => Colours::Rgb,
        3 if (3..=768).contains(&palette.len()) && palette.len().is_multiple_of(3) => Colours::Palette(palette),
        4 => Colours::GreyAlpha,
        6 => Colours::RgbAlpha,
        _ => return Err(Fault::Broken),
    };
    // The two bytes that a compressed stream begins with (RFC 1950).
    if !number(part(&data, 0, 2)?).is_multiple_of(31) {
        return Err(Fault::Broken);
    }
    Ok(Raster { width, height, bits, colours, packing: Packing::Png, data, turn: 1 })
}

/// Returns width, height, bits of a component and kind of colours.
fn header(body: &[u8]) -> Result<(u32, u32, u8, u8), Fault> {
    let (size, [bits, kind, 0, 0, interlaced]) = body.split_at_checked(8).ok_or(Fault::Broken)? else {
        return Err(Fault::Broken);
    };
    let (width, height) = size.split_at(4);
    let fits = match kind {
        0 => matches!(bits, 1 | 2 | 4 | 8 | 16),
        3 => matches!(bits, 1 | 2 | 4 | 8),
        _ => matches!(bits, 8 | 16),
    };
    match interlaced {
        _ if !fits => Err(Fault::Broken),
        0 => Ok((number(width), number(height), *bits, *kind)),
        _ => Err(Fault::Kind),
    }
}

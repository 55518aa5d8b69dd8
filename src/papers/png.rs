//! Pictures in black and white as PNG (RFC 2083): one bit a pixel, not compressed. A QR code has some
//! thirty thousand pixels, so a crate that compresses would bring more than it saves.

/// What every file begins with.
const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
/// Bytes of a stored block of deflate at most.
const BLOCK: usize = 0xffff;

/// Writes a picture; `dark` says of column and row whether the pixel is black.
pub(super) fn write(width: usize, height: usize, dark: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let mut pixels = Vec::with_capacity((width.div_ceil(8) + 1) * height);
    for row in 0..height {
        pixels.push(0); // unfiltered
        for first in (0..width).step_by(8) {
            let bit = |column: usize| u8::from(column < width && !dark(column, row));
            pixels.push((first..first + 8).fold(0, |byte, column| byte << 1 | bit(column)));
        }
    }
    let mut header = Vec::new();
    for side in [width, height] {
        header.extend(u32::try_from(side).unwrap_or(u32::MAX).to_be_bytes());
    }
    header.extend([1, 0, 0, 0, 0]); // one bit, grey, the only compression, filter and order there is
    let mut file = SIGNATURE.to_vec();
    chunk(&mut file, *b"IHDR", &header);
    chunk(&mut file, *b"IDAT", &stored(&pixels));
    chunk(&mut file, *b"IEND", &[]);
    file
}

pub(super) fn chunk(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    file.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let mut crc = crc32fast::Hasher::new();
    for part in [&name[..], data] {
        crc.update(part);
        file.extend(part);
    }
    file.extend(crc.finalize().to_be_bytes());
}

/// Wraps bytes as zlib (RFC 1950) without compressing them (RFC 1951, stored blocks).
pub(super) fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut wrapped = vec![0x78, 0x01];
    let last = bytes.len().div_ceil(BLOCK).saturating_sub(1);
    for (at, block) in bytes.chunks(BLOCK).enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        wrapped.push(u8::from(at == last));
        wrapped.extend(length.to_le_bytes());
        wrapped.extend((!length).to_le_bytes());
        wrapped.extend(block);
    }
    wrapped.extend(adler(bytes).to_be_bytes());
    wrapped
}

fn adler(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    high << 16 | low
}

//! What a file is, judged by its first bytes alone.
//!
//! File names and declared types come from outside and are never looked at. Nothing is decoded
//! here, so this is safe to run in the service itself; what passes goes to [`super::sandbox`].

use std::fmt;

/// A container or bare format in which a recording reaches us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    /// OGG with Opus (Telegram), Vorbis or FLAC inside.
    Ogg,
    /// WebM or Matroska: what browsers record.
    WebM,
    /// AMR narrowband: WeChat and WeCom voice messages.
    AmrNb,
    /// AMR wideband.
    AmrWb,
    Mp3,
    /// M4A, MP4, 3GP with AAC inside.
    Mp4,
    Wav,
    Flac,
    /// WeChat's SILK v3: recognised so that it can be refused by name, never decoded.
    Silk,
}

impl Container {
    /// Every container that can be decoded.
    pub const DECODABLE: [Container; 8] = [
        Container::Ogg,
        Container::WebM,
        Container::AmrNb,
        Container::AmrWb,
        Container::Mp3,
        Container::Mp4,
        Container::Wav,
        Container::Flac,
    ];

    /// Returns the media type to store and to serve the recording with.
    pub fn media_type(self) -> &'static str {
        match self {
            Container::Ogg => "audio/ogg",
            Container::WebM => "audio/webm",
            Container::AmrNb => "audio/amr",
            Container::AmrWb => "audio/amr-wb",
            Container::Mp3 => "audio/mpeg",
            Container::Mp4 => "audio/mp4",
            Container::Wav => "audio/wav",
            Container::Flac => "audio/flac",
            Container::Silk => "audio/silk",
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Container::Ogg => "OGG",
            Container::WebM => "WebM",
            Container::AmrNb => "AMR-NB",
            Container::AmrWb => "AMR-WB",
            Container::Mp3 => "MP3",
            Container::Mp4 => "M4A/MP4",
            Container::Wav => "WAV",
            Container::Flac => "FLAC",
            Container::Silk => "SILK v3",
        })
    }
}

/// Returns the container `bytes` are in, or nothing if they are not a recording we know.
pub fn sniff(bytes: &[u8]) -> Option<Container> {
    if bytes.starts_with(b"OggS") {
        Some(Container::Ogg)
    } else if bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
        Some(Container::WebM)
    } else if bytes.starts_with(b"#!AMR\n") {
        Some(Container::AmrNb)
    } else if bytes.starts_with(b"#!AMR-WB\n") {
        Some(Container::AmrWb)
    } else if bytes.starts_with(b"#!SILK_V3") || bytes.starts_with(b"\x02#!SILK_V3") {
        Some(Container::Silk)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE") {
        Some(Container::Wav)
    } else if bytes.starts_with(b"fLaC") {
        Some(Container::Flac)
    } else if bytes.get(4..8) == Some(b"ftyp") && !is_image_brand(bytes.get(8..12)) {
        Some(Container::Mp4)
    } else if bytes.starts_with(b"ID3") || begins_with_mp3_frames(bytes) {
        Some(Container::Mp3)
    } else {
        None
    }
}

/// HEIC and AVIF photographs share the `ftyp` box with MP4.
fn is_image_brand(brand: Option<&[u8]>) -> bool {
    brand.is_some_and(|b| {
        [b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"]
            .iter()
            .any(|image| b == image.as_slice())
    })
}

/// A bare MP3 has no magic number: its first frame header must be valid, and so must the one
/// that follows where the first says it ends. (A JPEG's `ff d8` already fails the first test.)
fn begins_with_mp3_frames(bytes: &[u8]) -> bool {
    match mp3_frame_length(bytes) {
        Some(length) => bytes.get(length..).is_none_or(|next| next.len() < 4 || mp3_frame_length(next).is_some()),
        None => false,
    }
}

/// Returns the length in bytes of the MPEG layer III frame that begins here (ISO 11172-3, 2.4.2.3).
fn mp3_frame_length(bytes: &[u8]) -> Option<usize> {
    const KBITS_V1: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const KBITS_V2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    const RATES_V1: [usize; 3] = [44_100, 48_000, 32_000];

    let &[sync, version_layer, rates, ..] = bytes else { return None };
    let is_layer_3 = version_layer & 0b0000_0110 == 0b0000_0010;
    if sync != 0xff || version_layer & 0b1110_0000 != 0b1110_0000 || !is_layer_3 {
        return None;
    }
    let (kbits, divisor, factor) = match version_layer >> 3 & 0b11 {
        0b11 => (KBITS_V1, 1, 144_000),
        0b10 => (KBITS_V2, 2, 72_000),
        0b00 => (KBITS_V2, 4, 72_000),
        _ => return None,
    };
    let kbits = *kbits.get(usize::from(rates >> 4)).filter(|&&k| k > 0)?;
    let rate = RATES_V1.get(usize::from(rates >> 2 & 0b11))? / divisor;
    Some(factor * kbits / rate + usize::from(rates >> 1 & 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_beginning_is_recognised() {
        let beginnings: [(&[u8], Container); 9] = [
            (b"OggS\0\x02", Container::Ogg),
            (b"\x1a\x45\xdf\xa3\x9f", Container::WebM),
            (b"#!AMR\n\x3c", Container::AmrNb),
            (b"#!AMR-WB\n\x44", Container::AmrWb),
            (b"RIFF\x24\0\0\0WAVEfmt ", Container::Wav),
            (b"fLaC\0\0\0\x22", Container::Flac),
            (b"\0\0\0\x20ftypM4A ", Container::Mp4),
            (b"ID3\x04\0\0", Container::Mp3),
            (b"\x02#!SILK_V3\x17", Container::Silk),
        ];
        for (bytes, container) in beginnings {
            assert_eq!(sniff(bytes), Some(container));
        }
    }

    #[test]
    fn a_bare_mp3_needs_two_frame_headers_in_a_row() {
        let mut mp3 = vec![0; 417 + 4];
        mp3[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0xc4]);
        mp3[417..].copy_from_slice(&[0xff, 0xfb, 0x90, 0xc4]);
        assert_eq!(sniff(&mp3), Some(Container::Mp3));
        mp3[417] = 0;
        assert_eq!(sniff(&mp3), None);
    }

    #[test]
    fn images_and_noise_are_not_recordings() {
        let others: [&[u8]; 8] = [
            b"\xff\xd8\xff\xe0\0\x10JFIF",
            b"\x89PNG\r\n\x1a\n",
            b"GIF89a",
            b"RIFF\x24\0\0\0WEBPVP8 ",
            b"\0\0\0\x18ftypheic",
            b"<!DOCTYPE html>",
            b"%PDF-1.7",
            b"",
        ];
        for bytes in others {
            assert_eq!(sniff(bytes), None, "{bytes:?}");
        }
    }
}

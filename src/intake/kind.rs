//! What a file is, judged by its first bytes; its name and declared type are not looked at.

use crate::channel::MediaKind;
use crate::speech::sniff;

/// Returns what a file is to the conversation and the type it is served with.
///
/// An image that is named `.ogg` is a photo; anything but photos and recordings is nothing.
pub fn of(bytes: &[u8]) -> Option<(MediaKind, &'static str)> {
    photo(bytes)
        .map(|content_type| (MediaKind::Photo, content_type))
        .or_else(|| sniff::sniff(bytes).map(|container| (MediaKind::Voice, container.media_type())))
}

fn photo(bytes: &[u8]) -> Option<&'static str> {
    let at = |from: usize, magic: &[u8]| bytes.get(from..from + magic.len()) == Some(magic);
    let brand = |brands: &[&[u8; 4]]| at(4, b"ftyp") && brands.iter().any(|brand| at(8, *brand));
    if at(0, b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if at(0, b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        Some("image/gif")
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Some("image/webp")
    } else if brand(&[b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"]) {
        Some("image/heic")
    } else if brand(&[b"avif", b"avis"]) {
        Some("image/avif")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_and_recordings_are_known_by_their_bytes() {
        assert_eq!(of(b"\xff\xd8\xff\xe0rest"), Some((MediaKind::Photo, "image/jpeg")));
        assert_eq!(of(b"RIFF\0\0\0\0WEBPVP8 "), Some((MediaKind::Photo, "image/webp")));
        assert_eq!(of(b"\0\0\0\x18ftypheic"), Some((MediaKind::Photo, "image/heic")));
        assert_eq!(of(b"OggS\0\x02"), Some((MediaKind::Voice, "audio/ogg")));
        assert_eq!(of(b"RIFF\0\0\0\0WAVEfmt "), Some((MediaKind::Voice, "audio/wav")));
    }

    #[test]
    fn what_a_browser_might_run_is_nothing() {
        for hostile in
            [b"<svg xmlns=".as_slice(), b"<!doctype html>", b"%PDF-1.7", b"MZ\x90", b"PK\x03\x04", b"", b"Og"]
        {
            assert_eq!(of(hostile), None);
        }
    }
}

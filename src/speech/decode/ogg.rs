//! Whether an OGG file is all there: the reader that [`super::packets`] is given passes over damaged
//! pages without a word, and each holds up to a second of speech.

use symphonia::core::checksum::Crc32;
use symphonia::core::io::Monitor as _;

const MARK: &[u8; 4] = b"OggS";
/// Mark, version, kind, position, stream, number, checksum and how many lengths follow.
const HEADER: usize = 27;
/// Where in the header the checksum stands.
const CHECKSUM: usize = 22;

/// Whether a file consists of undamaged pages from its first byte to its last. Whether the last one is
/// marked as such does not matter: recordings that are sent while they are made end without a mark.
pub(super) fn is_whole(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        match behind_page(rest) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    true
}

/// Returns what stands behind the page that begins here; nothing if it is cut off or its checksum is another.
fn behind_page(bytes: &[u8]) -> Option<&[u8]> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let (count, _) = header.split_last()?;
    let (lengths, rest) = rest.split_at_checked(usize::from(*count))?;
    let (body, behind) = rest.split_at_checked(lengths.iter().copied().map(usize::from).sum())?;
    let (before, rest) = header.split_at_checked(CHECKSUM)?;
    let (checksum, after) = rest.split_first_chunk::<4>()?;
    let mut sum = Crc32::new(0);
    // The checksum itself counts as zeros.
    for part in [before, &[0; 4], after, lengths, body] {
        sum.process_buf_bytes(part);
    }
    (header.starts_with(MARK) && sum.crc() == u32::from_le_bytes(*checksum)).then_some(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_counts_only_as_it_was_written() {
        let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/audio/leak.ogg")).unwrap();
        assert!(is_whole(&file) && is_whole(b""));
        for at in [0, 5, 22, 27, 130, 3_000, file.len() - 1] {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert!(!is_whole(&damaged), "byte {at}");
        }
        assert!(!is_whole(&file[..file.len() - 1]), "it is cut off within its last page");
        let mut last = 0;
        while let Some(behind) = behind_page(&file[last..]).filter(|behind| !behind.is_empty()) {
            last = file.len() - behind.len();
        }
        assert!(last > 0 && is_whole(&file[..last]), "it ends without a mark");
    }
}

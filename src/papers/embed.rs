//! Puts pictures into a finished PDF, by an update at its end (ISO 32000-1, 7.5.6).
//!
//! krilla is built without its decoders for pictures, and we need none: a photo goes in as it is
//! compressed ([`super::picture`]). While the sheets are drawn, each picture is a form that nothing
//! else looks like ([`mark_of`]); here that object is defined anew, as an image. Whatever drew the
//! form now draws the picture, in the same unit square.

use super::picture::{Colours, Packing, Raster};

/// Width of the form of the first picture; each has its own. No sheet is so wide.
const FIRST: u16 = 20_001;

/// Why the pictures could not be put in: the PDF is not what we took it for.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not where it should be")]
pub(super) struct EmbedError(&'static str);

/// Returns how wide the form of a picture is.
pub(super) fn mark_of(n: u16) -> u16 {
    FIRST.saturating_add(n)
}

/// Defines the form of each picture anew, as that picture; `pictures` are in the order of their marks.
pub(super) fn fill(mut pdf: Vec<u8>, pictures: &[&Raster]) -> Result<Vec<u8>, EmbedError> {
    if pictures.is_empty() {
        return Ok(pdf);
    }
    let old = Trailer::read(&pdf)?;
    let mut objects = Vec::new();
    for (picture, n) in pictures.iter().zip(0..) {
        objects.push((object_of(&pdf, mark_of(n)).ok_or(EmbedError("the form of a picture"))?, *picture));
    }
    let (mut offsets, mut next) = (Vec::new(), old.size);
    for (id, picture) in objects {
        let colours = match &picture.colours {
            Colours::GreyAlpha | Colours::RgbAlpha => {
                offsets.push((next, pdf.len()));
                pdf.extend(opaque(next, &picture.colours));
                next += 1;
                colours_of(&picture.colours, next - 1)
            }
            plain => colours_of(plain, 0),
        };
        offsets.push((id, pdf.len()));
        let Raster { width, height, bits, .. } = picture;
        let packing = packing_of(picture);
        let length = picture.data.len();
        let head = format!(
            "{id} 0 obj\n<</Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent {bits}\
             /ColorSpace {colours}{packing}/Length {length}>>\nstream\n"
        );
        pdf.extend(head.bytes());
        pdf.extend(&picture.data);
        pdf.extend(b"\nendstream\nendobj\n");
    }
    let table = pdf.len();
    pdf.extend(b"xref\n");
    for (id, at) in offsets {
        pdf.extend(format!("{id} 1\n{at:010} 00000 n\r\n").bytes());
    }
    let Trailer { rest, table_at, .. } = old;
    pdf.extend(format!("trailer\n<</Size {next}/Prev {table_at}").bytes());
    pdf.extend(rest);
    pdf.extend(format!(">>\nstartxref\n{table}\n%%EOF\n").bytes());
    Ok(pdf)
}

/// What a PDF says of itself at its end.
struct Trailer {
    size: u32,
    table_at: u32,
    /// Everything else it says.
    rest: Vec<u8>,
}

impl Trailer {
    fn read(pdf: &[u8]) -> Result<Trailer, EmbedError> {
        let start = last(pdf, b"startxref").ok_or(EmbedError("the place of the table"))?;
        let table_at = first_number(&pdf[start + 9..]).ok_or(EmbedError("the place of the table"))?;
        let from = last(&pdf[..start], b"trailer").ok_or(EmbedError("the trailer"))? + 7;
        let said = &pdf[from..start];
        let open = first(said, b"<<").ok_or(EmbedError("the trailer"))?;
        let close = last(said, b">>").filter(|close| *close > open).ok_or(EmbedError("the trailer"))?;
        let said = &said[open + 2..close];
        let at = first(said, b"/Size").ok_or(EmbedError("the number of objects"))?;
        let size = first_number(&said[at + 5..]).ok_or(EmbedError("the number of objects"))?;
        let digits = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_whitespace();
        let length = said[at + 5..].iter().take_while(|byte| digits(byte)).count();
        let rest = [&said[..at], &said[at + 5 + length..]].concat();
        Ok(Trailer { size, table_at, rest })
    }
}

/// Returns the number of the object that is a form as wide as that.
fn object_of(pdf: &[u8], width: u16) -> Option<u32> {
    let mut from = 0;
    while let Some(found) = first(&pdf[from..], b"/BBox") {
        let at = from + found + 5;
        let size = &pdf[at..];
        let end = size.iter().position(|byte| *byte == b']')?;
        let mut numbers = size[..end].split(|byte| !byte.is_ascii_digit() && *byte != b'.').filter(|n| !n.is_empty());
        if numbers.nth(2).is_some_and(|right| right == width.to_string().as_bytes()) {
            let begin = last(&pdf[..at], b" 0 obj")?;
            let line = pdf[..begin].iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
            return std::str::from_utf8(&pdf[line..begin]).ok()?.parse().ok();
        }
        from = at;
    }
    None
}

fn packing_of(picture: &Raster) -> String {
    match picture.packing {
        Packing::Jpeg if picture.colours == (Colours::Inks { inverted: true }) => {
            "/Filter/DCTDecode/Decode[1 0 1 0 1 0 1 0]".to_owned()
        }
        Packing::Jpeg => "/Filter/DCTDecode".to_owned(),
        Packing::Png => {
            let (colours, Raster { bits, width, .. }) = (picture.colours.count(), picture);
            format!(
                "/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors {colours}/BitsPerComponent {bits}\
                 /Columns {width}>>"
            )
        }
    }
}

/// Writes what the components of a pixel mean. Of transparency nothing is shown: its component is an
/// ink that no printer has, and the function `opaque` says what to print instead.
fn colours_of(colours: &Colours, opaque: u32) -> String {
    match colours {
        Colours::Grey => "/DeviceGray".to_owned(),
        Colours::Rgb => "/DeviceRGB".to_owned(),
        Colours::Inks { .. } => "/DeviceCMYK".to_owned(),
        Colours::Palette(colours) => {
            let most = (colours.len() / 3).saturating_sub(1);
            format!("[/Indexed/DeviceRGB {most}<{}>]", data_encoding::HEXLOWER.encode(colours))
        }
        Colours::GreyAlpha => format!("[/DeviceN[/Grey/Opacity]/DeviceGray {opaque} 0 R]"),
        Colours::RgbAlpha => format!("[/DeviceN[/Red/Green/Blue/Opacity]/DeviceRGB {opaque} 0 R]"),
    }
}

/// Writes the function that drops the last of the components.
fn opaque(id: u32, colours: &Colours) -> Vec<u8> {
    let count = usize::from(colours.count());
    let range = |count: usize| vec!["0 1"; count].join(" ");
    format!(
        "{id} 0 obj\n<</FunctionType 4/Domain[{}]/Range[{}]/Length 5>>\nstream\n{{pop}}\nendstream\nendobj\n",
        range(count),
        range(count - 1)
    )
    .into_bytes()
}

fn first(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn last(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|window| window == what)
}

fn first_number(bytes: &[u8]) -> Option<u32> {
    let digits: Vec<u8> =
        bytes.iter().skip_while(|b| b.is_ascii_whitespace()).take_while(|b| b.is_ascii_digit()).copied().collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raster(colours: Colours) -> Raster {
        Raster { width: 2, height: 3, bits: 8, colours, packing: Packing::Png, data: vec![1, 2, 3], turn: 1 }
    }

    const PLAIN: &[u8] = b"%PDF-1.7\n4 0 obj\n<</Type/XObject/Subtype/Form/BBox[0 0 20001 7]/Length 0>>\nstream\n\n\
        endstream\nendobj\n15 0 obj\n<</Type/XObject /BBox [0 0 20002 7]>>\nendobj\nxref\n0 0\n\
        trailer\n<<\n  /Size 16\n  /Root 1 0 R\n  /ID [(ab) (>>)]\n>>\nstartxref\n99\n%%EOF";

    #[test]
    fn each_form_becomes_its_picture_and_the_rest_of_the_file_stays() {
        let (grey, clear) = (raster(Colours::Grey), raster(Colours::RgbAlpha));
        let filled = fill(PLAIN.to_vec(), &[&grey, &clear]).unwrap();
        assert!(filled.starts_with(PLAIN));
        let added = &filled[PLAIN.len()..];
        let text = String::from_utf8_lossy(added);
        assert!(text.contains("4 0 obj\n<</Type/XObject/Subtype/Image/Width 2/Height 3/"), "{text}");
        assert!(text.contains("15 0 obj\n<</Type/XObject/Subtype/Image") && text.contains("16 0 R"), "{text}");
        assert!(text.contains("/Size 17/Prev 99") && text.contains("/Root 1 0 R") && text.contains("(>>)"), "{text}");
        // Each line of the table leads to its object.
        for line in text.lines().zip(text.lines().skip(1)).filter(|(_, line)| line.ends_with(" 00000 n")) {
            let (id, at): (&str, usize) = (line.0.split(' ').next().unwrap(), line.1[..10].parse().unwrap());
            assert!(filled[at..].starts_with(format!("{id} 0 obj").as_bytes()), "{line:?}");
        }
        let table: usize = text.split("startxref\n").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        assert!(filled[table..].starts_with(b"xref\n4 1\n"));
    }

    #[test]
    fn a_file_without_the_form_or_its_end_is_told_not_spoiled() {
        let picture = raster(Colours::Rgb);
        let three = [&picture; 3];
        assert_eq!(
            fill(PLAIN.to_vec(), &three).unwrap_err().to_string(),
            "the form of a picture is not where it should be"
        );
        for cut in 0..PLAIN.len() - 1 {
            drop(fill(PLAIN[..cut].to_vec(), &[&picture]));
        }
        assert_eq!(fill(PLAIN.to_vec(), &[]).unwrap(), PLAIN);
    }
}

//! The XML of these platforms: elements with a text each, below one root, and here and there a list of
//! such elements.
//!
//! A document type is refused, and with it every entity but the five of XML itself, in the outer
//! and in the decrypted document alike (protocols §6.1).

use super::Refused;

/// More elements and texts than any push has.
const MOST_NODES: u32 = 2_000;

/// The elements directly below the root, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    texts: Vec<(String, String)>,
    /// The elements of an element that has such, each by the name of the outer one.
    rows: Vec<(String, Row)>,
}

/// An element that holds elements with a text each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Vec<(String, String)>);

impl Row {
    /// Returns the text of an element, without the space around it; `None` where it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let text = self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.trim());
        text.filter(|text| !text.is_empty())
    }
}

impl Fields {
    /// Reads a document.
    ///
    /// # Errors
    /// [`Refused`] when it is not XML, has a document type, or holds an element twice.
    pub fn parse(document: &str) -> Result<Fields, Refused> {
        let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..Default::default() };
        let parsed = roxmltree::Document::parse_with_options(document.trim(), options).map_err(|_| Refused)?;
        let mut fields = Fields { texts: Vec::new(), rows: Vec::new() };
        for element in elements(parsed.root_element()) {
            let name = element.tag_name().name();
            if fields.texts.iter().any(|(known, _)| known == name) {
                return Err(Refused);
            }
            fields.texts.push((name.to_owned(), text_of(element)));
            for inner in elements(element) {
                let row: Vec<_> =
                    elements(inner).map(|leaf| (leaf.tag_name().name().to_owned(), text_of(leaf))).collect();
                if !row.is_empty() {
                    fields.rows.push((name.to_owned(), Row(row)));
                }
            }
        }
        Ok(fields)
    }

    /// Returns the list that an element holds.
    pub fn rows<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f Row> {
        self.rows.iter().filter(move |(of, _)| of == name).map(|(_, row)| row)
    }

    /// Returns the text of an element, without the space around it; `None` where it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Returns the text of an element as it stands.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }
}

fn elements<'a, 'i>(of: roxmltree::Node<'a, 'i>) -> impl Iterator<Item = roxmltree::Node<'a, 'i>> {
    of.children().filter(roxmltree::Node::is_element)
}

fn text_of(element: roxmltree::Node<'_, '_>) -> String {
    element.children().filter_map(|node| node.text().filter(|_| node.is_text())).collect()
}

/// Returns the one `Encrypt` of a body.
///
/// # Errors
/// [`Refused`] when the body is not such a document.
pub fn encrypted(body: &[u8]) -> Result<String, Refused> {
    let body = std::str::from_utf8(body).map_err(|_| Refused)?;
    Fields::parse(body)?.get("Encrypt").map(str::to_owned).ok_or(Refused)
}

/// Writes any text as a CDATA section: its terminator is split, what XML cannot hold is left out.
pub fn cdata(text: &str) -> String {
    let text: String = text.chars().filter(|c| is_xml(*c)).collect();
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// XML 1.0, section 2.2.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_in_any_order_and_only_below_the_root() {
        let fields = Fields::parse(
            "<xml><B> 2 </B>\n<A><![CDATA[<a> & ]]]]><![CDATA[>]]></A><C><![CDATA[]]></C>\
             <D>x&amp;y</D><E><A>inner</A></E></xml>",
        )
        .unwrap();
        assert_eq!(fields.get("A"), Some("<a> & ]]>"));
        assert_eq!((fields.get("B"), fields.raw("B")), (Some("2"), Some(" 2 ")));
        assert_eq!(
            (fields.get("C"), fields.get("D"), fields.get("E"), fields.get("F")),
            (None, Some("x&y"), None, None)
        );
    }

    #[test]
    fn a_list_is_read_row_by_row() {
        let fields = Fields::parse(
            "<xml><Event>e</Event><Pop> <List><Id>A</Id><Said>accept</Said></List><List><Id> B </Id><Said/></List></Pop></xml>",
        )
        .unwrap();
        let rows: Vec<_> = fields.rows("Pop").map(|row| (row.get("Id"), row.get("Said"))).collect();
        assert_eq!(rows, [(Some("A"), Some("accept")), (Some("B"), None)]);
        assert_eq!((fields.get("Pop"), fields.rows("Event").count()), (None, 0));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = "<a>".repeat(80_000);
        let wide = format!("<xml>{}</xml>", "<a/>".repeat(60_000));
        for hostile in [
            r#"<!DOCTYPE xml [<!ENTITY a "aaaa">]><xml><Content>&a;</Content></xml>"#,
            r#"<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>"#,
            "<xml><Content>&a;</Content></xml>",
            "<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>",
            "<xml><Encrypt>a</Encrypt>",
            "{\"Encrypt\":\"a\"}",
            "",
            &deep,
            &wide,
        ] {
            assert_eq!(Fields::parse(hostile), Err(Refused), "{}", &hostile[..hostile.len().min(80)]);
        }
        assert_eq!(encrypted(b"<xml><ToUserName>a</ToUserName></xml>"), Err(Refused));
        assert_eq!(encrypted(b"<xml><Encrypt>\xff</Encrypt></xml>"), Err(Refused));
        assert_eq!(encrypted(b"<xml><Encrypt> abc\n</Encrypt></xml>").as_deref(), Ok("abc"));
    }

    #[test]
    fn any_text_fits_into_a_cdata_section() {
        assert_eq!(cdata("a]]>b\u{0}\u{8}\n\u{FFFF}c"), "<![CDATA[a]]]]><![CDATA[>b\nc]]>");
        let text = "]]>]]]]>>😀";
        let read = Fields::parse(&format!("<xml><A>{}</A></xml>", cdata(text))).unwrap();
        assert_eq!(read.get("A"), Some(text));
    }
}

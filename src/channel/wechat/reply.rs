//! The answer that goes out in the response to a push (protocols §1.9): one text.

use crate::channel::envelope::KeyUsed;
use crate::channel::envelope::xml::cdata;

/// The longest text of a message, in bytes (protocols §1.9, §1.10: "under 2048").
pub const MOST_BYTES: usize = 2_047;

/// To whom an answer goes, and how it is to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The person's openid.
    pub to: String,
    /// The account's original id.
    pub from: String,
    /// How the push was sealed; `None` if it was not.
    pub sealing: Option<Sealing>,
}

/// What an encrypted answer takes over from its push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealing {
    pub key: KeyUsed,
    pub nonce: String,
}

impl Answer {
    /// Writes a text, at `seconds` since 1970.
    pub(in crate::channel) fn to_xml(&self, text: &str, seconds: i64) -> String {
        format!(
            "<xml>\n<ToUserName>{}</ToUserName>\n<FromUserName>{}</FromUserName>\n<CreateTime>{seconds}</CreateTime>\n\
             <MsgType><![CDATA[text]]></MsgType>\n<Content>{}</Content>\n</xml>",
            cdata(&self.to),
            cdata(&self.from),
            cdata(text)
        )
    }
}

/// Cuts a text into pieces of at most `most` bytes, at the ends of lines where that is possible and
/// never inside a character.
pub(in crate::channel) fn pieces(text: &str, most: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > most {
        let end = rest.floor_char_boundary(most);
        let (head, _) = rest.split_at(end);
        // A line that ends in the last half of the piece is a good place to cut.
        let cut = head.rfind('\n').filter(|at| *at >= end / 2).unwrap_or(end);
        let (piece, more) = rest.split_at(cut);
        if piece.is_empty() {
            break; // `most` is smaller than one character
        }
        pieces.push(piece);
        rest = more.strip_prefix('\n').unwrap_or(more);
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_any_words() {
        let answer = Answer { to: "oOPENID".to_owned(), from: "gh_1".to_owned(), sealing: None };
        insta::assert_snapshot!(answer.to_xml("<b>]]>\u{0}好", 1_714_037_060), @r"
        <xml>
        <ToUserName><![CDATA[oOPENID]]></ToUserName>
        <FromUserName><![CDATA[gh_1]]></FromUserName>
        <CreateTime>1714037060</CreateTime>
        <MsgType><![CDATA[text]]></MsgType>
        <Content><![CDATA[<b>]]]]><![CDATA[>好]]></Content>
        </xml>
        ");
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_preferably_lines() {
        assert_eq!(pieces("short", 10), ["short"]);
        assert_eq!(pieces("一二三四五", 7), ["一二", "三四", "五"]);
        assert_eq!(pieces("aaaaaa\nbbb", 8), ["aaaaaa", "bbb"]);
        assert_eq!(pieces("a\nbbbbbbbbbb", 8), ["a\nbbbbbb", "bbbb"]);
        let long = "好\n".repeat(2_000);
        let cut = pieces(&long, MOST_BYTES);
        assert!(cut.iter().all(|piece| piece.len() <= MOST_BYTES));
        assert_eq!(cut.concat().matches('好').count(), 2_000);
    }
}

//! An utterance made ready for matching: one spelling of every character, invisible ones left
//! out, sentence and clause known for each; and the way back to the text as given.

use std::collections::HashMap;

use crate::domain::han;
pub(super) use crate::domain::han::is_han;

/// Most characters of one utterance that are looked at; what comes after is not read.
pub(super) const MOST_CHARS: usize = 4000;

/// Traditional → simplified, one character for one, so that positions stay.
#[derive(Debug, Default)]
pub(super) struct Script(HashMap<char, char>);

impl Script {
    /// Reads the built-in table; without it traditional text is matched as it stands.
    pub(super) fn simplified() -> Script {
        if han::table().is_empty() {
            tracing::warn!(
                "the table of traditional characters cannot be read: traditional text is matched as it stands"
            );
        }
        Script(han::table().clone())
    }

    /// Returns the one spelling of a character: simplified, lower case, half width.
    pub(super) fn fold(&self, c: char) -> char {
        let half = match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            '\u{3000}' | '\t' | '\r' | '\u{a0}' => ' ',
            '‘' | '’' | '`' => '\'',
            '“' | '”' => '"',
            '。' => '.',
            // 著火 and 著涼 are 着; the one-for-one table leaves it, since 顯著 is not.
            '著' => '着',
            other => other,
        };
        if half.is_ascii() {
            half.to_ascii_lowercase()
        } else if let Some(simple) = self.0.get(&half) {
            *simple
        } else {
            half.to_lowercase().next().unwrap_or(half)
        }
    }

    /// Returns a text with its traditional characters simplified and all else as typed.
    pub(super) fn simplify(&self, text: &str) -> String {
        text.chars().map(|c| self.0.get(&c).copied().unwrap_or(c)).collect()
    }
}

/// An utterance made ready. Positions in it count the characters that are kept.
#[derive(Debug)]
pub(super) struct Text<'a> {
    given: &'a str,
    /// The kept characters, folded.
    pub chars: Vec<char>,
    /// The same as one string.
    pub folded: String,
    /// Byte in `folded` at which each character starts.
    pub starts: Vec<usize>,
    /// Position of each kept character among the characters as given.
    origin: Vec<usize>,
    /// Byte of each kept character in the text as given.
    bytes: Vec<usize>,
    /// Number of the sentence each character stands in.
    pub sentence: Vec<u32>,
    /// Number of the clause each character stands in.
    pub clause: Vec<u32>,
}

impl<'a> Text<'a> {
    /// Prepares the first [`MOST_CHARS`] characters of an utterance.
    pub(super) fn new(given: &'a str, script: &Script) -> Text<'a> {
        let mut text = Text {
            given,
            chars: Vec::new(),
            folded: String::with_capacity(given.len().min(MOST_CHARS * 4)),
            starts: Vec::new(),
            origin: Vec::new(),
            bytes: Vec::new(),
            sentence: Vec::new(),
            clause: Vec::new(),
        };
        for (position, (byte, raw)) in given.char_indices().enumerate().take(MOST_CHARS) {
            if is_invisible(raw) {
                continue;
            }
            let c = if raw == '\n' { '\n' } else { script.fold(raw) };
            text.starts.push(text.folded.len());
            text.folded.push(c);
            text.chars.push(c);
            text.origin.push(position);
            text.bytes.push(byte);
        }
        text.number_clauses();
        text
    }

    /// Returns the number of kept characters.
    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// Returns the kept character that starts at or after a byte of `folded`.
    pub(super) fn at_byte(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start < byte)
    }

    /// Returns the span as given: first and one-past-last character of the original, and the words.
    pub(super) fn given(&self, start: usize, end: usize) -> Option<(usize, usize, &'a str)> {
        let last = end.checked_sub(1).filter(|last| *last >= start)?;
        let (from, to) = (*self.bytes.get(start)?, *self.bytes.get(last)?);
        let mut rest = self.given.get(to..)?.chars();
        let mut after = to + rest.next()?.len_utf8();
        let mut end = *self.origin.get(last)? + 1;
        // The selector that colours an emoji belongs to it.
        if rest.next() == Some('\u{fe0f}') {
            after += '\u{fe0f}'.len_utf8();
            end += 1;
        }
        Some((*self.origin.get(start)?, end, self.given.get(from..after)?))
    }

    /// Returns the characters that bytes of the folded text hold.
    pub(super) fn chars_of(&self, start: usize, end: usize) -> (usize, usize) {
        (self.starts.partition_point(|at| *at < start), self.starts.partition_point(|at| *at < end))
    }

    /// Returns where a kept character stands among the characters as given.
    pub(super) fn origin(&self, at: usize) -> usize {
        self.origin.get(at).copied().unwrap_or(usize::MAX)
    }

    /// Returns the folded characters of a span; empty where it lies outside.
    pub(super) fn span(&self, start: usize, end: usize) -> &[char] {
        self.chars.get(start..end.min(self.chars.len())).unwrap_or(&[])
    }

    /// Returns the character at a position, a line end where there is none.
    pub(super) fn char(&self, at: usize) -> char {
        self.chars.get(at).copied().unwrap_or('\n')
    }

    /// Returns the character before a position, a line end where there is none.
    pub(super) fn before(&self, at: usize) -> char {
        at.checked_sub(1).map_or('\n', |before| self.char(before))
    }

    /// Says whether two positions stand in one sentence.
    pub(super) fn same_sentence(&self, a: usize, b: usize) -> bool {
        self.sentence.get(a) == self.sentence.get(b)
    }

    /// Says whether two positions stand in one clause.
    pub(super) fn same_clause(&self, a: usize, b: usize) -> bool {
        self.clause.get(a) == self.clause.get(b)
    }

    /// Returns how many words it has, each Chinese character taken for one.
    pub(super) fn words(&self) -> usize {
        let begins = |at: usize| {
            let c = self.char(at);
            is_han(c)
                || c.is_alphanumeric() && (at == 0 || !self.before(at).is_alphanumeric() || is_han(self.before(at)))
        };
        (0..self.len()).filter(|at| begins(*at)).count()
    }

    /// Returns the first and one-past-last position of what is said, without marks around it.
    pub(super) fn core(&self) -> (usize, usize) {
        let said = |c: &char| c.is_alphanumeric() || *c > '\u{2190}' && !is_mark(*c);
        let first = self.chars.iter().position(said).unwrap_or(0);
        let last = self.chars.iter().rposition(said).map_or(0, |last| last + 1);
        (first, last)
    }

    fn number_clauses(&mut self) {
        let (mut sentence, mut clause) = (0, 0);
        for at in 0..self.chars.len() {
            self.sentence.push(sentence);
            self.clause.push(clause);
            let (c, next, before) = (self.char(at), self.char(at + 1), self.before(at));
            let ends = match c {
                '!' | '?' | ';' | '\n' | '…' => true,
                '.' => !(before.is_ascii_digit() && next.is_ascii_digit()),
                _ => false,
            };
            let parts = matches!(c, ',' | ':' | '~' | '、') || c == ' ' && (is_han(before) || is_han(next));
            sentence += u32::from(ends);
            clause += u32::from(ends || parts);
        }
    }
}

fn is_mark(c: char) -> bool {
    ('\u{3000}'..='\u{303f}').contains(&c) || c == '…'
}

/// Zero-width, direction and control characters: they carry no meaning and may hide a word.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
        || c.is_control() && !matches!(c, '\n' | '\t' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_character_folds_to_one() {
        let script = Script::simplified();
        let text = Text::new("電梯ＬＥＡＫ　’", &script);
        assert_eq!(text.folded, "电梯leak '");
    }

    #[test]
    fn spans_lead_back_to_the_text_as_given() {
        let script = Script::default();
        let text = Text::new("a\u{200b}漏\u{202e}水❤\u{fe0f}好", &script);
        assert_eq!(text.folded, "a漏水❤好");
        assert_eq!(text.given(1, 3), Some((2, 5, "漏\u{202e}水")));
        assert_eq!(text.given(3, 4), Some((5, 7, "❤\u{fe0f}")));
        assert_eq!(text.given(2, 2), None);
        assert_eq!(text.given(2, 9), None);
    }

    #[test]
    fn sentences_and_clauses_are_told_apart() {
        let script = Script::default();
        let text = Text::new("好,4.5分.坏", &script);
        assert!(text.same_sentence(0, 5) && !text.same_clause(0, 2) && text.same_clause(2, 5));
        assert!(!text.same_sentence(5, 7));
    }
}

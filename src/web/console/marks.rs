//! Mood words marked in a text by their spans, with the reason a person can read.

use super::super::words::Words;
use crate::domain::understanding::{Keyword, Sentiment};

/// A stretch of text, marked or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub mark: Option<Mark>,
}

/// Why a stretch is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Class and name of the mood: `negative`, `neutral`, `positive`.
    pub mood: &'static str,
    /// `不太 + 满意 → 不满`
    pub why: String,
}

/// Cuts a text at the spans of its keywords. Spans that lie outside, overlap an earlier one or do
/// not hold the words they claim (the text was corrected since) are searched for instead.
pub(super) fn cut(text: &str, keywords: &[Keyword], words: &Words) -> Vec<Piece> {
    let chars: Vec<char> = text.chars().collect();
    let mut spans: Vec<(usize, usize, &Keyword)> = keywords
        .iter()
        .filter_map(|keyword| span_of(keyword, &chars).map(|(start, end)| (start, end, keyword)))
        .collect();
    spans.sort_by_key(|(start, end, _)| (*start, *end));
    let mut pieces = Vec::new();
    let mut at = 0;
    let part = |from: usize, to: usize| chars.get(from..to).unwrap_or_default().iter().collect::<String>();
    for (start, end, keyword) in spans {
        if start < at {
            continue;
        }
        if start > at {
            pieces.push(Piece { text: part(at, start), mark: None });
        }
        pieces.push(Piece { text: part(start, end), mark: Some(mark_of(keyword, words)) });
        at = end;
    }
    if at < chars.len() {
        pieces.push(Piece { text: part(at, chars.len()), mark: None });
    }
    pieces
}

/// The mark of a keyword, for lists beside the text.
pub(super) fn mark_of(keyword: &Keyword, words: &Words) -> Mark {
    let mood = match keyword.polarity {
        Sentiment::Negative => "negative",
        Sentiment::Neutral => "neutral",
        Sentiment::Positive => "positive",
    };
    // Rules end in the name of the class; staff reads its word.
    Mark { mood, why: keyword.why.replace(mood, &words.get(&format!("web.console.mark.{mood}"))) }
}

fn span_of(keyword: &Keyword, chars: &[char]) -> Option<(usize, usize)> {
    let wanted: Vec<char> = keyword.text.chars().collect();
    if wanted.is_empty() {
        return None;
    }
    if chars.get(keyword.start..keyword.end) == Some(wanted.as_slice()) {
        return Some((keyword.start, keyword.end));
    }
    let found = chars.windows(wanted.len()).position(|window| window == wanted.as_slice())?;
    Some((found, found + wanted.len()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::language::Language;

    fn keyword(text: &str, start: usize) -> Keyword {
        let end = start + text.chars().count();
        Keyword { text: text.to_owned(), start, end, polarity: Sentiment::Negative, why: "rule".to_owned() }
    }

    fn shown(text: &str, keywords: &[Keyword]) -> String {
        let words = Words::new(Arc::new(Catalog::embedded().unwrap()), Language::Chinese, jiff::tz::TimeZone::UTC);
        let pieces = cut(text, keywords, &words);
        pieces.iter().map(|p| if p.mark.is_some() { format!("[{}]", p.text) } else { p.text.clone() }).collect()
    }

    #[test]
    fn spans_count_characters_not_bytes() {
        assert_eq!(shown("师傅态度敷衍，太慢", &[keyword("太慢", 7), keyword("敷衍", 4)]), "师傅态度[敷衍]，[太慢]");
    }

    #[test]
    fn a_span_that_no_longer_fits_is_searched_for_and_one_that_is_gone_is_left_out() {
        assert_eq!(shown("他敷衍我", &[keyword("敷衍", 9), keyword("太慢", 0)]), "他[敷衍]我");
    }

    #[test]
    fn overlapping_spans_are_marked_once() {
        assert_eq!(shown("不太满意", &[keyword("不太满意", 0), keyword("满意", 2)]), "[不太满意]");
        assert_eq!(shown("", &[keyword("满意", 0)]), "");
    }
}

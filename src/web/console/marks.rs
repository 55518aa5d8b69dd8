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
    Mark { mood: keyword.polarity.name(), why: in_words(&keyword.why, words) }
}

/// A reason as staff reads it: what the notation calls moods, wording and sarcasm becomes words, what was said stays.
fn in_words(why: &str, words: &Words) -> String {
    let word = |name: &str| words.get(&format!("web.console.mark.{name}"));
    let mut reasons = Vec::new();
    for reason in why.split("; ") {
        let (found, mood) = reason.rsplit_once(" → ").unwrap_or((reason, ""));
        let found = if found == Keyword::BY_WORDING {
            word("wording")
        } else {
            found.replace(&format!(" {}", Keyword::TURNED), &word("turned"))
        };
        let mood = Sentiment::ALL.iter().find(|named| named.name() == mood).map(|named| word(named.name()));
        reasons.push(mood.map_or_else(|| reason.to_owned(), |mood| format!("{found} → {mood}")));
    }
    reasons.join("; ")
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
    fn a_reason_is_read_in_the_words_of_the_language() {
        let read = |why: &str, language| {
            let words = Words::new(Arc::new(Catalog::embedded().unwrap()), language, jiff::tz::TimeZone::UTC);
            mark_of(&Keyword { why: why.to_owned(), ..keyword("太慢", 0) }, &words).why
        };
        assert_eq!(read("wording → negative", Language::Chinese), "整句说法 → 不满");
        assert_eq!(read("不 + 满意 → negative; 感谢 → positive", Language::Chinese), "不 + 满意 → 不满; 感谢 → 满意");
        assert_eq!(read("真棒 (meant the other way) → negative", Language::Chinese), "真棒（反话） → 不满");
        assert_eq!(read("真棒 (meant the other way) → negative", Language::English), "真棒 (sarcasm) → unhappy");
        assert_eq!(read("rule", Language::English), "rule");
    }

    #[test]
    fn overlapping_spans_are_marked_once() {
        assert_eq!(shown("不太满意", &[keyword("不太满意", 0), keyword("满意", 2)]), "[不太满意]");
        assert_eq!(shown("", &[keyword("满意", 0)]), "");
    }
}

//! The little language of the lexicon's patterns.
//!
//! | written | matches |
//! |---|---|
//! | `漏水` | that text; a Latin word only as a whole word, `leak*` also `leaking` |
//! | `煤气\|燃气` | either |
//! | `@gas` | any word of the list `gas` |
//! | `#` | a number: `3`, `四十多`, `two` |
//! | `A ~4 B` | A, then B after at most 4 other characters of the same sentence |
//! | `A ~~30 B` | the same, across sentences |
//! | `A &12 B` | A and B in either order, at most 12 characters between, across sentences |
//! | `A ~4 !B` | A without B in the 4 characters after it; `!B ~4 A` likewise before |
//! | `A ~4 !B ~4 C` | A, then C as above, without B between them |
//! | `^A`, `A$` | only at the start or the end of the utterance |

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One way to say something: elements that follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    /// Never empty, and at least one element is not negated.
    pub elements: Vec<Element>,
    /// Must begin where the utterance begins.
    pub from_start: bool,
    /// Must end where the utterance ends.
    pub to_end: bool,
    source: String,
}

/// One place in a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// How it follows the element before it; meaningless for the first.
    pub gap: Gap,
    /// True for `!…`: none of the choices may stand there.
    pub negated: bool,
    pub choices: Vec<Choice>,
}

/// What may stand between two elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Most characters between.
    pub most: usize,
    /// Whether a sentence may end between them.
    pub across_sentences: bool,
    /// Whether the two may also stand the other way round.
    pub either_order: bool,
}

/// One alternative at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// A literal text; `open` when a Latin word may go on (`leak*`).
    Text { text: String, open: bool },
    /// Any word of a named list.
    Concept(String),
    /// Any number.
    Number,
}

/// Why a pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("an alternative is empty")]
    EmptyChoice,
    #[error("nothing but `!` parts: it would match everywhere")]
    OnlyNegated,
    #[error("`&` joins exactly two plain parts")]
    BadEither,
}

impl Pattern {
    /// Returns the pattern as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the names of the word lists it uses.
    pub fn concepts(&self) -> impl Iterator<Item = &str> {
        self.elements.iter().flat_map(|element| &element.choices).filter_map(|choice| match choice {
            Choice::Concept(name) => Some(name.as_str()),
            Choice::Text { .. } | Choice::Number => None,
        })
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(source: &str) -> Result<Self, PatternError> {
        let trimmed = source.trim();
        let (from_start, rest) = match trimmed.strip_prefix('^') {
            Some(rest) => (true, rest),
            None => (false, trimmed),
        };
        let (to_end, rest) = match rest.strip_suffix('$') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let mut elements = Vec::new();
        let mut gap = Gap { most: 0, across_sentences: false, either_order: false };
        let mut words: Vec<&str> = Vec::new();
        for word in rest.split(' ') {
            if let Some(next) = gap_of(word) {
                elements.push(element(gap, &words.join(" "))?);
                words.clear();
                gap = next;
            } else {
                words.push(word);
            }
        }
        elements.push(element(gap, &words.join(" "))?);
        if elements.iter().all(|element| element.negated) {
            return Err(PatternError::OnlyNegated);
        }
        let either = elements.iter().any(|element| element.gap.either_order);
        if either && (elements.len() != 2 || elements.iter().any(|element| element.negated)) {
            return Err(PatternError::BadEither);
        }
        Ok(Pattern { elements, from_start, to_end, source: source.to_owned() })
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(source: String) -> Result<Self, PatternError> {
        source.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> String {
        pattern.source
    }
}

fn gap_of(word: &str) -> Option<Gap> {
    let gap = |digits: &str, across_sentences, either_order| {
        digits.parse().ok().map(|most| Gap { most, across_sentences, either_order })
    };
    if let Some(digits) = word.strip_prefix("~~") {
        gap(digits, true, false)
    } else if let Some(digits) = word.strip_prefix('~') {
        gap(digits, false, false)
    } else {
        gap(word.strip_prefix('&')?, true, true)
    }
}

fn element(gap: Gap, source: &str) -> Result<Element, PatternError> {
    let (negated, source) = match source.trim().strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, source.trim()),
    };
    let choices = source.split('|').map(choice).collect::<Result<Vec<_>, _>>()?;
    Ok(Element { gap, negated, choices })
}

fn choice(source: &str) -> Result<Choice, PatternError> {
    let source = source.trim();
    if source.is_empty() || source == "*" || source == "@" {
        return Err(PatternError::EmptyChoice);
    }
    if source == "#" {
        return Ok(Choice::Number);
    }
    if let Some(name) = source.strip_prefix('@') {
        return Ok(Choice::Concept(name.to_owned()));
    }
    Ok(match source.strip_suffix('*') {
        Some(stem) => Choice::Text { text: stem.to_owned(), open: true },
        None => Choice::Text { text: source.to_owned(), open: false },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_gaps_and_choices_are_told_apart() {
        let pattern: Pattern = "@gas|煤气 ~4 smell of|味 ~~9 !演习".parse().expect("a pattern");
        assert_eq!(pattern.elements.len(), 3);
        assert_eq!(pattern.elements[0].choices[0], Choice::Concept("gas".to_owned()));
        assert_eq!(pattern.elements[1].gap.most, 4);
        assert_eq!(pattern.elements[1].choices[0], Choice::Text { text: "smell of".to_owned(), open: false });
        assert!(pattern.elements[2].negated && pattern.elements[2].gap.across_sentences);
        assert_eq!(pattern.concepts().collect::<Vec<_>>(), ["gas"]);
    }

    #[test]
    fn a_pattern_that_would_match_everything_or_nothing_is_refused() {
        assert_eq!("漏||滴".parse::<Pattern>(), Err(PatternError::EmptyChoice));
        assert_eq!("".parse::<Pattern>(), Err(PatternError::EmptyChoice));
        assert_eq!("!漏".parse::<Pattern>(), Err(PatternError::OnlyNegated));
        assert_eq!("a &3 b ~1 c".parse::<Pattern>(), Err(PatternError::BadEither));
    }

    #[test]
    fn a_pattern_survives_being_stored() {
        let pattern: Pattern = "^leak* ~3 #$".parse().expect("a pattern");
        let stored = serde_json::to_string(&pattern).expect("json");
        assert_eq!(serde_json::from_str::<Pattern>(&stored).expect("read back"), pattern);
        assert!(pattern.from_start && pattern.to_end);
    }
}

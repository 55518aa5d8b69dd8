//! What words mean as an answer to a question of a survey, and whether they complain. Nothing is said or recorded here;
//! [`super::survey`] leads the conversation.

use super::Words;
use crate::domain::score;
use crate::domain::script::normalised;
use crate::domain::survey::{AnswerSource, Question, QuestionKind};
use crate::domain::understanding::{Intent, Sentiment, Understanding};

/// What words mean as an answer.
pub(super) enum Reading {
    /// A plain number, typed: taken as it is.
    Certain(f64),
    /// Understood from a sentence or a voice: read back first.
    Understood(f64),
    /// A range, a wavering.
    Unclear,
    OutOfRange(f64, f64),
    Nothing,
}

/// Reads words as an answer to a question; `agreement` is the yes or no in them, `degree` how satisfied they say
/// that somebody is.
pub(super) fn read_value(question: &Question, words: &Words, agreement: Option<bool>, degree: Option<u8>) -> Reading {
    let Some((low, high)) = question.kind.range() else { return Reading::Nothing };
    if let Some(typed) = bare_number(&words.text).filter(|_| words.source != AnswerSource::Voice) {
        return if question.accepts(typed) { Reading::Certain(typed) } else { Reading::OutOfRange(low, high) };
    }
    if question.kind == QuestionKind::YesNo {
        return match agreement {
            Some(yes) if words.source == AnswerSource::Voice => Reading::Understood(f64::from(u8::from(yes))),
            Some(yes) => Reading::Certain(f64::from(u8::from(yes))),
            None => Reading::Nothing,
        };
    }
    if words.understood.score_unclear {
        return Reading::Unclear;
    }
    let aspect = words.understood.dims.get(&question.id).copied();
    match aspect.or_else(|| stated_value(question, &words.understood)) {
        // "四分", typed, can hardly be meant otherwise.
        Some(value) if question.accepts(value) && words.source != AnswerSource::Voice && is_terse(&words.text) => {
            Reading::Certain(value)
        }
        Some(value) if question.accepts(value) => Reading::Understood(value),
        Some(_) => Reading::OutOfRange(low, high),
        None => elsewhere(question, &words.understood, degree).map_or(Reading::Nothing, Reading::Understood),
    }
}

/// Returns what a mark on another scale, or a word of satisfaction, comes to on the question's own: to be said back.
fn elsewhere(question: &Question, understood: &Understanding, degree: Option<u8>) -> Option<f64> {
    let degree = degree.map(|degree| f64::from(degree) + 1.0);
    match question.kind {
        QuestionKind::Scale5 => {
            let mapped = understood.score10.and_then(|mark| score::on_five(QuestionKind::Scale10, mark));
            mapped.map(f64::round).or(degree)
        }
        // Five stars are full marks; four of five are neither 7 nor 8 of ten.
        QuestionKind::Scale10 => understood.score.filter(|mark| *mark >= 5.0).or(degree).map(|mark| mark * 2.0),
        QuestionKind::Nps | QuestionKind::YesNo | QuestionKind::Open => None,
    }
}

/// Returns the value stated on the question's own scale.
pub(super) fn stated_value(question: &Question, understood: &Understanding) -> Option<f64> {
    match question.kind {
        QuestionKind::Scale5 => understood.score,
        QuestionKind::Scale10 => understood.score10,
        QuestionKind::Nps => understood.nps.map(f64::from).or(understood.score10),
        QuestionKind::YesNo | QuestionKind::Open => None,
    }
}

/// Reads a message that is nothing but a number in digits.
pub(super) fn bare_number(text: &str) -> Option<f64> {
    // A minus counts: "-3" is out of range, not a three.
    let below = text.trim_start().strip_prefix(['-', '−', '－']);
    let text = normalised(below.unwrap_or(text));
    let digits = text.strip_suffix('分').unwrap_or(&text).trim();
    let plain = !digits.is_empty() && digits.len() <= 6 && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    let value: f64 = plain.then(|| digits.parse().ok()).flatten()?;
    Some(if below.is_some() { 0.0 - value } else { value })
}

/// A message too short to hold more than the number itself.
fn is_terse(text: &str) -> bool {
    text.split_whitespace().count() <= 2 && text.chars().filter(|c| c.is_alphanumeric()).count() <= 4
}

/// Whether what was taken for displeasure is one: called a complaint, with a bad word in it, or beyond doubt. Good news
/// and plain questions may sound alike.
pub(super) fn is_complaint(words: &Words) -> bool {
    let said = &words.understood;
    if calls_it_complaint(words) {
        return true;
    }
    let asks = words.text.trim_end().ends_with(['?', '？', '吗', '呢']);
    said.affirmed != Some(true) && (said.names_bad() || said.is_surely_negative() && !asks)
}

/// Whether what was taken for praise is some: with a good word in it, or nothing else ("棒"). "It vibrates a lot" may sound
/// alike.
pub(super) fn is_praise(words: &Words) -> bool {
    let said = &words.understood;
    said.sentiment == Sentiment::Positive && (said.only_names_good() || is_terse(&words.text) && !said.names_bad())
}

/// Whether what is said in or after a survey is displeased enough to be shown to staff at once: by its mark, or by more
/// than a guess from its wording, which judges a bare "100%" as well.
pub(super) fn is_displeased(words: &Words) -> bool {
    let said = &words.understood;
    let marked = said.score.is_some() || said.score10.is_some() || said.nps.is_some();
    let sounds = said.sentiment == Sentiment::Negative || said.intent == Intent::Complaint;
    sounds && (marked || calls_it_complaint(words) || said.names_bad() || said.is_surely_negative())
}

/// Whether the word for it is said.
pub(super) fn calls_it_complaint(words: &Words) -> bool {
    let text = normalised(&words.text);
    text.contains("投诉") || text.contains("complain")
}

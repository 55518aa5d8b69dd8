//! The verdict on the mood of an utterance, from words and from the model.
//!
//! Rules come before the model where they know better: a stated mark, a plain repair report
//! (neutral, however unpleasant the fault), a bare emoji.

use super::mood::Mood;
use super::score::Scores;
use crate::domain::understanding::{Intent, Sentiment, Urgency};

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    pub sentiment: Sentiment,
    /// From -1 to 1.
    pub polarity: f64,
    /// From 0 to 1.
    pub confidence: f64,
}

/// Returns the verdict of the rules.
pub fn by_words(mood: &Mood, scores: &Scores, intent: Intent, urgency: Urgency) -> Verdict {
    let _ = urgency;
    if let Some(level) = scores.level() {
        return by_mark(mood, level);
    }
    let threshold = match intent {
        Intent::RepairReport => 0.9,
        Intent::ProgressQuery | Intent::HumanAgent | Intent::Suggestion => 0.75,
        Intent::Complaint | Intent::Praise | Intent::SurveyAnswer | Intent::Smalltalk => 0.45,
    };
    let value = match intent {
        // "麻烦您" and "谢谢" in a report are manners, not praise.
        Intent::RepairReport | Intent::ProgressQuery | Intent::HumanAgent => {
            mood.value.min(mood.value - mood.good * 0.7)
        }
        _ => mood.value,
    };
    let bare = mood.keywords.is_empty();
    let sentiment = if value >= threshold {
        Sentiment::Positive
    } else if value <= -threshold || intent == Intent::Complaint && mood.bad > 0.5 && value < 0.2 {
        Sentiment::Negative
    } else {
        Sentiment::Neutral
    };
    let clear = (value.abs() - threshold).abs().min(1.5) / 1.5;
    let confidence = match sentiment {
        Sentiment::Neutral if bare => 0.45,
        _ => 0.5 + 0.45 * clear,
    };
    Verdict { sentiment, polarity: (value / 2.0).tanh(), confidence }
}

/// A stated mark decides; words against it only lower the confidence (the desk flags the conflict).
fn by_mark(mood: &Mood, level: f64) -> Verdict {
    let sentiment = if level >= 0.5 {
        Sentiment::Positive
    } else if level <= -0.5 {
        Sentiment::Negative
    } else {
        Sentiment::Neutral
    };
    let against = level * mood.value < -0.4;
    Verdict { sentiment, polarity: level, confidence: if against { 0.6 } else { 0.95 } }
}

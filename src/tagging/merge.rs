//! The verdict on the mood of an utterance, from words and from the model.
//!
//! Rules come before the model where they know better: a stated mark, a plain repair report
//! (neutral, however unpleasant the fault), a bare emoji.

use super::bert::Judgement;
use super::mood::Mood;
use super::score::Scores;
use super::text::Text;
use super::urgency::Alarm;
use crate::domain::understanding::{Intent, Sentiment, Understanding};

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    pub sentiment: Sentiment,
    /// From -1 to 1.
    pub polarity: f64,
    /// From 0 to 1.
    pub confidence: f64,
}

/// Returns the verdict of the rules.
pub(super) fn by_words(text: &Text, mood: &Mood, scores: &Scores, intent: Intent, alarm: Alarm) -> Verdict {
    if let Some(level) = scores.level() {
        return by_mark(mood, level);
    }
    let threshold = match intent {
        Intent::RepairReport if alarm.is_emergency() => 0.45,
        Intent::RepairReport | Intent::ProgressQuery | Intent::HumanAgent => 0.75,
        Intent::Suggestion => 0.6,
        Intent::Complaint | Intent::Praise | Intent::SurveyAnswer | Intent::Smalltalk => 0.45,
    };
    let value = match intent {
        // "麻烦您" and "谢谢" in a report are manners, not praise.
        Intent::RepairReport | Intent::ProgressQuery | Intent::HumanAgent => {
            mood.value.min(mood.value - mood.good * 0.7)
        }
        _ => mood.value,
    };
    // Two exclamation marks where nothing is praised: somebody is upset.
    let shouts = text.chars.iter().filter(|c| **c == '!').count() >= 2 && mood.good < 0.3;
    let value = if shouts { value - 0.5 } else { value };
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

/// Lets the model speak where the rules are unsure.
pub(super) fn with_model(mut understood: Understanding, text: &str, judgement: Judgement) -> Understanding {
    if rules_decide(&understood, text) {
        return understood;
    }
    let words = likely_by_words(&understood);
    let trust = trust_in_model(&understood);
    let blend = |word: f64, model: f64| word.max(0.02).ln() * (1.0 - trust) + model.max(0.02).ln() * trust;
    let logits = [
        (Sentiment::Negative, blend(words.negative, judgement.negative)),
        (Sentiment::Neutral, blend(words.neutral, judgement.neutral)),
        (Sentiment::Positive, blend(words.positive, judgement.positive)),
    ];
    let total: f64 = logits.iter().map(|(_, logit)| logit.exp()).sum();
    let likely = |at: Sentiment| {
        logits.iter().filter(|(sentiment, _)| *sentiment == at).map(|(_, logit)| logit.exp() / total).sum::<f64>()
    };
    let (negative, positive) = (likely(Sentiment::Negative), likely(Sentiment::Positive));
    understood.polarity = positive - negative;
    if let Some((sentiment, _)) = logits.iter().max_by(|a, b| a.1.total_cmp(&b.1)) {
        understood.sentiment = *sentiment;
        understood.confidence = likely(*sentiment);
    }
    understood
}

/// A stated mark, an emoji or a word or two leave nothing for the model to add.
fn rules_decide(understood: &Understanding, text: &str) -> bool {
    let rated = understood.score.is_some()
        || understood.score10.is_some()
        || understood.nps.is_some()
        || !understood.dims.is_empty();
    let brief = text.chars().filter(|c| c.is_alphanumeric()).count() <= 4;
    rated || understood.score_unclear || brief
}

/// How much the model is believed: little about reports and queries of this domain, which it
/// takes for complaints; more where the rules found neither a word of mood nor a part. Fitted by
/// grid on 220 domain rows and 1220 public reviews: more trust gains on reviews what it loses here.
fn trust_in_model(understood: &Understanding) -> f64 {
    let named = understood.component.is_some() || understood.symptom.is_some();
    match understood.intent {
        Intent::Smalltalk if understood.keywords.is_empty() && !named => 0.6,
        Intent::Complaint | Intent::Praise | Intent::SurveyAnswer | Intent::Smalltalk if !named => 0.2,
        _ => 0.1,
    }
}

fn likely_by_words(understood: &Understanding) -> Judgement {
    let sure = understood.confidence.clamp(0.34, 0.97);
    let rest = (1.0 - sure) / 2.0;
    let of = |sentiment: Sentiment| if understood.sentiment == sentiment { sure } else { rest };
    Judgement { negative: of(Sentiment::Negative), neutral: of(Sentiment::Neutral), positive: of(Sentiment::Positive) }
}

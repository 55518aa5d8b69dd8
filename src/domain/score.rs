//! What answers amount to: the score of a survey, its band, the NPS, and whether score and words
//! contradict each other.
//!
//! The rules are those of the articles and of DOMAIN.md ("Surveys"); each has a test of its name.

use serde::{Deserialize, Serialize};

use super::survey::{Answer, QuestionKind, Survey, answer_to};
use super::understanding::{Intent, Sentiment, Understanding};

/// From this score on a client is satisfied (article on maintenance follow-up: 满意客户 ≥ 4 分).
pub const SATISFIED_FROM: f64 = 4.0;
/// Up to this score a client is dissatisfied (same article: 不满意客户 ≤ 2 分).
pub const DISSATISFIED_TO: f64 = 2.0;

/// Returns the weighted mean of what was answered, on 1–5 and rounded to two decimals; `None`
/// when no question that counts was answered.
///
/// Weights are renormalised over the questions that were answered, so a skipped question neither
/// helps nor harms. A 1–10 answer is mapped linearly. The rounding comes before the band, so the
/// figure people read and the band it falls into agree.
/// (Article on maintenance follow-up: 加权平均法, 40/30/20/10 %; DOMAIN.md, "Score".)
pub fn weighted_mean(survey: &Survey, answers: &[Answer]) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for question in &survey.questions {
        let Some(weight) = question.weight else { continue };
        let Some(value) = answer_to(answers, &question.id).and_then(|answer| answer.value) else { continue };
        let Some(points) = question.accepts(value).then(|| on_five(question.kind, value)).flatten() else { continue };
        sum += weight * points;
        weights += weight;
    }
    (weights > 0.0).then(|| ((sum / weights) * 100.0).round() / 100.0)
}

/// Maps a value of a scale linearly onto 1–5; `None` for kinds that are no scale of satisfaction.
pub fn on_five(kind: QuestionKind, value: f64) -> Option<f64> {
    match kind {
        QuestionKind::Scale5 => Some(value),
        QuestionKind::Scale10 => Some(1.0 + (value - 1.0) * 4.0 / 9.0),
        QuestionKind::Nps | QuestionKind::YesNo | QuestionKind::Open => None,
    }
}

/// The three classes in which clients are treated differently (article on maintenance follow-up,
/// step four: 分类处理回访结果).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// ≤ 2: flag now, review, rectify, visit again.
    Dissatisfied,
    /// Between: an agent asks why.
    Neutral,
    /// ≥ 4: quality-client list.
    Satisfied,
}

impl Band {
    /// Returns the band a score on 1–5 falls into.
    pub fn of(score: f64) -> Band {
        if score >= SATISFIED_FROM {
            Band::Satisfied
        } else if score <= DISSATISFIED_TO {
            Band::Dissatisfied
        } else {
            Band::Neutral
        }
    }
}

/// Returns the net promoter score, from -100 to 100: the share of 9–10 minus the share of 0–6, in
/// per cent; `None` without answers. Answers above 10 are none.
pub fn nps(answers: impl IntoIterator<Item = u8>) -> Option<f64> {
    let (mut promoters, mut detractors, mut all) = (0_u32, 0_u32, 0_u32);
    for answer in answers {
        match answer {
            0..=6 => detractors += 1,
            7..=8 => {}
            9..=10 => promoters += 1,
            _ => continue,
        }
        all += 1;
    }
    (all > 0).then(|| (f64::from(promoters) - f64::from(detractors)) * 100.0 / f64::from(all))
}

/// Says whether a score on 1–5 and the words that came with it contradict each other: a high
/// score with displeasure or a fault that still stands ("5 分" with "还在漏水"), or a low score
/// with praise, which is mostly a scale read upside down. Staff calls then.
/// (DOMAIN.md, "Score and words in conflict".)
pub fn conflict(score: f64, words: &Understanding) -> bool {
    match Band::of(score) {
        Band::Satisfied => {
            words.sentiment == Sentiment::Negative || matches!(words.intent, Intent::RepairReport | Intent::Complaint)
        }
        Band::Neutral => false,
        Band::Dissatisfied => {
            words.sentiment == Sentiment::Positive
                || (words.intent == Intent::Praise && words.sentiment != Sentiment::Negative)
        }
    }
}

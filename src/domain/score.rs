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

    /// Returns the name used in the database, in texts and in style sheets.
    pub fn name(self) -> &'static str {
        match self {
            Band::Satisfied => "satisfied",
            Band::Neutral => "neutral",
            Band::Dissatisfied => "dissatisfied",
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::survey::tests::{answer, question, survey, surveys};
    use super::*;

    fn maintenance() -> Survey {
        survey(vec![
            question("overall", QuestionKind::Scale5, Some(0.4)),
            question("speed", QuestionKind::Scale5, Some(0.3)),
            question("skill", QuestionKind::Scale5, Some(0.2)),
            question("communication", QuestionKind::Scale5, Some(0.1)),
            question("nps", QuestionKind::Nps, None),
        ])
    }

    fn scored(values: [Option<f64>; 5]) -> Option<f64> {
        let ids = ["overall", "speed", "skill", "communication", "nps"];
        let answers: Vec<_> = ids.into_iter().zip(values).map(|(id, value)| answer(id, value)).collect();
        weighted_mean(&maintenance(), &answers)
    }

    #[test]
    fn overall_weighs_40_speed_30_skill_20_and_communication_10_per_cent() {
        assert_eq!(scored([Some(5.0), Some(4.0), Some(3.0), Some(2.0), None]), Some(4.0));
        assert_eq!(scored([Some(2.0), Some(5.0), Some(5.0), Some(5.0), None]), Some(3.8));
    }

    #[test]
    fn skipped_questions_leave_their_weight_to_the_others() {
        assert_eq!(scored([Some(4.0), None, None, None, None]), Some(4.0));
        assert_eq!(scored([Some(5.0), None, Some(2.0), None, None]), Some(4.0));
        assert_eq!(scored([None; 5]), None);
    }

    #[test]
    fn nps_and_yes_or_no_do_not_count_in_the_score() {
        assert_eq!(scored([Some(4.0), Some(4.0), Some(4.0), Some(4.0), Some(0.0)]), Some(4.0));
        assert_eq!(scored([None, None, None, None, Some(10.0)]), None);
    }

    #[test]
    fn a_value_outside_its_scale_does_not_count() {
        assert_eq!(scored([Some(50.0), Some(3.0), None, None, None]), Some(3.0));
    }

    #[test]
    fn a_scale_of_ten_is_mapped_linearly() {
        let on_five = |value| on_five(QuestionKind::Scale10, value);
        assert_eq!([on_five(1.0), on_five(5.5), on_five(10.0)], [Some(1.0), Some(3.0), Some(5.0)]);
        let handover = survey(vec![
            question("appearance", QuestionKind::Scale5, Some(0.3)),
            question("function", QuestionKind::Scale5, Some(0.3)),
            question("overall", QuestionKind::Scale10, Some(0.4)),
        ]);
        let answers = [answer("appearance", Some(5.0)), answer("function", Some(4.0)), answer("overall", Some(10.0))];
        assert_eq!(weighted_mean(&handover, &answers), Some(4.7));
    }

    #[test]
    fn satisfied_begins_at_4_and_dissatisfied_ends_at_2() {
        let bands = [1.0, 2.0, 2.01, 3.0, 3.99, 4.0, 5.0].map(Band::of);
        let (bad, between, good) = (Band::Dissatisfied, Band::Neutral, Band::Satisfied);
        assert_eq!(bands, [bad, bad, between, between, between, good, good]);
    }

    #[test]
    fn straight_fours_are_satisfied_despite_binary_fractions() {
        let score = scored([Some(4.0); 5]).unwrap();
        assert_eq!(Band::of(score), Band::Satisfied);
        assert_eq!(scored([Some(2.0); 5]).map(Band::of), Some(Band::Dissatisfied));
    }

    #[test]
    fn nps_is_the_share_of_9_and_10_less_the_share_of_0_to_6() {
        assert_eq!(nps([10, 9, 8, 7, 6]), Some(20.0));
        assert_eq!(nps([10, 9]), Some(100.0));
        assert_eq!(nps([0, 3, 6]), Some(-100.0));
        assert_eq!(nps([7, 8]), Some(0.0));
        assert_eq!(nps([]), None);
        assert_eq!(nps([11, 10]), Some(100.0));
    }

    fn words(sentiment: Sentiment, intent: Intent) -> Understanding {
        Understanding { sentiment, intent, ..Understanding::default() }
    }

    #[test]
    fn a_high_score_with_a_fault_that_still_stands_is_a_conflict() {
        assert!(conflict(5.0, &words(Sentiment::Neutral, Intent::RepairReport)));
        assert!(conflict(4.0, &words(Sentiment::Negative, Intent::SurveyAnswer)));
        assert!(conflict(5.0, &words(Sentiment::Neutral, Intent::Complaint)));
        assert!(!conflict(5.0, &words(Sentiment::Positive, Intent::Praise)));
        assert!(!conflict(5.0, &words(Sentiment::Neutral, Intent::Suggestion)));
    }

    #[test]
    fn a_low_score_with_praise_is_a_conflict() {
        assert!(conflict(1.0, &words(Sentiment::Positive, Intent::SurveyAnswer)));
        assert!(conflict(2.0, &words(Sentiment::Neutral, Intent::Praise)));
        assert!(!conflict(1.0, &words(Sentiment::Negative, Intent::Complaint)));
        assert!(!conflict(2.0, &words(Sentiment::Neutral, Intent::RepairReport)));
    }

    #[test]
    fn a_middling_score_conflicts_with_nothing() {
        assert!(!conflict(3.0, &words(Sentiment::Negative, Intent::Complaint)));
        assert!(!conflict(3.0, &words(Sentiment::Positive, Intent::Praise)));
    }

    proptest! {
        #[test]
        fn a_score_lies_between_1_and_5(
            survey in surveys(),
            values in prop::collection::vec(prop::option::of(-20_i8..=20), 8),
        ) {
            let answers: Vec<_> = survey
                .questions
                .iter()
                .zip(values)
                .map(|(question, value)| answer(&question.id, value.map(|value| f64::from(value) / 2.0)))
                .collect();
            if let Some(score) = weighted_mean(&survey, &answers) {
                prop_assert!((1.0..=5.0).contains(&score), "{score}");
            }
        }
    }
}

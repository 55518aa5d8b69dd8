//! Surveys (问卷) as data, and which question comes next.
//!
//! A survey is read from `prompts/surveys/` by `crate::catalog`; no question stands in code.
//! This module knows the order, the branches and what a question accepts. It does not talk
//! ([`super::dialogue`]) and it does not judge ([`super::score`]).

use serde::{Deserialize, Serialize};

use super::understanding::Awaiting;

/// Most questions of one survey that a client cannot skip (DOMAIN.md, "Surveys": at most three
/// required taps).
pub const MOST_REQUIRED: usize = 3;

/// One survey of `prompts/surveys/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// Stable name: `maintenance`, `handover`, `post_repair`, `routine`.
    pub id: String,
    /// Raised with every change of the questions; a running conversation stays with the version
    /// it began with.
    pub version: u32,
    /// Text key of the name shown to clients.
    pub title_key: String,
    /// Text key of the sentence that opens the survey.
    pub opening_key: String,
    /// In the order in which they are asked.
    pub questions: Vec<Question>,
    /// Text key of the last sentence, which asks for a comment and never insists.
    pub closing_key: String,
    /// The answers are kept without the contact (DOMAIN.md, "Surveys").
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
}

impl Survey {
    /// Returns the question of that id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }
}

/// One question of a survey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Unique within its survey; answers are stored under it.
    pub id: String,
    pub kind: QuestionKind,
    /// Its share in the survey's score, above 0 and at most 1; the weights of a survey sum to 1.
    /// `None` when it does not count (NPS, yes/no, open words).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Cannot be skipped.
    pub required: bool,
    /// Text key of the question.
    pub prompt_key: String,
    /// Text key of what the ends of the scale mean. For yes or no it is the stem of the two texts
    /// on the buttons: `fix` stands for `fix.yes` and `fix.no`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels_key: Option<String>,
    /// Asked only when this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_if: Option<Condition>,
}

impl Question {
    /// Says whether a value can stand as the answer: whole and half points of a scale, whole
    /// numbers for NPS, 1 (yes) or 0 (no). Open questions take words, no value.
    pub fn accepts(&self, value: f64) -> bool {
        let Some((low, high)) = self.kind.range() else { return false };
        let steps = match self.kind {
            QuestionKind::Scale5 | QuestionKind::Scale10 => value * 2.0,
            QuestionKind::Nps | QuestionKind::YesNo | QuestionKind::Open => value,
        };
        (low..=high).contains(&value) && steps.fract() == 0.0
    }

    /// Returns how a bare number or word is to be read while this question stands.
    pub fn awaiting(&self) -> Awaiting {
        match self.kind {
            QuestionKind::Scale5 => Awaiting::Score5,
            QuestionKind::Scale10 => Awaiting::Score10,
            QuestionKind::Nps => Awaiting::Nps,
            QuestionKind::YesNo | QuestionKind::Open => Awaiting::Nothing,
        }
    }
}

/// What a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// 1 (bad) to 5 (good).
    Scale5,
    /// 1 (bad) to 10 (good).
    Scale10,
    /// Would you recommend us, 0 to 10.
    Nps,
    /// 1 is yes, 0 is no.
    YesNo,
    /// Words, typed or spoken.
    Open,
}

impl QuestionKind {
    /// Returns the lowest and the highest value, `None` for open words.
    pub fn range(self) -> Option<(f64, f64)> {
        match self {
            QuestionKind::Scale5 => Some((1.0, 5.0)),
            QuestionKind::Scale10 => Some((1.0, 10.0)),
            QuestionKind::Nps => Some((0.0, 10.0)),
            QuestionKind::YesNo => Some((0.0, 1.0)),
            QuestionKind::Open => None,
        }
    }
}

/// A branch: holds when an earlier question was answered with a value from `low` to `high`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Id of an earlier question of the same survey.
    pub question: String,
    pub low: f64,
    pub high: f64,
}

/// One client's answer to one question. Neither value nor text: the question was skipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Id of the question.
    pub question: String,
    /// On the question's own scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The words it was read from, or the words of an open answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub source: AnswerSource,
}

impl Answer {
    /// Says whether the question was passed over.
    pub fn is_skipped(&self) -> bool {
        self.value.is_none() && self.text.is_none()
    }
}

/// How an answer came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerSource {
    Button,
    Digit,
    Words,
    Voice,
}

/// Returns the answer that counts for a question: the last one, so that a correction replaces
/// what it corrects.
pub fn answer_to<'a>(answers: &'a [Answer], question: &str) -> Option<&'a Answer> {
    answers.iter().rev().find(|answer| answer.question == question)
}

/// Returns the index of the first question that is neither answered nor skipped nor ruled out by
/// its branch; `None` when the survey is done.
pub fn next_question(survey: &Survey, answers: &[Answer]) -> Option<usize> {
    let stands = |(at, question): (usize, &Question)| {
        answer_to(answers, &question.id).is_none() && branch(survey, at, answers) == Branch::Open
    };
    survey.questions.iter().enumerate().position(stands)
}

/// Returns the number of the question that stands, counted from 1, and how many there are:
/// (2, 5) reads "2/5". Once done it is (5, 5).
///
/// Branches that are still undecided are counted, so the total can shrink on the way but never
/// grow: nobody is asked more than was announced.
pub fn progress(survey: &Survey, answers: &[Answer]) -> (u32, u32) {
    let (mut done, mut total) = (0, 0);
    for (at, question) in survey.questions.iter().enumerate() {
        if answer_to(answers, &question.id).is_some() {
            done += 1;
            total += 1;
        } else if branch(survey, at, answers) != Branch::Closed {
            total += 1;
        }
    }
    (u32::min(done + 1, total), total)
}

#[derive(PartialEq)]
enum Branch {
    Open,
    Undecided,
    Closed,
}

/// Says whether the question at that index is to be asked. A question that hangs on one which
/// will itself never be asked is closed too; only earlier questions count, so this ends.
fn branch(survey: &Survey, at: usize, answers: &[Answer]) -> Branch {
    let Some(condition) = survey.questions.get(at).and_then(|question| question.ask_if.as_ref()) else {
        return Branch::Open;
    };
    let holds = |value: f64| (condition.low..=condition.high).contains(&value);
    let earlier = survey.questions.iter().take(at).position(|question| question.id == condition.question);
    match (answer_to(answers, &condition.question), earlier) {
        (Some(answer), _) if answer.value.is_some_and(holds) => Branch::Open,
        (None, Some(earlier)) if branch(survey, earlier, answers) != Branch::Closed => Branch::Undecided,
        (Some(_) | None, _) => Branch::Closed,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A question with an id, a kind and a weight; optional, without a branch.
    pub(crate) fn question(id: &str, kind: QuestionKind, weight: Option<f64>) -> Question {
        let prompt_key = format!("q.{id}");
        Question { id: id.into(), kind, weight, required: false, prompt_key, labels_key: None, ask_if: None }
    }

    /// A survey of these questions.
    pub(crate) fn survey(questions: Vec<Question>) -> Survey {
        let key = |name: &str| format!("survey.{name}");
        let (title_key, opening_key, closing_key) = (key("title"), key("opening"), key("closing"));
        Survey { id: "sample".into(), version: 1, title_key, opening_key, questions, closing_key, anonymous: false }
    }

    pub(crate) fn answer(question: &str, value: Option<f64>) -> Answer {
        Answer { question: question.into(), value, text: None, source: AnswerSource::Button }
    }

    /// Is it fixed; if not, what is left; a score.
    fn post_repair() -> Survey {
        let mut remaining = question("remaining", QuestionKind::Open, None);
        remaining.ask_if = Some(Condition { question: "fixed".into(), low: 0.0, high: 0.0 });
        survey(vec![
            question("fixed", QuestionKind::YesNo, None),
            remaining,
            question("score", QuestionKind::Scale5, Some(1.0)),
        ])
    }

    /// The way through a survey: progress and question, for each answer given in turn.
    fn walk(survey: &Survey, values: &[Option<f64>]) -> Vec<String> {
        let mut answers = Vec::new();
        let mut seen = Vec::new();
        for value in values {
            let (n, total) = progress(survey, &answers);
            let Some(at) = next_question(survey, &answers) else { break };
            seen.push(format!("{n}/{total} {}", survey.questions[at].id));
            answers.push(answer(&survey.questions[at].id, *value));
        }
        let (n, total) = progress(survey, &answers);
        let left = next_question(survey, &answers).map_or("done", |at| &survey.questions[at].id);
        seen.push(format!("{n}/{total} {left}"));
        seen
    }

    #[test]
    fn what_is_left_is_asked_only_when_it_is_not_fixed() {
        assert_eq!(walk(&post_repair(), &[Some(1.0), Some(5.0)]), ["1/3 fixed", "2/2 score", "2/2 done"]);
        assert_eq!(
            walk(&post_repair(), &[Some(0.0), None, Some(2.0)]),
            ["1/3 fixed", "2/3 remaining", "3/3 score", "3/3 done"]
        );
    }

    #[test]
    fn a_skipped_question_is_not_asked_again_and_closes_its_branch() {
        assert_eq!(walk(&post_repair(), &[None, None]), ["1/3 fixed", "2/2 score", "2/2 done"]);
        assert!(answer("fixed", None).is_skipped());
    }

    #[test]
    fn a_branch_of_a_question_that_is_never_asked_is_not_counted() {
        let mut survey = post_repair();
        let mut when = question("when", QuestionKind::YesNo, None);
        when.ask_if = Some(Condition { question: "remaining".into(), low: 1.0, high: 1.0 });
        survey.questions.push(when);
        assert_eq!(walk(&survey, &[Some(1.0), Some(5.0)]), ["1/4 fixed", "2/2 score", "2/2 done"]);
    }

    #[test]
    fn a_later_answer_replaces_an_earlier_one() {
        let answers = [answer("fixed", Some(0.0)), answer("fixed", Some(1.0))];
        assert_eq!(answer_to(&answers, "fixed").and_then(|answer| answer.value), Some(1.0));
        assert_eq!(next_question(&post_repair(), &answers), Some(2));
    }

    #[test]
    fn a_question_takes_only_values_of_its_scale() {
        let taken = |kind| {
            let question = question("q", kind, None);
            let offered = [-1.0, 0.0, 0.5, 1.0, 3.5, 3.7, 5.0, 5.5, 10.0, 10.5, f64::NAN, f64::INFINITY];
            offered.into_iter().filter(|value| question.accepts(*value)).collect::<Vec<_>>()
        };
        assert_eq!(taken(QuestionKind::Scale5), [1.0, 3.5, 5.0]);
        assert_eq!(taken(QuestionKind::Scale10), [1.0, 3.5, 5.0, 5.5, 10.0]);
        assert_eq!(taken(QuestionKind::Nps), [0.0, 1.0, 5.0, 10.0]);
        assert_eq!(taken(QuestionKind::YesNo), [0.0, 1.0]);
        assert_eq!(taken(QuestionKind::Open), [0.0; 0]);
    }

    #[test]
    fn a_survey_survives_serialisation() {
        let stored = serde_json::to_string(&post_repair()).unwrap();
        assert_eq!(serde_json::from_str::<Survey>(&stored).unwrap(), post_repair());
    }

    fn kinds() -> impl Strategy<Value = QuestionKind> {
        prop::sample::select(vec![
            QuestionKind::Scale5,
            QuestionKind::Scale10,
            QuestionKind::Nps,
            QuestionKind::YesNo,
            QuestionKind::Open,
        ])
    }

    /// Any survey: kinds and weights at will, branches on any earlier question.
    pub(crate) fn surveys() -> impl Strategy<Value = Survey> {
        let one = (kinds(), prop::option::of(0.01..=1.0), prop::option::of((any::<prop::sample::Index>(), 0.0..=10.0)));
        prop::collection::vec(one, 1..8).prop_map(|drawn| {
            let mut questions: Vec<Question> = Vec::new();
            for (at, (kind, weight, branch)) in drawn.into_iter().enumerate() {
                let mut question = question(&format!("q{at}"), kind, weight);
                if let (Some((earlier, low)), 1..) = (branch, at) {
                    let earlier = questions[earlier.index(at)].id.clone();
                    question.ask_if = Some(Condition { question: earlier, low, high: 10.0 });
                }
                questions.push(question);
            }
            survey(questions)
        })
    }

    proptest! {
        #[test]
        fn progress_never_goes_back_and_ends_full(
            survey in surveys(),
            values in prop::collection::vec(prop::option::of(0_u8..=10), 8),
        ) {
            let (mut answers, mut before) = (Vec::new(), (0, u32::MAX));
            for value in values {
                let Some(at) = next_question(&survey, &answers) else { break };
                let now = progress(&survey, &answers);
                prop_assert!(now.0 > before.0 && now.1 <= before.1 && now.0 <= now.1, "{before:?} then {now:?}");
                before = now;
                answers.push(answer(&survey.questions[at].id, value.map(f64::from)));
            }
            prop_assert_eq!(next_question(&survey, &answers), None, "as many answers as questions end a survey");
            let (n, total) = progress(&survey, &answers);
            prop_assert_eq!(n, total);
            prop_assert_eq!(total as usize, answers.len());
        }
    }
}

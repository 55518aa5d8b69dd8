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
    /// Text key of what the ends of the scale mean, or of the words on the yes and no buttons.
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
    survey
        .questions
        .iter()
        .position(|question| answer_to(answers, &question.id).is_none() && branch(question, answers) == Branch::Open)
}

/// Returns the number of the question that stands, counted from 1, and how many there are:
/// (2, 5) reads "2/5". Once done it is (5, 5).
///
/// Branches that are still undecided are counted, so the total can shrink on the way but never
/// grow: nobody is asked more than was announced.
pub fn progress(survey: &Survey, answers: &[Answer]) -> (u32, u32) {
    let (mut done, mut total) = (0, 0);
    for question in &survey.questions {
        if answer_to(answers, &question.id).is_some() {
            done += 1;
            total += 1;
        } else if branch(question, answers) != Branch::Closed {
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

fn branch(question: &Question, answers: &[Answer]) -> Branch {
    let Some(condition) = &question.ask_if else { return Branch::Open };
    match answer_to(answers, &condition.question) {
        None => Branch::Undecided,
        Some(answer) if answer.value.is_some_and(|value| (condition.low..=condition.high).contains(&value)) => {
            Branch::Open
        }
        Some(_) => Branch::Closed,
    }
}

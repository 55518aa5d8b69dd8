//! What words mean as an answer to a question of a survey, and whether they complain. Nothing is said or recorded here;
//! [`super::survey`] leads the conversation.

use super::clause::asks;
use super::danger::BREAKS;
use super::state::{Activity, Proposed, SurveyRun};
use super::{Turn, Words};
use crate::domain::score;
use crate::domain::script::{Command, FixWords, normalised};
use crate::domain::survey::{AnswerSource, Question, QuestionKind};
use crate::domain::understanding::{Intent, Sentiment, Understanding, Urgency};

/// Words of so many letters or signs are too few to be displeased by their wording alone.
const FEW_SIGNS: usize = 5;

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

/// A no that takes an answer back only with another mark behind it.
const PLAIN_NO: [&str; 4] = ["no", "nope", "wrong", "不是"];

impl Turn<'_> {
    /// Reads words as a command. Who does not know whether there is danger, or whether a fix holds, passes over no
    /// question of a survey: nobody saw it.
    pub(super) fn command_in(&self, words: &Words) -> Option<(Command, Option<String>)> {
        let unsure = self.state.offers("danger:") || self.state.offers("fix:");
        let command = self.ctx.script.words.command(&words.text).or_else(|| self.way_out(words));
        let later = FixWords::any(&self.ctx.script.repair.fix.puts_off, &words.text);
        let passes = |command: Command| command == Command::Skip || command == Command::Cancel && later;
        command.filter(|(command, _)| !unsure || !passes(*command))
    }

    /// Who wants out of a survey, or another language, may say why: "没空，改天吧". A mark, a fault and the answer to an
    /// open question are heard to their end.
    fn way_out(&self, words: &Words) -> Option<(Command, Option<String>)> {
        let Activity::Surveying(run) = &self.state.activity else { return None };
        let said = &words.understood;
        let marked = said.score.is_some() || said.score10.is_some() || said.nps.is_some() || said.score_unclear;
        let danger = said.urgency == Urgency::Emergency || said.danger_unsure;
        let heard = marked || danger || said.symptom.is_some();
        let open = run.question().is_none_or(|question| question.kind == QuestionKind::Open);
        let first = words.text.split(BREAKS).next().filter(|_| !heard && !open)?;
        // Why somebody leaves is kept where it is a complaint; who wants no more at all has said so.
        let leaves = |command: Command| match command {
            Command::Stop | Command::Language => true,
            Command::Cancel => !is_displeased(words),
            _ => false,
        };
        self.ctx.script.words.command(first).filter(|(command, _)| leaves(*command))
    }

    /// Returns the question answered last, if words take its answer back: "不对，三分". Nothing waits to be agreed to
    /// then, and what is a yes, a no or an open answer to the question that stands is that.
    pub(super) fn amended<'r>(&self, run: &'r SurveyRun, words: &Words) -> Option<&'r Question> {
        let standing = run.question()?;
        let takes_words = matches!(standing.kind, QuestionKind::YesNo | QuestionKind::Open);
        let last = run.survey.question(&run.answers.last()?.question)?;
        let instead = self.ctx.script.degrees.amended(&words.text)?;
        let marked = stated_value(last, &words.understood).is_some();
        let first = words.text.split(BREAKS).next().map(normalised).unwrap_or_default();
        if !marked && (PLAIN_NO.contains(&first.as_str()) || first.starts_with("no ")) {
            // "No, it was slow" may answer the question that stands.
            return None;
        }
        let told = marked
            || instead.is_empty()
            || self.degree(last, words).is_some()
            || last.kind == QuestionKind::YesNo && words.understood.affirmed.is_some();
        let free = run.proposed.is_none() && run.revisiting.is_none() && last.kind != QuestionKind::Open;
        (free && told && (marked || !takes_words)).then_some(last)
    }

    /// Reads a yes or a no to what was read back. The same mark again is a yes; another one is none of both.
    pub(super) fn agrees_to(&self, question: &Question, proposed: &Proposed, words: &Words) -> Option<bool> {
        if stated_value(question, &words.understood).is_some() {
            return None;
        }
        let plain = matches!(self.ctx.script.words.command(&words.text), Some((Command::Yes, _)));
        match read_value(question, words, None, self.degree(question, words)) {
            Reading::Understood(mark) if !plain => ((mark - proposed.value).abs() < 0.5).then_some(true),
            _ => self.agreement(words),
        }
    }

    /// Reads a whole message as a word that answers the question as a mark does.
    pub(super) fn degree(&self, question: &Question, words: &Words) -> Option<u8> {
        let known = &self.ctx.script.degrees;
        if question.kind == QuestionKind::Nps {
            known.recommendation(&words.text)
        } else {
            known.satisfaction(&words.text)
        }
    }
}

/// Reads words as an answer to a question; `agreement` is the yes or no in them, `degree` how satisfied they say
/// that somebody is, or how surely they would recommend us.
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
    let recommended = degree.map(|degree| (f64::from(degree) * 2.5).round());
    let degree = degree.map(|degree| f64::from(degree) + 1.0);
    match question.kind {
        QuestionKind::Scale5 => {
            let mapped = understood.score10.and_then(|mark| score::on_five(QuestionKind::Scale10, mark));
            mapped.map(f64::round).or(degree)
        }
        // Five stars are full marks; four of five are neither 7 nor 8 of ten.
        QuestionKind::Scale10 => understood.score.filter(|mark| *mark >= 5.0).or(degree).map(|mark| mark * 2.0),
        QuestionKind::Nps => recommended,
        QuestionKind::YesNo | QuestionKind::Open => None,
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
    said.affirmed != Some(true) && (said.names_bad() || said.is_surely_negative() && !wants_to_know(words))
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
    sounds && (marked || calls_it_complaint(words) || said.names_bad() || is_worded_badly(words))
}

/// Whether words are displeased beyond doubt though none of them is bad: a few signs, a question and small talk sound so
/// and blame nobody.
fn is_worded_badly(words: &Words) -> bool {
    let said = &words.understood;
    let few = words.text.chars().filter(|c| c.is_alphanumeric()).count() <= FEW_SIGNS;
    said.is_surely_negative() && said.intent != Intent::Smalltalk && !few && !wants_to_know(words)
}

/// Whether words ask something, also where no sign says so.
fn wants_to_know(words: &Words) -> bool {
    let begins = ["谁会", "谁能", "who ", "what is ", "what's "];
    let lower = words.text.trim().to_lowercase();
    asks(&words.text) || begins.iter().any(|begin| lower.starts_with(begin))
}

/// Whether the word for it is said.
pub(super) fn calls_it_complaint(words: &Words) -> bool {
    let text = normalised(&words.text);
    text.contains("投诉") || text.contains("complain")
}

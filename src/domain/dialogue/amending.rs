//! Answers that are taken back: in words ("不对，三分", "上一题5分，这题3分"), or by editing the message that gave them.

use super::clause::{begins_with_plain_no, holds};
use super::reading::{Reading, bare_number, read_value, stated_value};
use super::say::Say;
use super::state::{Activity, SurveyRun};
use super::survey::number;
use super::{Turn, Words};
use crate::domain::script::{Command, normalised};
use crate::domain::survey::{Answer, AnswerSource, Question, QuestionKind};

/// What names the question that stands …
const THIS_ONE: [&str; 6] = ["这一题", "这道题", "这题", "本题", "this one", "this question"];
/// … and the one before it.
const ONE_BEFORE: [&str; 4] = ["上一题", "前一题", "前面", "刚才"];
/// What may stand between a question that is named and its mark: "上一题应该打5分", "this one is a 4".
const LEADS: [&str; 8] = ["应该", "可以", "打", "给", "是", "was ", "is ", "a "];
/// An apology that takes an answer back, and in which nothing else does so: "sorry, it was slow".
const SORRY: &str = "sorry";

/// An answer that words take back.
pub(super) struct Amended {
    pub question: Question,
    /// What is said in its place, if it can be read: it is said back, never taken at once.
    pub reading: Option<Reading>,
    /// Whether anything is said in its place.
    pub says_more: bool,
}

impl Turn<'_> {
    /// Returns the question answered last, if words take its answer back: "不对，三分". Nothing waits to be agreed to
    /// then, and what is a yes, a no or an open answer to the question that stands is that.
    pub(super) fn amended(&self, run: &SurveyRun, words: &Words) -> Option<Amended> {
        let standing = run.question()?;
        let takes_words = matches!(standing.kind, QuestionKind::YesNo | QuestionKind::Open);
        let last = run.survey.question(&run.answers.last()?.question)?;
        let instead = self.ctx.script.degrees.amended(&words.text)?;
        let said = normalised(&words.text);
        if holds(&said, &THIS_ONE) && !holds(&said, &ONE_BEFORE) {
            // The mark that was read may be that of the question that stands: "不对，这题三分".
            return None;
        }
        let head = said.strip_suffix(instead.as_str()).unwrap_or_default();
        // The number in "wrong one" is no mark, and was read as one: only what is left counts.
        let counts = head.split([' ', ',']).any(|word| word == "one");
        let mark = mark_alone(&instead).filter(|mark| last.accepts(*mark));
        let stated = !instead.is_empty() && stated_value(last, &words.understood).is_some();
        let marked = if counts { mark.is_some() } else { stated };
        let apologises = head.trim_end_matches([' ', ',']) == SORRY && !instead.is_empty();
        if !marked && (begins_with_plain_no(&words.text) || apologises) {
            // "No, it was slow" may answer the question that stands.
            return None;
        }
        let told = marked
            || counts
            || instead.is_empty()
            || self.degree(last, words).is_some()
            || last.kind == QuestionKind::YesNo && words.understood.affirmed.is_some();
        let free = run.proposed.is_none() && run.revisiting.is_none() && last.kind != QuestionKind::Open;
        if !(free && told && (marked || !takes_words)) {
            return None;
        }
        let reading = match read_value(last, words, self.agreement(words), self.degree(last, words)) {
            _ if instead.is_empty() => None,
            _ if counts => mark.map(Reading::Understood),
            Reading::Certain(value) => Some(Reading::Understood(value)),
            Reading::Nothing => None,
            reading => Some(reading),
        };
        Some(Amended { question: last.clone(), reading, says_more: !instead.is_empty() })
    }

    /// Asks the question once more whose answer was taken back without another that could be read. What else is said is
    /// kept, and judged.
    pub(super) fn ask_amended(&mut self, mut run: SurveyRun, words: &Words, says_more: bool) {
        if says_more {
            self.keep_beside(&mut run, words);
        }
        self.ask_again(run, None);
    }

    /// Returns the question answered last and the one that stands, each with its mark, if words state both and tell of no
    /// fault: "上一题打5分，这题3分".
    pub(super) fn named_both(&self, run: &SurveyRun, words: &Words) -> Option<[(Question, f64); 2]> {
        let said = normalised(&words.text);
        let (before, behind) = THIS_ONE.iter().find_map(|this| said.split_once(this))?;
        let instead = self.ctx.script.degrees.amended(before)?;
        let standing = run.question()?;
        let last = run.survey.question(&run.answers.last()?.question)?;
        let takes_words = matches!(standing.kind, QuestionKind::YesNo | QuestionKind::Open);
        let free = run.proposed.is_none() && run.revisiting.is_none() && !takes_words;
        let names = holds(before, &ONE_BEFORE);
        // What was heard in a recording may be another number.
        let plain = words.source != AnswerSource::Voice && words.understood.symptom.is_none();
        let mark = |question: &Question, text: &str| mark_alone(text).filter(|mark| question.accepts(*mark));
        let both = [(last.clone(), mark(last, &instead)?), (standing.clone(), mark(standing, behind)?)];
        (free && names && plain).then_some(both)
    }

    /// Records the marks that were stated with their questions, and says them back.
    pub(super) fn record_both(&mut self, mut run: SurveyRun, both: [(Question, f64); 2], words: &Words) {
        run.displeased |= self.judge_words(run.response, None, words);
        let mut said = Vec::new();
        for (question, value) in both {
            let (text, source) = (Some(words.text.clone()), words.source);
            self.record(&mut run, Answer { question: question.id, value: Some(value), text, source }, words.media);
            said.push(Say::new("survey.recorded").text("value", number(value)));
        }
        let note = (!run.survey.anonymous).then(|| Say::lines(said));
        self.ask_again(run, note);
    }

    /// Whether words still count as the comment of a survey.
    pub(super) fn hears_comments(&self) -> bool {
        matches!(&self.state.activity, Activity::Commenting(after) if self.ctx.now <= after.until)
    }

    /// Whether words said after the last question take an answer back: "不对，刚才点错了", "改一下". A plain no begins a
    /// comment as often as not.
    pub(super) fn takes_back(&self, words: &Words) -> bool {
        let command = self.ctx.script.words.command(&words.text);
        if matches!(command, Some((Command::Back | Command::Edit, _))) {
            return true;
        }
        let plain = begins_with_plain_no(&words.text);
        let instead = self.ctx.script.degrees.amended(&words.text).filter(|_| !plain);
        let said = &words.understood;
        let marked = said.score.is_some() || said.score10.is_some() || said.nps.is_some();
        instead.is_some_and(|instead| instead.is_empty() || marked)
    }

    /// Words in place of those of a message that was edited. Where that one was taken for an answer they answer nothing
    /// that was asked since, and it is said how to put the answer right; nor is a fix called done by them.
    pub(super) fn edited(&mut self, words: Words) {
        // Words that were no answer, or wait to be agreed to, are put right by the next ones.
        let taken = |run: &SurveyRun| !run.answers.is_empty() && run.unread == 0 && run.proposed.is_none();
        if let Activity::Surveying(run) = &self.state.activity
            && taken(run)
            && self.only_answers(&words)
        {
            let run = run.clone();
            self.note_beside(run, &words, Say::new("survey.edited"));
        } else if !self.asks_fix_anew(&words) {
            self.words(words);
        }
    }

    /// Keeps words that are no answer to the question that stands beside the answers, and asks it once more.
    pub(super) fn note_beside(&mut self, mut run: SurveyRun, words: &Words, why: Say) {
        self.keep_beside(&mut run, words);
        // What was read back is asked for once more.
        run.proposed = None;
        self.ask_again(run, Some(why));
    }

    fn keep_beside(&mut self, run: &mut SurveyRun, words: &Words) {
        run.displeased |= self.judge_words(run.response, None, words);
        run.remarks.push(words.text.clone());
    }
}

/// Reads a text that holds a mark in digits, and what leads to one, and nothing else.
fn mark_alone(text: &str) -> Option<f64> {
    let mut rest = text.trim_start_matches([' ', ',', ':']);
    while let Some(behind) = LEADS.iter().find_map(|lead| rest.strip_prefix(lead)) {
        rest = behind.trim_start();
    }
    bare_number(rest)
}

//! What words said to a survey answer: the question that stands, an earlier one, or none. A plain mark is taken and
//! said back, one that was only understood waits for a yes, for the rest the question is put again. Words that are no
//! answer become the comment.

use super::{choice_id, labels_of, number};
use crate::domain::dialogue::reading::{Reading, bare_number, read_value};
use crate::domain::dialogue::say::{Arg, Say};
use crate::domain::dialogue::state::{Activity, Proposed, SurveyRun};
use crate::domain::dialogue::{Turn, Words};
use crate::domain::survey::{Answer, AnswerSource, Question, QuestionKind};

impl Turn<'_> {
    /// Words while a survey runs.
    pub(in crate::domain::dialogue) fn survey_words(&mut self, mut run: SurveyRun, words: Words) {
        let Some(mut question) = run.question().cloned() else { return self.finish_survey(run) };
        if let Some(both) = self.named_both(&run, &words) {
            return self.record_both(run, both, &words);
        }
        let mut instead = None;
        if let Some(amended) = self.amended(&run, &words) {
            run.revisiting = Some(amended.question.id.clone());
            let Some(reading) = amended.reading else { return self.ask_amended(run, &words, amended.says_more) };
            (question, instead) = (amended.question, Some(reading));
        }
        let amends = instead.is_some();
        if let Some(proposed) = run.proposed.take() {
            match self.agrees_to(&question, &proposed, &words) {
                Some(true) => return self.accept_proposed(run, proposed),
                Some(false) => return self.ask_again(run, None),
                None => {}
            }
        }
        if question.kind == QuestionKind::Open {
            return self.answer_openly(run, question, words);
        }
        let read = || read_value(&question, &words, self.agreement(&words), self.degree(&question, &words));
        let reading = instead.unwrap_or_else(read);
        let valued = matches!(reading, Reading::Certain(_) | Reading::Understood(_));
        // "5分，漏水" says more than its mark.
        run.contradicts |= valued && question.kind != QuestionKind::YesNo && self.tells_of_a_fault(&words);
        let reading = self.keep_apart(&mut run, &words, reading);
        if matches!(reading, Reading::Unclear | Reading::OutOfRange(..) | Reading::Nothing) {
            run.unread = run.unread.saturating_add(1);
        }
        match reading {
            Reading::Certain(value) => self.take_mark(run, question, value, words),
            Reading::Understood(value) => self.read_back(run, question, value, amends, words),
            Reading::Unclear => self.ask_again(run, Some(Say::new("survey.unclear"))),
            Reading::OutOfRange(low, high) => {
                let say = Say::new("survey.out_of_range").text("low", number(low)).text("high", number(high));
                self.ask_again(run, Some(say));
            }
            Reading::Nothing => self.keep_unanswering(run, &question, &words),
        }
    }

    /// Whatever is said to an open question answers it.
    fn answer_openly(&mut self, mut run: SurveyRun, question: Question, words: Words) {
        run.displeased |= self.judge_words(run.response, None, &words);
        run.contradicts |= self.tells_of_a_fault(&words);
        let answer = Answer { question: question.id, value: None, text: Some(words.text), source: words.source };
        self.record(&mut run, answer, words.media);
        self.ask_next(run);
    }

    /// Takes a mark that is plain. Digits speak for themselves; number words are said back, with the way to correct
    /// them.
    fn take_mark(&mut self, mut run: SurveyRun, question: Question, value: f64, words: Words) {
        let digits = bare_number(&words.text).is_some();
        let source = match words.source {
            AnswerSource::Words if digits => AnswerSource::Digit,
            other => other,
        };
        // What is said back to an anonymous answer would stay in the conversation.
        let echo = !digits && question.kind != QuestionKind::YesNo && !run.survey.anonymous;
        let answer = Answer { question: question.id, value: Some(value), text: Some(words.text), source };
        self.record(&mut run, answer, words.media);
        let note = echo.then(|| Say::new("survey.recorded").text("value", number(value)));
        self.ask_again(run, note);
    }

    /// Reads back what was understood, to be confirmed. `amends`: it answers an earlier question, which is named.
    fn read_back(&mut self, mut run: SurveyRun, question: Question, value: f64, amends: bool, words: Words) {
        self.echo = None; // the question below repeats what was heard
        let say = if question.kind == QuestionKind::YesNo {
            let answer = format!("{}.{}", labels_of(&question), if value > 0.0 { "yes" } else { "no" });
            Say::new("survey.read_back_choice").arg("choice", Arg::Key(answer))
        } else {
            Say::new("survey.read_back").text("value", number(value))
        };
        let say = say
            .text("text", words.text.clone())
            .choice(choice_id(&run, &question.id, "yes"), "survey.yes")
            .choice(choice_id(&run, &question.id, "edit"), "survey.edit");
        if keep_remark(&mut run, &words) {
            run.displeased |= self.judge_words(run.response, None, &words);
        }
        // Displeasure is shown to staff now, whether or not the value was heard right.
        self.judge_words(run.response, None, &words);
        let say = if amends { Say::lines(vec![Say::new(question.prompt_key), say]) } else { say };
        run.proposed =
            Some(Proposed { question: question.id, value, text: words.text, source: words.source, media: words.media });
        self.state.activity = Activity::Surveying(run);
        self.say(say);
    }

    /// Keeps words that hold no answer, said in earnest all the same, for the comment, and says what would be one.
    fn keep_unanswering(&mut self, mut run: SurveyRun, question: &Question, words: &Words) {
        run.remarks.push(words.text.clone());
        run.displeased |= self.judge_words(run.response, None, words);
        let hint = match question.kind.range() {
            Some((low, high)) if question.kind != QuestionKind::YesNo => {
                Say::new("survey.no_value").text("low", number(low)).text("high", number(high))
            }
            _ => Say::new("survey.yes_or_no"),
        };
        let way_out = (run.unread > 1).then(|| Say::new("survey.way_out"));
        self.ask_again(run, Some(Say::lines(std::iter::once(hint).chain(way_out).collect())));
    }

    /// What is typed to an anonymous survey stays with its answers: nothing of it is read back into
    /// the conversation.
    fn keep_apart(&mut self, run: &mut SurveyRun, words: &Words, reading: Reading) -> Reading {
        let typed = run.survey.anonymous && words.source != AnswerSource::Voice && bare_number(&words.text).is_none();
        let unsaid = matches!(reading, Reading::Understood(_) | Reading::Unclear | Reading::OutOfRange(..));
        if typed && unsaid {
            run.remarks.push(words.text.clone());
            run.displeased |= self.judge_words(run.response, None, words);
        }
        if typed && matches!(reading, Reading::Understood(_)) { Reading::Unclear } else { reading }
    }
}

/// Keeps a sentence that says more than a number, so that its reasons reach staff. Returns whether
/// it did.
fn keep_remark(run: &mut SurveyRun, words: &Words) -> bool {
    let more = words.text.chars().count() > 6 && !run.remarks.contains(&words.text);
    if more {
        run.remarks.push(words.text.clone());
    }
    more
}

//! Follow-up surveys: asking, taking answers, going back, closing. What words answer is [`words`]' to read.
//!
//! The questions are data ([`crate::domain::survey`]); the score is [`crate::domain::score`]'s.
//! Nothing said on the way is lost: what answers no question becomes the comment.

mod words;

use std::time::Duration;

use super::effect::{About, Effect, Timer};
use super::reading::is_displeased;
use super::say::Say;
use super::state::{Activity, Commenting, Proposed, SurveyRun};
use super::{Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{MediaId, ResponseId};
use crate::domain::score::{self, Band};
use crate::domain::script::Command;
use crate::domain::survey::{Answer, AnswerSource, Question, QuestionKind, Survey, answer_to, progress};
use crate::domain::understanding::Understanding;

/// How long words after the last question still count as its comment.
const COMMENT_WINDOW: Duration = Duration::from_secs(30 * 60);

impl Turn<'_> {
    /// Begins a survey; `first` is said in front of its opening.
    pub(super) fn begin_survey(&mut self, response: ResponseId, id: &str, first: Option<Say>) {
        let Some(survey) = self.ctx.script.surveys.get(id).cloned() else {
            return self.say(Say::new("survey.none_due"));
        };
        self.open_survey(response, &survey);
        self.put_survey(response, survey, first);
    }

    /// Notes that a survey is put, and when it is brought up again and let go.
    pub(super) fn open_survey(&mut self, response: ResponseId, survey: &Survey) {
        let (version, anonymous) = (survey.version, survey.anonymous);
        self.effect(Effect::OpenResponse { response, survey: survey.id.clone(), version, anonymous });
        self.wake_for(Timer::SurveyReminder { response }, false);
        self.wake_for(Timer::SurveyExpiry { response }, false);
    }

    /// Asks the first question; `first` is said in front of the opening.
    pub(super) fn put_survey(&mut self, response: ResponseId, survey: Survey, first: Option<Say>) {
        let opening = Say::new(survey.opening_key.clone());
        let run = SurveyRun {
            response,
            survey,
            answers: Vec::new(),
            proposed: None,
            remarks: Vec::new(),
            displeased: false,
            contradicts: false,
            revisiting: None,
            unread: 0,
        };
        let question = ask(&run);
        self.state.activity = Activity::Surveying(run);
        self.state.lapsed = None;
        self.say(Say::lines(first.into_iter().chain([opening, question]).collect()));
    }

    /// A button of a survey: `q<run>:<question>:<value>`.
    pub(super) fn survey_choice(&mut self, mut run: SurveyRun, question: &str, value: &str) {
        let current = run.question().map(|question| question.id.clone());
        let Some(asked) = run.survey.question(question).cloned() else { return self.ask_again(run, None) };
        match value {
            "yes" if run.proposed.as_ref().is_some_and(|proposed| proposed.question == question) => {
                if let Some(proposed) = run.proposed.take() {
                    self.accept_proposed(run, proposed);
                }
            }
            "edit" => {
                run.proposed = None;
                run.revisiting = Some(asked.id);
                self.ask_again(run, None);
            }
            "skip" if !asked.required && current.as_deref() == Some(question) => self.skip(run),
            _ => match value.parse::<f64>().ok().filter(|value| asked.accepts(*value)) {
                Some(number) => {
                    run.proposed = None;
                    let again = current.as_deref() != Some(question);
                    let answer =
                        Answer { question: asked.id, value: Some(number), text: None, source: AnswerSource::Button };
                    self.record(&mut run, answer, None);
                    if again {
                        // An older message's button: a correction, said so, and on with what stands.
                        let note = Say::new("survey.recorded").text("value", self::number(number));
                        let note = Some(note).filter(|_| !run.survey.anonymous);
                        self.ask_again(run, note);
                    } else {
                        self.ask_next(run);
                    }
                }
                None => self.ask_again(run, None),
            },
        }
    }

    /// Commands that mean something special within a survey; `false` if this is none of them.
    pub(super) fn survey_command(&mut self, run: &SurveyRun, command: Command) -> bool {
        match command {
            Command::Skip => {
                match run.question() {
                    Some(question) if question.required => {
                        self.ask_again(run.clone(), Some(Say::new("survey.required")));
                    }
                    _ => self.skip(run.clone()),
                }
                true
            }
            Command::Edit if run.proposed.is_some() => {
                self.ask_again(SurveyRun { proposed: None, ..run.clone() }, None);
                true
            }
            Command::Back | Command::Edit => {
                let mut run = run.clone();
                run.proposed = None;
                // What is put right is what was said last; whoever goes back goes by the order of the questions.
                let last = || run.answers.last().map(|answer| answer.question.clone());
                let earlier = if command == Command::Back { question_before(&run) } else { last() };
                run.revisiting = earlier.or(run.revisiting);
                self.ask_again(run, None);
                true
            }
            Command::Cancel => {
                let response = run.response;
                self.leave_remarks(run);
                self.effect(Effect::AbandonResponse { response });
                self.state.activity = Activity::Idle;
                self.say(Say::new("survey.cancelled"));
                true
            }
            Command::Start
            | Command::Help
            | Command::Report
            | Command::Status
            | Command::Survey
            | Command::Human
            | Command::Stop
            | Command::Resume
            | Command::Language
            | Command::Privacy
            | Command::Forget
            | Command::Elsewhere
            | Command::Reschedule
            | Command::Yes
            | Command::No
            | Command::Unknown => false,
        }
    }

    /// Words after a survey: its comment. The answers are in: who takes one back is called by staff.
    pub(super) fn comment(&mut self, mut after: Commenting, words: &Words) {
        let back = self.takes_back(words);
        if back {
            let about = About::Response(after.response);
            self.effect(Effect::Raise { kind: FlagKind::ScoreTextConflict, about });
            after.flagged = true;
        }
        self.keep_comment(after, words);
        self.say(Say::new(if back { "survey.taken_back" } else { "survey.comment_added" }));
    }

    /// Keeps words as a comment without a word about it.
    pub(super) fn keep_comment(&mut self, mut after: Commenting, words: &Words) {
        self.effect(Effect::AddComment {
            response: after.response,
            text: words.text.clone(),
            media: words.media.into_iter().collect(),
            understood: words.understood.clone(),
        });
        if !after.flagged {
            after.flagged = self.judge_words(after.response, after.score, words);
        }
        self.state.activity = Activity::Commenting(after);
    }

    /// Puts the question that stands once more, after `first`.
    pub(super) fn ask_again(&mut self, run: SurveyRun, first: Option<Say>) {
        if run.question().is_none() {
            return self.finish_survey(run);
        }
        let mut lines: Vec<Say> = first.into_iter().collect();
        lines.push(ask(&run));
        self.state.activity = Activity::Surveying(run);
        self.say(Say::lines(lines));
    }

    /// Lets a survey go; what was said stays.
    pub(super) fn abandon(&mut self, run: &SurveyRun) {
        self.leave_remarks(run);
        self.effect(Effect::AbandonResponse { response: run.response });
    }

    fn ask_next(&mut self, run: SurveyRun) {
        self.ask_again(run, None);
    }

    fn accept_proposed(&mut self, mut run: SurveyRun, proposed: Proposed) {
        run.proposed = None;
        let Proposed { question, value, text, source, media } = proposed;
        self.record(&mut run, Answer { question, value: Some(value), text: Some(text), source }, media);
        self.ask_next(run);
    }

    fn skip(&mut self, mut run: SurveyRun) {
        let Some(question) = run.question().map(|question| question.id.clone()) else { return self.finish_survey(run) };
        run.proposed = None;
        self.record(&mut run, Answer { question, value: None, text: None, source: AnswerSource::Button }, None);
        self.ask_next(run);
    }

    pub(super) fn record(&mut self, run: &mut SurveyRun, answer: Answer, media: Option<MediaId>) {
        if run.revisiting.as_deref() == Some(answer.question.as_str()) {
            run.revisiting = None;
        }
        run.unread = 0;
        run.answers.retain(|earlier| earlier.question != answer.question);
        run.answers.push(answer.clone());
        self.effect(Effect::RecordAnswer { response: run.response, answer, media });
    }

    fn finish_survey(&mut self, run: SurveyRun) {
        let score = score::weighted_mean(&run.survey, &run.answers);
        let band = score.map(Band::of);
        let nps = run
            .survey
            .questions
            .iter()
            .find(|question| question.kind == QuestionKind::Nps)
            .and_then(|question| answer_to(&run.answers, &question.id))
            .and_then(|answer| answer.value);
        self.effect(Effect::CompleteResponse { response: run.response, score, band, nps });
        self.leave_remarks(&run);
        let unfixed = run.survey.questions.iter().any(|question| {
            question.kind == QuestionKind::YesNo
                && answer_to(&run.answers, &question.id).is_some_and(|answer| answer.value == Some(0.0))
        });
        let dissatisfied = band == Some(Band::Dissatisfied) || unfixed;
        if unfixed {
            self.effect(Effect::RejectRepair { response: run.response });
        }
        if dissatisfied {
            self.effect(Effect::Raise { kind: FlagKind::NegativeFeedback, about: About::Response(run.response) });
        }
        // What was said to an open question is judged when the marks are known.
        let contradicts = run.contradicts && band == Some(Band::Satisfied);
        if contradicts {
            self.effect(Effect::Raise { kind: FlagKind::ScoreTextConflict, about: About::Response(run.response) });
        }
        let thanks = match band {
            // Nobody can come back to them, so nothing is promised.
            _ if run.survey.anonymous => "survey.thanks.unscored",
            _ if unfixed => "survey.thanks.dissatisfied",
            // Good marks with hard words are no reason to rejoice.
            Some(Band::Satisfied) if !(run.displeased || contradicts) => "survey.thanks.satisfied",
            Some(Band::Dissatisfied) => "survey.thanks.dissatisfied",
            Some(Band::Satisfied | Band::Neutral) => "survey.thanks.neutral",
            None => "survey.thanks.unscored",
        };
        self.state.activity = if run.survey.anonymous {
            // Nothing that is said from here on leads to the response.
            Activity::Idle
        } else {
            Activity::Commenting(Commenting {
                response: run.response,
                score,
                band,
                until: self.ctx.now + COMMENT_WINDOW,
                flagged: dissatisfied || run.displeased || contradicts,
            })
        };
        self.say(Say::lines(vec![Say::new(thanks), Say::new(run.survey.closing_key)]));
    }

    fn leave_remarks(&mut self, run: &SurveyRun) {
        if !run.remarks.is_empty() {
            self.effect(Effect::AddComment {
                response: run.response,
                text: run.remarks.join("\n"),
                media: Vec::new(),
                understood: Understanding::default(),
            });
        }
    }

    /// Flags words that are negative or contradict the score. Returns whether it did.
    pub(super) fn judge_words(&mut self, response: ResponseId, score: Option<f64>, words: &Words) -> bool {
        let kind = if score.is_some_and(|score| score::conflict(score, &words.understood)) {
            FlagKind::ScoreTextConflict
        } else if is_displeased(words) {
            FlagKind::NegativeFeedback
        } else {
            return false;
        };
        self.effect(Effect::Raise { kind, about: About::Response(response) });
        true
    }

    /// Reads a yes or a no.
    pub(super) fn agreement(&self, words: &Words) -> Option<bool> {
        match self.ctx.script.words.command(&words.text) {
            Some((Command::Yes, _)) => Some(true),
            Some((Command::No | Command::Edit, _)) => Some(false),
            _ => words.understood.affirmed,
        }
    }
}

/// Returns the answered question that stands nearest before the current one in the survey.
fn question_before(run: &SurveyRun) -> Option<String> {
    let current = run.question()?;
    let earlier = run.survey.questions.iter().take_while(|question| question.id != current.id);
    let answered = earlier.filter(|question| answer_to(&run.answers, &question.id).is_some());
    answered.last().map(|question| question.id.clone())
}

/// Puts the question that stands: progress, question, what the ends mean, buttons.
fn ask(run: &SurveyRun) -> Say {
    let Some(question) = run.question() else { return Say::lines(Vec::new()) };
    let (at, of) = match &run.revisiting {
        Some(id) => {
            let index = run.survey.questions.iter().position(|question| question.id == *id).unwrap_or(0);
            (u32::try_from(index + 1).unwrap_or(1), progress(&run.survey, &run.answers).1)
        }
        None => progress(&run.survey, &run.answers),
    };
    let mut say = Say::new("survey.ask")
        .text("n", at.to_string())
        .text("total", of.to_string())
        .arg("question", super::Arg::Key(question.prompt_key.clone()));
    match question.kind {
        QuestionKind::YesNo => {
            let labels = labels_of(question);
            say = say
                .choice(choice_id(run, &question.id, "1"), format!("{labels}.yes"))
                .choice(choice_id(run, &question.id, "0"), format!("{labels}.no"));
        }
        QuestionKind::Scale5 | QuestionKind::Scale10 | QuestionKind::Nps => {
            let (low, high) = question.kind.range().unwrap_or((1.0, 5.0));
            let mut value = low;
            while value <= high {
                say.choices.push(super::Choice {
                    id: choice_id(run, &question.id, &number(value)),
                    label: super::say::Label::Text(number(value)),
                });
                value += 1.0;
            }
            if let Some(labels) = &question.labels_key {
                say.lines.push(Say::new(labels.clone()));
            }
        }
        QuestionKind::Open => {}
    }
    if !question.required {
        say = say.choice(choice_id(run, &question.id, "skip"), "survey.skip");
    }
    say
}

/// Returns where the words on the yes and no buttons stand: `<labels>.yes`, `<labels>.no`.
fn labels_of(question: &Question) -> &str {
    question.labels_key.as_deref().unwrap_or("command")
}

/// Names a button after the run it belongs to, so that a button of an old survey is known as such.
fn choice_id(run: &SurveyRun, question: &str, value: &str) -> String {
    format!("q{}:{question}:{value}", run_tag(run.response))
}

/// Returns the last eight hex digits of a response's id.
pub(super) fn run_tag(response: ResponseId) -> String {
    let hex = response.0.simple().to_string();
    hex.get(24..).unwrap_or(&hex).to_owned()
}

/// Writes a value without a needless ".0".
pub(super) fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value}") }
}

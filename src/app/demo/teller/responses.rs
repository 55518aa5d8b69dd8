//! Survey responses: each answer, the score they come to, the comment and what it says.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::super::past::{Given, ResponseEntry};
use super::{Person, Teller};
use crate::domain::flag::FlagKind;
use crate::domain::ids::ResponseId;
use crate::domain::score::{self, Band};
use crate::domain::survey::{Answer, AnswerSource, Question, QuestionKind, Survey, answer_to, next_question, progress};
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Intent, Sentiment, Understanding};
use crate::store::Tx;
use crate::store::responses::{self, NewResponse, Outcome};

/// Between a question and its answer.
const THOUGHT: Duration = Duration::from_secs(9);

impl Teller {
    pub(super) async fn response(&mut self, tx: &mut Tx, entry: &ResponseEntry) -> anyhow::Result<()> {
        let person = self.person(&entry.contact)?;
        let catalog = self.intake.catalog.clone();
        let survey = catalog.script().surveys.get(&entry.survey);
        let survey = survey.with_context(|| format!("there is no survey {}", entry.survey))?;
        let mut at = entry.at.on(self.midnight);
        let id = self.intake.clock.new_id();
        let new = NewResponse {
            id,
            survey: survey.id.clone(),
            survey_version: survey.version,
            contact_id: Some(person.contact),
            unit_id: Some(person.place.binding.unit),
            project_id: None,
            dialogue_id: Some(person.dialogue),
            started_at: at,
        };
        responses::start(tx, &new).await?;
        self.say(&entry.contact, at, &survey.opening_key, &[]);
        let mut answers = Vec::new();
        while let Some(question) = next_question(survey, &answers).and_then(|index| survey.questions.get(index)) {
            self.ask(&entry.contact, at, survey, question, &answers);
            at = at + THOUGHT;
            let answer = answer(question, entry.answers.get(&question.id))?;
            self.record(tx, id, &answer, at).await?;
            if let Some(label) = self.label(question, &answer) {
                match answer.source {
                    AnswerSource::Button => self.pressed(&entry.contact, at, format!("q:{}", question.id), label),
                    AnswerSource::Digit | AnswerSource::Words | AnswerSource::Voice => {
                        self.hear(&entry.contact, at, &label);
                    }
                }
            }
            answers.push(answer);
        }
        let unasked = entry.answers.keys().find(|name| answer_to(&answers, name).is_none());
        ensure!(unasked.is_none(), "{} does not ask {unasked:?}", survey.id);
        self.finish(tx, entry, survey, &answers, id, &person, at).await
    }

    fn ask(&mut self, person: &str, at: Timestamp, survey: &Survey, question: &Question, answers: &[Answer]) {
        let (n, total) = progress(survey, answers);
        let prompt = self.text(&question.prompt_key, &[]);
        let args = [("n", n.to_string()), ("total", total.to_string()), ("question", prompt)];
        self.say(person, at, "survey.ask", &args.each_ref().map(|(name, value)| (*name, value.as_str())));
    }

    /// What stood on the button, or the words.
    fn label(&self, question: &Question, answer: &Answer) -> Option<String> {
        match (question.kind, answer.value) {
            (QuestionKind::YesNo, Some(value)) => {
                let end = if value > 0.0 { "yes" } else { "no" };
                Some(self.text(&format!("{}.{end}", question.labels_key.as_deref().unwrap_or("command")), &[]))
            }
            (_, Some(value)) => Some(value.to_string()),
            (_, None) => answer.text.clone(),
        }
    }

    async fn record(&self, tx: &mut Tx, id: ResponseId, answer: &Answer, at: Timestamp) -> anyhow::Result<()> {
        let row = responses::Answer {
            response_id: id,
            question: answer.question.clone(),
            value: answer.value,
            text: answer.text.clone(),
            source: name(answer.source)?,
            media_id: None,
            answered_at: at,
        };
        Ok(responses::answer(tx, &row).await?)
    }

    #[expect(clippy::too_many_arguments, reason = "the end of one function that would be too long")]
    async fn finish(
        &mut self,
        tx: &mut Tx,
        entry: &ResponseEntry,
        survey: &Survey,
        answers: &[Answer],
        id: ResponseId,
        person: &Person,
        at: Timestamp,
    ) -> anyhow::Result<()> {
        let score = score::weighted_mean(survey, answers);
        let band = score.map(Band::of);
        let of_kind = |kind| survey.questions.iter().find(move |question| question.kind == kind);
        let value = |question: &Question| answer_to(answers, &question.id).and_then(|answer| answer.value);
        let nps = of_kind(QuestionKind::Nps).and_then(value);
        let unfixed = of_kind(QuestionKind::YesNo).and_then(value) == Some(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole, 0 to 10")]
        let nps = nps.map(|nps| nps as u8);
        let band_name = band.map(name).transpose()?;
        let outcome = Outcome { score, band: band_name.clone(), nps };
        responses::complete(tx, id, &outcome, at).await?;
        let thanks = match band_name.as_deref() {
            _ if unfixed => "dissatisfied",
            Some(band) => band,
            None => "unscored",
        };
        self.say(&entry.contact, at, &format!("survey.thanks.{thanks}"), &[]);
        self.say(&entry.contact, at, &survey.closing_key, &[]);
        let mut flag = (unfixed || band == Some(Band::Dissatisfied)).then_some(FlagKind::NegativeFeedback);
        if let Some(comment) = &entry.comment {
            let said = at + THOUGHT;
            let read = self.understand(comment);
            responses::add_comment(tx, id, comment, read.sentiment, &read.keywords).await?;
            self.hear(&entry.contact, said, comment);
            self.say(&entry.contact, said, "survey.comment_added", &[]);
            flag = flag.or_else(|| flag_of(score, &read));
        }
        if let Some(kind) = flag {
            let detail = [score.map(|score| format!("score={score}")), band_name.map(|band| format!("band={band}"))];
            self.flag(tx, kind, person, at + THOUGHT, |flag| {
                flag.response_id = Some(id);
                flag.detail = detail.into_iter().flatten().collect::<Vec<_>>().join(" ");
            })
            .await?;
        }
        Ok(())
    }
}

/// Reads what was answered, as a conversation would have taken it.
fn answer(question: &Question, given: Option<&Given>) -> anyhow::Result<Answer> {
    let (value, text, source) = match given {
        None => {
            ensure!(!question.required, "the question {} is not answered", question.id);
            (None, None, AnswerSource::Button)
        }
        Some(Given::Value(value)) => {
            ensure!(question.accepts(*value), "the question {} does not take {value}", question.id);
            (Some(*value), None, AnswerSource::Button)
        }
        Some(Given::Words(words)) => {
            ensure!(question.kind == QuestionKind::Open, "the question {} takes no words", question.id);
            (None, Some(words.clone()), AnswerSource::Words)
        }
    };
    Ok(Answer { question: question.id.clone(), value, text, source })
}

/// Says whether a comment is something that staff must see, as after a survey in the chat.
fn flag_of(score: Option<f64>, read: &Understanding) -> Option<FlagKind> {
    if score.is_some_and(|score| score::conflict(score, read)) {
        Some(FlagKind::ScoreTextConflict)
    } else {
        (read.sentiment == Sentiment::Negative || read.intent == Intent::Complaint)
            .then_some(FlagKind::NegativeFeedback)
    }
}

/// The name under which a value is stored.
fn name(value: impl serde::Serialize) -> anyhow::Result<String> {
    let value = serde_json::to_value(value)?;
    value.as_str().map(str::to_owned).context("a value without a name")
}

//! Understanding of one utterance: mood with its keywords, intent, trade, urgency, ratings,
//! place and times.
//!
//! [`Lexical`] does it by rules over `prompts/keywords/`: pure, in microseconds, used inside the
//! transaction that takes a message in. [`Tagger`] adds the verdict of a BERT classifier where
//! one is loaded and is used by the job that tags afterwards. Nothing here knows of a database
//! or a chat. Read [`matcher`] first, then [`mood`] and [`score`]; `docs/ARCHITECTURE.md` has the
//! way of a message.

mod answer;
pub mod bert;
mod category;
pub mod evaluation;
mod intent;
mod matcher;
mod merge;
mod mood;
mod number;
mod place;
mod score;
mod text;
mod urgency;

use std::path::Path;

use crate::domain::language::Language;
use crate::domain::lexicon::Lexicon;
use crate::domain::understanding::{Awaiting, Understanding};
use crate::models::Labels;

use self::bert::{Bert, Judgement, ModelFault, NoJudgement};
use self::matcher::Matcher;
use self::text::{Script, Text};

/// Understands by rules alone.
#[derive(Debug)]
pub struct Lexical {
    matcher: Matcher,
    script: Script,
}

/// The lexicon cannot be made ready for matching.
#[derive(Debug, thiserror::Error)]
#[error("the keyword lexicon is too large to be compiled: {0}")]
pub struct LexiconTooLarge(#[from] aho_corasick::BuildError);

impl Lexical {
    /// Compiles a lexicon; done once at start.
    ///
    /// # Errors
    /// [`LexiconTooLarge`] when the words do not fit into one automaton.
    pub fn new(lexicon: &Lexicon) -> Result<Lexical, LexiconTooLarge> {
        let script = Script::simplified();
        Ok(Lexical { matcher: Matcher::new(lexicon, &script)?, script })
    }

    /// Understands an utterance, given what the conversation waits for.
    ///
    /// Total: any text yields an answer, of very long ones the beginning is read. Spans count
    /// the characters of `text` as given.
    pub fn understand(&self, text: &str, language: Option<Language>, awaiting: Awaiting) -> Understanding {
        // Words of all languages are looked for at once: people mix them.
        let _ = language;
        let text = Text::new(text, &self.script);
        let numbers = number::find(&text);
        let found = self.matcher.find(&text, &numbers);
        let scores = score::read(&text, &numbers, &found, awaiting);
        let mood = mood::read(&text, &found);
        let trade = category::read(&text, &found);
        let alarm = urgency::read(&text, &found);
        let intent = intent::read(&intent::Evidence {
            text: &text,
            found: &found,
            trade: &trade,
            mood: &mood,
            scores: &scores,
            alarm,
            awaiting,
        });
        let verdict = merge::by_words(&text, &mood, &scores, intent, alarm);
        let words = |span: Option<(usize, usize)>| {
            span.and_then(|(start, end)| text.given(start, end)).map(|(_, _, words)| words.to_owned())
        };
        Understanding {
            sentiment: verdict.sentiment,
            polarity: verdict.polarity,
            confidence: verdict.confidence,
            intent,
            category: category::meant(trade.category, intent, &trade, &scores),
            urgency: alarm.urgency(intent, verdict.sentiment),
            hazard: alarm.hazard,
            location: words(place::read(&text, &found)),
            component: words(trade.component.map(|find| (find.start, find.end))),
            symptom: words(trade.symptom.map(|find| (find.start, find.end))),
            since: words(answer::since(&text, &found)),
            wished_time: words(answer::wished_time(&text, &found)),
            affirmed: answer::affirmed(&text, &found),
            keywords: mood.keywords,
            score: scores.score,
            score10: scores.score10,
            nps: scores.nps,
            dims: scores.dims,
            score_unclear: scores.unclear,
        }
    }
}

/// Understands by rules and, where one is loaded, by the model.
#[derive(Debug)]
pub struct Tagger {
    lexical: Lexical,
    model: Option<Bert>,
}

impl Tagger {
    /// A tagger without a model: the rules judge alone.
    pub fn by_rules(lexical: Lexical) -> Tagger {
        Tagger { lexical, model: None }
    }

    /// A tagger with the model of a directory; `labels` as in [`Bert::load`]. With a model that cannot be used it goes on by
    /// rules; the fault comes back beside it, for the log and for `huifang check`. Blocks while
    /// the model is loaded.
    pub fn with_model(lexical: Lexical, directory: &Path, labels: Option<&Labels>) -> (Tagger, Option<ModelFault>) {
        match Bert::load(directory, labels) {
            Ok(model) => (Tagger { lexical, model: Some(model) }, None),
            Err(fault) => (Tagger::by_rules(lexical), Some(fault)),
        }
    }

    /// Says whether a model judges beside the rules.
    pub fn has_model(&self) -> bool {
        self.model.is_some()
    }

    /// Understands by rules alone, at once: used inside the transaction that takes a message in.
    pub fn understand(&self, text: &str, language: Option<Language>, awaiting: Awaiting) -> Understanding {
        self.lexical.understand(text, language, awaiting)
    }

    /// Understands by rules and model. Without a model, or where it fails, by rules.
    pub async fn tag(&self, text: &str, language: Option<Language>, awaiting: Awaiting) -> Understanding {
        let understood = self.lexical.understand(text, language, awaiting);
        match &self.model {
            Some(model) => merged(understood, text, model.judge(text).await),
            None => understood,
        }
    }

    /// As [`Tagger::tag`], waiting on this thread: for commands, never inside the runtime.
    pub fn tag_blocking(&self, text: &str, language: Option<Language>, awaiting: Awaiting) -> Understanding {
        let understood = self.lexical.understand(text, language, awaiting);
        match &self.model {
            Some(model) => merged(understood, text, model.judge_blocking(text)),
            None => understood,
        }
    }
}

fn merged(understood: Understanding, text: &str, judgement: Result<Judgement, NoJudgement>) -> Understanding {
    match judgement {
        Ok(judgement) => merge::with_model(understood, text, judgement),
        Err(error) => {
            tracing::warn!(%error, "an utterance was tagged by rules alone");
            understood
        }
    }
}

#[cfg(test)]
mod tests;

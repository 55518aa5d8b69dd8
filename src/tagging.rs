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
mod faults;
mod intent;
mod linear;
mod marks;
mod matcher;
mod merge;
mod mood;
mod ngrams;
mod number;
pub mod opinion;
mod place;
mod score;
mod text;
mod urgency;

use std::path::Path;

use serde::Serialize;

use crate::domain::language::Language;
use crate::domain::lexicon::Lexicon;
use crate::domain::understanding::{Awaiting, Category, Fault, Intent, Keyword, Understanding, Urgency};
use crate::models::Labels;

use self::bert::{Bert, ModelFault, NoJudgement};
use self::faults::Piece;
use self::linear::{Linear, LinearFault};
use self::matcher::{Found, Matcher};
use self::merge::{Rules, Verdict, Voices};
use self::opinion::Opinion;
use self::text::{Script, Text};

/// Understands by rules and, where one is loaded, by the n-gram model: at once, in microseconds.
#[derive(Debug)]
pub struct Lexical {
    matcher: Matcher,
    script: Script,
    ngrams: Option<Linear>,
}

/// The lexicon cannot be made ready for matching.
#[derive(Debug, thiserror::Error)]
#[error("the keyword lexicon is too large to be compiled: {0}")]
pub struct LexiconTooLarge(#[from] aho_corasick::BuildError);

/// Which models judge beside the lexicon.
#[derive(Debug, Clone, Copy, Default)]
pub struct Judges<'c> {
    /// The directory of a BERT classifier.
    pub model: Option<&'c Path>,
    /// What its labels mean, as in [`Bert::load`].
    pub labels: Option<&'c Labels>,
    /// The file of an n-gram model.
    pub ngrams: Option<&'c Path>,
}

/// A model cannot be used; the other judges go on without it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaggingFault {
    #[error(transparent)]
    Model(#[from] ModelFault),
    #[error(transparent)]
    Ngrams(#[from] LinearFault),
}

impl Lexical {
    /// Compiles a lexicon; done once at start.
    ///
    /// # Errors
    /// [`LexiconTooLarge`] when the words do not fit into one automaton.
    pub fn new(lexicon: &Lexicon) -> Result<Lexical, LexiconTooLarge> {
        let script = Script::simplified();
        Ok(Lexical { matcher: Matcher::new(lexicon, &script)?, script, ngrams: None })
    }

    /// Understands an utterance, given what the conversation waits for.
    ///
    /// Total: any text yields an answer, of very long ones the beginning is read. Spans count
    /// the characters of `text` as given.
    pub fn understand(&self, text: &str, language: Option<Language>, awaiting: Awaiting) -> Understanding {
        self.judged(text, language, awaiting, None).0
    }

    /// As [`Lexical::understand`], with the opinion of a classifier beside.
    fn judged(
        &self,
        text: &str,
        language: Option<Language>,
        awaiting: Awaiting,
        model: Option<&Opinion>,
    ) -> (Understanding, Why) {
        // Words of all languages are looked for at once: people mix them.
        let _ = language;
        let (mut whole, why, told) = self.as_one(text, awaiting, model);
        if whole.urgency == Urgency::Emergency && self.is_emergency_within(&told) {
            return (whole, why);
        }
        if let Some(alarm) = self.alarm_within(&told) {
            let Understanding { urgency, hazard, category, location, component, symptom, .. } = alarm;
            let danger_unsure = false;
            let alarm =
                Understanding { category, urgency, hazard, danger_unsure, location, component, symptom, ..whole };
            return (alarm, why);
        }
        let faults: Vec<Fault> = told.iter().map(|told| self.fault(told.words)).collect();
        // The n-grams must agree that each is for somebody else than the one before, if it has no number of its own.
        let is_other = |pair: &[Fault]| matches!(pair, [one, next] if next.is_of_another_trade_or_room(one));
        let mut pairs = faults.windows(2).zip(told.iter().skip(1));
        let apart = pairs.all(|(pair, told)| told.counted || is_other(pair));
        if let Some((first, further)) = faults.split_first().filter(|(_, further)| apart && !further.is_empty()) {
            if whole.urgency == Urgency::Emergency {
                // What is a danger only where all of them are read together is asked about.
                (whole.urgency, whole.danger_unsure) = (Urgency::Low, true);
            }
            let Fault { category, urgency, location, component, symptom, .. } = first.clone();
            (whole.category, whole.location, whole.component, whole.symptom) = (category, location, component, symptom);
            (whole.urgency, whole.further) = (whole.urgency.max(urgency), further.to_vec());
        }
        (whole, why)
    }

    /// Returns what the words of one of several faults mean that name a danger by themselves: what stands beside them
    /// ("卧室空调不制冷，客厅插座冒烟") takes nothing from it.
    fn alarm_within(&self, told: &[Told]) -> Option<Understanding> {
        let mut alone = told.iter().map(|told| self.as_one(told.words, Awaiting::Nothing, None));
        let is_alarm = |read: &Understanding, why: &Why| read.urgency == Urgency::Emergency && why.rules.is_open_danger;
        alone.find(|(read, why, _)| is_alarm(read, why)).map(|(read, ..)| read)
    }

    /// Whether one of several faults is an emergency by itself, or all of them are one matter.
    fn is_emergency_within(&self, told: &[Told]) -> bool {
        let mut alone = told.iter().map(|told| self.as_one(told.words, Awaiting::Nothing, None).0);
        told.is_empty() || alone.any(|read| read.urgency == Urgency::Emergency)
    }

    /// Understands the words that tell of one of several faults.
    fn fault(&self, words: &str) -> Fault {
        let words = words.trim_matches(|c: char| !c.is_alphanumeric());
        let Understanding { category, urgency, location, component, symptom, .. } =
            self.as_one(words, Awaiting::Nothing, None).0;
        // The whole is no emergency: a few words of it are none either.
        let urgency = urgency.min(Urgency::High);
        // What is wrong with it may be said in words we do not know.
        let symptom = symptom.or_else(|| Some(words.to_owned()));
        Fault { text: words.to_owned(), category, urgency, location, component, symptom }
    }

    /// Understands an utterance as if it told of one matter; beside it the words of each fault where it does not.
    fn as_one<'t>(
        &self,
        text: &'t str,
        awaiting: Awaiting,
        model: Option<&Opinion>,
    ) -> (Understanding, Why, Vec<Told<'t>>) {
        let text = Text::new(text, &self.script);
        let numbers = number::find(&text);
        let found = self.matcher.find(&text, &numbers);
        let chooser = self.ngrams.as_ref().and_then(Linear::chooser);
        let (scores, ratings) = score::read(&text, &numbers, &found, awaiting, chooser);
        let mood = mood::read(&text, &found);
        let trade = category::read(&text, &found);
        let alarm = urgency::read(&text, &found);
        let evidence = intent::Evidence {
            text: &text,
            found: &found,
            trade: &trade,
            mood: &mood,
            scores: &scores,
            alarm,
            awaiting,
        };
        // Whoever answers a question writes to us: that is no review, however much it sounds like one.
        let heard = |opinion: Opinion| if awaiting == Awaiting::Nothing { opinion } else { opinion.of_a_message() };
        let ngrams = self.ngrams.as_ref().map(|ngrams| heard(ngrams.judge(&text)));
        let mut judges = Voices { rules: rules(&evidence), ngrams: ngrams.as_ref(), model };
        let intent = judges.intent();
        let verdict = merge::by_words(&text, &mood, &scores, intent, alarm);
        let why = Why {
            rules: judges.rules,
            mood: verdict,
            marks: mood.keywords.clone(),
            danger: judges.danger(),
            ngrams: ngrams.clone(),
            model: model.cloned(),
            ratings,
        };
        let is_answer = scores.any() && !judges.is_review();
        let verdict = if is_answer { verdict } else { judges.mood(verdict) };
        if category::is_passing(intent, &trade, &scores) {
            judges.rules.trade = [0.0; opinion::TRADES];
            judges.rules.trade[opinion::TRADES - 1] = category::ENOUGH;
        }
        let category = judges.trade();
        let urgency = judges.urgency(intent, verdict.sentiment);
        let danger_unsure = urgency != Urgency::Emergency && judges.is_in_doubt() && !scores.any();
        let named = alarm.hazard.or(alarm.guarded_hazard);
        let hazard = match urgency {
            Urgency::Emergency => Some(named.unwrap_or(merge::likely_hazard(category))),
            // Who is asked and says that there is a danger means the one that they named.
            _ => named.filter(|_| danger_unsure),
        };
        let keywords = match self.ngrams.as_ref().and_then(Linear::marker) {
            Some(marker) => {
                let pieces = model.map_or(&[][..], |model| &model.pieces);
                marker.mark(&text, &mood.keywords, pieces, marks::Whole { mood: verdict.sentiment, intent })
            }
            None => mood.keywords,
        };
        let given = |(start, end): (usize, usize)| text.given(start, end).map(|(_, _, words)| words);
        let words = |span: Option<(usize, usize)>| span.and_then(given).map(str::to_owned);
        let reports = intent == Intent::RepairReport && awaiting == Awaiting::Nothing && !scores.any();
        let told = if reports { told_apart(&text, &found, urgency) } else { Vec::new() };
        let place = place::read(&text, &found);
        let understanding = Understanding {
            sentiment: verdict.sentiment,
            polarity: verdict.polarity,
            confidence: verdict.confidence,
            intent,
            category,
            urgency,
            hazard,
            danger_unsure,
            location: words(place),
            room: words(place.and_then(|told| place::beside(&text, &found, told))),
            component: words(trade.component.map(|find| (find.start, find.end))),
            symptom: words(trade.symptom.map(|find| (find.start, find.end))),
            since: words(answer::since(&text, &found)),
            wished_time: words(answer::wished_time(&text, &found)),
            affirmed: answer::affirmed(&text, &found),
            keywords,
            score: scores.score,
            score10: scores.score10,
            nps: scores.nps,
            dims: scores.dims,
            score_unclear: scores.unclear,
            further: Vec::new(),
            corrects: false,
        };
        (understanding, why, told)
    }
}

/// The words of one of several faults.
#[derive(Debug, Clone, Copy)]
struct Told<'t> {
    words: &'t str,
    /// It is of another building or machine than the one before.
    counted: bool,
}

/// Returns the words of each fault, if there are several. An emergency is one matter, however many things are broken by
/// it, unless each of them has a number of its own.
fn told_apart<'t>(text: &Text<'t>, found: &[Found], urgency: Urgency) -> Vec<Told<'t>> {
    let pieces = faults::split(text, found);
    let one = urgency == Urgency::Emergency && !pieces.iter().skip(1).all(|piece| piece.counted);
    let words = |piece: &Piece| text.given(piece.start, piece.end).map(|(_, _, words)| words);
    let told = pieces.iter().filter(|_| !one);
    told.filter_map(|piece| Some(Told { words: words(piece)?, counted: piece.counted })).collect()
}

/// What each judge said of an utterance, before their voices were put together.
#[derive(Debug, Clone, Serialize)]
pub struct Why {
    rules: Rules,
    /// The mood by the rules.
    mood: Verdict,
    /// The keywords by the rules.
    marks: Vec<Keyword>,
    /// The odds of an emergency by all judges.
    danger: f64,
    ngrams: Option<Opinion>,
    model: Option<Opinion>,
    /// What the rating may be, each with its signs.
    ratings: Vec<score::Reading>,
}

/// Sums up what the rules say to the questions the models answer too.
fn rules(evidence: &intent::Evidence) -> Rules {
    // No trade weighs what the others must reach.
    let mut trade = [category::ENOUGH; opinion::TRADES];
    for (slot, category) in trade.iter_mut().zip(Category::ALL) {
        *slot = evidence.trade.weights.get(&category).copied().unwrap_or(0.0);
    }
    let symptom =
        evidence.trade.symptom.map(|found| evidence.text.span(found.start, found.end).iter().collect::<String>());
    let drips = symptom.is_some_and(|symptom| merge::DRIPS.iter().any(|drip| symptom.contains(drip)));
    Rules {
        intent: intent::weights(evidence),
        is_vague: evidence.trade.component.is_none()
            && evidence.trade.symptom.is_none()
            && !evidence.alarm.is_emergency(),
        is_wordless: !evidence.text.chars.iter().any(|c| c.is_alphabetic()),
        trade,
        is_pressing: evidence.alarm.is_pressing(),
        is_open_danger: evidence.alarm.is_emergency(),
        hazard: evidence.alarm.hazard,
        is_guarded_danger: evidence.alarm.is_guarded,
        guarded_hazard: evidence.alarm.guarded_hazard,
        is_anew: evidence.alarm.is_anew,
        is_vouched: evidence.alarm.is_vouched,
        is_terse: evidence.text.chars.iter().filter(|c| c.is_alphanumeric()).count() <= merge::TERSE,
        is_drip: evidence.text.words() <= merge::BRIEF && drips,
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

    /// A tagger with the models there are. What cannot be used is left out; the faults come back
    /// beside it, for the log and for `huifang check`. Blocks while the models are loaded.
    pub fn open(mut lexical: Lexical, judges: &Judges) -> (Tagger, Vec<TaggingFault>) {
        let mut faults = Vec::new();
        if let Some(path) = judges.ngrams {
            match Linear::load(path) {
                Ok(ngrams) => lexical.ngrams = Some(ngrams),
                Err(fault) => faults.push(fault.into()),
            }
        }
        let model = judges.model.and_then(|directory| match Bert::load(directory, judges.labels) {
            Ok(model) => Some(model),
            Err(fault) => {
                faults.push(fault.into());
                None
            }
        });
        (Tagger { lexical, model }, faults)
    }

    /// Understands by rules alone, at once: used inside the transaction that takes a message in.
    pub fn understand(&self, text: &str, language: Option<Language>, awaiting: Awaiting) -> Understanding {
        self.lexical.understand(text, language, awaiting)
    }

    /// Understands by all judges. Where the model is missing or fails, by the others.
    pub async fn tag(&self, text: &str, language: Option<Language>, awaiting: Awaiting) -> Understanding {
        let judged = match &self.model {
            Some(model) => Some(model.judge(&self.lexical.script.simplify(text)).await),
            None => None,
        };
        self.lexical.judged(text, language, awaiting, judged.as_ref().and_then(opinion_of)).0
    }

    /// As [`Tagger::tag`], waiting on this thread: for commands, never inside the runtime.
    pub fn tag_blocking(&self, text: &str, language: Option<Language>, awaiting: Awaiting) -> Understanding {
        self.explain_blocking(text, language, awaiting).0
    }

    /// As [`Tagger::tag_blocking`], with what each judge said: for `huifang analyze --why` and the
    /// recipe that fits how far each is trusted.
    pub fn explain_blocking(&self, text: &str, language: Option<Language>, awaiting: Awaiting) -> (Understanding, Why) {
        let judged = self.model.as_ref().map(|model| model.judge_blocking(&self.lexical.script.simplify(text)));
        self.lexical.judged(text, language, awaiting, judged.as_ref().and_then(opinion_of))
    }
}

fn opinion_of(judged: &Result<Opinion, NoJudgement>) -> Option<&Opinion> {
    judged.as_ref().inspect_err(|error| tracing::warn!(%error, "an utterance was tagged without the model")).ok()
}

#[cfg(test)]
mod tests;

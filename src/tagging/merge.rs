//! One verdict from three judges: the rules, the n-gram model, the BERT classifier.
//!
//! The rules know what must not be missed and what was said outright: a stated mark, words of
//! danger. The models know wording that no list holds. Their probabilities are multiplied, each
//! raised to how far it is trusted. The trust was fitted by `models/sentiment/train/fit.py` on
//! rows that neither model had seen, then moved by hand towards recall: danger and blame that are
//! overlooked cost more than a second look. A judge that is missing is left out.

use serde::Serialize;

use super::mood::Mood;
use super::opinion::{DEGREES, INTENTS, MOODS, Opinion, TRADES, softmax};
use super::score::Scores;
use super::text::Text;
use super::urgency::{self, Alarm};
use crate::domain::understanding::{Category, Hazard, Intent, Sentiment, Urgency};

/// How far each judge is trusted on a question: powers of what they find likely.
struct Trust {
    rules: f64,
    ngrams: f64,
    model: f64,
}

const MOOD: Trust = Trust { rules: 1.3, ngrams: 0.6, model: 0.5 };
/// What speaks for each mood before anything is said. To overlook dissatisfaction costs more than to look twice.
const MOOD_LEANS: [f64; MOODS] = [1.9, 0.0, 0.5];
/// Whoever tells of a danger is upset more often than not, and seldom says so in words of mood.
const DISTRESS: f64 = 1.0;
/// What an intent says against dissatisfaction: whoever reports a fault names bad things without blaming anybody, praise
/// tells of the trouble that is over, suggestions and small talk complain of nothing.
const UNBLAMING: [(Intent, f64); 4] =
    [(Intent::RepairReport, 0.25), (Intent::Praise, 1.5), (Intent::Suggestion, 0.5), (Intent::Smalltalk, 0.5)];
/// How far each judge is trusted on public reviews and tweets, which the lexicon was not made for.
const REVIEW: Trust = Trust { rules: 0.4, ngrams: 0.7, model: 0.5 };
/// Below the first it is a message, above the second a review, and something of both in between.
const GATE: (f64, f64) = (0.1, 0.4);
/// From here on it is a review whatever else it looks like: a mark in it is no answer to us.
const SURELY_A_REVIEW: f64 = 0.9;
const INTENT: Trust = Trust { rules: 0.5, ngrams: 0.8, model: 0.6 };
const TRADE: Trust = Trust { rules: 0.7, ngrams: 1.0, model: 0.7 };
const DEGREE: Trust = Trust { rules: 1.0, ngrams: 0.5, model: 0.5 };

/// What speaks against a report in which nothing is named that could be broken: the wording must
/// say so all the more clearly.
const VAGUE: f64 = 1.6;

/// An emergency is what reaches zero: words of danger, words that speak against it, and the odds
/// the models give.
struct Danger {
    base: f64,
    open: f64,
    /// Beside `open`, where the danger is of a kind that kills before anybody has asked.
    mortal: f64,
    guarded: f64,
    ngrams: f64,
    model: f64,
}

/// Trades whose faults are a nuisance unless something else is said.
const HARMLESS: [Category; 4] = [Category::Leak, Category::PlumbingDrain, Category::DoorWindow, Category::FloorTile];
/// Trades in which something drips and leaks.
const WATER: [Category; 4] = [Category::Leak, Category::PlumbingDrain, Category::Hvac, Category::Heating];
/// From here on, in odds, the models are sure of a danger, however few the words.
const SURE: f64 = 3.0;
/// From here on the rules are clear about a trade.
const CLEARLY: f64 = 2.0;

/// What a judge of danger that is heard alone must be surer by, in odds: nobody corrects it.
const ALONE: f64 = 0.6;

/// So near to an emergency, in odds, it is asked whether anybody is in danger.
const DOUBT: f64 = 1.0;
/// The same where words name a danger that nothing speaks against: "家里水漫金山了".
const DOUBT_OF_WORDS: f64 = 3.0;

/// What models alone must be surer by, in odds, where words speak against a danger.
const AGAINST_WORDS: f64 = 3.0;

/// So many signs at most are an answer rather than a message.
pub(super) const TERSE: usize = 6;
/// So many Chinese characters and English words at most tell of one thing that drips, and of nobody.
pub(super) const BRIEF: usize = 11;
/// What is said of it, and of no other fault.
pub(super) const DRIPS: [&str; 6] = ["漏", "滴", "渗", "流水", "leak", "drip"];

const DANGER: Danger = Danger { base: 1.15, open: 1.8, mortal: 2.4, guarded: 0.0, ngrams: 0.97, model: 0.34 };

/// What the rules found.
#[derive(Debug, Clone, Copy, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "findings that come and go independently")]
pub(super) struct Rules {
    /// What speaks for each intent, in the order of [`Intent::ALL`].
    pub intent: [f64; INTENTS],
    /// Nothing is named that could be broken.
    pub is_vague: bool,
    /// Nothing is said but numbers, signs or emoji: what is wanted follows from what was asked, which the rules alone know.
    pub is_wordless: bool,
    /// What speaks for each trade, then for none.
    pub trade: [f64; TRADES],
    /// Something presses, if less than an emergency does.
    pub is_pressing: bool,
    /// Words of danger that nothing speaks against.
    pub is_open_danger: bool,
    /// What the danger is, where words name it.
    pub hazard: Option<Hazard>,
    /// Words of danger that something speaks against.
    pub is_guarded_danger: bool,
    /// What that danger would be, where it is not just another word with a danger's syllables.
    pub guarded_hazard: Option<Hazard>,
    /// A danger was settled and is said to be back.
    pub is_anew: bool,
    /// A danger is said to be meant, or to be in one's own home, if only by hearsay.
    pub is_vouched: bool,
    /// A few signs, as an answer is: what the models make of so little is a guess.
    pub is_terse: bool,
    /// Little more is said than that something drips.
    pub is_drip: bool,
}

/// What three judges say of one utterance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voices<'o> {
    pub rules: Rules,
    pub ngrams: Option<&'o Opinion>,
    pub model: Option<&'o Opinion>,
}

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Verdict {
    pub sentiment: Sentiment,
    /// From -1 to 1.
    pub polarity: f64,
    /// From 0 to 1.
    pub confidence: f64,
}

/// Returns the verdict of the rules.
pub(super) fn by_words(text: &Text, mood: &Mood, scores: &Scores, intent: Intent, alarm: Alarm) -> Verdict {
    if let Some(level) = scores.level() {
        return by_mark(mood, level);
    }
    let threshold = match intent {
        Intent::RepairReport if alarm.is_emergency() => 0.45,
        Intent::RepairReport | Intent::ProgressQuery | Intent::HumanAgent => 0.75,
        Intent::Suggestion => 0.6,
        Intent::Complaint | Intent::Praise | Intent::SurveyAnswer | Intent::Smalltalk => 0.45,
    };
    let value = match intent {
        // "麻烦您" and "谢谢" in a report are manners, not praise.
        Intent::RepairReport | Intent::ProgressQuery | Intent::HumanAgent => {
            mood.value.min(mood.value - mood.good * 0.7)
        }
        _ => mood.value,
    };
    // Two exclamation marks where nothing is praised: somebody is upset.
    let shouts = text.chars.iter().filter(|c| **c == '!').count() >= 2 && mood.good < 0.3;
    let value = if shouts { value - 0.5 } else { value };
    let bare = mood.keywords.is_empty();
    let sentiment = if value >= threshold {
        Sentiment::Positive
    } else if value <= -threshold || intent == Intent::Complaint && mood.bad > 0.5 && value < 0.2 {
        Sentiment::Negative
    } else {
        Sentiment::Neutral
    };
    let clear = (value.abs() - threshold).abs().min(1.5) / 1.5;
    let confidence = match sentiment {
        Sentiment::Neutral if bare => 0.45,
        _ => 0.5 + 0.45 * clear,
    };
    Verdict { sentiment, polarity: (value / 2.0).tanh(), confidence }
}

/// A stated mark decides; words against it only lower the confidence (the desk flags the conflict).
fn by_mark(mood: &Mood, level: f64) -> Verdict {
    let sentiment = if level >= 0.5 {
        Sentiment::Positive
    } else if level <= -0.5 {
        Sentiment::Negative
    } else {
        Sentiment::Neutral
    };
    let against = level * mood.value < -0.4;
    Verdict { sentiment, polarity: level, confidence: if against { 0.6 } else { 0.95 } }
}

impl Voices<'_> {
    /// Returns the intent: what is stated outright, else what all find most likely together.
    pub(super) fn intent(&self) -> Intent {
        let mut weights = self.rules.intent.map(|weight| weight.clamp(0.0, 5.0));
        if self.rules.is_vague && (self.ngrams.is_some() || self.model.is_some()) {
            weights[0] -= VAGUE;
        }
        let models = if self.rules.is_wordless { [None; 2] } else { self.of(|judge| judge.intent) };
        at(&Intent::ALL, &INTENT.sum(weights, models))
    }

    /// Returns the trade, if one is meant.
    pub(super) fn trade(&self) -> Option<Category> {
        let scores = TRADE.sum(self.rules.trade.map(|weight| weight.clamp(0.0, 4.0)), self.of(|judge| judge.category));
        let best = best(&scores);
        Category::ALL.get(best).copied()
    }

    /// Says whether people may come to harm. Where only the models see it, they must be sure of it against words that
    /// speak against it ("没有人被困"), and an answer of a few signs is no alarm ("冇热水").
    pub(super) fn is_emergency(&self) -> bool {
        let Rules { is_open_danger, is_guarded_danger, is_terse, .. } = self.rules;
        let against = if is_guarded_danger { AGAINST_WORDS } else { 0.0 };
        let danger = self.danger();
        danger > 0.0 && (is_open_danger || danger > against && !is_terse && !self.is_trifle())
    }

    /// Says whether it had better be asked if people may come to harm: the models see it where the words do not, it is
    /// a close thing, a danger is said to be back, however much sounds settled, or to be meant or at home, if only by
    /// hearsay, or words name one that the models think nothing of. On the other side it is not asked: there safety
    /// words come first. Nor is it where a dripping tap or a loose tile is named and no word of danger, or where the
    /// models doubt what words speak against.
    pub(super) fn is_in_doubt(&self) -> bool {
        let Rules { is_open_danger, is_guarded_danger, is_anew, is_vouched, hazard, .. } = self.rules;
        let danger = self.danger();
        let doubt = if is_open_danger && hazard.is_some() { DOUBT_OF_WORDS } else { DOUBT };
        let unsure = if is_guarded_danger && !is_open_danger {
            // Other words that only sound like danger name none.
            danger > if self.rules.guarded_hazard.is_some() { 0.0 } else { DOUBT }
        } else {
            // "Still waiting!" names nothing that could harm anybody.
            let idle = self.is_plain() || self.rules.is_vague && !self.names_danger();
            danger > 0.0 || danger >= -doubt && !idle
        };
        !self.is_emergency() && (unsure && !self.is_trifle() || is_anew || is_vouched)
    }

    /// "厨房水龙头还在漏水": a few words, of water that drips and of nobody, no word of danger, and models that are not
    /// sure of one.
    fn is_trifle(&self) -> bool {
        self.rules.is_drip && self.is_of(&WATER) && !self.names_danger() && self.danger() < SURE
    }

    /// Whether the rules find a trade that harms nobody, and no other, and no word of danger.
    fn is_plain(&self) -> bool {
        self.is_of(&HARMLESS) && !self.names_danger()
    }

    /// Whether the rules find one of these trades, and no other.
    fn is_of(&self, trades: &[Category]) -> bool {
        let mut found = Category::ALL.iter().zip(self.rules.trade).filter(|(_, weight)| *weight >= CLEARLY).peekable();
        found.peek().is_some() && found.all(|(category, _)| trades.contains(category))
    }

    fn names_danger(&self) -> bool {
        let Rules { hazard, is_open_danger, is_guarded_danger, .. } = self.rules;
        is_open_danger || is_guarded_danger || hazard.is_some()
    }

    /// Returns the odds of an emergency; without the models those that the rules are sure of.
    pub(super) fn danger(&self) -> f64 {
        let odds = |opinion: Option<&Opinion>| {
            let likely = opinion.and_then(Opinion::emergency)?.clamp(1e-4, 1.0 - 1e-4);
            Some((likely / (1.0 - likely)).ln())
        };
        // A model that is missing is taken to agree with the other, but one alone must be surer; without
        // both the rules decide.
        let (ngrams, model, alone) = match (odds(self.ngrams), odds(self.model)) {
            (Some(ngrams), Some(model)) => (ngrams, model, 0.0),
            (Some(one), None) | (None, Some(one)) => (one, one, ALONE),
            (None, None) => return if self.rules.is_open_danger { f64::from(u8::MAX) } else { -f64::from(u8::MAX) },
        };
        let Rules { is_open_danger, is_guarded_danger, hazard, .. } = self.rules;
        let said = |is: bool, weight: f64| if is { weight } else { 0.0 };
        DANGER.base - alone
            + said(is_open_danger, DANGER.open)
            + said(hazard.is_some_and(is_mortal), DANGER.mortal)
            + said(is_guarded_danger, DANGER.guarded)
            + DANGER.ngrams * ngrams
            + DANGER.model * model
    }

    /// Returns the urgency.
    pub(super) fn urgency(&self, intent: Intent, sentiment: Sentiment) -> Urgency {
        if self.is_emergency() {
            return Urgency::Emergency;
        }
        let usual = urgency::usual(intent, sentiment);
        let pressing = |degree| if self.rules.is_pressing && degree == Urgency::High { 1.5 } else { 0.0 };
        let mut scores = DEGREE.sum(
            Urgency::ALL.map(|degree| if degree == usual { 1.0 } else { pressing(degree) }),
            self.of(|judge| judge.urgency),
        );
        scores[DEGREES - 1] = f64::NEG_INFINITY;
        let found = at(&Urgency::ALL, &scores);
        // Praise for a hurried visit is not pressing.
        if found == Urgency::High && usual == Urgency::Low { usual } else { found }
    }

    /// Returns the verdict on the mood, given that of the rules.
    pub(super) fn mood(&self, rules: Verdict) -> Verdict {
        let sure = rules.confidence.clamp(0.34, 0.97);
        let words = Sentiment::ALL.map(|mood| if mood == rules.sentiment { sure } else { (1.0 - sure) / 2.0 });
        let words = words.map(f64::ln);
        let mut scores = MOOD.sum(words, self.of(|judge| Some(judge.sentiment)));
        if self.ngrams.is_some() || self.model.is_some() {
            scores = add(scores, MOOD_LEANS);
            let intent = self.intent();
            scores[0] -= UNBLAMING.iter().find(|(named, _)| *named == intent).map_or(0.0, |(_, weight)| *weight);
            if self.is_emergency() {
                scores[0] += DISTRESS;
            }
        }
        if let Some(review) = self.ngrams.and_then(|judge| judge.review) {
            let as_review = REVIEW.sum(words, [Some(review.sentiment), self.model.map(|judge| judge.sentiment)]);
            let share = ((review.likely - GATE.0) / (GATE.1 - GATE.0)).clamp(0.0, 1.0);
            for (score, other) in scores.iter_mut().zip(as_review) {
                *score += share * (other - *score);
            }
        }
        let likely = softmax(scores);
        let [negative, _, positive] = likely;
        let best = best(&likely);
        Verdict {
            sentiment: Sentiment::ALL.get(best).copied().unwrap_or_default(),
            polarity: positive - negative,
            confidence: likely.get(best).copied().unwrap_or_default(),
        }
    }

    /// Says whether this is a public review or a tweet rather than a message to a service.
    pub(super) fn is_review(&self) -> bool {
        self.ngrams.and_then(|judge| judge.review).is_some_and(|review| review.likely > SURELY_A_REVIEW)
    }

    fn of<const N: usize>(&self, question: impl Fn(&Opinion) -> Option<[f64; N]>) -> [Option<[f64; N]>; 2] {
        [self.ngrams.and_then(&question), self.model.and_then(&question)]
    }
}

impl Trust {
    fn sum<const N: usize>(&self, rules: [f64; N], [ngrams, model]: [Option<[f64; N]>; 2]) -> [f64; N] {
        let mut sum = rules.map(|weight| weight * self.rules);
        for (likely, trust) in [(ngrams, self.ngrams), (model, self.model)] {
            for (sum, likely) in sum.iter_mut().zip(likely.into_iter().flatten()) {
                *sum += trust * likely.max(1e-4).ln();
            }
        }
        sum
    }
}

/// Says whether a danger kills before anybody has asked.
fn is_mortal(hazard: Hazard) -> bool {
    match hazard {
        Hazard::Gas | Hazard::Co | Hazard::Electric | Hazard::Lift | Hazard::Structure => true,
        Hazard::Fire | Hazard::Falling | Hazard::Flood | Hazard::Other => false,
    }
}

/// Returns the danger that is spoken of, where only the models see one.
pub(super) fn likely_hazard(trade: Option<Category>) -> Hazard {
    match trade {
        Some(Category::Electrical) => Hazard::Electric,
        Some(Category::Leak) => Hazard::Flood,
        Some(Category::Elevator) => Hazard::Lift,
        Some(Category::Heating) => Hazard::Co,
        Some(Category::FireSafety) => Hazard::Fire,
        Some(Category::Crack) => Hazard::Structure,
        _ => Hazard::Other,
    }
}

fn add<const N: usize>(mut scores: [f64; N], leans: [f64; N]) -> [f64; N] {
    for (score, lean) in scores.iter_mut().zip(leans) {
        *score += lean;
    }
    scores
}

fn best(scores: &[f64]) -> usize {
    // The first of equals: a later one must be better.
    let better =
        |best: (usize, f64), (place, score): (usize, &f64)| if *score > best.1 + 1e-9 { (place, *score) } else { best };
    scores.iter().enumerate().fold((0, f64::NEG_INFINITY), better).0
}

fn at<T: Copy + Default>(all: &[T], scores: &[f64]) -> T {
    all.get(best(scores)).copied().unwrap_or_default()
}

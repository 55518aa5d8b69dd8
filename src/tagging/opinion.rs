//! What one judge finds likely about an utterance: the form in which the n-gram model and the
//! BERT classifier hand their judgement to [`super::merge`].

use serde::Serialize;

use crate::domain::understanding::{Category, Intent, Sentiment, Urgency};

/// Moods, in the order of [`Sentiment::ALL`].
pub const MOODS: usize = Sentiment::ALL.len();
/// Intents, in the order of [`Intent::ALL`].
pub const INTENTS: usize = Intent::ALL.len();
/// Trades, in the order of [`Category::ALL`], then none.
pub const TRADES: usize = Category::ALL.len() + 1;
/// Degrees of urgency, in the order of [`Urgency::ALL`].
pub const DEGREES: usize = Urgency::ALL.len();

/// What a piece of a text can be: outside a mark, at its beginning, inside one.
pub const SIGNS: usize = 3;

/// Probabilities; those of each question add up to 1. A classifier that was not trained for a
/// question leaves it out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Opinion {
    pub sentiment: [f64; MOODS],
    pub intent: Option<[f64; INTENTS]>,
    pub category: Option<[f64; TRADES]>,
    pub urgency: Option<[f64; DEGREES]>,
    /// Where the text may be a public review or a tweet rather than a message to a service.
    pub review: Option<Review>,
    /// Piece by piece whether a person would highlight it; of a long text the middle is left out.
    pub pieces: Vec<Piece>,
}

/// How likely a piece of a text is part of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Piece {
    /// First and one-past-last character, of the text as given.
    pub start: usize,
    pub end: usize,
    /// Outside a mark, at its beginning, inside one.
    pub likely: [f64; SIGNS],
}

/// What a text would mean as a public review or tweet.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Review {
    /// How likely it is one.
    pub likely: f64,
    pub sentiment: [f64; MOODS],
}

impl Opinion {
    /// Returns the opinion where it is known that the text is a message to this service.
    pub(super) fn of_a_message(self) -> Opinion {
        Opinion { review: None, ..self }
    }

    /// Returns how likely people may come to harm; `None` where that was not asked.
    pub fn emergency(&self) -> Option<f64> {
        self.urgency.map(|degrees| degrees[DEGREES - 1])
    }
}

/// Returns the names of the answers to the question about the trade.
pub(super) fn trades() -> impl Iterator<Item = &'static str> {
    Category::ALL.map(Category::name).into_iter().chain(["none"])
}

/// Turns scores into probabilities.
pub(super) fn softmax<const N: usize>(scores: [f64; N]) -> [f64; N] {
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raised = scores.map(|score| (score - highest).exp());
    let sum: f64 = raised.iter().sum();
    raised.map(|one| one / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_to_one_whatever_the_scores() {
        for scores in [[0.0, 0.0], [1000.0, -1000.0], [f64::MIN, 0.0]] {
            assert!((softmax(scores).iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}

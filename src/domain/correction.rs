//! What a person says that an utterance means, beside what was recognised.

use serde::{Deserialize, Serialize};

use super::ids::{ResponseId, TicketId};
use super::understanding::{Category, Intent, Sentiment, Understanding, Urgency};

/// The verdicts on an utterance that staff can put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    pub sentiment: Sentiment,
    pub intent: Intent,
    /// `None`: no trade is meant.
    pub category: Option<Category>,
    pub urgency: Urgency,
}

/// Whose words were judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum About {
    Ticket(TicketId),
    /// The comment of a response.
    Response(ResponseId),
}

impl From<&Understanding> for Labels {
    fn from(understood: &Understanding) -> Labels {
        Labels {
            sentiment: understood.sentiment,
            intent: understood.intent,
            category: understood.category,
            urgency: understood.urgency,
        }
    }
}

impl Labels {
    /// Returns each verdict by name, in the order in which they are shown: its field and its value
    /// (`None` for no trade).
    pub fn named(self) -> [(&'static str, Option<&'static str>); 4] {
        [
            ("sentiment", Some(self.sentiment.name())),
            ("intent", Some(self.intent.name())),
            ("category", self.category.map(Category::name)),
            ("urgency", Some(self.urgency.name())),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_are_stored() {
        for category in Category::ALL.map(Some).into_iter().chain([None]) {
            for (intent, sentiment, urgency) in Intent::ALL
                .into_iter()
                .zip(Sentiment::ALL.into_iter().cycle())
                .zip(Urgency::ALL.into_iter().cycle())
                .map(|((intent, sentiment), urgency)| (intent, sentiment, urgency))
            {
                let labels = Labels { sentiment, intent, category, urgency };
                let stored = serde_json::to_value(labels).unwrap();
                for (field, value) in labels.named() {
                    assert_eq!(stored[field].as_str(), value, "{field}");
                }
                assert_eq!(serde_json::from_value::<Labels>(stored).unwrap(), labels);
            }
        }
    }
}

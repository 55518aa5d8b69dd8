//! What a conversation remembers of a visit: the times that were offered or agreed, and what was said of when it would
//! suit.

use serde::{Deserialize, Serialize};

use crate::domain::appointment::Window;
use crate::domain::ids::{AppointmentId, TicketId};
use crate::domain::time::Timestamp;

/// So long, in characters, are wishes at most that are kept one behind the other.
const LONGEST_WISHES: usize = 180;
/// What stands between two wishes.
const BETWEEN: &str = " / ";

/// A time at which somebody comes to a ticket, offered or agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    pub appointment: AppointmentId,
    pub ticket: TicketId,
    /// What people call the ticket.
    pub number: String,
    pub offered: Vec<OfferedWindow>,
    pub agreed: Option<Window>,
    /// The owner was asked when it would suit.
    pub asked: bool,
}

/// A window as it is written on its button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedWindow {
    pub window: Window,
    pub label: String,
}

/// A ticket of which it was said a moment ago when it would suit, or whose agreed time was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wished {
    pub ticket: TicketId,
    pub until: Timestamp,
    /// The wishes in their order; empty: the time was only given back.
    #[serde(default)]
    pub words: String,
    /// The meeting as it was agreed on before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_back: Option<Meeting>,
}

impl Wished {
    /// Returns the wishes with one more, which takes the place of none: "sorry, Monday is fine" means little without
    /// what stands before it.
    pub(super) fn with(&self, said: &str) -> String {
        let known = self.words == said || self.words.ends_with(&format!("{BETWEEN}{said}"));
        let long = self.words.chars().count() + said.chars().count() > LONGEST_WISHES;
        if known {
            self.words.clone()
        } else if long || self.words.is_empty() {
            said.to_owned()
        } else {
            format!("{}{BETWEEN}{said}", self.words)
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn wished(words: &str) -> Wished {
        Wished { ticket: TicketId(Uuid::from_u128(1)), until: Timestamp(0), words: words.to_owned(), given_back: None }
    }

    #[test]
    fn a_wish_stands_behind_those_before_it_and_counts_once() {
        assert_eq!(wished("").with("周六上午"), "周六上午");
        assert_eq!(wished("next Monday").with("or Tuesday"), "next Monday / or Tuesday");
        assert_eq!(wished("next Monday / or Tuesday").with("or Tuesday"), "next Monday / or Tuesday");
        let long = "周".repeat(LONGEST_WISHES);
        assert_eq!(wished(&long).with("周六"), "周六", "what was said last is what counts");
    }

    #[test]
    fn what_was_remembered_before_wishes_were_joined_is_read() {
        let stored = format!("{{\"ticket\":\"{}\",\"until\":5}}", Uuid::from_u128(1));
        let read: Wished = serde_json::from_str(&stored).unwrap();
        assert_eq!(read, Wished { until: Timestamp(5), ..wished("") });
    }
}

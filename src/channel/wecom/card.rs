//! A text card (文本卡片) to one member of the company: a heading, some lines, and one button that
//! opens an address (protocols §2.3, `textcard`). Whatever the card says may hold words of clients:
//! its description knows tags, so they are made harmless first.
//!
//! A card, not a template card: buttons of those come back as pushes of whoever has the app, while a
//! page behind a signed link is the same for WeCom, mail and programs.

use serde_json::json;

use super::robot::{cut, escape};
use super::send::{SEND, reached};
use super::{Wecom, send};
use crate::channel::SendError;

/// The longest heading, in bytes.
const MOST_OF_TITLE: usize = 128;
/// The longest description, in bytes.
const MOST_OF_DESCRIPTION: usize = 512;
/// The longest words on the button, in characters.
const MOST_OF_BUTTON: usize = 4;

/// What a card shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card<'c> {
    pub title: &'c str,
    pub description: &'c str,
    /// Where the button leads.
    pub url: &'c str,
    pub button: &'c str,
}

impl Wecom {
    /// Brings a card to one member of the company.
    ///
    /// # Errors
    /// Why it was not brought.
    pub async fn send_card(&self, to: &str, card: Card<'_>) -> Result<(), SendError> {
        send::one_person(to)?;
        let button: String = card.button.chars().take(MOST_OF_BUTTON).collect();
        let body = json!({
            "touser": to,
            "msgtype": "textcard",
            "agentid": self.0.agent_id,
            "textcard": {
                "title": cut(&escape(card.title), MOST_OF_TITLE),
                "description": cut(&escape(card.description), MOST_OF_DESCRIPTION),
                "url": card.url,
                "btntxt": button,
            },
        });
        self.0.api.post_pieces(vec![(SEND, body)], reached).await
    }
}

//! Messages of the app out, files in (protocols §2.3).

use bytes::Bytes;
use serde_json::{Value, json};

use super::Wecom;
use crate::channel::wechat::reply::pieces;
use crate::channel::{FetchError, Outgoing, SendError, plain};

/// The call that brings a message.
pub(super) const SEND: &str = "cgi-bin/message/send";
/// The longest text of a message, in bytes; the platform cuts off the rest in silence.
pub const MOST_BYTES: usize = 2_048;

impl Wecom {
    /// Brings a message to somebody, with its buttons as words.
    ///
    /// # Errors
    /// Why it was not brought. Of a text in several pieces the first may have been.
    pub async fn send(&self, message: &Outgoing<'_>) -> Result<(), SendError> {
        one_person(message.address)?;
        let text = plain::with_buttons(message.text, message.buttons);
        let calls = pieces(&text, MOST_BYTES).into_iter().map(|piece| {
            let body = json!({
                "touser": message.address,
                "msgtype": "text",
                "agentid": self.0.agent_id,
                "text": { "content": piece },
                "safe": 0,
            });
            (SEND, body)
        });
        self.0.api.post_pieces(calls.collect(), reached).await
    }

    /// Fetches a file of a message.
    ///
    /// # Errors
    /// Why it could not be fetched.
    pub async fn fetch(&self, reference: &str) -> Result<Bytes, FetchError> {
        Ok(self.0.api.media(reference).await?)
    }
}

/// `|` separates people and `@all` is everybody: neither is a person.
pub(super) fn one_person(address: &str) -> Result<(), SendError> {
    if address.is_empty() || address.contains('|') || address.starts_with('@') {
        return Err(SendError::Refused("the address is not that of one person".to_owned()));
    }
    Ok(())
}

/// The platform takes messages for people it then names as out of reach.
pub(super) fn reached(answer: &Value) -> Result<(), SendError> {
    let named = |key: &str| answer.get(key).and_then(Value::as_str).is_some_and(|people| !people.is_empty());
    if named("invaliduser") {
        let reason = "the person is not in the company or may not see the app";
        return Err(SendError::Unreachable(reason.to_owned()));
    }
    if named("unlicenseduser") {
        return Err(SendError::Unreachable("the person has no licence for this company's apps".to_owned()));
    }
    Ok(())
}

//! Messages as clients see them: a stable interface, described in `docs/chat-api.md`.

use serde::{Deserialize, Serialize};

use crate::domain::ids::MediaId;
use crate::domain::understanding::Keyword;
use crate::store::thread::Speaker;

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its place in the conversation, growing; give the last one to `after`.
    pub seq: i64,
    /// Of the person's own messages the id they gave, else ours.
    pub id: String,
    pub from: From,
    pub text: String,
    pub choices: Vec<Choice>,
    pub media: Vec<Media>,
    /// What was heard in a recording of the person, once it has been listened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
    /// The mood words of the person's own text or transcript.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<Keyword>,
    /// RFC 3339, UTC.
    pub at: String,
}

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    Bot,
    You,
    Staff,
}

impl std::convert::From<Speaker> for From {
    fn from(speaker: Speaker) -> From {
        match speaker {
            Speaker::Client => From::You,
            Speaker::Bot => From::Bot,
            Speaker::Staff => From::Staff,
        }
    }
}

/// A button: send its id as `choice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub id: String,
    pub label: String,
}

/// A photo or a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    pub id: MediaId,
    /// `photo` or `voice`.
    pub kind: String,
    pub url: String,
    pub content_type: String,
}

/// The answer to a posted message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The secret of the conversation: send it with the next message.
    pub session: String,
    /// The message's id: the same one again is the same message.
    pub id: String,
    /// The message was here before; nothing was done again.
    pub duplicate: bool,
    /// What the service said to it at once. More may come later: see `/chat/api/events`.
    pub messages: Vec<Message>,
}

/// A part of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    pub messages: Vec<Message>,
    pub last_seq: i64,
}

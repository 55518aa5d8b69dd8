//! What every chat platform is reduced to: messages in, messages out.
//!
//! A channel verifies and parses what a platform sends into [`Inbound`] and knows nothing of
//! conversations; nothing behind this module sees a platform's own JSON or XML. Read
//! `crate::intake` next: it takes an [`Inbound`] from here.

use serde::{Deserialize, Serialize};

use crate::domain::ids::MediaId;
use crate::domain::language::Language;
pub use crate::domain::media::{MediaKind, Refusal};

/// A way by which people reach us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// The page under `/chat`; it fetches its answers, so nothing has to be delivered.
    Web,
}

impl ChannelKind {
    /// Every channel.
    pub const ALL: [ChannelKind; 1] = [ChannelKind::Web];

    /// Returns the name used in the database, in metrics and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            ChannelKind::Web => "web",
        }
    }

    /// Returns the channel of that name.
    pub fn from_name(name: &str) -> Option<ChannelKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One message from outside, verified and parsed.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub channel: ChannelKind,
    /// Who wrote, in the channel's own terms (for the web chat: the hash of the session secret).
    pub address: String,
    /// The platform's id of this message; the same id twice is the same message.
    pub external_id: String,
    /// What the platform says of the person's language; the person's own choice outranks it.
    pub language: Option<Language>,
    pub content: Content,
}

/// What a message holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Words, and perhaps the token of a deep link (`/start TOKEN`); uncleaned.
    Text(String),
    /// A pressed button: the id of a [`crate::domain::dialogue`] choice.
    Choice(String),
    /// Files that are already stored, with the words that came along.
    Media { files: Vec<ReceivedFile>, caption: Option<String> },
    /// Something that was refused before it could be stored (too large, not what it says it is).
    Refused(Refusal),
}

/// A file that came with a message and lies in the media store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedFile {
    pub id: MediaId,
    pub kind: MediaKind,
    /// Sniffed from the bytes, never taken from the sender: `audio/ogg`, `image/jpeg`.
    pub content_type: String,
    pub bytes: u64,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// The platform's own transcript, kept as a second opinion (WeChat `Recognition`).
    pub recognition: Option<String>,
}

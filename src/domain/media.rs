//! What a file is to a conversation, and why something could not be taken.

use serde::{Deserialize, Serialize};

/// The longest text that is read, in characters; more is kept but not read.
pub const MOST_CHARACTERS: usize = 4_000;
/// The largest file that is taken, in MiB (Telegram's own limit for bots).
pub const MOST_MEGABYTES: usize = 20;
/// The longest recording that is listened to, in minutes.
pub const MOST_MINUTES: u32 = 10;

/// What a file is to the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    Voice,
    Photo,
}

impl MediaKind {
    /// Returns the name used in the database.
    pub fn name(self) -> &'static str {
        match self {
            MediaKind::Voice => "voice",
            MediaKind::Photo => "photo",
        }
    }
}

/// Why something a person sent could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Larger than the cap.
    TooLarge,
    /// Neither an image nor a recording we know.
    UnknownKind,
    /// More text than is read; it is kept.
    TooLong,
    /// Nothing in it.
    Empty,
    /// The platform it came through does not have it any more.
    Lost,
}

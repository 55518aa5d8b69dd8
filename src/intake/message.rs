//! How messages are stored: one JSON shape for what came in, one for what goes out. The chat page
//! and the console read them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use crate::channel::Button;
use crate::channel::{MediaKind, ReceivedFile};
use crate::domain::ids::MediaId;
use crate::domain::media::Refusal;
use crate::domain::understanding::Understanding;
use crate::store::StoreError;

/// A message as it came in.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InboundBody {
    /// The words; for a button the label that was on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The id of a pressed button.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<MediaRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
    /// The person blocked or unfollowed us.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
    /// … and let us in again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub returned: bool,
    /// What the person did without a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign: Option<Sign>,
    /// What was understood of the words at once, by rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub understood: Option<Understanding>,
}

/// What a person did without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// They opened the conversation.
    Entered,
    /// They agreed to messages by a template, or want no more of them.
    Consent,
    /// They took back what they had let us know.
    Revoked,
}

impl Sign {
    fn name(self) -> &'static str {
        match self {
            Sign::Entered => "entered",
            Sign::Consent => "consent",
            Sign::Revoked => "revoked",
        }
    }
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRef {
    pub id: MediaId,
    pub kind: MediaKind,
    pub content_type: String,
}

impl From<&ReceivedFile> for MediaRef {
    fn from(file: &ReceivedFile) -> MediaRef {
        MediaRef { id: file.id, kind: file.kind, content_type: file.content_type.clone() }
    }
}

impl InboundBody {
    /// Returns the name under which the message is listed: `text`, `choice`, `voice`, `photo`,
    /// `refused`, `left`, `returned`, `entered`, `consent`.
    pub fn kind(&self) -> &'static str {
        if self.left {
            "left"
        } else if self.returned {
            "returned"
        } else if let Some(sign) = self.sign {
            sign.name()
        } else if self.refused.is_some() {
            "refused"
        } else if let Some(first) = self.media.first() {
            first.kind.name()
        } else if self.choice.is_some() {
            "choice"
        } else {
            "text"
        }
    }
}

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OutboundBody {
    pub text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Button>,
    /// It says all by what a notice holds, if nothing else can be sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub notice: bool,
}

/// Writes a body as JSON.
pub(crate) fn encode(body: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(body).map_err(|error| StoreError::Encode(Arc::new(error)))
}

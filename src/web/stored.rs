//! A stored message, read for showing: what was said, the buttons, the files, the mood words.

use serde::Deserialize;

use super::error::WebError;
use crate::domain::ids::MediaId;
use crate::domain::understanding::Keyword;
use crate::store::media::Media;
use crate::store::thread::Entry;
use crate::store::transcripts::{self, Transcript};
use crate::store::{Tx, media};

/// What a message of the inbox or the outbox holds.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) text: String,
    pub(super) choices: Vec<Button>,
    pub(super) keywords: Vec<Keyword>,
    pub(super) media: Vec<(Media, Option<Transcript>)>,
}

/// A button as it was offered.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Button {
    pub(super) id: String,
    pub(super) label: String,
}

/// The JSON of both boxes; what one of them does not have stays empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    text: Option<String>,
    caption: Option<String>,
    /// What stood on the button that was pressed.
    label: Option<String>,
    choices: Vec<Button>,
    keywords: Vec<Keyword>,
    media: Vec<MediaId>,
}

/// Reads one message with its files.
pub(super) async fn read(tx: &mut Tx, entry: &Entry) -> Result<Stored, WebError> {
    let body: Body = serde_json::from_str(&entry.body)
        .map_err(|cause| WebError::Internal(format!("message {} has an unreadable body: {cause}", entry.id)))?;
    let mut files = Vec::new();
    for id in body.media {
        if let Some(file) = media::find(tx, id).await? {
            let heard = transcripts::find(tx, id).await?;
            files.push((file, heard));
        }
    }
    let text = body.text.or(body.label).or(body.caption).unwrap_or_default();
    Ok(Stored { text, choices: body.choices, keywords: body.keywords, media: files })
}

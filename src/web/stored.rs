//! A stored message, read for showing: what was said, the buttons, the files, the mood words.

use super::error::WebError;
use crate::domain::understanding::{Awaiting, Keyword};
use crate::intake::message::{Button, InboundBody, OutboundBody};
use crate::store::media::Media;
use crate::store::thread::Entry;
use crate::store::transcripts::{self, Transcript};
use crate::store::{Tx, media};
use crate::tagging::Tagger;

/// What a message of the inbox or the outbox holds.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) text: String,
    pub(super) choices: Vec<Button>,
    /// Of the text, as it was understood when it came in.
    pub(super) keywords: Vec<Keyword>,
    pub(super) media: Vec<(Media, Option<Transcript>)>,
}

/// Reads one message with its files.
pub(super) async fn read(tx: &mut Tx, entry: &Entry) -> Result<Stored, WebError> {
    // Only what came in has a kind.
    if entry.kind.is_none() {
        let body: OutboundBody = parse(entry)?;
        return Ok(Stored { text: body.text, choices: body.choices, ..Stored::default() });
    }
    let body: InboundBody = parse(entry)?;
    let mut files = Vec::new();
    for file in &body.media {
        if let Some(found) = media::find(tx, file.id).await? {
            let heard = transcripts::find(tx, file.id).await?;
            files.push((found, heard));
        }
    }
    Ok(Stored {
        text: body.text.unwrap_or_default(),
        choices: Vec::new(),
        keywords: body.understood.map(|understood| understood.keywords).unwrap_or_default(),
        media: files,
    })
}

/// Returns the mood words of a transcript, by the same rules as everywhere.
pub(super) fn keywords_of(tagger: &Tagger, words: &str) -> Vec<Keyword> {
    if words.is_empty() { Vec::new() } else { tagger.understand(words, None, Awaiting::Nothing).keywords }
}

fn parse<T: serde::de::DeserializeOwned>(entry: &Entry) -> Result<T, WebError> {
    serde_json::from_str(&entry.body)
        .map_err(|cause| WebError::Internal(format!("message {} has an unreadable body: {cause}", entry.id)))
}

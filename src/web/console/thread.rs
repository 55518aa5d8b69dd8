//! A conversation as staff reads it: who said what, with recordings, transcripts and photos.

use super::marks::{self, Piece};
use super::view::When;
use crate::domain::ids::DialogueId;
use crate::store::media::Media;
use crate::store::thread::{self, Entry, Speaker};
use crate::store::transcripts::{Hearing, Transcript};
use crate::store::{Tx, dialogues};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::stored;
use crate::web::words::Words;

/// Most messages shown; a ticket's own facts stand beside them.
const MOST: u32 = 200;

/// A conversation and what may be done with it.
#[derive(Debug, Clone)]
pub(crate) struct Talk {
    pub(crate) id: String,
    pub(crate) href: String,
    pub(crate) entries: Vec<Line>,
    /// A person answers; the automaton is silent.
    pub(crate) handed_over: bool,
}

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Class: `client`, `bot`, `staff`.
    pub(crate) who: &'static str,
    pub(crate) name: String,
    pub(crate) at: When,
    pub(crate) text: Vec<Piece>,
    pub(crate) voices: Vec<Voice>,
    /// Addresses of the photos.
    pub(crate) photos: Vec<String>,
}

/// A recording and what was heard in it.
#[derive(Debug, Clone)]
pub(crate) struct Voice {
    pub(crate) url: String,
    /// Key of the text that says why there is no transcript.
    pub(crate) state_key: Option<&'static str>,
    pub(crate) transcript: Vec<Piece>,
    pub(crate) corrected: bool,
    /// What was recognised, where the transcript says something else.
    pub(crate) raw: Option<String>,
}

/// Loads a conversation.
pub(super) async fn load(web: &Web, tx: &mut Tx, id: DialogueId, w: &Words) -> Result<Option<Talk>, WebError> {
    let Some(dialogue) = dialogues::find(tx, id).await? else { return Ok(None) };
    let entries = thread::latest(tx, id, MOST).await?;
    let mut lines = Vec::with_capacity(entries.len());
    for entry in &entries {
        let line = line(web, tx, entry, w).await?;
        if !(line.text.is_empty() && line.voices.is_empty() && line.photos.is_empty()) {
            lines.push(line);
        }
    }
    Ok(Some(Talk {
        id: id.to_string(),
        href: format!("/console/conversations/{id}"),
        entries: lines,
        handed_over: dialogue.handed_over,
    }))
}

/// Sorts files into recordings and photos.
pub(super) fn files(web: &Web, files: Vec<(Media, Option<Transcript>)>, w: &Words) -> (Vec<Voice>, Vec<String>) {
    let (mut voices, mut photos) = (Vec::new(), Vec::new());
    for (file, heard) in files {
        let url = format!("/console/media/{}", file.id);
        if file.kind == "voice" { voices.push(voice(web, url, heard.as_ref(), w)) } else { photos.push(url) }
    }
    (voices, photos)
}

async fn line(web: &Web, tx: &mut Tx, entry: &Entry, w: &Words) -> Result<Line, WebError> {
    let stored = stored::read(tx, entry).await?;
    let who = match entry.speaker {
        Speaker::Client => "client",
        Speaker::Bot => "bot",
        Speaker::Staff => "staff",
    };
    let (voices, photos) = files(web, stored.media, w);
    Ok(Line {
        who,
        name: w.get(&format!("web.console.conversation.{who}")),
        at: When::of(entry.at),
        text: marks::cut(&stored.text, &stored.keywords, w),
        voices,
        photos,
    })
}

fn voice(web: &Web, url: String, heard: Option<&Transcript>, w: &Words) -> Voice {
    let state_key = match heard.map(|heard| heard.hearing) {
        Some(Hearing::Heard) => None,
        Some(Hearing::Pending) | None => Some("web.console.ticket.no_transcript"),
        Some(Hearing::Nothing) => Some("web.console.ticket.no_speech"),
        Some(Hearing::Failed) => Some("web.console.ticket.failed_transcript"),
    };
    let words = heard.and_then(Transcript::words).unwrap_or_default();
    let raw = heard.and_then(|heard| heard.raw_text.as_deref()).filter(|raw| *raw != words);
    Voice {
        url,
        state_key,
        transcript: marks::cut(words, &stored::keywords_of(&web.intake.tagger, words), w),
        corrected: heard.is_some_and(|heard| heard.corrected_text.is_some()),
        raw: raw.map(str::to_owned),
    }
}

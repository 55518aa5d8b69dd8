//! A conversation as staff reads it: who said what, with recordings, transcripts and photos.

use super::access;
use super::correct::Signature;
use super::marks::{self, Piece};
use super::view::{Shell, When};
use crate::domain::access::Right;
use crate::domain::ids::DialogueId;
use crate::domain::reach;
use crate::domain::staff::Staff as Person;
use crate::store::media::Media;
use crate::store::outbox::Delivery;
use crate::store::thread::{self, Entry, Speaker};
use crate::store::transcripts::{Hearing, Transcript};
use crate::store::{Tx, corrections, dialogues};
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
    /// Whether it is theirs who look: they may open it by itself, answer, and put right what was heard.
    pub(crate) may_answer: bool,
    /// A person answers; the automaton is silent.
    pub(crate) handed_over: bool,
    /// When the page was drawn, in Unix milliseconds: by this an answer that is sent twice is known.
    pub(crate) drawn_at: i64,
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
    /// Said of a message that did not arrive, or not surely.
    pub(crate) lost: Option<Lost>,
}

/// What became of a message that did not arrive, and why.
#[derive(Debug, Clone)]
pub(crate) struct Lost {
    pub(crate) state: String,
    /// Empty: nobody knows.
    pub(crate) why: String,
}

/// A recording and what was heard in it.
#[derive(Debug, Clone)]
pub(crate) struct Voice {
    pub(crate) url: String,
    /// Key of the text that says why there is no transcript.
    pub(crate) state_key: Option<&'static str>,
    pub(crate) transcript: Vec<Piece>,
    /// What was recognised, where the transcript says something else.
    pub(crate) raw: Option<String>,
    /// Who put it right.
    pub(crate) by: Option<Signature>,
    /// The words of the transcript, for the form that puts them right.
    pub(crate) words: String,
    /// Whether nothing was heard of a client: what somebody writes down is taken as if they had just said it.
    pub(crate) given_up: bool,
}

impl Talk {
    /// What the forms carry that put right what was heard; nothing where whoever looks may not.
    pub(super) fn csrf<'s>(&self, shell: &'s Shell) -> &'s str {
        if self.may_answer { shell.csrf() } else { "" }
    }
}

/// Loads a conversation, as far as it is theirs who look.
pub(super) async fn load(
    web: &Web,
    tx: &mut Tx,
    id: DialogueId,
    who: &Person,
    w: &Words,
) -> Result<Option<Talk>, WebError> {
    let Some(dialogue) = dialogues::find(tx, id).await? else { return Ok(None) };
    let entries = thread::latest_for_staff(tx, id, MOST).await?;
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
        may_answer: access::may_dialogue(tx, who, Right::Work, id).await?,
        handed_over: dialogue.handed_over,
        drawn_at: web.clock.now().0,
    }))
}

/// Sorts files into recordings and photos.
pub(super) async fn files(
    web: &Web,
    tx: &mut Tx,
    files: Vec<(Media, Option<Transcript>)>,
    w: &Words,
) -> Result<(Vec<Voice>, Vec<String>), WebError> {
    let (mut voices, mut photos) = (Vec::new(), Vec::new());
    for (file, heard) in files {
        let url = format!("/console/media/{}", file.id);
        if file.kind != "voice" {
            photos.push(url);
            continue;
        }
        let corrected = match heard.as_ref().and_then(|heard| heard.corrected_text.as_ref()) {
            Some(_) => corrections::wording(tx, file.id).await?,
            None => None,
        };
        let by = match corrected {
            Some(wording) => Some(Signature::of(tx, wording.by, wording.at, w).await?),
            None => None,
        };
        let given_up = file.dialogue_id.is_some() && heard.as_ref().is_some_and(Transcript::was_given_up);
        voices.push(Voice { given_up, ..voice(web, url, heard.as_ref(), by, w) });
    }
    Ok((voices, photos))
}

async fn line(web: &Web, tx: &mut Tx, entry: &Entry, w: &Words) -> Result<Line, WebError> {
    let stored = stored::read(tx, entry).await?;
    let who = match entry.speaker {
        Speaker::Client => "client",
        Speaker::Bot => "bot",
        Speaker::Staff => "staff",
    };
    let (voices, photos) = files(web, tx, stored.media, w).await?;
    Ok(Line {
        who,
        name: w.get(&format!("web.console.conversation.{who}")),
        at: When::of(entry.at, w),
        text: marks::cut(&stored.text, &stored.keywords, w),
        voices,
        photos,
        lost: entry.delivery.and_then(|delivery| Lost::of(delivery, entry.reason.as_deref().unwrap_or_default(), w)),
    })
}

impl Lost {
    /// `None` for a message that was sent, or is about to be.
    pub(super) fn of(delivery: Delivery, reason: &str, w: &Words) -> Option<Lost> {
        let state = match delivery {
            Delivery::Pending | Delivery::Sent => return None,
            Delivery::Uncertain => "uncertain",
            Delivery::Failed => "failed",
            Delivery::Withheld => "withheld",
        };
        Some(Lost { state: w.get(&format!("web.console.delivery.{state}")), why: why_unsent(reason, w) })
    }
}

/// The reason of a message that did not arrive, as staff reads it. What a platform or a way of ours said besides is for
/// whoever looks after the service.
pub(super) fn why_unsent(reason: &str, w: &Words) -> String {
    let said = match reach::read(reason) {
        Some((name, more)) => {
            format!("{} {}", w.get(&format!("web.console.delivery.{name}")), more.trim_start_matches("; "))
        }
        None => reason.to_owned(),
    };
    said.trim_end().to_owned()
}

fn voice(web: &Web, url: String, heard: Option<&Transcript>, by: Option<Signature>, w: &Words) -> Voice {
    let words = heard.and_then(Transcript::words).unwrap_or_default();
    let state_key = match heard.map(|heard| heard.hearing) {
        _ if !words.is_empty() => None,
        Some(Hearing::Heard) => None,
        Some(Hearing::Pending) | None => Some("web.console.ticket.no_transcript"),
        Some(Hearing::Nothing) => Some("web.console.ticket.no_speech"),
        Some(Hearing::Failed) => Some("web.console.ticket.failed_transcript"),
    };
    let raw = heard.and_then(|heard| match heard.corrected_text {
        Some(_) => heard.text.as_deref(),
        None => heard.raw_text.as_deref(),
    });
    let raw = raw.filter(|raw| *raw != words);
    Voice {
        url,
        state_key,
        transcript: marks::cut(words, &stored::keywords_of(&web.intake.tagger, words), w),
        raw: raw.map(str::to_owned),
        by,
        words: words.to_owned(),
        given_up: false,
    }
}

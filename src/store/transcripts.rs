//! What was heard in a voice message, from "still to be heard" to what a person put right.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::tx::both;
use super::value::{Row, clean, clean_opt, name_of};
use super::{StoreError, Tx};
use crate::domain::ids::{DialogueId, MediaId, TicketId};
use crate::domain::time::Timestamp;

/// How far the hearing of a voice message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hearing {
    /// Waits for speech recognition.
    Pending,
    /// There are words.
    Heard,
    /// Silence or noise: no words were invented.
    Nothing,
    /// Recognition failed: a person has to listen.
    Failed,
}

/// The transcript of one voice message.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcript {
    pub media_id: MediaId,
    pub hearing: Hearing,
    /// The words, in simplified characters.
    pub text: Option<String>,
    /// The words as recognition gave them.
    pub raw_text: Option<String>,
    pub language: Option<String>,
    /// From 0 to 1.
    pub confidence: Option<f64>,
    pub model: Option<String>,
    /// What the platform itself heard, as a second opinion.
    pub recognition: Option<String>,
    /// What a member of staff heard; who and when stands in [`super::corrections`].
    pub corrected_text: Option<String>,
    pub at: Timestamp,
}

impl Transcript {
    /// Returns the words to go by: what a person heard before what was recognised.
    pub fn words(&self) -> Option<&str> {
        self.corrected_text.as_deref().or(self.text.as_deref())
    }

    /// Whether recognition has come to its end without words, and nobody has written any down since.
    pub fn was_given_up(&self) -> bool {
        matches!(self.hearing, Hearing::Nothing | Hearing::Failed) && self.words().is_none()
    }
}

/// What speech recognition gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    pub text: String,
    pub raw_text: String,
    pub language: String,
    /// From 0 to 1.
    pub confidence: f64,
    pub model: String,
}

/// Notes that a voice message waits to be heard; what is known already stays.
pub async fn pending(tx: &mut Tx, media: MediaId, recognition: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO transcripts (media_id, status, recognition, at) VALUES ($1, 'pending', $2, $3) \
                       ON CONFLICT (media_id) DO NOTHING";
    both!(tx, |c| sqlx::query(SQL)
        .bind(media.to_string())
        .bind(clean_opt(recognition))
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Stores the words that were heard.
pub async fn heard(tx: &mut Tx, media: MediaId, heard: &Heard, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE transcripts SET status = 'heard', text = $2, raw_text = $3, language = $4, \
                       confidence = $5, model = $6, at = $7 WHERE media_id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(media.to_string())
        .bind(clean(&heard.text))
        .bind(clean(&heard.raw_text))
        .bind(clean(&heard.language))
        .bind(heard.confidence)
        .bind(clean(&heard.model))
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, media)
}

/// Notes that there were no words in it.
pub async fn nothing(tx: &mut Tx, media: MediaId, now: Timestamp) -> Result<(), StoreError> {
    end(tx, media, Hearing::Nothing, now).await
}

/// Notes that recognition failed.
pub async fn failed(tx: &mut Tx, media: MediaId, now: Timestamp) -> Result<(), StoreError> {
    end(tx, media, Hearing::Failed, now).await
}

/// Stores what a person heard, beside what was recognised.
pub async fn correct(tx: &mut Tx, media: MediaId, text: &str, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE transcripts SET corrected_text = $2, at = $3 WHERE media_id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(media.to_string())
        .bind(clean(text))
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, media)
}

/// Returns the transcript of a voice message.
pub async fn find(tx: &mut Tx, media: MediaId) -> Result<Option<Transcript>, StoreError> {
    const SQL: &str = "SELECT media_id, status, text, raw_text, language, confidence, model, recognition, \
                       corrected_text, at FROM transcripts WHERE media_id = $1";
    let row = both!(tx, |c| sqlx::query_as::<_, TranscriptRow>(SQL).bind(media.to_string()).fetch_optional(c).await)?;
    row.map(Transcript::try_from).transpose()
}

/// Whether a conversation holds a recording that recognition gave up on and nobody has written down since.
pub async fn any_given_up(tx: &mut Tx, dialogue: DialogueId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM transcripts r JOIN media m ON m.id = r.media_id \
                       WHERE m.dialogue_id = $1 AND m.lost IS NULL AND r.status = 'failed' \
                       AND r.corrected_text IS NULL";
    let count: i64 = both!(tx, |c| sqlx::query_scalar(SQL).bind(dialogue.to_string()).fetch_one(c).await)?;
    Ok(count > 0)
}

/// Returns the words of a ticket with what was misheard in its recordings put right: where they
/// hold what was recognised, they hold what a person heard instead.
pub async fn corrected_words(tx: &mut Tx, ticket: TicketId, words: &str) -> Result<String, StoreError> {
    const SQL: &str = "SELECT r.text AS heard, r.corrected_text AS corrected FROM ticket_media t \
                       JOIN transcripts r ON r.media_id = t.media_id WHERE t.ticket_id = $1 \
                       AND r.text IS NOT NULL AND r.corrected_text IS NOT NULL ORDER BY t.media_id";
    let rows: Vec<(String, String)> = both!(tx, |c| sqlx::query_as(SQL).bind(ticket.to_string()).fetch_all(c).await)?;
    let misheard = rows.into_iter().filter(|(heard, _)| !heard.is_empty());
    Ok(misheard.fold(words.to_owned(), |words, (heard, corrected)| words.replacen(&heard, &corrected, 1)))
}

async fn end(tx: &mut Tx, media: MediaId, hearing: Hearing, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE transcripts SET status = $2, at = $3 WHERE media_id = $1";
    let status = name_of(&hearing)?;
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(media.to_string())
        .bind(status)
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, media)
}

fn found(changed: u64, media: MediaId) -> Result<(), StoreError> {
    if changed == 0 { Err(StoreError::Missing { table: "transcripts", id: media.to_string() }) } else { Ok(()) }
}

#[derive(FromRow)]
struct TranscriptRow {
    media_id: String,
    status: String,
    text: Option<String>,
    raw_text: Option<String>,
    language: Option<String>,
    confidence: Option<f64>,
    model: Option<String>,
    recognition: Option<String>,
    corrected_text: Option<String>,
    at: i64,
}

impl TryFrom<TranscriptRow> for Transcript {
    type Error = StoreError;

    fn try_from(row: TranscriptRow) -> Result<Transcript, StoreError> {
        let at = Row { table: "transcripts", id: &row.media_id };
        Ok(Transcript {
            media_id: at.parse("media_id", &row.media_id)?,
            hearing: at.name("status", &row.status)?,
            at: Timestamp(row.at),
            text: row.text,
            raw_text: row.raw_text,
            language: row.language,
            confidence: row.confidence,
            model: row.model,
            recognition: row.recognition,
            corrected_text: row.corrected_text,
        })
    }
}

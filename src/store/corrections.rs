//! What staff put right: what words mean ([`Verdict`]) and what was said in a recording
//! ([`Wording`]), each beside what was recognised, with who and when. Rows are only ever added; of
//! several about the same matter the latest counts.

use sqlx::FromRow;

use super::tx::both;
use super::value::{Row, clean, clean_opt, json_of};
use super::{StoreError, Tx};
use crate::domain::correction::{About, Labels};
use crate::domain::ids::{CorrectionId, MediaId, StaffId};
use crate::domain::time::Timestamp;

/// What a person says that words mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub id: CorrectionId,
    pub about: About,
    /// The words that were judged, as they were shown.
    pub words: String,
    /// What was recognised.
    pub original: Labels,
    pub corrected: Labels,
    pub by: StaffId,
    pub at: Timestamp,
}

/// What a person heard in a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    pub id: CorrectionId,
    pub media_id: MediaId,
    /// What was recognised; `None` where nothing was.
    pub original: Option<String>,
    pub corrected: String,
    pub by: StaffId,
    pub at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, ticket_id, response_id, media_id, words, original, corrected, staff_id, at FROM corrections ",
            $rest
        )
    };
}

/// Adds what a person says that words mean.
pub async fn add_verdict(tx: &mut Tx, verdict: &Verdict) -> Result<(), StoreError> {
    let (ticket_id, response_id) = match verdict.about {
        About::Ticket(id) => (Some(id.to_string()), None),
        About::Response(id) => (None, Some(id.to_string())),
    };
    let row = CorrectionRow {
        id: verdict.id.to_string(),
        ticket_id,
        response_id,
        media_id: None,
        words: Some(verdict.words.clone()),
        original: Some(json_of(&verdict.original)?),
        corrected: json_of(&verdict.corrected)?,
        staff_id: verdict.by.to_string(),
        at: verdict.at.0,
    };
    add(tx, row).await
}

/// Adds what a person heard in a recording.
pub async fn add_wording(tx: &mut Tx, wording: &Wording) -> Result<(), StoreError> {
    let row = CorrectionRow {
        id: wording.id.to_string(),
        ticket_id: None,
        response_id: None,
        media_id: Some(wording.media_id.to_string()),
        words: None,
        original: wording.original.clone(),
        corrected: wording.corrected.clone(),
        staff_id: wording.by.to_string(),
        at: wording.at.0,
    };
    add(tx, row).await
}

/// Returns the latest verdict of a person on the words of a ticket or a response.
pub async fn verdict(tx: &mut Tx, about: About) -> Result<Option<Verdict>, StoreError> {
    const TICKET: &str = select!("WHERE ticket_id = $1 ORDER BY at DESC, id DESC LIMIT 1");
    const RESPONSE: &str = select!("WHERE response_id = $1 ORDER BY at DESC, id DESC LIMIT 1");
    let (sql, id) = match about {
        About::Ticket(id) => (TICKET, id.to_string()),
        About::Response(id) => (RESPONSE, id.to_string()),
    };
    let row = both!(tx, |c| sqlx::query_as::<_, CorrectionRow>(sql).bind(id).fetch_optional(c).await)?;
    row.map(Verdict::try_from).transpose()
}

/// Returns what was last heard by a person in a recording.
pub async fn wording(tx: &mut Tx, media: MediaId) -> Result<Option<Wording>, StoreError> {
    const SQL: &str = select!("WHERE media_id = $1 ORDER BY at DESC, id DESC LIMIT 1");
    let row = both!(tx, |c| sqlx::query_as::<_, CorrectionRow>(SQL).bind(media.to_string()).fetch_optional(c).await)?;
    row.map(Wording::try_from).transpose()
}

/// Returns every verdict, oldest first, those that were replaced among them.
pub async fn verdicts(tx: &mut Tx) -> Result<Vec<Verdict>, StoreError> {
    const SQL: &str = select!("WHERE media_id IS NULL ORDER BY at, id");
    let rows = both!(tx, |c| sqlx::query_as::<_, CorrectionRow>(SQL).fetch_all(c).await)?;
    rows.into_iter().map(Verdict::try_from).collect()
}

/// Returns everything a person heard, oldest first, what was replaced among it.
pub async fn wordings(tx: &mut Tx) -> Result<Vec<Wording>, StoreError> {
    const SQL: &str = select!("WHERE media_id IS NOT NULL ORDER BY at, id");
    let rows = both!(tx, |c| sqlx::query_as::<_, CorrectionRow>(SQL).fetch_all(c).await)?;
    rows.into_iter().map(Wording::try_from).collect()
}

async fn add(tx: &mut Tx, row: CorrectionRow) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO corrections \
                       (id, ticket_id, response_id, media_id, words, original, corrected, staff_id, at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    both!(tx, |c| sqlx::query(SQL)
        .bind(row.id)
        .bind(row.ticket_id)
        .bind(row.response_id)
        .bind(row.media_id)
        .bind(clean_opt(row.words.as_deref()))
        .bind(clean_opt(row.original.as_deref()))
        .bind(clean(&row.corrected))
        .bind(row.staff_id)
        .bind(row.at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

#[derive(FromRow)]
struct CorrectionRow {
    id: String,
    ticket_id: Option<String>,
    response_id: Option<String>,
    media_id: Option<String>,
    words: Option<String>,
    original: Option<String>,
    corrected: String,
    staff_id: String,
    at: i64,
}

impl TryFrom<CorrectionRow> for Verdict {
    type Error = StoreError;

    fn try_from(row: CorrectionRow) -> Result<Verdict, StoreError> {
        let at = Row { table: "corrections", id: &row.id };
        let about = match (&row.ticket_id, &row.response_id) {
            (Some(id), None) => About::Ticket(at.parse("ticket_id", id)?),
            (None, Some(id)) => About::Response(at.parse("response_id", id)?),
            _ => return Err(at.corrupt("ticket_id")),
        };
        let corrected = at.json("corrected", &row.corrected)?;
        Ok(Verdict {
            id: at.parse("id", &row.id)?,
            about,
            original: match row.original.as_deref() {
                // Versions before emptied it when the person was forgotten.
                None | Some("") => corrected,
                Some(original) => at.json("original", original)?,
            },
            corrected,
            by: at.parse("staff_id", &row.staff_id)?,
            at: Timestamp(row.at),
            words: row.words.unwrap_or_default(),
        })
    }
}

impl TryFrom<CorrectionRow> for Wording {
    type Error = StoreError;

    fn try_from(row: CorrectionRow) -> Result<Wording, StoreError> {
        let at = Row { table: "corrections", id: &row.id };
        let media = row.media_id.as_deref().ok_or_else(|| at.corrupt("media_id"))?;
        Ok(Wording {
            id: at.parse("id", &row.id)?,
            media_id: at.parse("media_id", media)?,
            by: at.parse("staff_id", &row.staff_id)?,
            at: Timestamp(row.at),
            original: row.original,
            corrected: row.corrected,
        })
    }
}

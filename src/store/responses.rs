//! Surveys' responses and their single answers. An anonymous response has no contact; its
//! dialogue is not stored either by whoever keeps the promise.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::tx::both;
use super::value::{Row, clean, clean_opt, json_of, name_of, name_of_opt};
use super::{StoreError, Tx};
use crate::domain::ids::{ContactId, DialogueId, MediaId, ProjectId, ResponseId, UnitId};
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Keyword, Sentiment};

/// How far a response has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    Open,
    Complete,
    /// The client never finished; what was answered is kept.
    Expired,
}

/// One client's answers to one survey.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    pub id: ResponseId,
    /// The survey's name in `prompts/`.
    pub survey: String,
    /// The version it began with and is pinned to.
    pub survey_version: u32,
    /// `None` in anonymous mode.
    pub contact_id: Option<ContactId>,
    pub unit_id: Option<UnitId>,
    /// Of an anonymous one: all that is known of where it came from.
    pub project_id: Option<ProjectId>,
    pub dialogue_id: Option<DialogueId>,
    pub progress: Progress,
    pub started_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    /// Weighted mean on 1–5.
    pub score: Option<f64>,
    /// `satisfied`, `neutral` or `dissatisfied`.
    pub band: Option<String>,
    /// 0–10.
    pub nps: Option<u8>,
    pub comment: Option<String>,
    pub sentiment: Option<Sentiment>,
    pub keywords: Vec<Keyword>,
}

/// A response that begins.
#[derive(Debug, Clone)]
pub struct NewResponse {
    pub id: ResponseId,
    pub survey: String,
    pub survey_version: u32,
    pub contact_id: Option<ContactId>,
    pub unit_id: Option<UnitId>,
    /// Of an anonymous one: all that is known of where it came from.
    pub project_id: Option<ProjectId>,
    pub dialogue_id: Option<DialogueId>,
    pub started_at: Timestamp,
}

/// One answer to one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub response_id: ResponseId,
    /// The question's name in the survey.
    pub question: String,
    /// On the question's own scale.
    pub value: Option<f64>,
    pub text: Option<String>,
    /// How it was given: `button`, `digit`, `words`, `voice`, `staff`.
    pub source: String,
    /// The recording it was spoken in.
    pub media_id: Option<MediaId>,
    pub answered_at: Timestamp,
}

/// What a finished response comes to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    pub score: Option<f64>,
    pub band: Option<String>,
    pub nps: Option<u8>,
}

/// Which responses a list shows; `None` means all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    pub survey: Option<String>,
    pub progress: Option<Progress>,
    pub band: Option<String>,
    pub contact_id: Option<ContactId>,
    pub unit_id: Option<UnitId>,
    /// Started at or after.
    pub from: Option<Timestamp>,
    /// Started before.
    pub until: Option<Timestamp>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, survey, survey_version, contact_id, unit_id, project_id, dialogue_id, status, started_at, completed_at, ",
            "score, band, nps, comment, sentiment, keywords FROM responses ",
            $rest
        )
    };
}

/// Begins a response.
pub async fn start(tx: &mut Tx, new: &NewResponse) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO responses \
                       (id, survey, survey_version, contact_id, unit_id, project_id, dialogue_id, status, started_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8)";
    both!(tx, |c| sqlx::query(SQL)
        .bind(new.id.to_string())
        .bind(&new.survey)
        .bind(i64::from(new.survey_version))
        .bind(new.contact_id.map(|id| id.to_string()))
        .bind(new.unit_id.map(|id| id.to_string()))
        .bind(new.project_id.map(|id| id.to_string()))
        .bind(new.dialogue_id.map(|id| id.to_string()))
        .bind(new.started_at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Stores an answer, replacing an earlier one to the same question.
pub async fn answer(tx: &mut Tx, answer: &Answer) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO answers (response_id, question, value, text, source, media_id, answered_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (response_id, question) DO UPDATE SET \
                       value = excluded.value, text = excluded.text, source = excluded.source, \
                       media_id = excluded.media_id, answered_at = excluded.answered_at";
    both!(tx, |c| sqlx::query(SQL)
        .bind(answer.response_id.to_string())
        .bind(&answer.question)
        .bind(answer.value)
        .bind(clean_opt(answer.text.as_deref()))
        .bind(&answer.source)
        .bind(answer.media_id.map(|id| id.to_string()))
        .bind(answer.answered_at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Finishes a response. A second time changes the outcome (a corrected answer), not the time.
pub async fn complete(tx: &mut Tx, id: ResponseId, outcome: &Outcome, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE responses SET status = 'complete', completed_at = COALESCE(completed_at, $2), \
                       score = $3, band = $4, nps = $5 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(now.0)
        .bind(outcome.score)
        .bind(outcome.band.as_deref())
        .bind(outcome.nps.map(i64::from))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, id)
}

/// Ends an open response that was not finished in time; returns false if it was not open.
pub async fn expire(tx: &mut Tx, id: ResponseId) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE responses SET status = 'expired' WHERE id = $1 AND status = 'open'";
    let changed =
        both!(tx, |c| sqlx::query(SQL).bind(id.to_string()).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Adds words to the comment, on a line of their own, with what was understood from all of it.
pub async fn add_comment(
    tx: &mut Tx,
    id: ResponseId,
    words: &str,
    sentiment: Sentiment,
    keywords: &[Keyword],
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE responses SET comment = CASE WHEN comment IS NULL THEN $2 \
                       ELSE comment || $3 || $2 END, sentiment = $4, keywords = $5 WHERE id = $1";
    let (sentiment, keywords) = (name_of(&sentiment)?, json_of(&keywords)?);
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(clean(words))
        .bind("\n")
        .bind(sentiment)
        .bind(keywords)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, id)
}

/// Whether a response knows nobody: neither contact nor unit nor conversation.
pub async fn is_anonymous(tx: &mut Tx, id: ResponseId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM responses WHERE id = $1 AND contact_id IS NULL AND unit_id IS NULL \
                       AND dialogue_id IS NULL";
    let count: i64 = both!(tx, |c| sqlx::query_scalar(SQL).bind(id.to_string()).fetch_one(c).await)?;
    Ok(count > 0)
}

/// Says what a response is about: a unit, or of an anonymous one the project alone.
pub async fn set_place(
    tx: &mut Tx,
    id: ResponseId,
    unit: Option<UnitId>,
    project: Option<ProjectId>,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE responses SET unit_id = $2, project_id = $3 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(unit.map(|id| id.to_string()))
        .bind(project.map(|id| id.to_string()))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, id)
}

/// Stores a later verdict on the comment.
pub async fn judge(tx: &mut Tx, id: ResponseId, sentiment: Sentiment, keywords: &[Keyword]) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE responses SET sentiment = $2, keywords = $3 WHERE id = $1";
    let (sentiment, keywords) = (name_of(&sentiment)?, json_of(&keywords)?);
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(sentiment)
        .bind(keywords)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, id)
}

/// Returns one response.
pub async fn find(tx: &mut Tx, id: ResponseId) -> Result<Option<Response>, StoreError> {
    const SQL: &str = select!("WHERE id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, ResponseRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Response::try_from).transpose()
}

/// Returns the answers of a response, in the order in which they were given.
pub async fn answers(tx: &mut Tx, id: ResponseId) -> Result<Vec<Answer>, StoreError> {
    const SQL: &str = "SELECT response_id, question, value, text, source, media_id, answered_at \
                       FROM answers WHERE response_id = $1 ORDER BY answered_at, question";
    let rows = both!(tx, |c| sqlx::query_as::<_, AnswerRow>(SQL).bind(id.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Answer::try_from).collect()
}

/// Returns the responses with an answer that was spoken in a recording. They are found by way of the
/// person, who has few; of an anonymous one no recording is known.
pub async fn of_media(tx: &mut Tx, media: MediaId) -> Result<Vec<ResponseId>, StoreError> {
    const SQL: &str = "SELECT DISTINCT r.id FROM media m JOIN dialogues d ON d.id = m.dialogue_id \
                       JOIN responses r ON r.contact_id = d.contact_id \
                       JOIN answers a ON a.response_id = r.id AND a.media_id = m.id \
                       WHERE m.id = $1 ORDER BY r.id";
    let ids: Vec<String> = both!(tx, |c| sqlx::query_scalar(SQL).bind(media.to_string()).fetch_all(c).await)?;
    ids.iter().map(|id| Row { table: "responses", id }.parse("id", id)).collect()
}

/// Returns responses, the latest first.
pub async fn list(tx: &mut Tx, filter: &Filter, limit: u32) -> Result<Vec<Response>, StoreError> {
    const SQL: &str = select!(
        "WHERE (CAST($1 AS TEXT) IS NULL OR survey = $1) \
         AND (CAST($2 AS TEXT) IS NULL OR status = $2) \
         AND (CAST($3 AS TEXT) IS NULL OR band = $3) \
         AND (CAST($4 AS TEXT) IS NULL OR contact_id = $4) \
         AND (CAST($5 AS TEXT) IS NULL OR unit_id = $5) \
         AND started_at >= $6 AND started_at < $7 \
         ORDER BY started_at DESC, id DESC LIMIT $8"
    );
    let progress = name_of_opt(filter.progress.as_ref())?;
    let rows = both!(tx, |c| sqlx::query_as::<_, ResponseRow>(SQL)
        .bind(filter.survey.as_deref())
        .bind(progress)
        .bind(filter.band.as_deref())
        .bind(filter.contact_id.map(|id| id.to_string()))
        .bind(filter.unit_id.map(|id| id.to_string()))
        .bind(filter.from.map_or(i64::MIN, |at| at.0))
        .bind(filter.until.map_or(i64::MAX, |at| at.0))
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Response::try_from).collect()
}

fn found(changed: u64, id: ResponseId) -> Result<(), StoreError> {
    if changed == 0 { Err(StoreError::Missing { table: "responses", id: id.to_string() }) } else { Ok(()) }
}

/// Leaves out the lines of a comment that name files alone: one that was sent without words used to be kept so.
pub fn without_references(comment: &str) -> String {
    comment.split('\n').filter(|line| !names_files(line)).collect::<Vec<_>>().join("\n")
}

fn names_files(line: &str) -> bool {
    !line.trim().is_empty() && line.split_whitespace().all(|part| part.starts_with("[media:"))
}

#[derive(FromRow)]
struct ResponseRow {
    id: String,
    survey: String,
    survey_version: i64,
    contact_id: Option<String>,
    unit_id: Option<String>,
    project_id: Option<String>,
    dialogue_id: Option<String>,
    status: String,
    started_at: i64,
    completed_at: Option<i64>,
    score: Option<f64>,
    band: Option<String>,
    nps: Option<i64>,
    comment: Option<String>,
    sentiment: Option<String>,
    keywords: String,
}

impl TryFrom<ResponseRow> for Response {
    type Error = StoreError;

    fn try_from(row: ResponseRow) -> Result<Response, StoreError> {
        let at = Row { table: "responses", id: &row.id };
        Ok(Response {
            id: at.parse("id", &row.id)?,
            survey_version: at.number("survey_version", row.survey_version)?,
            contact_id: at.parse_opt("contact_id", row.contact_id.as_deref())?,
            unit_id: at.parse_opt("unit_id", row.unit_id.as_deref())?,
            project_id: at.parse_opt("project_id", row.project_id.as_deref())?,
            dialogue_id: at.parse_opt("dialogue_id", row.dialogue_id.as_deref())?,
            progress: at.name("status", &row.status)?,
            nps: row.nps.map(|nps| at.number("nps", nps)).transpose()?,
            sentiment: at.name_opt("sentiment", row.sentiment.as_deref())?,
            keywords: at.json("keywords", &row.keywords)?,
            started_at: Timestamp(row.started_at),
            completed_at: row.completed_at.map(Timestamp),
            survey: row.survey,
            score: row.score,
            band: row.band,
            comment: row.comment.as_deref().map(without_references).filter(|said| !said.is_empty()),
        })
    }
}

#[derive(FromRow)]
struct AnswerRow {
    response_id: String,
    question: String,
    value: Option<f64>,
    text: Option<String>,
    source: String,
    media_id: Option<String>,
    answered_at: i64,
}

impl TryFrom<AnswerRow> for Answer {
    type Error = StoreError;

    fn try_from(row: AnswerRow) -> Result<Answer, StoreError> {
        let at = Row { table: "answers", id: &row.response_id };
        Ok(Answer {
            response_id: at.parse("response_id", &row.response_id)?,
            media_id: at.parse_opt("media_id", row.media_id.as_deref())?,
            answered_at: Timestamp(row.answered_at),
            question: row.question,
            value: row.value,
            text: row.text,
            source: row.source,
        })
    }
}

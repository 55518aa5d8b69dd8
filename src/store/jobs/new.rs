//! A job as it is taken on.

use crate::domain::ids::JobId;
use crate::domain::job::Job;
use crate::domain::time::Timestamp;
use crate::store::tx::both;
use crate::store::value::{clean, json_of};
use crate::store::{StoreError, Tx};

/// A job to be done.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub id: JobId,
    pub kind: String,
    /// Ids as JSON, never copies of data.
    pub payload: String,
    pub lane: Option<String>,
    /// A second job with the same key is not taken on, as long as the first is kept.
    pub dedupe_key: Option<String>,
    pub run_at: Timestamp,
    pub max_attempts: u32,
    pub created_at: Timestamp,
}

impl NewJob {
    /// Writes a job down that is owed for `run_at`, with the lane, the key and the attempts of its kind.
    ///
    /// # Errors
    /// [`StoreError::Encode`].
    pub fn owed(id: JobId, job: &Job, run_at: Timestamp, now: Timestamp) -> Result<NewJob, StoreError> {
        Ok(NewJob {
            id,
            kind: job.name().to_owned(),
            payload: json_of(job)?,
            lane: job.lane(),
            dedupe_key: job.dedupe_key(),
            run_at,
            max_attempts: job.attempts(),
            created_at: now,
        })
    }
}

/// Takes on a job; returns false if one with its key is there already.
pub async fn enqueue(tx: &mut Tx, job: &NewJob) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO jobs \
                       (id, kind, payload, lane, dedupe_key, run_at, max_attempts, status, created_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, 'ready', $8) ON CONFLICT (dedupe_key) DO NOTHING";
    let taken = both!(tx, |c| sqlx::query(SQL)
        .bind(job.id.to_string())
        .bind(&job.kind)
        .bind(clean(&job.payload))
        .bind(job.lane.as_deref())
        .bind(job.dedupe_key.as_deref())
        .bind(job.run_at.0)
        .bind(i64::from(job.max_attempts.max(1)))
        .bind(job.created_at.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(taken > 0)
}

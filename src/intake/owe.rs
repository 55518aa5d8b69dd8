//! What is still to be done, taken on in the transaction that makes it necessary.
//!
//! A job here is only stored; `crate::jobs` does it.

use super::Intake;
use crate::domain::job::Job;
use crate::domain::time::Timestamp;
use crate::store::{StoreError, Tx, jobs};

/// How often a job is tried before it is given up and shown to staff.
const ATTEMPTS: u32 = 8;
/// The same for what waits for a platform, which may be away for hours: some ten hours in all.
const ATTEMPTS_REMOTE: u32 = 18;

impl Intake {
    /// Takes on a job.
    pub(crate) async fn owe(&self, tx: &mut Tx, job: Job, run_at: Timestamp) -> Result<(), StoreError> {
        let key = job.dedupe_key();
        self.enqueue(tx, &job, key, run_at).await
    }

    /// Takes on a job that may be owed for later: it is done by then.
    pub(crate) async fn owe_by(&self, tx: &mut Tx, job: Job, run_at: Timestamp) -> Result<(), StoreError> {
        if let Some(key) = job.dedupe_key() {
            jobs::bring_forward(tx, &key, run_at).await?;
        }
        self.owe(tx, job, run_at).await
    }

    /// Owes a job that may have been done before: its work is wanted again.
    pub(crate) async fn owe_again(&self, tx: &mut Tx, job: Job, run_at: Timestamp) -> Result<(), StoreError> {
        self.enqueue(tx, &job, None, run_at).await
    }

    async fn enqueue(&self, tx: &mut Tx, job: &Job, key: Option<String>, run_at: Timestamp) -> Result<(), StoreError> {
        let row = jobs::NewJob {
            id: self.clock.new_id(),
            kind: job.name().to_owned(),
            payload: super::message::encode(job)?,
            lane: job.lane(),
            dedupe_key: key,
            run_at,
            max_attempts: match job {
                // A recording may lie with a platform, or in a media store, that is away; listening itself is tried less
                // often.
                Job::Deliver { .. }
                | Job::Fetch { .. }
                | Job::Transcribe { .. }
                | Job::HearRecord { .. }
                | Job::ReadService { .. }
                | Job::Tell { .. }
                | Job::TellPerson { .. } => ATTEMPTS_REMOTE,
                _ => ATTEMPTS,
            },
            created_at: self.clock.now(),
        };
        jobs::enqueue(tx, &row).await.map(drop)
    }
}

//! What is still to be done, taken on in the transaction that makes it necessary.
//!
//! A job here is only stored; `crate::jobs` does it.

use super::Intake;
use crate::domain::job::Job;
use crate::domain::time::Timestamp;
use crate::store::jobs::{self, NewJob};
use crate::store::{StoreError, Tx};

impl Intake {
    /// Takes on a job.
    pub(crate) async fn owe(&self, tx: &mut Tx, job: Job, run_at: Timestamp) -> Result<(), StoreError> {
        let row = NewJob::owed(self.clock.new_id(), &job, run_at, self.clock.now())?;
        jobs::enqueue(tx, &row).await.map(drop)
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
        let row = NewJob::owed(self.clock.new_id(), &job, run_at, self.clock.now())?;
        jobs::enqueue(tx, &NewJob { dedupe_key: None, ..row }).await.map(drop)
    }
}

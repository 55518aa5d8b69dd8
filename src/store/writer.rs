//! How writes reach the disk: on SQLite through one task with group commit, on Postgres each
//! in a task and a transaction of its own.
//!
//! SQLite has one writer anyway; making it a task turns waiting for the lock into waiting in a
//! bounded queue. Everything queued at that moment is run in one transaction, each piece in a
//! savepoint, and committed once: a commit waits for the disk, so a group costs about as much
//! as one (`benches/store.rs`). Postgres groups commits of concurrent transactions itself.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::{PgPool, SqlitePool};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::Instrument as _;

use super::backend::{self, Pools};
use super::{StoreError, Tx};

/// Writes that may wait; further callers wait for a place.
const QUEUE: usize = 1024;
/// The most writes one commit carries, so that the first of them does not wait for ever.
const GROUP: usize = 256;
/// How long one write may hold up the others.
pub(super) const LIMIT: Duration = Duration::from_secs(10);
/// How long an operator's command may, which writes a whole register at once.
pub(super) const LONG_LIMIT: Duration = Duration::from_secs(300);

/// How many writes were carried out, and in how many commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteCounts {
    pub writes: u64,
    pub commits: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Writer {
    way: Way,
    ledger: Arc<Ledger>,
}

#[derive(Debug, Clone)]
enum Way {
    Queue(mpsc::Sender<Work>),
    Pool(PgPool),
}

#[derive(Debug)]
struct Ledger {
    writes: AtomicU64,
    commits: watch::Sender<u64>,
}

impl Ledger {
    fn committed(&self, writes: usize) {
        self.writes.fetch_add(u64::try_from(writes).unwrap_or(0), Ordering::Relaxed);
        self.commits.send_modify(|commits| *commits += 1);
    }
}

type Run = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, bool> + Send>;
type Done = oneshot::Sender<Result<(), StoreError>>;

/// A piece of work in the queue. `run` keeps its result to itself and says whether to keep
/// what it wrote; `done` tells the caller that the result may be believed.
struct Work {
    run: Run,
    /// How long it may hold up the others.
    limit: Duration,
    done: Done,
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Work")
    }
}

impl Writer {
    pub(super) fn start(pools: &Pools) -> Writer {
        let ledger = Arc::new(Ledger { writes: AtomicU64::new(0), commits: watch::Sender::new(0) });
        let way = match pools {
            Pools::Sqlite { write, .. } => {
                let (queue, waiting) = mpsc::channel(QUEUE);
                tokio::spawn(write_groups(write.clone(), waiting, ledger.clone()));
                Way::Queue(queue)
            }
            Pools::Postgres { pool } => Way::Pool(pool.clone()),
        };
        Writer { way, ledger }
    }

    pub(super) fn commits(&self) -> watch::Receiver<u64> {
        self.ledger.commits.subscribe()
    }

    pub(super) fn counts(&self) -> WriteCounts {
        WriteCounts { writes: self.ledger.writes.load(Ordering::Relaxed), commits: *self.ledger.commits.borrow() }
    }

    pub(super) async fn write<T, E, F>(&self, work: F, limit: Duration) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (give, mut result) = oneshot::channel();
        let run: Run = Box::new(|tx: &mut Tx| {
            Box::pin(async move {
                let result = work(tx).await;
                let keep = result.is_ok();
                // Fails only if the caller has gone; the work is kept all the same.
                let _ = give.send(result);
                keep
            })
        });
        let (done, finished) = oneshot::channel();
        let work = Work { run, limit, done };
        match &self.way {
            Way::Queue(queue) => queue.send(work).await.map_err(|_| StoreError::Closed)?,
            Way::Pool(pool) => {
                // A task of its own: whoever stops waiting takes nothing back that was begun.
                let written = write_alone(pool.clone(), work, self.ledger.clone());
                tokio::spawn(written.in_current_span());
            }
        }
        finished.await.map_err(|_| StoreError::Closed)??;
        result.try_recv().map_err(|_| StoreError::Panicked)?
    }
}

/// Serves the queue of a SQLite database until the last [`Writer`] is gone.
async fn write_groups(pool: SqlitePool, mut waiting: mpsc::Receiver<Work>, ledger: Arc<Ledger>) {
    let mut group = Vec::with_capacity(GROUP);
    while waiting.recv_many(&mut group, GROUP).await > 0 {
        write_group(&pool, &mut group, &ledger).await;
        group.clear();
    }
}

async fn write_group(pool: &SqlitePool, group: &mut Vec<Work>, ledger: &Ledger) {
    let mut tx = match backend::begin_sqlite(pool).await {
        Ok(tx) => tx,
        Err(cause) => return answer(group.drain(..).map(|work| work.done), &Err(cause)),
    };
    let mut kept = Vec::with_capacity(group.len());
    let mut works = group.drain(..);
    while let Some(Work { run, limit, done }) = works.next() {
        match apply_in_savepoint(&mut tx, run, limit).await {
            Ok(Verdict::Keep) => kept.push(done),
            Ok(Verdict::Undone(reason)) => answer([done], &reason),
            Err(cause) => {
                // The transaction itself is lost: nobody in it may believe their result.
                let lost = Err(cause);
                answer(kept, &lost);
                answer([done], &lost);
                answer(works.map(|work| work.done), &lost);
                return;
            }
        }
    }
    if kept.is_empty() {
        // Nothing to keep. Whatever goes wrong here, the next BEGIN will report.
        let _ = tx.rollback().await;
        return;
    }
    let committed = tx.commit().await;
    if committed.is_ok() {
        ledger.committed(kept.len());
    }
    answer(kept, &committed);
}

async fn write_alone(pool: PgPool, Work { run, limit, done }: Work, ledger: Arc<Ledger>) {
    let outcome = async {
        let mut tx = backend::begin_postgres(&pool).await?;
        match apply(&mut tx, run, limit).await {
            Verdict::Keep => {
                tx.stamp().await?;
                tx.commit().await?;
                ledger.committed(1);
                Ok(())
            }
            Verdict::Undone(reason) => {
                // A connection that cannot roll back is closed, which undoes it as well.
                let _ = tx.rollback().await;
                reason
            }
        }
    };
    answer([done], &outcome.await);
}

enum Verdict {
    /// It succeeded: commit.
    Keep,
    /// It failed: `Ok` if the caller's own error says why.
    Undone(Result<(), StoreError>),
}

/// Runs one piece of work and keeps or undoes it; an error means the transaction is lost.
async fn apply_in_savepoint(tx: &mut Tx, run: Run, limit: Duration) -> Result<Verdict, StoreError> {
    tx.savepoint().await?;
    let verdict = apply(tx, run, limit).await;
    match verdict {
        Verdict::Keep => {
            tx.stamp().await?;
            tx.release().await?;
        }
        Verdict::Undone(_) => tx.undo().await?,
    }
    Ok(verdict)
}

async fn apply(tx: &mut Tx, run: Run, limit: Duration) -> Verdict {
    // The transaction is undone after a panic, so nothing half-done can be seen.
    let work = AssertUnwindSafe(async { run(tx).await }).catch_unwind();
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(true)) => Verdict::Keep,
        Ok(Ok(false)) => Verdict::Undone(Ok(())),
        Ok(Err(_)) => Verdict::Undone(Err(StoreError::Panicked)),
        Err(_) => Verdict::Undone(Err(StoreError::TooSlow)),
    }
}

fn answer(to: impl IntoIterator<Item = Done>, outcome: &Result<(), StoreError>) {
    for done in to {
        // A caller that has gone needs no answer.
        let _ = done.send(outcome.clone());
    }
}

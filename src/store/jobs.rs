//! Work the service owes, committed together with what it follows from (invariant 5).
//!
//! `ready → running → done`, back to `ready` for another attempt, or `dead` for a person to
//! look at and [`replay`]. [`claim`] raises `attempt`; whoever finishes a job must name the
//! attempt it was given, so a worker that lost its lease cannot undo its successor's work.
//!
//! A **lane** (one per conversation) keeps order: at most one of its jobs runs at a time, and
//! an earlier one that is due or waits for another attempt goes first. A job that is merely
//! planned for later (a reminder) holds nobody up.

mod new;

pub use new::{NewJob, enqueue};

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::backend::{self, is_of_share, lane_is_free};
use super::tx::both;
use super::value::{Row, clean};
use super::{StoreError, Tx};
use crate::domain::ids::JobId;
use crate::domain::job::Job;
use crate::domain::time::Timestamp;

/// Done jobs that are removed at once.
pub const MOST_SWEPT: i64 = 1_000;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    Ready,
    Running,
    Done,
    /// Given up; waits for a person.
    Dead,
}

/// A job that was claimed: do it, then answer with `id` and `attempt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedJob {
    pub id: JobId,
    pub kind: String,
    pub payload: String,
    pub lane: Option<String>,
    /// Which attempt this is, from 1; the fencing token.
    pub attempt: u32,
    pub max_attempts: u32,
    pub run_at: Timestamp,
    pub created_at: Timestamp,
}

impl ClaimedJob {
    /// Whether its worker vanished on the last attempt: nothing is left but to tell whoever waits for it.
    pub fn is_spent(&self) -> bool {
        self.attempt > self.max_attempts
    }
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadJob {
    pub id: JobId,
    pub kind: String,
    pub payload: String,
    pub lane: Option<String>,
    pub attempt: u32,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
}

/// Drops the job with a key, done or not.
pub async fn forget(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM jobs WHERE dedupe_key = $1";
    both!(tx, |c| sqlx::query(SQL).bind(key).execute(c).await.map(drop))?;
    Ok(())
}

/// Which jobs a worker takes; see [`Job::LONG`] and [`Job::FETCHING`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    All,
    /// Those that are over at once.
    Quick,
    /// Those that keep a processor for seconds.
    Long,
    /// Those that bring files and messages here.
    Fetching,
}

impl Share {
    fn name(self) -> &'static str {
        match self {
            Share::All => "all",
            Share::Quick => "quick",
            Share::Long => "long",
            Share::Fetching => "fetching",
        }
    }
}

/// Says whether [`claim`] would find a job of this share. A look costs nothing durable, a claim does.
///
/// A job that runs is the only one of its lane that does (index `jobs_lane_running`), so its lane is free for it.
pub async fn is_due(tx: &mut Tx, now: Timestamp, share: Share) -> Result<bool, StoreError> {
    const SQL: &str = concat!(
        "SELECT COUNT(*) FROM (SELECT ripe.kind FROM (\
         SELECT j.kind FROM jobs j WHERE j.status = 'ready' AND j.run_at <= $1 AND ",
        lane_is_free!("$1"),
        " UNION ALL SELECT kind FROM jobs WHERE status = 'running' AND lease_until <= $1) AS ripe \
         WHERE ",
        is_of_share!("$2", "ripe.kind", "$3, $4, $5, $6", "$7, $8"),
        " LIMIT 1) AS due"
    );
    let due: i64 = both!(tx, |c| sqlx::query_scalar(SQL)
        .bind(now.0)
        .bind(share.name())
        .bind(Job::LONG[0])
        .bind(Job::LONG[1])
        .bind(Job::LONG[2])
        .bind(Job::LONG[3])
        .bind(Job::FETCHING[0])
        .bind(Job::FETCHING[1])
        .fetch_one(c)
        .await)?;
    Ok(due > 0)
}

/// Claims up to `limit` jobs that are due, each until `now + lease`, in the order in which they
/// fell due. A job whose worker has let its lease run out is claimed again; if that was its last
/// attempt it [is spent](ClaimedJob::is_spent), and given up if it vanishes once more.
///
/// Give [`database_now`] as `now` where several machines share the database.
pub async fn claim(
    tx: &mut Tx,
    now: Timestamp,
    limit: u32,
    lease: Duration,
    share: Share,
) -> Result<Vec<ClaimedJob>, StoreError> {
    const GIVE_UP: &str = "UPDATE jobs SET status = 'dead', lease_until = NULL, \
                           last_error = 'the worker vanished on the last attempt, and once more' \
                           WHERE status = 'running' AND lease_until <= $1 AND attempt > max_attempts";
    both!(tx, |c| sqlx::query(GIVE_UP).bind(now.0).execute(c).await.map(drop))?;
    let sql = backend::claim_jobs(tx);
    let mut rows = both!(tx, |c| sqlx::query_as::<_, ClaimedRow>(sql)
        .bind((now + lease).0)
        .bind(now.0)
        .bind(i64::from(limit))
        .bind(share.name())
        .bind(Job::LONG[0])
        .bind(Job::LONG[1])
        .bind(Job::LONG[2])
        .bind(Job::LONG[3])
        .bind(Job::FETCHING[0])
        .bind(Job::FETCHING[1])
        .fetch_all(c)
        .await)?;
    rows.sort_by(|a, b| (a.run_at, &a.id).cmp(&(b.run_at, &b.id)));
    rows.into_iter().map(ClaimedJob::try_from).collect()
}

/// Ends every lease, so that what was claimed by a process that is gone is due at once; returns
/// how many there were. For the start of a worker on SQLite, which serves one: on Postgres, where
/// other workers live on, this changes nothing and leases run out by themselves.
///
/// A worker that is alive after all is fenced off by the attempt.
pub async fn end_leases(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE jobs SET lease_until = $1 WHERE status = 'running' AND lease_until > $1";
    if database_now(tx).await?.is_some() {
        return Ok(0);
    }
    Ok(both!(tx, |c| sqlx::query(SQL).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?)
}

/// Changes a job if an attempt is the one that runs, and says whether it was: what is bound goes in from `$3` on.
macro_rules! of_attempt {
    ($tx:expr, $sql:expr, $id:expr, $attempt:expr $(, $bound:expr)*) => {{
        let (id, attempt) = ($id.to_string(), i64::from($attempt));
        let changed = both!($tx, |c| {
            let query = sqlx::query($sql).bind(id).bind(attempt)$(.bind($bound))*;
            query.execute(c).await.map(|done| done.rows_affected())
        })?;
        Ok(changed > 0)
    }};
}

/// Notes that a job is done. Returns false if the attempt is not the running one: somebody else
/// has the job now, and nothing was changed.
pub async fn done(tx: &mut Tx, id: JobId, attempt: u32) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE jobs SET status = 'done', lease_until = NULL, last_error = NULL \
                       WHERE id = $1 AND attempt = $2 AND status = 'running'";
    of_attempt!(tx, SQL, id, attempt)
}

/// Notes that a job nobody has begun is done already. One that is running, or was, is left alone.
pub async fn spare(tx: &mut Tx, dedupe_key: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE jobs SET status = 'done' WHERE dedupe_key = $1 AND status = 'ready' AND attempt = 0";
    both!(tx, |c| sqlx::query(SQL).bind(dedupe_key).execute(c).await.map(drop))?;
    Ok(())
}

/// Has a job that waits for its first attempt done at `run_at` at the latest.
pub async fn bring_forward(tx: &mut Tx, dedupe_key: &str, run_at: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE jobs SET run_at = $2 WHERE dedupe_key = $1 AND status = 'ready' AND attempt = 0 \
                       AND run_at > $2";
    both!(tx, |c| sqlx::query(SQL).bind(dedupe_key).bind(run_at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Writes down anew what a job that runs is to do. Returns false if the attempt is not the running one.
pub async fn rewrite(tx: &mut Tx, id: JobId, attempt: u32, payload: &str) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE jobs SET payload = $3 WHERE id = $1 AND attempt = $2 AND status = 'running'";
    of_attempt!(tx, SQL, id, attempt, clean(payload))
}

/// Puts a job back that was not tried, until `run_at`. It is an attempt more than it was to have, so that none is
/// used up by it. Returns false if the attempt is not the running one.
pub async fn postpone(tx: &mut Tx, id: JobId, attempt: u32, run_at: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE jobs SET status = 'ready', lease_until = NULL, run_at = $3, \
                       max_attempts = max_attempts + 1 \
                       WHERE id = $1 AND attempt = $2 AND status = 'running'";
    of_attempt!(tx, SQL, id, attempt, run_at.0)
}

/// Puts a failed job back for another attempt at `run_at`, or gives it up if there were enough.
/// Returns false if the attempt is not the running one.
pub async fn retry(tx: &mut Tx, id: JobId, attempt: u32, run_at: Timestamp, error: &str) -> Result<bool, StoreError> {
    put_back(tx, id, attempt, run_at, None, error).await
}

/// The same where the other end asked to be left alone until `pause`: not even [`hasten`] goes before it.
pub async fn retry_after(
    tx: &mut Tx,
    id: JobId,
    attempt: u32,
    run_at: Timestamp,
    pause: Timestamp,
    error: &str,
) -> Result<bool, StoreError> {
    put_back(tx, id, attempt, run_at, Some(pause), error).await
}

/// The lease of a job that runs is ours; that of one that waits is the pause the other end asked for.
async fn put_back(
    tx: &mut Tx,
    id: JobId,
    attempt: u32,
    run_at: Timestamp,
    pause: Option<Timestamp>,
    error: &str,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE jobs SET status = CASE WHEN attempt >= max_attempts THEN 'dead' ELSE 'ready' END, \
                       lease_until = $5, run_at = $3, last_error = $4 \
                       WHERE id = $1 AND attempt = $2 AND status = 'running'";
    of_attempt!(tx, SQL, id, attempt, run_at.0, clean(error), pause.map(|pause| pause.0))
}

/// Has what waits in a lane for another attempt tried at once, or when the pause ends that the other end
/// asked for. It is an attempt more than it was to have, so that none is used up by it.
pub async fn hasten(tx: &mut Tx, lane: &str, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE jobs SET max_attempts = max_attempts + 1, \
                       run_at = CASE WHEN lease_until > $2 THEN lease_until ELSE $2 END \
                       WHERE lane = $1 AND status = 'ready' AND attempt > 0 \
                       AND run_at > CASE WHEN lease_until > $2 THEN lease_until ELSE $2 END";
    both!(tx, |c| sqlx::query(SQL).bind(lane).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Gives a job up: trying again cannot help. Returns false if the attempt is not the running one.
pub async fn dead(tx: &mut Tx, id: JobId, attempt: u32, error: &str) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE jobs SET status = 'dead', lease_until = NULL, last_error = $3 \
                       WHERE id = $1 AND attempt = $2 AND status = 'running'";
    of_attempt!(tx, SQL, id, attempt, clean(error))
}

/// Keeps a job that takes long until `now + lease`. Returns false if it is no longer ours: stop.
pub async fn renew(tx: &mut Tx, id: JobId, attempt: u32, now: Timestamp, lease: Duration) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE jobs SET lease_until = $3 WHERE id = $1 AND attempt = $2 AND status = 'running'";
    of_attempt!(tx, SQL, id, attempt, (now + lease).0)
}

/// Returns when there is next something to claim: a job falls due or a lease runs out.
pub async fn next_run_at(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = concat!(
        "SELECT MIN(at) FROM (SELECT at FROM (SELECT j.run_at AS at FROM jobs j WHERE j.status = 'ready' AND ",
        lane_is_free!("j.run_at"),
        " ORDER BY j.run_at LIMIT 1) AS ready \
         UNION ALL SELECT MIN(lease_until) AS at FROM jobs WHERE status = 'running') AS next"
    );
    let at: Option<i64> = both!(tx, |c| sqlx::query_scalar(SQL).fetch_one(c).await)?;
    Ok(at.map(Timestamp))
}

/// Returns how many jobs stand at a status: for metrics and `check`.
pub async fn count(tx: &mut Tx, status: JobStatus) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM jobs WHERE status = $1";
    let status = super::value::name_of(&status)?;
    let count: i64 = both!(tx, |c| sqlx::query_scalar(SQL).bind(status).fetch_one(c).await)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Returns the jobs that were given up, the latest first.
pub async fn list_dead(tx: &mut Tx, limit: u32) -> Result<Vec<DeadJob>, StoreError> {
    const SQL: &str = "SELECT id, kind, payload, lane, attempt, last_error, created_at FROM jobs \
                       WHERE status = 'dead' ORDER BY created_at DESC, id DESC LIMIT $1";
    let rows = both!(tx, |c| sqlx::query_as::<_, DeadRow>(SQL).bind(i64::from(limit)).fetch_all(c).await)?;
    rows.into_iter().map(DeadJob::try_from).collect()
}

/// Takes a job on again that was given up, with as many attempts as a new one of its kind has. Returns
/// false if it is not dead. The attempts go on counting, so an old worker stays fenced off.
pub async fn replay(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<bool, StoreError> {
    const FIND: &str = "SELECT payload FROM jobs WHERE id = $1 AND status = 'dead'";
    const SQL: &str = "UPDATE jobs SET status = 'ready', run_at = $2, max_attempts = attempt + $3 \
                       WHERE id = $1 AND status = 'dead'";
    let payload: Option<String> = both!(tx, |c| sqlx::query_scalar(FIND).bind(id.to_string()).fetch_optional(c).await)?;
    let Some(payload) = payload else { return Ok(false) };
    // What this version cannot read it does not get right at any attempt.
    let attempts = serde_json::from_str::<Job>(&payload).map_or(1, |job| job.attempts());
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(now.0)
        .bind(i64::from(attempts))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Removes jobs that were done and created before `before`, with their keys: at most
/// [`MOST_SWEPT`] of them, so that nobody waits for it; returns how many.
pub async fn sweep_done(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM jobs WHERE id IN \
                       (SELECT id FROM jobs WHERE status = 'done' AND created_at < $1 ORDER BY created_at LIMIT $2)";
    Ok(both!(tx, |c| sqlx::query(SQL)
        .bind(before.0)
        .bind(MOST_SWEPT)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Returns the database's own time on Postgres, by which machines that share it measure
/// leases; `None` on SQLite, where this machine's clock is the only one.
pub async fn database_now(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    Ok(backend::database_clock(tx).await?.map(Timestamp))
}

#[derive(FromRow)]
struct ClaimedRow {
    id: String,
    kind: String,
    payload: String,
    lane: Option<String>,
    attempt: i64,
    max_attempts: i64,
    run_at: i64,
    created_at: i64,
}

impl TryFrom<ClaimedRow> for ClaimedJob {
    type Error = StoreError;

    fn try_from(row: ClaimedRow) -> Result<ClaimedJob, StoreError> {
        let at = Row { table: "jobs", id: &row.id };
        Ok(ClaimedJob {
            id: at.parse("id", &row.id)?,
            attempt: at.number("attempt", row.attempt)?,
            max_attempts: at.number("max_attempts", row.max_attempts)?,
            run_at: Timestamp(row.run_at),
            created_at: Timestamp(row.created_at),
            kind: row.kind,
            payload: row.payload,
            lane: row.lane,
        })
    }
}

#[derive(FromRow)]
struct DeadRow {
    id: String,
    kind: String,
    payload: String,
    lane: Option<String>,
    attempt: i64,
    last_error: Option<String>,
    created_at: i64,
}

impl TryFrom<DeadRow> for DeadJob {
    type Error = StoreError;

    fn try_from(row: DeadRow) -> Result<DeadJob, StoreError> {
        let at = Row { table: "jobs", id: &row.id };
        Ok(DeadJob {
            id: at.parse("id", &row.id)?,
            attempt: at.number("attempt", row.attempt)?,
            created_at: Timestamp(row.created_at),
            kind: row.kind,
            payload: row.payload,
            lane: row.lane,
            last_error: row.last_error,
        })
    }
}

//! The work the service owes, done one claimed job at a time.
//!
//! [`Runner::run`] sleeps until a commit or a due time wakes it, claims what is due and performs
//! it; [`Runner::run_until_idle`] does the same for tests, by hand. A job is idempotent: it may
//! run again after a crash, so it looks first whether its work is still wanted, and commits its
//! effect together with the fact that it is done where that matters.

pub mod alert;
mod deliver;
mod erase;
mod fetch;
mod plan;
mod service;
mod tag;
mod transcribe;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::transcribe::Turn;
use crate::catalog::Catalog;
use crate::channel::Channels;
use crate::clock::Clock;
use crate::domain::dialogue::{Event, Timer};
use crate::domain::job::Job;
use crate::domain::time::Timestamp;
use crate::intake::Intake;
use crate::planner::Planner;
use crate::speech::Listener;
use crate::store::blobs::Blobs;
use crate::store::jobs::{self, ClaimedJob, Share};
use crate::store::{Store, StoreError, Tx};
use crate::tagging::Tagger;

/// Jobs that run at once in one process, of those that keep a processor or a file in memory.
const AT_ONCE: usize = 4;
/// Of all others: they wait for the network, and a platform that hangs must not keep another's answers or an alarm
/// waiting.
const QUICK_AT_ONCE: usize = 32;
/// How long a claim holds without being renewed.
const LEASE: Duration = Duration::from_secs(60);
/// How often a running job renews its claim.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// The longest wait a service may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// How long the runner sleeps at most: other processes' commits do not wake it.
const POLL: Duration = Duration::from_secs(1);

/// How a job ended.
enum Outcome {
    Done,
    /// Not tried: before then it would disturb somebody.
    NotNow(Timestamp),
    /// Trying again may help.
    Retry(anyhow::Error),
    /// Trying again may help, but not before so long.
    RetryAfter(Duration, anyhow::Error),
    /// Trying again cannot help; staff sees it in the list of failed work.
    Fail(anyhow::Error),
}

impl From<StoreError> for Outcome {
    fn from(error: StoreError) -> Outcome {
        // What is wrong with one value stays wrong; whatever befalls the database as a whole may pass.
        if error.is_local() { Outcome::Fail(error.into()) } else { Outcome::Retry(error.into()) }
    }
}

/// Does the jobs. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    pub store: Store,
    pub clock: Clock,
    pub intake: Intake,
    pub blobs: Blobs,
    pub channels: Channels,
    /// Where staff is told of flags; `None`: on the board alone.
    pub alerts: Option<Arc<alert::Alerts>>,
    pub catalog: Arc<Catalog>,
    /// `None` when there is no speech model: a person listens then.
    pub listener: Option<Listener>,
    pub tagger: Arc<Tagger>,
}

impl Runner {
    /// Works until cancelled, then lets what is running finish. What takes seconds has workers of its own:
    /// a row of recordings keeps no answer waiting.
    pub async fn run(self, cancel: CancellationToken) {
        self.take_over().await;
        if let Err(error) = self.keep_planning().await {
            tracing::error!(%error, "visits are not planned until the next start: {error}");
        }
        if let Err(error) = self.look_into_service().await {
            tracing::error!(%error, "customer service is read when somebody writes: {error}");
        }
        tokio::join!(
            self.keep_doing(Share::Quick, QUICK_AT_ONCE, &cancel),
            self.keep_doing(Share::Fetching, AT_ONCE, &cancel),
            self.keep_doing(Share::Long, AT_ONCE, &cancel)
        );
    }

    async fn keep_doing(&self, share: Share, most: usize, cancel: &CancellationToken) {
        let mut commits = self.store.commits();
        let mut running = JoinSet::new();
        loop {
            while running.try_join_next().is_some() {}
            let room = most.saturating_sub(running.len());
            let claimed = if room > 0 { self.claim(room, share).await } else { Vec::new() };
            let idle = claimed.is_empty();
            for job in claimed {
                let this = self.clone();
                running.spawn(async move { this.work(job).await });
            }
            if cancel.is_cancelled() {
                break;
            }
            if idle {
                tokio::select! {
                    () = cancel.cancelled() => break,
                    _ = commits.changed() => {}
                    Some(_) = running.join_next(), if !running.is_empty() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Performs everything that is due, one after the other, until nothing is. Returns how many
    /// jobs were performed.
    pub async fn run_until_idle(&self) -> usize {
        let mut performed = 0;
        loop {
            let claimed = self.claim(1, Share::All).await;
            if claimed.is_empty() {
                return performed;
            }
            for job in claimed {
                self.work(job).await;
                performed += 1;
            }
        }
    }

    /// Takes up at once what an earlier run of this program was killed over: somebody waits for
    /// an answer to the recording it was listening to.
    async fn take_over(&self) {
        let now = self.clock.now();
        let ended = self.store.write(move |tx| Box::pin(async move { jobs::end_leases(tx, now).await })).await;
        match ended {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "{count} jobs of an earlier run are taken up again"),
            Err(error) => tracing::error!(%error, "the jobs of an earlier run could not be taken over: {error}"),
        }
    }

    async fn claim(&self, room: usize, share: Share) -> Vec<ClaimedJob> {
        let clock = self.clock.clone();
        let limit = u32::try_from(room).unwrap_or(1);
        // Looking is cheap, claiming is a durable write: look first, by the same clock.
        let looking = clock.clone();
        let due = self.store.read(move |tx| {
            Box::pin(async move {
                let now = jobs::database_now(tx).await?.unwrap_or_else(|| looking.now());
                jobs::is_due(tx, now, share).await
            })
        });
        let claimed = match due.await {
            Ok(true) => {
                self.store
                    .write(move |tx| {
                        Box::pin(async move {
                            let now = jobs::database_now(tx).await?.unwrap_or_else(|| clock.now());
                            jobs::claim(tx, now, limit, LEASE, share).await
                        })
                    })
                    .await
            }
            Ok(false) => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        claimed.unwrap_or_else(|error| {
            tracing::error!(%error, "jobs could not be claimed: {error}");
            Vec::new()
        })
    }

    async fn work(&self, claimed: ClaimedJob) {
        let (id, attempt) = (claimed.id, claimed.attempt);
        let outcome = match serde_json::from_str::<Job>(&claimed.payload) {
            Ok(job) if claimed.is_spent() && !tells_when_spent(&job) => {
                Outcome::Fail(anyhow::anyhow!("the worker vanished on the last attempt"))
            }
            Ok(job) => {
                // On the heap: the largest job would otherwise weigh on the stack of every one.
                let performed = Box::pin(self.perform(job, &claimed));
                let Some(outcome) = while_ours(performed, RENEW_EVERY, || self.renew(&claimed)).await else {
                    tracing::warn!(job.id = %id, attempt, "job {id} is no longer ours: whoever has it now does it");
                    return;
                };
                outcome
            }
            Err(error) => Outcome::Fail(anyhow::anyhow!("the payload is none of ours: {error}")),
        };
        metrics::counter!("huifang_jobs_total", "kind" => claimed.kind.clone(), "outcome" => outcome.name())
            .increment(1);
        let now = self.clock.now();
        let told = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    match outcome {
                        Outcome::Done => jobs::done(tx, id, attempt).await,
                        Outcome::NotNow(morning) => jobs::postpone(tx, id, attempt, morning).await,
                        Outcome::Retry(error) => {
                            tracing::warn!(job.id = %id, attempt, "job {id} will be tried again: {error:#}");
                            jobs::retry(tx, id, attempt, now + backoff(attempt), &format!("{error:#}")).await
                        }
                        Outcome::RetryAfter(wait, error) => {
                            let pause = wait.min(LONGEST_WAIT).max(backoff(attempt));
                            let seconds = pause.as_secs();
                            tracing::warn!(job.id = %id, attempt, "job {id} will be tried again in {seconds} s: {error:#}");
                            let asked = now + wait.min(LONGEST_WAIT);
                            jobs::retry_after(tx, id, attempt, now + pause, asked, &format!("{error:#}")).await
                        }
                        Outcome::Fail(error) => {
                            tracing::error!(job.id = %id, attempt, "job {id} failed: {error:#}");
                            jobs::dead(tx, id, attempt, &format!("{error:#}")).await
                        }
                    }
                })
            })
            .await;
        if let Err(error) = told {
            // The lease runs out and the job is claimed again: it is idempotent.
            tracing::error!(job.id = %id, %error, "the end of job {id} could not be stored: {error}");
        }
    }

    async fn perform(&self, job: Job, claimed: &ClaimedJob) -> Outcome {
        // By the clock that gave the job, the night may be over already.
        let now = self.clock.now().max(claimed.run_at);
        if waits_for_morning(&job)
            && let Some(morning) = self.intake.policy.quiet.end(now)
        {
            return Outcome::NotNow(morning);
        }
        match job {
            Job::Transcribe { dialogue, media, tries } => {
                self.transcribe(dialogue, media, Turn { job, claimed, tries }).await
            }
            Job::Fetch { dialogue, media } => self.fetch(dialogue, media, claimed).await,
            Job::ReadService { account } => self.read_service(account).await,
            Job::Deliver { dialogue, message } => self.deliver(dialogue, message, claimed).await,
            Job::Alert { flag } => self.alert(flag).await,
            Job::Tell { flag, target } => self.tell(flag, target, claimed.attempt).await,
            Job::TellPerson { flag, staff } => self.tell_person(flag, staff, claimed.attempt).await,
            Job::InviteStaff { staff } => self.invite_staff(staff).await,
            Job::Acknowledge { flag, staff, act } => self.acknowledge(flag, staff, act).await,
            Job::TagTicket { ticket } => self.tag_ticket(ticket).await,
            Job::TagResponse { response } => self.tag_response(response).await,
            Job::SlaWarning { ticket, clock, round, percent } => {
                self.settle(move |intake, tx| {
                    Box::pin(async move { intake.clock_runs_out(tx, ticket, clock, round, percent).await })
                })
                .await
            }
            Job::StaffLeft { staff } => {
                self.settle(move |intake, tx| Box::pin(async move { intake.empty_desk(tx, staff).await })).await
            }
            Job::FixUnanswered { ticket, round, last } => {
                self.settle(move |intake, tx| {
                    Box::pin(async move { intake.fix_unanswered(tx, ticket, round, last).await })
                })
                .await
            }
            Job::MachineNews { ticket } => {
                self.settle(move |intake, tx| {
                    Box::pin(async move { Planner::new(intake).machine_news(tx, ticket).await })
                })
                .await
            }
            Job::MergedNews { ticket } => {
                self.settle(move |intake, tx| Box::pin(async move { intake.merged_news(tx, ticket).await })).await
            }
            Job::ReopenedNews { ticket } => {
                self.settle(move |intake, tx| Box::pin(async move { intake.reopened_news(tx, ticket).await })).await
            }
            Job::PlanAll { day } => self.plan_all(day).await,
            Job::Replan => self.replan().await,
            Job::SendVisit { visit } => self.send_visit(visit, claimed.run_at).await,
            Job::HearRecord { visit, media, tries } => {
                self.hear_record(visit, media, Turn { job, claimed, tries }).await
            }
            Job::ShowRecord { visit } => self.show_record(visit).await,
            Job::Neighbours { ticket } => {
                self.settle(move |intake, tx| Box::pin(async move { intake.find_neighbours(tx, ticket).await })).await
            }
            Job::RecoveryDue { recovery } => {
                self.settle(move |intake, tx| Box::pin(async move { intake.recovery_due(tx, recovery).await })).await
            }
            Job::Invite { response } => {
                self.settle(move |intake, tx| Box::pin(async move { Planner::new(intake).invite(tx, response).await }))
                    .await
            }
            Job::Erase { erasure } => self.erase(erasure).await,
            Job::Wake { dialogue, timer } => {
                self.settle(move |intake, tx| {
                    Box::pin(async move { intake.apply(tx, dialogue, Event::Elapsed(timer)).await })
                })
                .await
            }
        }
    }

    /// Does what one transaction settles: nobody outside is called.
    async fn settle<T, F>(&self, work: F) -> Outcome
    where
        F: for<'t> FnOnce(Intake, &'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
        T: Send + 'static,
    {
        let intake = self.intake.clone();
        let settled = self.store.write(move |tx| work(intake, tx)).await;
        settled.map_or_else(Outcome::from, |_| Outcome::Done)
    }

    /// Renews the claim on a job. Returns false if it is no longer ours.
    async fn renew(&self, claimed: &ClaimedJob) -> bool {
        let (id, attempt, clock) = (claimed.id, claimed.attempt, self.clock.clone());
        let renewed = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let now = jobs::database_now(tx).await?.unwrap_or_else(|| clock.now());
                    jobs::renew(tx, id, attempt, now, LEASE).await
                })
            })
            .await;
        renewed.unwrap_or_else(|error| {
            tracing::warn!(job.id = %id, %error, "the claim on job {id} could not be renewed: {error}");
            // Nobody says that it is another's.
            true
        })
    }
}

impl Outcome {
    /// Trying again may help, after `wait` if the other end said so.
    fn later(wait: Option<Duration>, error: anyhow::Error) -> Outcome {
        match wait {
            Some(wait) => Outcome::RetryAfter(wait, error),
            None => Outcome::Retry(error),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::NotNow(_) => "not_now",
            Outcome::Retry(_) | Outcome::RetryAfter(..) => "retry",
            Outcome::Fail(_) => "fail",
        }
    }
}

/// Does a job's work for as long as it is ours, which is asked every so often; `None` once it is not.
async fn while_ours<T, F: Future<Output = bool>>(
    mut work: impl Future<Output = T> + Unpin,
    every: Duration,
    is_ours: impl Fn() -> F,
) -> Option<T> {
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            () = tokio::time::sleep(every) => if !is_ours().await { return None; },
        }
    }
}

/// Whether somebody waits for a job who is told that it came to nothing.
fn tells_when_spent(job: &Job) -> bool {
    matches!(job, Job::Transcribe { .. } | Job::HearRecord { .. } | Job::Fetch { .. } | Job::Deliver { .. })
}

/// Whether a job tells a client, days later, what can wait until they are awake. It was owed for an hour at which they
/// are; where the service was down then, it falls into any other.
fn waits_for_morning(job: &Job) -> bool {
    matches!(
        job,
        Job::FixUnanswered { .. }
            | Job::Wake {
                timer: Timer::SurveyReminder { .. } | Timer::SurveyExpiry { .. } | Timer::AppointmentEve { .. },
                ..
            }
    )
}

/// 5 s, 10 s, 20 s … up to an hour.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(5).saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(Duration::from_secs(3600))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn work_that_is_no_longer_ours_is_stopped() {
        let asked = Cell::new(0);
        let is_ours = || {
            asked.set(asked.get() + 1);
            std::future::ready(asked.get() < 3)
        };
        let worked = while_ours(std::future::pending::<()>(), Duration::from_millis(1), is_ours);
        assert_eq!(tokio::time::timeout(Duration::from_secs(60), worked).await, Ok(None));
        assert_eq!(asked.get(), 3);
    }

    #[tokio::test]
    async fn work_that_is_ours_is_done() {
        let work = Box::pin(async {
            tokio::task::yield_now().await;
            "done"
        });
        let worked = while_ours(work, Duration::ZERO, || std::future::ready(true));
        assert_eq!(worked.await, Some("done"));
    }
}

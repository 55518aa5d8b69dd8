//! `huifang jobs`: the work that was given up after its attempts, and doing it after all.
//!
//! Nothing that failed is removed: it stays until somebody has looked at it and takes it on again. What
//! is printed names things by their ids; errors hold nobody's words.

use anyhow::{Context as _, bail};

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::ids::JobId;
use crate::domain::time::Timestamp;
use crate::store::jobs::{self, DeadJob};
use crate::store::{Store, StoreError};

/// Jobs that are shown, or taken on again, at once.
const MOST: u32 = 1_000;

/// Work that was given up
#[derive(Debug, clap::Subcommand)]
pub(super) enum Jobs {
    /// Lists it, the latest first: id, kind, how long ago it was taken on, attempts, the last error
    List,
    /// Takes it on again, with as many attempts as new work has; do what the last error asks for before
    Replay {
        /// An id from the list, or `all`
        which: String,
    },
}

impl Jobs {
    /// Runs the command.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let store = super::up_to_date(&config).await?;
        let now = Clock::system().now();
        match self {
            Jobs::List => {
                let dead = given_up(&store).await?;
                for job in &dead {
                    super::print(line(job, now))?;
                }
                super::print(format_args!("{} given up", dead.len()))?;
            }
            Jobs::Replay { which } => {
                let replayed = replay(&store, &which, now).await?;
                super::print(format_args!("{replayed} taken on again; 'huifang serve' does what is due"))?;
            }
        }
        store.close().await;
        Ok(())
    }
}

async fn given_up(store: &Store) -> Result<Vec<DeadJob>, StoreError> {
    store.read(|tx| Box::pin(async move { jobs::list_dead(tx, MOST).await })).await
}

/// Takes one job on again, or all; returns how many.
async fn replay(store: &Store, which: &str, now: Timestamp) -> anyhow::Result<usize> {
    let wanted: Vec<JobId> = if which == "all" {
        given_up(store).await?.into_iter().map(|job| job.id).collect()
    } else {
        vec![which.parse().with_context(|| format!("'{which}' is neither the id of a job nor 'all'"))?]
    };
    let mut taken = 0;
    for id in wanted {
        let again = store.write(move |tx| Box::pin(async move { jobs::replay(tx, id, now).await }));
        taken += usize::from(again.await?);
    }
    if taken == 0 && which != "all" {
        bail!("no job {which} was given up: 'huifang jobs list' shows those that were");
    }
    Ok(taken)
}

fn line(job: &DeadJob, now: Timestamp) -> String {
    let hours = now.since(job.created_at).as_secs() / 3600;
    let age = if hours < 48 { format!("{hours} h ago") } else { format!("{} d ago", hours / 24) };
    // One line a job, whatever the error looks like.
    let error = job.last_error.as_deref().unwrap_or("no error was noted");
    let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}  {}  {age}  {} attempts  {error}", job.id, job.kind, job.attempt)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::jobs::{NewJob, Share};

    #[tokio::test]
    async fn what_was_given_up_is_listed_and_taken_on_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("huifang.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Clock::manual(Timestamp(1_000));
        let id: JobId = clock.new_id();
        let job = NewJob {
            id,
            kind: "sla_warning".to_owned(),
            payload: "{}".to_owned(),
            lane: None,
            dedupe_key: None,
            run_at: clock.now(),
            max_attempts: 1,
            created_at: clock.now(),
        };
        let now = clock.now();
        let failed = store.write(move |tx| {
            Box::pin(async move {
                jobs::enqueue(tx, &job).await?;
                let claimed = jobs::claim(tx, now, 1, Duration::from_secs(60), Share::All).await?;
                jobs::dead(tx, id, claimed[0].attempt, "the platform\nis away").await
            })
        });
        assert!(failed.await.map_err(|error: StoreError| error).unwrap());
        let later = now + Duration::from_secs(50 * 3600);
        let listed: Vec<_> = given_up(&store).await.unwrap().iter().map(|job| line(job, later)).collect();
        assert_eq!(listed, [format!("{id}  sla_warning  2 d ago  1 attempts  the platform is away")]);
        let refused = replay(&store, "nonsense", later).await.unwrap_err();
        assert_eq!(refused.to_string(), "'nonsense' is neither the id of a job nor 'all'");
        assert_eq!(replay(&store, &id.to_string(), later).await.unwrap(), 1);
        assert!(given_up(&store).await.unwrap().is_empty());
        assert_eq!(replay(&store, "all", later).await.unwrap(), 0);
        let again = replay(&store, &id.to_string(), later).await.unwrap_err();
        assert!(again.to_string().ends_with("'huifang jobs list' shows those that were"), "{again}");
    }
}

//! Reading what people wrote to an account of customer service, page by page, from where reading ended.
//!
//! A page and the place it leads to are stored together, so that a worker that is killed reads the same
//! page again, and entries that are here already change nothing. A message that cannot be stored holds
//! up nobody else's.

use std::time::Duration;

use super::{Outcome, Runner};
use crate::channel::SendError;
use crate::channel::wecom::service::Page;
use crate::channel::wecom::service::entry::{Entry, Listed};
use crate::domain::ids::ServiceAccountId;
use crate::domain::job::Job;
use crate::intake::service::Progress;
use crate::store::service_accounts::{self, ServiceAccount};
use crate::store::{self, StoreError};

/// How long a notice's token is good for, less what the way takes.
const TOKEN_LIVES: Duration = Duration::from_secs(9 * 60);
/// What is older than this at the first notice of an account was written to whoever read it before us.
const BEFORE_US: Duration = Duration::from_secs(3600);
/// Pages read in one go; the rest is read by another attempt.
const MOST_PAGES: usize = 1_000;

impl Runner {
    pub(super) async fn read_service(&self, id: ServiceAccountId) -> Outcome {
        let begun = self.store.write(move |tx| Box::pin(async move { service_accounts::begin(tx, id).await }));
        let account = match begun.await {
            Ok(Some(account)) => account,
            Ok(None) => return Outcome::Fail(anyhow::anyhow!("account {id} is not in the database")),
            Err(error) => return error.into(),
        };
        let Some(wecom) = &self.channels.wecom else {
            return Outcome::Retry(anyhow::anyhow!("the channel wecom is not configured"));
        };
        let fresh = account.noticed_at.is_some_and(|at| self.clock.now().since(at) < TOKEN_LIVES);
        let token = account.token.as_deref().filter(|_| fresh);
        let mut read_to = account.read_to.clone();
        for _ in 0..MOST_PAGES {
            let page = match wecom.messages(&account.open_kfid, &read_to, token).await {
                Ok(page) => page,
                Err(error) => return unread(&account, error.into()),
            };
            let Page { entries, read_to: to, more } = page;
            let moved = to != read_to;
            let progress = Progress { account: id, from: read_to, to: to.clone() };
            if let Err(error) = self.take_page(&account, entries, progress).await {
                return error.into();
            }
            if !more {
                return Outcome::Done;
            }
            if !moved {
                break;
            }
            read_to = to;
        }
        Outcome::Retry(anyhow::anyhow!("account {}: the platform's list does not end", account.open_kfid))
    }

    /// Stores a page. What is no matter of trying again is found, and put aside, message by message.
    async fn take_page(
        &self,
        account: &ServiceAccount,
        listed: Vec<Listed>,
        progress: Progress,
    ) -> Result<(), StoreError> {
        // At whatever reading: the first may break off anywhere, and a place the platform forgot begins anew.
        let since = account.first_at - BEFORE_US;
        let (entries, older): (Vec<_>, Vec<_>) = listed.into_iter().partition(|listed| listed.at >= since);
        if !older.is_empty() {
            let (count, name) = (older.len(), &account.open_kfid);
            tracing::info!(count, "{count} entries of account {name} are older than our work there and are left alone");
        }
        let entries: Vec<Entry> = entries.into_iter().map(|listed| listed.what).collect();
        match self.intake.receive_page(entries.clone(), progress.clone()).await {
            Err(error) if !error.is_transient() => {
                let stay = Progress { to: progress.from.clone(), ..progress.clone() };
                for entry in entries {
                    match entry {
                        Entry::Message(inbound) => drop(self.intake.receive_or_park(inbound).await?),
                        Entry::NotBrought { message, .. } => {
                            let alone = self.intake.receive_page(vec![entry], stay.clone()).await;
                            if let Err(error) = alone {
                                if !error.is_local() {
                                    return Err(error);
                                }
                                tracing::error!(%error, "that message {message} was not brought is not noted: {error}");
                            }
                        }
                    }
                }
                self.intake.receive_page(Vec::new(), progress).await
            }
            outcome => outcome,
        }
    }

    /// Owes reading of every account: what was noticed while nobody was here comes to light.
    pub(super) async fn look_into_service(&self) -> Result<(), StoreError> {
        if self.channels.wecom.is_none() {
            return Ok(());
        }
        let (intake, now) = (self.intake.clone(), self.clock.now());
        let owed = self.store.write(move |tx| {
            Box::pin(async move {
                for account in store::service_accounts::list(tx).await? {
                    intake.owe(tx, Job::ReadService { account: account.id }, now).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        owed.await
    }
}

/// Why an account could not be read, and when to look again.
fn unread(account: &ServiceAccount, error: SendError) -> Outcome {
    let about = |reason: &str| anyhow::anyhow!("account {}: {reason}", account.open_kfid);
    match error {
        SendError::Later { wait, reason } => Outcome::later(wait, about(&reason)),
        // Nothing was changed by asking: whatever became of it, it may be asked again.
        SendError::Uncertain(reason) | SendError::Unreachable(reason) | SendError::Refused(reason) => {
            Outcome::Retry(about(&reason))
        }
        SendError::Moved { .. } => Outcome::Retry(about("moved")),
    }
}

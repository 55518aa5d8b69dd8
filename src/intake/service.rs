//! Customer service, where a push only says that there is something to read: that it is owed, and then
//! a page of what was read, all in one transaction with the place up to which it goes.

use std::collections::{BTreeMap, BTreeSet};

use super::Intake;
use crate::channel::wecom::service::Notice;
use crate::channel::wecom::service::entry::Entry;
use crate::domain::dialogue::effect::About;
use crate::domain::flag::FlagKind;
use crate::domain::ids::{OutboxId, ServiceAccountId};
use crate::domain::job::Job;
use crate::store::outbox::{self, Delivery};
use crate::store::{self, StoreError, Tx};

/// How far an account is read by a page.
#[derive(Debug, Clone)]
pub struct Progress {
    pub account: ServiceAccountId,
    pub from: String,
    pub to: String,
}

impl Intake {
    /// Owes reading what an account has: once, however often it is said until that is begun.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored: the channel must not acknowledge the push.
    pub async fn service_noticed(&self, notice: Notice) -> Result<(), StoreError> {
        let (this, now) = (self.clone(), self.clock.now());
        let noted = self.store.write(move |tx| {
            Box::pin(async move {
                let Notice { open_kfid, token } = notice;
                let new = this.clock.new_id();
                match store::service_accounts::notice(tx, new, &open_kfid, &token, now).await? {
                    Some(account) => this.owe(tx, Job::ReadService { account }, now).await,
                    None => Ok(()),
                }
            })
        });
        noted.await
    }

    /// Takes in what was read of an account, and moves the place in its list. Entries that are here
    /// already change nothing.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored: the same place is to be read again.
    pub async fn receive_page(&self, entries: Vec<Entry>, progress: Progress) -> Result<(), StoreError> {
        let (this, mut labels) = (self.clone(), Vec::new());
        for entry in &entries {
            if let Entry::Message(inbound) = entry {
                labels.push(Intake::count_received(inbound));
            }
        }
        let received = self.store.write(move |tx| {
            Box::pin(async move {
                this.hold_page(tx, &entries).await?;
                let mut received = Vec::new();
                for entry in entries {
                    match entry {
                        Entry::Message(inbound) => received.push(this.receive_in(tx, inbound).await?),
                        Entry::NotBrought { message, reason } => this.was_not_brought(tx, message, reason).await?,
                    }
                }
                let Progress { account, from, to } = progress;
                store::service_accounts::read_on(tx, account, &from, &to).await?;
                Ok::<_, StoreError>(received)
            })
        });
        for (labels, received) in labels.into_iter().zip(received.await?) {
            Intake::count_outcome(labels, received);
        }
        Ok(())
    }

    /// Holds every conversation of a page before anything happens in one of them: those that are known by their
    /// ids, then those that begin, by their addresses.
    async fn hold_page(&self, tx: &mut Tx, entries: &[Entry]) -> Result<(), StoreError> {
        let (mut known, mut new) = (BTreeSet::new(), BTreeMap::new());
        for entry in entries {
            match entry {
                Entry::Message(inbound) => {
                    let (channel, address) = (inbound.channel.name(), inbound.address.as_str());
                    if let Some(found) = store::dialogues::find_by_address(tx, channel, address).await? {
                        known.insert(found.id);
                    } else {
                        new.entry(address).or_insert(inbound);
                    }
                }
                Entry::NotBrought { message, .. } => {
                    known.extend(outbox::find(tx, *message).await?.map(|row| row.dialogue_id));
                }
            }
        }
        store::dialogues::lock_all(tx, &known).await?;
        for inbound in new.into_values() {
            self.find_or_begin(tx, inbound, self.clock.now()).await?;
        }
        Ok(())
    }

    /// The platform says of a message it took that it could not bring it, nor what went with it: staff
    /// is shown that.
    async fn was_not_brought(&self, tx: &mut Tx, id: OutboxId, reason: &str) -> Result<(), StoreError> {
        let Some(row) = outbox::find(tx, id).await? else { return Ok(()) };
        if !matches!(row.status, Delivery::Sent | Delivery::Uncertain) {
            return Ok(());
        }
        for message in outbox::sent_with(tx, &row).await? {
            outbox::mark_failed(tx, message.id, reason).await?;
        }
        outbox::mark_failed(tx, id, reason).await?;
        self.raise(tx, Some(row.dialogue_id), FlagKind::DeliveryFailed, About::Conversation).await
    }
}

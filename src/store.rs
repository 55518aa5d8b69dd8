//! What the service remembers: SQLite embedded, or PostgreSQL, from one SQL text.
//!
//! [`Store::write`] runs a closure in a transaction that is on disk when it returns;
//! [`Store::read`] runs one on a consistent snapshot. Everything else is free functions on
//! `&mut Tx`, one table family a file; they hold SQL, row and mapping and know no rule of the
//! domain. sqlx stays in here (invariant 6). Media bytes live beside it, in [`blobs`].
//!
//! **Locks on PostgreSQL** are taken in one order, so that they form no ring: what an import holds
//! ([`settings::hold`]) and staff; units and projects ([`units::hold`], [`incidents::hold_project`]);
//! conversations, several by their ids ([`dialogues::load_for_update`], [`dialogues::lock_all`]); tickets
//! ([`tickets::load_for_update`] takes the ticket's conversation first by itself), visits and recoveries;
//! contacts; the counters that numbers are drawn from ([`tickets::file`], [`incidents::open`]); last the
//! change counter (at commit, [`tx`]). A visit that has not gone out yet is held before the conversation
//! that is then chosen for it. Where a ring forms all the same, as with a conversation that went on in
//! another, PostgreSQL undoes one of those in it, which is [transient](StoreError::is_transient).
//!
//! Adding a family: a pair of migrations, a file here, behaviours in `tests/store/`. Read
//! `migrations/README.md` for the column types, then [`writer`] for the group commit.

pub mod alerts;
pub mod appointments;
mod backend;
pub mod blobs;
mod bulk;
pub mod clocks;
pub mod contact_merges;
pub mod contact_units;
pub mod contacts;
pub mod corrections;
pub mod dialogues;
pub mod equipment;
pub mod erasures;
mod error;
pub mod flags;
pub mod follow_ups;
pub mod identities;
pub mod inbox;
pub mod incidents;
pub mod job_links;
pub mod jobs;
pub mod ledger;
pub mod media;
pub mod offers;
pub mod outbox;
pub mod permits;
pub mod projects;
pub mod recoveries;
pub mod responses;
mod scope;
pub mod service_accounts;
pub mod sessions;
pub mod settings;
pub mod staff;
pub mod staff_accounts;
pub mod subcontractors;
pub mod things;
pub mod thread;
pub mod tickets;
pub mod transcripts;
mod tx;
pub mod units;
mod value;
pub mod visits;
pub mod warranty_terms;
pub mod withheld;
mod writer;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use backend::Pools;
pub use error::StoreError;
pub use tx::Tx;
pub use writer::WriteCounts;

/// A record together with the change number it was last stored under.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<T> {
    /// Give the highest one seen to the next `after_seq`.
    pub seq: i64,
    pub record: T,
}

/// The database, cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pools: Pools,
    writer: writer::Writer,
}

impl Store {
    /// Opens `sqlite:PATH` (created if absent) or `postgres://…` without touching its schema.
    ///
    /// Must be called within a tokio runtime: the writer's task is started here.
    ///
    /// # Errors
    /// [`StoreError::Url`] if the address is of neither kind, [`StoreError::OldSqlite`] if the
    /// SQLite that was linked may corrupt a database (before 3.51.3, the WAL-reset bug), and
    /// [`StoreError::Database`] if the database cannot be reached.
    pub async fn open(url: &str) -> Result<Store, StoreError> {
        let pools = Pools::open(url).await?;
        let writer = writer::Writer::start(&pools);
        Ok(Store { pools, writer })
    }

    /// Brings the schema up to date. Safe to run from several processes at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.pools.migrate().await
    }

    /// Returns whether every migration this binary knows has been applied.
    pub async fn is_migrated(&self) -> Result<bool, StoreError> {
        self.pools.is_migrated().await
    }

    /// Runs `work` in a transaction and returns once it is durable (SQLite `synchronous=FULL`,
    /// Postgres `synchronous_commit=on`).
    ///
    /// An error or a panic in `work` undoes what it wrote, and only that. `work` must wait for
    /// nothing but the transaction: on SQLite others wait behind it, and it is stopped after
    /// ten seconds. Once asked for it is carried out even if the caller stops waiting.
    ///
    /// # Errors
    /// What `work` returned, or a [`StoreError`] if it could not be run or committed.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.write(work, writer::LIMIT).await
    }

    /// Runs `work` like [`Store::write`], but lets it take its time: for an operator's command that
    /// writes a whole register at once. On SQLite every other write waits behind it.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_at_length<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.write(work, writer::LONG_LIMIT).await
    }

    /// Runs `work` on one consistent snapshot of what is committed; it cannot write.
    ///
    /// # Errors
    /// What `work` returned, or a [`StoreError`] if there was no connection.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send,
        T: Send,
        E: From<StoreError> + Send,
    {
        let mut tx = self.pools.begin_read().await?;
        work(&mut tx).await
    }

    /// Returns a watch that moves after each commit of this process: a wake-up for live lists
    /// and the job runner. Other replicas' commits do not move it; poll slowly besides.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.writer.commits()
    }

    /// Returns how many writes were asked for and how many commits they took since the start.
    pub fn write_counts(&self) -> WriteCounts {
        self.writer.counts()
    }

    /// Returns `sqlite` or `postgres`, for logs and for `huifang check`.
    pub fn backend(&self) -> &'static str {
        self.pools.name()
    }

    /// Closes every connection. Writes still queued are refused.
    pub async fn close(&self) {
        self.pools.close().await;
    }
}

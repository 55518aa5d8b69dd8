//! One transaction on either database, and the change numbers it gives.
//!
//! [`both`] writes a query once and has it compiled for both connection types. What changes
//! tickets or flags says so with [`Tx::changed`]; the change numbers are given by
//! [`Tx::stamp`] as the very last thing before the commit. Why: the counter row stays locked
//! until the commit, so numbers become visible in the order in which they were given and a
//! reader asking for "after n" cannot miss one; and since nothing is locked after it, it can
//! be held for a moment only and be part of no deadlock.

use sqlx::{Postgres, Sqlite, Transaction};

use super::StoreError;

/// An open transaction, given to the closures of [`super::Store::write`] and
/// [`super::Store::read`].
#[derive(Debug)]
pub struct Tx {
    pub(in crate::store) link: Link,
    changed: Vec<(Live, String)>,
}

#[derive(Debug)]
pub(in crate::store) enum Link {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A family whose changes are followed live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Live {
    Ticket,
    Flag,
}

/// Runs one body on the connection of whichever database the transaction is on.
macro_rules! both {
    ($tx:expr, |$c:ident| $body:expr) => {
        match &mut $tx.link {
            $crate::store::tx::Link::Sqlite(transaction) => {
                let $c = &mut **transaction;
                $body
            }
            $crate::store::tx::Link::Postgres(transaction) => {
                let $c = &mut **transaction;
                $body
            }
        }
    };
}
pub(in crate::store) use both;

impl Tx {
    pub(super) fn new(link: Link) -> Tx {
        Tx { link, changed: Vec::new() }
    }

    /// Notes that a row of a live family was inserted or changed.
    pub(in crate::store) fn changed(&mut self, family: Live, id: String) {
        if !self.changed.iter().any(|(f, i)| *f == family && *i == id) {
            self.changed.push((family, id));
        }
    }

    /// Gives every changed row its change number.
    pub(super) async fn stamp(&mut self) -> Result<(), StoreError> {
        const DRAW: &str = "UPDATE counters SET value = value + $1 WHERE name = 'changes' RETURNING value";
        let changed = std::mem::take(&mut self.changed);
        if changed.is_empty() {
            return Ok(());
        }
        let count = i64::try_from(changed.len()).unwrap_or(i64::MAX);
        let last: i64 = both!(self, |c| sqlx::query_scalar(DRAW).bind(count).fetch_one(c).await)?;
        for (seq, (family, id)) in (last - count + 1..).zip(changed) {
            let sql = match family {
                Live::Ticket => "UPDATE tickets SET seq = $1 WHERE id = $2",
                Live::Flag => "UPDATE flags SET seq = $1 WHERE id = $2",
            };
            both!(self, |c| sqlx::query(sql).bind(seq).bind(id).execute(c).await.map(drop))?;
        }
        Ok(())
    }

    pub(super) async fn savepoint(&mut self) -> Result<(), StoreError> {
        self.run("SAVEPOINT work").await
    }

    pub(super) async fn release(&mut self) -> Result<(), StoreError> {
        self.run("RELEASE SAVEPOINT work").await
    }

    /// Undoes everything since [`Tx::savepoint`].
    pub(super) async fn undo(&mut self) -> Result<(), StoreError> {
        self.changed.clear();
        self.run("ROLLBACK TO SAVEPOINT work").await?;
        self.release().await
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self.link {
            Link::Sqlite(transaction) => transaction.commit().await?,
            Link::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    pub(super) async fn rollback(self) -> Result<(), StoreError> {
        match self.link {
            Link::Sqlite(transaction) => transaction.rollback().await?,
            Link::Postgres(transaction) => transaction.rollback().await?,
        }
        Ok(())
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        both!(self, |c| sqlx::query(sql).execute(c).await.map(drop))?;
        Ok(())
    }
}

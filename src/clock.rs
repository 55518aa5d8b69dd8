//! Time and identifiers, injected: the one place that reads the system clock or draws a
//! random number for an id. Tests step a [`Clock::manual`] by hand and never sleep.

#![expect(clippy::disallowed_methods, reason = "the one place that reads the system clock and mints ids")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use uuid::Uuid;

use crate::domain::time::Timestamp;

/// Tells the time and mints identifiers.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual { now: Arc<AtomicI64>, minted: Arc<AtomicU64> },
}

impl Clock {
    /// The machine's clock and random source.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// A clock that stands at `start` until it is advanced, with ids that count up from 1.
    pub fn manual(start: Timestamp) -> Clock {
        Clock(Source::Manual { now: Arc::new(AtomicI64::new(start.0)), minted: Arc::new(AtomicU64::new(0)) })
    }

    /// Returns the current instant.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp(jiff::Timestamp::now().as_millisecond()),
            Source::Manual { now, .. } => Timestamp(now.load(Ordering::SeqCst)),
        }
    }

    /// Mints a UUIDv7: ids sort by the time they were minted at.
    pub fn new_id<I: From<Uuid>>(&self) -> I {
        let id = match &self.0 {
            Source::System => Uuid::now_v7(),
            Source::Manual { now, minted } => {
                let count = minted.fetch_add(1, Ordering::SeqCst) + 1;
                let millis = u64::try_from(now.load(Ordering::SeqCst)).unwrap_or(0);
                let mut tail = [0; 10];
                tail[2..].copy_from_slice(&count.to_be_bytes());
                uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
            }
        };
        id.into()
    }

    /// Moves a manual clock forward. Does nothing to the machine's clock.
    pub fn advance(&self, span: Duration) {
        if let Source::Manual { now, .. } = &self.0 {
            now.fetch_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

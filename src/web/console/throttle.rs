//! Log-in attempts: after a few failures each further one must wait longer.
//!
//! Counted per account **and** address, so that nobody can lock somebody else out from afar, and
//! per address, so that one machine cannot try one password on every account.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::time::Timestamp;

/// Failures that cost nothing: people mistype.
const FREE: u32 = 5;
/// For an address alone: an office shares one.
const FREE_FOR_ADDRESS: u32 = 20;
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// After this long without a failure the count starts anew.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);
/// Keys remembered at once; the oldest go first.
const MOST_KEYS: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// Remembers failed log-ins of this process.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct Throttle {
    failures: Arc<Mutex<HashMap<String, Failures>>>,
}

impl Throttle {
    /// Returns how long to wait before the next attempt; `None` when it may be made now.
    pub(super) fn wait(&self, account: &str, address: &str, now: Timestamp) -> Option<Duration> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        keys(account, address)
            .into_iter()
            .filter_map(|(key, free)| {
                let failures = failures.get(&key)?;
                let passed = now.since(failures.last);
                wait_after(failures.count, free).checked_sub(passed).filter(|left| !left.is_zero())
            })
            .max()
    }

    /// Notes a failed attempt.
    pub(super) fn failed(&self, account: &str, address: &str, now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MOST_KEYS {
            failures.retain(|_, failures| now.since(failures.last) < FORGOTTEN_AFTER);
        }
        for (key, _) in keys(account, address) {
            if failures.len() >= MOST_KEYS && !failures.contains_key(&key) {
                // Somebody is trying from everywhere at once: what is oldest matters least.
                let oldest = failures.iter().min_by_key(|(_, failures)| failures.last).map(|(key, _)| key.clone());
                oldest.and_then(|key| failures.remove(&key));
            }
            let entry = failures.entry(key).or_insert(Failures { count: 0, last: now });
            let stale = now.since(entry.last) >= FORGOTTEN_AFTER;
            *entry = Failures { count: if stale { 1 } else { entry.count.saturating_add(1) }, last: now };
        }
    }

    /// Forgets the failures of an account that has just logged in from here.
    pub(super) fn succeeded(&self, account: &str, address: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((key, _)) = keys(account, address).into_iter().next() {
            failures.remove(&key);
        }
    }
}

fn keys(account: &str, address: &str) -> [(String, u32); 2] {
    [(format!("{} {address}", account.to_lowercase()), FREE), (address.to_owned(), FREE_FOR_ADDRESS)]
}

/// Doubles from two seconds up to a quarter of an hour.
fn wait_after(failures: u32, free: u32) -> Duration {
    let Some(beyond) = failures.checked_sub(free) else { return Duration::ZERO };
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(beyond.min(20))).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn failed(times: u32) -> Throttle {
        let throttle = Throttle::default();
        for _ in 0..times {
            throttle.failed("li", "1.2.3.4", NOW);
        }
        throttle
    }

    #[test]
    fn the_wait_grows_with_every_failure_beyond_the_free_ones() {
        let waits: Vec<_> = [4, 5, 6, 7, 30]
            .into_iter()
            .map(|times| failed(times).wait("li", "1.2.3.4", NOW).map(|w| w.as_secs()))
            .collect();
        assert_eq!(waits, [None, Some(2), Some(4), Some(8), Some(900)]);
    }

    #[test]
    fn waiting_long_enough_lets_one_try_again() {
        let throttle = failed(6);
        assert!(throttle.wait("LI", "1.2.3.4", NOW).is_some());
        assert!(throttle.wait("li", "1.2.3.4", NOW + Duration::from_secs(4)).is_none());
    }

    #[test]
    fn others_are_not_locked_out_and_success_forgets() {
        let throttle = failed(8);
        assert!(throttle.wait("li", "5.6.7.8", NOW).is_none());
        assert!(throttle.wait("wang", "1.2.3.4", NOW).is_none());
        throttle.succeeded("li", "1.2.3.4");
        assert!(throttle.wait("li", "1.2.3.4", NOW).is_none());
    }

    #[test]
    fn one_address_that_tries_every_account_has_to_wait_as_well() {
        let throttle = Throttle::default();
        for account in 0..25 {
            throttle.failed(&format!("account{account}"), "1.2.3.4", NOW);
        }
        assert!(throttle.wait("somebody", "1.2.3.4", NOW).is_some());
    }

    #[test]
    fn memory_stays_bounded() {
        let throttle = Throttle::default();
        for n in 0..MOST_KEYS + 50 {
            throttle.failed("li", &format!("10.{n}"), NOW + Duration::from_millis(n as u64));
        }
        assert!(throttle.failures.lock().unwrap().len() <= MOST_KEYS);
    }
}

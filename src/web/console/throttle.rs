//! Log-in attempts: after a few failures each further one must wait longer.
//!
//! Counted per account **and** address, so that nobody can lock somebody else out from afar, and
//! per address, so that one machine cannot try one password on every account.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
/// Most characters of an account that are remembered.
const LONGEST_ACCOUNT: usize = 200;
/// Keys remembered at once; the oldest go first.
const MOST_KEYS: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// An attempt whose password is being checked. It counts as failed until it is said to be otherwise.
#[derive(Debug)]
pub(super) struct Attempt {
    at: Timestamp,
    /// What it is counted under, and when the one before it was: the account's and the address's.
    counted: [(String, Option<Timestamp>); 2],
}

/// Remembers failed log-ins of this process.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct Throttle {
    failures: Arc<Mutex<HashMap<String, Failures>>>,
}

impl Throttle {
    /// Counts an attempt before its password is checked: of many that come at once no more are checked
    /// than of as many one after another.
    ///
    /// # Errors
    /// How long to wait, where none may be made now.
    pub(super) fn begin(&self, account: &str, address: &str, now: Timestamp) -> Result<Attempt, Duration> {
        let mut failures = self.lock();
        let keys = keys(account, address);
        let left = |(key, free): &(String, u32)| {
            let known = failures.get(key)?;
            wait_after(known.count, *free).checked_sub(now.since(known.last)).filter(|left| !left.is_zero())
        };
        let wait = keys.iter().filter_map(left).max();
        if let Some(wait) = wait {
            return Err(wait);
        }
        if failures.len() >= MOST_KEYS {
            failures.retain(|_, known| now.since(known.last) < FORGOTTEN_AFTER);
        }
        let counted = keys.map(|(key, _)| {
            let before = count(&mut failures, &key, now);
            (key, before)
        });
        Ok(Attempt { at: now, counted })
    }

    /// Forgets the failures of an account that has just logged in from here, and that its address tried.
    pub(super) fn succeeded(&self, attempt: Attempt) {
        let mut failures = self.lock();
        let [(account, _), (address, before)] = attempt.counted;
        failures.remove(&account);
        take_back(&mut failures, &address, before, attempt.at);
    }

    /// Forgets an attempt whose password could not be checked.
    pub(super) fn unchecked(&self, attempt: Attempt) {
        let mut failures = self.lock();
        for (key, before) in attempt.counted {
            take_back(&mut failures, &key, before, attempt.at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Failures>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one more under a key; returns when the last one was, unless that is forgotten.
fn count(failures: &mut HashMap<String, Failures>, key: &str, now: Timestamp) -> Option<Timestamp> {
    if failures.len() >= MOST_KEYS && !failures.contains_key(key) {
        // Somebody is trying from everywhere at once: what is oldest matters least.
        let oldest = failures.iter().min_by_key(|(_, known)| known.last).map(|(key, _)| key.clone());
        oldest.and_then(|key| failures.remove(&key));
    }
    let known = failures.get(key).copied().filter(|known| now.since(known.last) < FORGOTTEN_AFTER);
    let count = known.map_or(1, |known| known.count.saturating_add(1));
    failures.insert(key.to_owned(), Failures { count, last: now });
    known.map(|known| known.last)
}

/// Counts one less. Where nobody else has tried since, the wait is again what it was: it must not begin
/// anew with everybody of an office who logs in.
fn take_back(failures: &mut HashMap<String, Failures>, key: &str, before: Option<Timestamp>, at: Timestamp) {
    let Some(known) = failures.get_mut(key) else { return };
    known.count = known.count.saturating_sub(1);
    known.last = before.filter(|_| known.last == at).unwrap_or(known.last);
    if known.count == 0 {
        failures.remove(key);
    }
}

fn keys(account: &str, address: &str) -> [(String, u32); 2] {
    // What comes after that is no account's, and would be remembered at whatever length somebody sends.
    let account: String = account.to_lowercase().chars().take(LONGEST_ACCOUNT).collect();
    [(format!("{account} {address}"), FREE), (address.to_owned(), FREE_FOR_ADDRESS)]
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

    impl Throttle {
        /// Whether somebody may try now.
        fn lets(&self, account: &str, address: &str, now: Timestamp) -> bool {
            let attempt = self.begin(account, address, now);
            attempt.map(|attempt| self.unchecked(attempt)).is_ok()
        }
    }

    /// As many failures as that, each as soon as it may be; returns when the last one was, too.
    fn failed(times: u32) -> (Throttle, Timestamp) {
        let (throttle, mut now) = (Throttle::default(), NOW);
        for _ in 0..times {
            if let Err(wait) = throttle.begin("li", "1.2.3.4", now) {
                now = now + wait;
                throttle.begin("li", "1.2.3.4", now).unwrap();
            }
        }
        (throttle, now)
    }

    #[test]
    fn the_wait_grows_with_every_failure_beyond_the_free_ones() {
        let waits: Vec<_> = [4, 5, 6, 7, 30]
            .into_iter()
            .map(|times| {
                let (throttle, last) = failed(times);
                throttle.begin("li", "1.2.3.4", last).err().map(|wait| wait.as_secs())
            })
            .collect();
        assert_eq!(waits, [None, Some(2), Some(4), Some(8), Some(900)]);
    }

    #[test]
    fn of_many_that_come_at_once_no_more_are_checked_than_one_after_another() {
        let throttle = Throttle::default();
        let begun: Vec<_> = (0..200).filter_map(|_| throttle.begin("li", "1.2.3.4", NOW).ok()).collect();
        assert_eq!(begun.len(), 5);
    }

    #[test]
    fn waiting_long_enough_lets_one_try_again() {
        let (throttle, last) = failed(6);
        assert!(!throttle.lets("LI", "1.2.3.4", last));
        assert!(throttle.lets("li", "1.2.3.4", last + Duration::from_secs(4)));
    }

    #[test]
    fn others_are_not_locked_out_and_success_forgets() {
        let (throttle, last) = failed(8);
        assert!(throttle.lets("li", "5.6.7.8", last));
        assert!(throttle.lets("wang", "1.2.3.4", last));
        let then = last + Duration::from_secs(16);
        let right = throttle.begin("li", "1.2.3.4", then).unwrap();
        assert!(!throttle.lets("li", "1.2.3.4", then), "while it is checked it counts as failed");
        throttle.succeeded(right);
        assert!(throttle.lets("li", "1.2.3.4", then));
    }

    #[test]
    fn one_address_that_tries_every_account_has_to_wait_as_well() {
        let throttle = Throttle::default();
        let tries = (0..25).filter(|n| throttle.begin(&format!("account{n}"), "1.2.3.4", NOW).is_ok());
        assert_eq!(tries.count(), 20);
        assert!(!throttle.lets("somebody", "1.2.3.4", NOW));
    }

    #[test]
    fn whoever_logs_in_or_could_not_be_checked_costs_their_address_nothing() {
        let throttle = Throttle::default();
        for n in 0..20 {
            throttle.begin(&format!("account{n}"), "1.2.3.4", NOW).unwrap();
        }
        let then = NOW + Duration::from_secs(2);
        for n in 0..50 {
            let attempt = throttle.begin(&format!("colleague{n}"), "1.2.3.4", then).unwrap();
            if n % 2 == 0 { throttle.succeeded(attempt) } else { throttle.unchecked(attempt) }
        }
        assert!(throttle.lock().keys().all(|key| !key.starts_with("colleague")), "nothing is kept of them");
    }

    #[test]
    fn memory_stays_bounded() {
        let throttle = Throttle::default();
        for n in 0..MOST_KEYS + 50 {
            throttle.begin("li", &format!("10.{n}"), NOW + Duration::from_millis(n as u64)).unwrap();
        }
        throttle.begin(&"长".repeat(100_000), "1.2.3.4", NOW).unwrap();
        let failures = throttle.lock();
        assert!(failures.len() <= MOST_KEYS);
        assert!(failures.keys().all(|key| key.len() < 1_000), "a name of any length was remembered");
    }
}

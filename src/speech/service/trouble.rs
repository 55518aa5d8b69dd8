//! What keeps a service from being of use, remembered until it does its work again: the console says it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::ServiceFault;

/// How long what may pass by itself lasts before anybody is told.
const PASSES_WITHIN: Duration = Duration::from_secs(5 * 60);

/// Why a service is of no use at present, in the words of its fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It takes nothing from us.
    Refuses(String),
    /// It does not answer, or nothing that could be used.
    Fails(String),
}

/// What went wrong last, and since when.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Option<(ServiceFault, Instant)>>);

impl Memory {
    /// Notes that something went right.
    pub(super) fn clear(&self) {
        *self.lock() = None;
    }

    /// Notes what went wrong.
    pub(super) fn note(&self, fault: &ServiceFault, now: Instant) {
        let mut known = self.lock();
        // A line that is down says nothing against what a person has to put right, and begins no new outage.
        if known.is_none() || !fault.may_pass() {
            *known = Some((fault.clone(), now));
        }
    }

    /// Returns what a person should know.
    pub(super) fn told(&self, now: Instant) -> Option<Trouble> {
        let known = self.lock();
        let (fault, since) = known.as_ref()?;
        if fault.may_pass() && now.duration_since(*since) < PASSES_WITHIN {
            return None;
        }
        let words = fault.to_string();
        let refuses = matches!(fault, ServiceFault::Refused { .. } | ServiceFault::Settings(_));
        Some(if refuses { Trouble::Refuses(words) } else { Trouble::Fails(words) })
    }

    fn lock(&self) -> MutexGuard<'_, Option<(ServiceFault, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn busy() -> ServiceFault {
        ServiceFault::Busy { place: "h".to_owned(), status: 503, wait: None }
    }

    fn away() -> ServiceFault {
        ServiceFault::Unreachable { place: "h".to_owned(), reason: "refused".to_owned() }
    }

    fn nonsense() -> ServiceFault {
        ServiceFault::Nonsense { place: "h".to_owned(), reason: "no JSON".to_owned() }
    }

    fn refused() -> ServiceFault {
        ServiceFault::Refused { place: "h".to_owned(), status: 401, hint: "the key" }
    }

    #[test]
    fn what_a_person_must_put_right_is_told_at_once_until_something_goes_right() {
        let (memory, now) = (Memory::default(), Instant::now());
        assert_eq!(memory.told(now), None);
        memory.note(&refused(), now);
        assert_eq!(memory.told(now), Some(Trouble::Refuses(refused().to_string())));
        memory.note(&nonsense(), now);
        assert_eq!(memory.told(now), Some(Trouble::Fails(nonsense().to_string())));
        memory.note(&busy(), now);
        assert_eq!(memory.told(now), Some(Trouble::Fails(nonsense().to_string())), "busy is no answer to that");
        memory.clear();
        assert_eq!(memory.told(now), None);
    }

    #[test]
    fn what_may_pass_is_told_when_it_has_lasted_whatever_shape_it_takes() {
        let (memory, begun) = (Memory::default(), Instant::now());
        memory.note(&busy(), begun);
        memory.note(&away(), begun + 4 * MINUTE);
        assert_eq!(memory.told(begun + 4 * MINUTE), None);
        assert_eq!(memory.told(begun + 5 * MINUTE), Some(Trouble::Fails(busy().to_string())));
        memory.clear();
        memory.note(&away(), begun + 6 * MINUTE);
        assert_eq!(memory.told(begun + 7 * MINUTE), None, "it worked between");
        memory.note(&refused(), begun + 7 * MINUTE);
        assert!(memory.told(begun + 7 * MINUTE).is_some());
    }
}

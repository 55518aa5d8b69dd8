//! How many live connections the chat has: a session costs nothing but its name, so that there is a cap on all
//! connections together, and one on those of each session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most connections at once.
const MOST: usize = 2_000;
/// … of one session: the tabs of somebody who closes none.
const MOST_OF_ONE: usize = 8;

/// The live connections of this process, counted by the address of the conversation.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct Followers {
    counts: Arc<Mutex<HashMap<String, usize>>>,
}

/// A place among them, held until it is dropped.
#[derive(Debug)]
pub(in crate::web) struct Place {
    among: Followers,
    address: String,
}

impl Followers {
    /// Takes a place; `None` when all are taken.
    pub(in crate::web) fn admit(&self, address: String) -> Option<Place> {
        let mut counts = self.lock();
        let (all, own) = (counts.values().sum::<usize>(), counts.get(&address).copied().unwrap_or(0));
        if all >= MOST || own >= MOST_OF_ONE {
            return None;
        }
        counts.insert(address.clone(), own + 1);
        Some(Place { among: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.among.lock();
        let Some(count) = counts.get_mut(&self.address) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(&self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_session_has_a_few_places_and_all_together_have_many() {
        let followers = Followers::default();
        let admit = |name: usize| followers.admit(format!("session {name}"));
        let own: Vec<_> = (0..MOST_OF_ONE).map(|_| admit(0).unwrap()).collect();
        assert!(admit(0).is_none(), "one more tab");
        let others: Vec<_> = (MOST_OF_ONE..MOST).map(|name| admit(name).unwrap()).collect();
        assert!(admit(1).is_none(), "one more session");
        drop(own);
        assert!(admit(1).is_some() && admit(0).is_some(), "who went away leaves room");
        drop(others);
        assert!(followers.lock().is_empty(), "nobody is remembered who went away");
    }
}

//! What is known of one register, by the key an import finds it by, and what the file makes of it.

use std::collections::HashMap;
use std::hash::Hash;

/// A row of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// Which of its tables, counted from 0: two sheets may be of one register.
    pub(super) table: usize,
    /// Counted from 1 within that.
    pub(super) row: u32,
}

/// Records by key.
#[derive(Debug)]
pub(super) struct Shelf<K, T> {
    items: Vec<Item<T>>,
    by_key: HashMap<K, usize>,
    /// Records without a key yet, by what else they may be known by.
    unkeyed: HashMap<K, usize>,
}

#[derive(Debug)]
struct Item<T> {
    now: T,
    /// `None`: the file brings it.
    before: Option<T>,
    /// The row of the file that speaks of it.
    row: Option<Spot>,
}

/// A record that a row speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) index: usize,
    pub(super) new: bool,
    /// The row that spoke of it before.
    pub(super) earlier: Option<Spot>,
}

/// How many records of a register the file speaks of, and what becomes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub new: usize,
    pub changed: usize,
    pub same: usize,
}

impl<K: Eq + Hash, T: Clone + PartialEq> Shelf<K, T> {
    pub(super) fn new() -> Shelf<K, T> {
        Shelf { items: Vec::new(), by_key: HashMap::new(), unkeyed: HashMap::new() }
    }

    /// Puts a stored record on the shelf; of several with one key the first stays.
    pub(super) fn load(&mut self, key: K, record: T) {
        let index = self.stored(record);
        self.by_key.entry(key).or_insert(index);
    }

    /// Puts a stored record on the shelf that has no key yet.
    pub(super) fn load_unkeyed(&mut self, alias: K, record: T) {
        let index = self.stored(record);
        self.unkeyed.entry(alias).or_insert(index);
    }

    /// Returns a record as the file leaves it.
    pub(super) fn get(&self, key: &K) -> Option<&T> {
        self.items.get(*self.by_key.get(key)?).map(|item| &item.now)
    }

    /// Returns every record as the file leaves it.
    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.items.iter().map(|item| &item.now)
    }

    /// Returns the records the file speaks of, with their rows.
    pub(super) fn spoken_of(&self) -> impl Iterator<Item = (Spot, &T)> {
        self.items.iter().filter_map(|item| Some((item.row?, &item.now)))
    }

    /// Finds the record a row speaks of: by its key, else one without a key by its alias, else a
    /// new one.
    pub(super) fn open(&mut self, key: K, alias: Option<K>, row: Spot, make: impl FnOnce() -> T) -> Opened {
        let found = self.by_key.get(&key).copied();
        let found = found.or_else(|| alias.and_then(|alias| self.unkeyed.remove(&alias)));
        let index = found.unwrap_or_else(|| {
            self.items.push(Item { now: make(), before: None, row: None });
            self.items.len() - 1
        });
        self.by_key.insert(key, index);
        let item = self.items.get_mut(index);
        let earlier = item.and_then(|item| item.row.replace(row));
        Opened { index, new: found.is_none(), earlier }
    }

    /// Changes a record that was opened.
    pub(super) fn change(&mut self, opened: Opened, change: impl FnOnce(&mut T)) {
        if let Some(item) = self.items.get_mut(opened.index) {
            change(&mut item.now);
        }
    }

    /// Returns an opened record as it is now.
    pub(super) fn now(&self, opened: Opened) -> Option<&T> {
        self.items.get(opened.index).map(|item| &item.now)
    }

    /// Returns the records the file changes or brings, with their rows and what they were before.
    pub(super) fn touched(&self) -> impl Iterator<Item = (Spot, Option<&T>, &T)> {
        let touched = |item: &&Item<T>| item.before.as_ref() != Some(&item.now);
        self.items.iter().filter(touched).filter_map(|item| Some((item.row?, item.before.as_ref(), &item.now)))
    }

    /// … and their keys.
    pub(super) fn touched_keys(&self) -> impl Iterator<Item = (Spot, &K)> {
        self.by_key.iter().filter_map(|(key, index)| {
            let item = self.items.get(*index).filter(|item| item.before.as_ref() != Some(&item.now))?;
            Some((item.row?, key))
        })
    }

    /// Returns the keys of what was stored before the file.
    pub(super) fn stored_keys(&self) -> impl Iterator<Item = &K> {
        let stored = |index: usize| self.items.get(index).is_some_and(|item| item.before.is_some());
        self.by_key.iter().filter_map(move |(key, index)| stored(*index).then_some(key))
    }

    /// Returns what has to be stored, and whether it is new.
    pub(super) fn to_store(&self) -> impl Iterator<Item = (&T, bool)> {
        let differs = |item: &&Item<T>| item.before.as_ref() != Some(&item.now);
        self.items.iter().filter(differs).map(|item| (&item.now, item.before.is_none()))
    }

    /// Returns what has to be stored, with its key.
    pub(super) fn to_store_keyed(&self) -> impl Iterator<Item = (&K, &T)> {
        self.by_key.iter().filter_map(|(key, index)| {
            let item = self.items.get(*index)?;
            (item.before.as_ref() != Some(&item.now)).then_some((key, &item.now))
        })
    }

    /// Counts what the file speaks of.
    pub(super) fn count(&self) -> Count {
        let mut count = Count::default();
        for item in self.items.iter().filter(|item| item.row.is_some()) {
            match &item.before {
                None => count.new += 1,
                Some(before) if *before != item.now => count.changed += 1,
                Some(_) => count.same += 1,
            }
        }
        count
    }

    fn stored(&mut self, record: T) -> usize {
        self.items.push(Item { now: record.clone(), before: Some(record), row: None });
        self.items.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(row: u32) -> Spot {
        Spot { table: 0, row }
    }

    #[test]
    fn a_record_is_found_by_its_key_or_by_its_alias_and_only_changes_are_stored() {
        let mut shelf = Shelf::new();
        shelf.load("a", "first".to_owned());
        shelf.load_unkeyed("name", "second".to_owned());
        let known = shelf.open("a", None, row(2), || unreachable!("it is known"));
        assert_eq!((known.new, known.earlier), (false, None));
        let adopted = shelf.open("b", Some("name"), row(3), || unreachable!("it is known by its name"));
        shelf.change(adopted, |text| text.push('!'));
        let new = shelf.open("c", Some("name"), row(4), || "third".to_owned());
        assert!(new.new);
        assert_eq!(shelf.open("a", None, row(5), String::new).earlier, Some(row(2)));
        let stored: Vec<_> = shelf.to_store().map(|(text, new)| (text.as_str(), new)).collect();
        assert_eq!(stored, [("second!", false), ("third", true)]);
        assert_eq!(shelf.count(), Count { new: 1, changed: 1, same: 1 });
        assert_eq!(shelf.get(&"b").map(String::as_str), Some("second!"));
    }
}

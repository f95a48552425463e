//! A map whose keys only ever grow, in their order.
//!
//! Children get growing keys, are looked up by key all the time, and are walked in start order and in reverse. A vector
//! in which deleted entries leave gaps does all of that by index, where a tree of nodes would search.

use std::collections::VecDeque;

use super::ChildKey;

/// Values by key, in the order of the keys.
#[derive(Clone, Debug)]
pub(crate) struct Ordered<T> {
    /// In the order of the keys. What has been removed leaves a gap until there are as many gaps as values.
    slots: VecDeque<(ChildKey, Option<T>)>,
    len: usize,
}

impl<T> Ordered<T> {
    pub(crate) fn new() -> Self {
        Self { slots: VecDeque::new(), len: 0 }
    }

    /// Makes room for so many more values.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.slots.reserve_exact(additional);
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds a value behind all others. Its key is greater than any before.
    pub(crate) fn push(&mut self, key: ChildKey, value: T) {
        debug_assert!(self.slots.back().is_none_or(|(last, _)| *last < key), "keys only ever grow");
        let there = self.slots.len();
        if there == self.slots.capacity() {
            // By a quarter and not by as much again: what is too much is memory that each child has to answer for.
            self.slots.reserve_exact((there / 4).max(4));
        }
        self.slots.push_back((key, Some(value)));
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, key: ChildKey) -> Option<T> {
        let index = self.index(key)?;
        let value = self.slots[index].1.take()?;
        self.len -= 1;
        while self.slots.back().is_some_and(|(_, value)| value.is_none()) {
            self.slots.pop_back();
        }
        while self.slots.front().is_some_and(|(_, value)| value.is_none()) {
            self.slots.pop_front();
        }
        if self.slots.len() > 2 * self.len + 16 {
            self.slots.retain(|(_, value)| value.is_some());
        }
        Some(value)
    }

    #[inline]
    pub(crate) fn get(&self, key: ChildKey) -> Option<&T> {
        let index = self.index(key)?;
        self.slots.get(index)?.1.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, key: ChildKey) -> Option<&mut T> {
        let index = self.index(key)?;
        self.slots.get_mut(index)?.1.as_mut()
    }

    /// From one key on and below another one, in order. No upper key means no bound.
    pub(crate) fn range(
        &self,
        from: ChildKey,
        below: Option<ChildKey>,
    ) -> impl DoubleEndedIterator<Item = (ChildKey, &T)> {
        let start = self.lower_bound(from);
        let end = below.map_or(self.slots.len(), |below| self.lower_bound(below)).max(start);
        self.slots.range(start..end).filter_map(|(key, value)| Some((*key, value.as_ref()?)))
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (ChildKey, &T)> {
        self.slots.iter().filter_map(|(key, value)| Some((*key, value.as_ref()?)))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().filter_map(|(_, value)| value.as_mut())
    }

    /// Where a key stands.
    #[inline]
    fn index(&self, key: ChildKey) -> Option<usize> {
        self.guess(key).or_else(|| self.search(key))
    }

    #[cold]
    fn search(&self, key: ChildKey) -> Option<usize> {
        self.slots.binary_search_by_key(&key, |(there, _)| *there).ok()
    }

    /// Where the first key stands that is not below this one.
    fn lower_bound(&self, key: ChildKey) -> usize {
        self.guess(key).unwrap_or_else(|| self.slots.partition_point(|(other, _)| *other < key))
    }

    /// Where a key stands if none before it is missing, which spares most searches.
    #[inline]
    fn guess(&self, key: ChildKey) -> Option<usize> {
        let (first, _) = self.slots.front()?;
        let place = usize::try_from(key.0.saturating_sub(first.0)).ok()?;
        self.slots.get(place).filter(|(there, _)| *there == key).map(|_| place)
    }

    /// For how many values there is room.
    #[cfg(test)]
    pub(crate) fn room(&self) -> usize {
        self.slots.capacity()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn room_for_more_is_a_quarter_and_made_seldom() {
        let mut table = Ordered::new();
        let mut rooms = std::collections::BTreeSet::new();
        for key in 0..1000 {
            table.push(ChildKey(key), ());
            rooms.insert(table.slots.capacity());
        }

        assert!(table.slots.capacity() <= 1250, "{}", table.slots.capacity());
        assert!(rooms.len() < 40, "{rooms:?}");
    }

    proptest! {
        #[test]
        fn it_does_what_a_map_does(steps in prop::collection::vec((0u64..8, 0u64..60), 0..120)) {
            let mut ordered = Ordered::new();
            let mut map = BTreeMap::new();
            let mut next = 0;
            for (what, key) in steps {
                let key = ChildKey(key);
                match what {
                    0..4 => {
                        next += 1 + what;
                        ordered.push(ChildKey(next), next);
                        map.insert(ChildKey(next), next);
                    }
                    4..6 => prop_assert_eq!(ordered.remove(key), map.remove(&key)),
                    _ => prop_assert_eq!(ordered.get(key), map.get(&key)),
                }
                let below = Some(ChildKey(key.0 + 9));
                let range: Vec<_> = ordered.range(key, below).rev().map(|(key, value)| (key, *value)).collect();
                let expected: Vec<_> = map.range(key..ChildKey(key.0 + 9)).rev().map(|(k, v)| (*k, *v)).collect();
                prop_assert_eq!(range, expected);
                prop_assert_eq!(ordered.len(), map.len());
                prop_assert!(ordered.iter().map(|(key, _)| key).eq(map.keys().copied()));
                ordered.iter_mut().for_each(|value| *value += 1);
                map.values_mut().for_each(|value| *value += 1);
                prop_assert_eq!(ordered.get_mut(key), map.get_mut(&key));
            }
        }
    }

    #[test]
    fn gaps_are_closed_when_there_are_as_many_of_them_as_values_and_some_more() {
        let mut ordered = Ordered::new();
        (0..100).for_each(|key| ordered.push(ChildKey(key), ()));

        for key in 1..59 {
            ordered.remove(ChildKey(key));
        }
        assert_eq!((ordered.len(), ordered.slots.len()), (42, 100));
        ordered.remove(ChildKey(59));
        assert_eq!((ordered.len(), ordered.slots.len()), (41, 41));
    }

    #[test]
    fn a_key_is_found_without_a_search_if_none_before_it_is_missing() {
        let mut ordered = Ordered::new();
        (3..9).for_each(|key| ordered.push(ChildKey(key), ()));
        assert_eq!([2, 3, 7, 9].map(|key| ordered.guess(ChildKey(key))), [None, Some(0), Some(4), None]);

        ordered.remove(ChildKey(3));
        assert_eq!(ordered.guess(ChildKey(7)), Some(3), "a gap at the front is closed at once");
        assert_eq!(Ordered::<()>::new().guess(ChildKey(0)), None);
    }

    #[test]
    fn room_that_was_made_suffices() {
        let mut ordered = Ordered::new();
        ordered.reserve(100);
        let room = ordered.room();

        (0..100).for_each(|key| ordered.push(ChildKey(key), ()));
        assert_eq!(ordered.room(), room);
    }

    #[test]
    fn there_is_never_room_for_many_more_than_there_are() {
        let mut ordered = Ordered::new();
        for key in 0..10_000 {
            ordered.push(ChildKey(key), ());

            let (there, room) = (ordered.len(), ordered.room());
            assert!(room <= there + there / 4 + 4, "room for {room} where there are {there}");
        }
    }

    #[test]
    fn gaps_do_not_grow_without_end() {
        let mut ordered = Ordered::new();
        ordered.push(ChildKey(0), ());
        for key in 1..10_000 {
            ordered.push(ChildKey(2 * key), ());
            ordered.push(ChildKey(2 * key + 1), ());
            ordered.remove(ChildKey(2 * key));
            if key > 1 {
                ordered.remove(ChildKey(2 * key - 1));
            }
        }

        assert!(ordered.slots.len() < 100, "{}", ordered.slots.len());
    }
}

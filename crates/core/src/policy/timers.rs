//! The moments at which something has to be done about a child, at most one for each.
//!
//! While children are stopped one after the other there is a single one, which comes and goes for each of them. It lies
//! beside the others, where it is found without a search.

use std::collections::BTreeSet;
use std::time::Instant;

use super::ChildKey;

/// Moments in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    /// Ahead of all the others.
    first: Option<(Instant, ChildKey)>,
    rest: BTreeSet<(Instant, ChildKey)>,
}

impl Timers {
    pub(super) fn insert(&mut self, at: Instant, key: ChildKey) {
        let new = (at, key);
        match self.first {
            None => self.first = Some(new),
            Some(first) if new < first => {
                self.rest.insert(first);
                self.first = Some(new);
            }
            Some(first) if new > first => {
                self.rest.insert(new);
            }
            Some(_) => {}
        }
    }

    pub(super) fn remove(&mut self, at: Instant, key: ChildKey) {
        if self.first == Some((at, key)) {
            self.first = self.rest.pop_first();
        } else {
            self.rest.remove(&(at, key));
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.first.map(|(at, _)| at)
    }

    /// The children of which the moment has come, in the order of the moments.
    pub(super) fn due(&self, now: Instant) -> impl Iterator<Item = ChildKey> + '_ {
        let all = self.first.iter().chain(&self.rest);
        all.take_while(move |(at, _)| *at <= now).map(|(_, key)| *key)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_what_a_set_of_them_is(steps in prop::collection::vec((0u8..3, 0u64..6, 0u64..4), 0..60)) {
            let start = crate::clock::now();
            let (mut timers, mut set) = (Timers::default(), BTreeSet::new());
            for (what, at, key) in steps {
                let (at, key) = (start + Duration::from_secs(at), ChildKey(key));
                if what == 0 {
                    timers.remove(at, key);
                    set.remove(&(at, key));
                } else {
                    timers.insert(at, key);
                    set.insert((at, key));
                }
                prop_assert_eq!(timers.next(), set.first().map(|(at, _)| *at));
                let due = set.iter().take_while(|(due, _)| *due <= at).map(|(_, key)| *key);
                prop_assert!(timers.due(at).eq(due));
            }
        }
    }
}

//! Which reapers have a set, and which of those that died before their time have left nothing.
//!
//! Reapers are known by their process ids, which are used again. Nothing here does I/O.

use std::collections::BTreeSet;

/// What the supervisor knows of its reapers.
#[derive(Debug, Default)]
pub(super) struct ReaperTable {
    /// Those whose sets are not empty, as far as is known.
    reapers: BTreeSet<i32>,
    /// Those that have died before their time, and all that they left is gone.
    swept: BTreeSet<i32>,
}

impl ReaperTable {
    /// A reaper has a set. `lives` is whether it does, now.
    ///
    /// If it does, what is known of its number is about a former one, which had no set that matters any more: it was
    /// killed while it waited for an order. If it does not, it may be this one that was swept before it was entered
    /// here.
    pub(super) fn began(&mut self, reaper: i32, lives: bool) {
        if lives {
            self.swept.remove(&reaper);
        }
        self.reapers.insert(reaper);
    }

    /// A reaper has said that no process is left, or its set does not matter any more.
    pub(super) fn ended(&mut self, reaper: i32) {
        self.reapers.remove(&reaper);
        self.swept.remove(&reaper);
    }

    /// All is gone that a reaper left behind which has died before its time.
    pub(super) fn swept(&mut self, reaper: i32) {
        self.swept.insert(reaper);
    }

    pub(super) fn is_swept(&self, reaper: i32) -> bool {
        self.swept.contains(&reaper)
    }

    /// Those that have a set.
    pub(super) fn reapers(&self) -> &BTreeSet<i32> {
        &self.reapers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_reaper_is_not_taken_for_a_former_one_that_died_idle() {
        let mut reapers = ReaperTable::default();
        reapers.swept(7);

        reapers.began(7, true);

        assert!(!reapers.is_swept(7));
    }

    #[test]
    fn a_reaper_that_was_swept_before_its_set_was_entered_stays_swept() {
        let mut reapers = ReaperTable::default();
        reapers.swept(7);

        reapers.began(7, false);

        assert!(reapers.is_swept(7) && reapers.reapers().contains(&7));
        reapers.ended(7);
        assert!(!reapers.is_swept(7) && reapers.reapers().is_empty());
    }
}

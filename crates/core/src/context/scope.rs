//! Whether a stop has begun at a supervisor, or anywhere above it.
//!
//! A parent marks the scope of a child before it writes the child's `stopping` event. What is to be started, restarted
//! or given up below is written only if no scope above it is marked, and that is looked at inside the record's critical
//! section. So the order of the record proves the rule: nothing starts once stopping has begun.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::sync::{Mutex, MutexGuard, PoisonError, point};

/// Which scopes of a tree have been marked so far.
#[derive(Debug, Default)]
pub(super) struct StopMarks {
    count: AtomicU64,
    /// For each mark that is higher up than every later one: its number, and how deep its scope lies. So the first
    /// one behind any number is the highest since then.
    highest: Mutex<Vec<(u64, u32)>>,
}

impl StopMarks {
    fn add(&self, depth: u32) {
        let mut highest = self.lock();
        let kept = highest.partition_point(|(_, above)| *above < depth);
        highest.truncate(kept);
        let number = self.count.load(Ordering::SeqCst) + 1;
        highest.push((number, depth));
        self.count.store(number, Ordering::SeqCst);
    }

    /// Whether a scope above this depth has been marked since there were so many marks.
    fn any_above(&self, depth: u32, since: u64) -> bool {
        let highest = self.lock();
        let later = highest.partition_point(|(number, _)| *number <= since);
        highest.get(later).is_some_and(|(_, marked)| *marked < depth)
    }

    /// Nothing but plain data is read or written under it.
    fn lock(&self) -> MutexGuard<'_, Vec<(u64, u32)>> {
        self.highest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands below one incarnation of a supervisor, or of a task with children.
#[derive(Debug)]
pub(crate) struct StopScope {
    parent: Option<Arc<StopScope>>,
    depth: u32,
    marks: Arc<StopMarks>,
    /// Whether scopes above this one count as well.
    reach: StopReach,
    stopping: AtomicBool,
    /// How many marks there were when this scope last looked upward and found none. Until there are more it need not
    /// look again, so that a start costs the same in a chain of any length.
    clear_at: AtomicU64,
}

/// What a stop of a supervisor means for supervisors further down that have not been asked yet.
///
/// The default is [`Subtree`](Self::Subtree).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopReach {
    /// Once the stop of a supervisor has begun, nothing below it is started, restarted or given up any more, at any
    /// depth. systemd has the same rule: a unit that is to be stopped is not restarted.
    #[default]
    Subtree,
    /// A supervisor goes on restarting its children until it is asked to stop itself, as in OTP.
    Asked,
}

impl StopScope {
    /// The scope of a tree's root.
    pub(super) fn root(marks: Arc<StopMarks>, reach: StopReach) -> Arc<Self> {
        Arc::new(Self {
            parent: None,
            depth: 0,
            marks,
            reach,
            stopping: AtomicBool::new(false),
            clear_at: AtomicU64::new(0),
        })
    }

    /// A scope below this one.
    pub(crate) fn below(self: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self {
            parent: Some(Arc::clone(self)),
            depth: self.depth + 1,
            marks: Arc::clone(&self.marks),
            reach: self.reach,
            stopping: AtomicBool::new(false),
            clear_at: AtomicU64::new(0),
        })
    }

    /// Marks that a stop has begun here.
    pub(crate) fn begin_stop(&self) {
        point();
        if !self.stopping.swap(true, Ordering::SeqCst) {
            point();
            self.marks.add(self.depth);
        }
    }

    /// Marks that a stop begins here, unless one has begun here or above. Says whether it was the one to mark it.
    pub(crate) fn begin_stop_unless_stopping(&self) -> bool {
        if self.is_stopping() {
            return false;
        }
        self.begin_stop();
        true
    }

    /// Whether a stop has begun here or above.
    pub(crate) fn is_stopping(&self) -> bool {
        point();
        if self.stopping.load(Ordering::SeqCst) {
            return true;
        }
        match self.reach {
            StopReach::Asked => false,
            StopReach::Subtree => self.is_stopping_above(),
        }
    }

    fn is_stopping_above(&self) -> bool {
        // Read before the walk: a mark that is set during it makes the next look walk again.
        let marks = self.marks.count.load(Ordering::SeqCst);
        point();
        let clear_at = self.clear_at.load(Ordering::SeqCst);
        if clear_at == marks {
            return false;
        }
        // If one level after the other gives up, from the leaves to the root, all marks are further down, and no level
        // has to walk up to the root.
        if self.marks.any_above(self.depth, clear_at) {
            let mut above = self.parent.as_deref();
            while let Some(scope) = above {
                if scope.stopping.load(Ordering::SeqCst) {
                    return true;
                }
                above = scope.parent.as_deref();
            }
        }
        self.clear_at.store(marks, Ordering::SeqCst);
        false
    }
}

/// One after the other and not by recursion, which thousands of levels would be too much for.
impl Drop for StopScope {
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(scope) = parent {
            parent = Arc::into_inner(scope).and_then(|mut scope| scope.parent.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(reach: StopReach) -> [Arc<StopScope>; 3] {
        let root = StopScope::root(Arc::default(), reach);
        let middle = root.below();
        let leaf = middle.below();
        [root, middle, leaf]
    }

    #[test]
    fn a_stop_reaches_everything_below_and_nothing_above() {
        let [root, middle, leaf] = chain(StopReach::Subtree);
        assert!(!leaf.is_stopping());

        middle.begin_stop();

        assert!(leaf.is_stopping());
        assert!(middle.is_stopping());
        assert!(!root.is_stopping());
    }

    #[test]
    fn a_stop_elsewhere_does_not_hide_a_later_one_above() {
        let [root, middle, leaf] = chain(StopReach::Subtree);
        root.below().begin_stop();
        assert!(!leaf.is_stopping());

        root.begin_stop();

        assert!(leaf.is_stopping() && middle.is_stopping());
    }

    #[test]
    fn stops_further_down_and_elsewhere_hide_none_above() {
        let [root, middle, leaf] = chain(StopReach::Subtree);
        leaf.below().begin_stop();
        root.below().below().below().begin_stop();
        middle.below().begin_stop();
        assert!(!leaf.is_stopping());

        middle.begin_stop();

        assert!(leaf.is_stopping() && leaf.below().is_stopping() && !root.is_stopping());
    }

    #[test]
    fn the_highest_mark_since_any_event_is_known() {
        let marks = StopMarks::default();
        [5, 3, 4, 3, 7].into_iter().for_each(|depth| marks.add(depth));

        let highest = |since| (0..10).find(|depth| marks.any_above(depth + 1, since));

        let expected = [Some(3), Some(3), Some(3), Some(3), Some(7), None];
        assert_eq!([0, 1, 2, 3, 4, 5].map(highest), expected);
    }

    #[test]
    fn by_the_rule_of_otp_only_the_own_stop_counts() {
        let [root, middle, leaf] = chain(StopReach::Asked);

        root.begin_stop();
        middle.begin_stop();

        assert!(middle.is_stopping());
        assert!(!leaf.is_stopping());
    }

    #[test]
    fn a_chain_of_ten_thousand_scopes_is_dropped_without_recursion() {
        let mut scope = StopScope::root(Arc::default(), StopReach::Subtree);
        for _ in 0..10_000 {
            scope = scope.below();
        }

        drop(scope);
    }
}

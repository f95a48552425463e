//! A child as the machine knows it, and the table of all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Instant;

use crate::child::{ChildSpec, ExitClass, Restart, Shutdown};

/// Names a child to the machine. Keys grow in start order and are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ChildKey(pub(crate) u64);

/// What the machine needs to know of a child's spec.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
}

#[derive(Debug)]
pub(super) struct Child {
    pub(super) traits: Traits,
    pub(super) state: State,
    /// Counts the starts, so that what waits in the queue can be told from what has happened since.
    pub(super) generation: u32,
    /// When it last came to run, if it did since its last start.
    pub(super) running_since: Option<Instant>,
    /// How many restarts in a row, since it last ran well.
    pub(super) attempt: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// OTP's `undefined`.
    Down,
    Starting,
    Running,
    /// Gone by itself; what follows from it has not been decided yet.
    Ended(ExitClass),
    /// Its start failed; what follows from it has not been decided yet.
    Failed,
    /// OTP's `restarting`: a new attempt waits in the queue.
    Restarting,
    /// Asked to stop. `kill_at` is `None` if it may take for ever.
    Stopping {
        kill_at: Option<Instant>,
    },
    /// Killed as its spec wants it, or forced: there is nothing more to be done than to wait.
    Killed,
}

impl Traits {
    pub(crate) fn of(spec: &ChildSpec) -> Self {
        Self {
            restart: spec.get_restart(),
            shutdown: spec.get_shutdown(),
            significant: spec.is_significant(),
        }
    }
}

impl State {
    pub(super) fn is_live(self) -> bool {
        match self {
            Self::Starting | Self::Running | Self::Stopping { .. } | Self::Killed => true,
            Self::Down | Self::Ended(_) | Self::Failed | Self::Restarting => false,
        }
    }
}

/// All children in start order, and what can be said of them together.
#[derive(Debug, Default)]
pub(super) struct Children {
    table: BTreeMap<ChildKey, Child>,
    /// Those that have been asked to stop and may have a grace that ends.
    asked: BTreeSet<ChildKey>,
    /// How many are starting, running or stopping.
    live: usize,
}

impl Children {
    pub(super) fn insert(&mut self, key: ChildKey, traits: Traits) {
        let child = Child { traits, state: State::Down, generation: 0, running_since: None, attempt: 0 };
        self.table.insert(key, child);
    }

    pub(super) fn remove(&mut self, key: ChildKey) {
        self.set(key, State::Down);
        self.table.remove(&key);
    }

    pub(super) fn get(&self, key: ChildKey) -> Option<&Child> {
        self.table.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: ChildKey) -> Option<&mut Child> {
        self.table.get_mut(&key)
    }

    /// The state of a child. One that has been deleted is down for good.
    pub(super) fn state(&self, key: ChildKey) -> State {
        self.table.get(&key).map_or(State::Down, |child| child.state)
    }

    /// The first child from this key on.
    pub(super) fn first_from(&self, key: ChildKey) -> Option<ChildKey> {
        self.table.range(key..).next().map(|(key, _)| *key)
    }

    /// The children from one key on and below another one, in start order. No upper key means no bound.
    pub(super) fn range(
        &self,
        from: ChildKey,
        below: Option<ChildKey>,
    ) -> impl DoubleEndedIterator<Item = ChildKey> + '_ {
        let below = below.map_or(Bound::Unbounded, |below| Bound::Excluded(below.max(from)));
        // A range that begins and ends at the same key would be refused if both bounds excluded it; this one never does.
        self.table.range((Bound::Included(from), below)).map(|(key, _)| *key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Child> {
        self.table.values()
    }

    /// Those that have been asked to stop and are still there, with the moments at which their graces end.
    pub(super) fn graces(&self) -> impl DoubleEndedIterator<Item = (ChildKey, Instant)> + '_ {
        self.asked.iter().filter_map(|key| match self.state(*key) {
            State::Stopping { kill_at } => kill_at.map(|kill_at| (*key, kill_at)),
            State::Down
            | State::Starting
            | State::Running
            | State::Ended(_)
            | State::Failed
            | State::Restarting
            | State::Killed => None,
        })
    }

    /// Cuts every grace that goes beyond the deadline.
    pub(super) fn tighten(&mut self, deadline: Instant) {
        for key in &self.asked {
            if let Some(Child { state: State::Stopping { kill_at }, .. }) = self.table.get_mut(key) {
                *kill_at = earlier(*kill_at, Some(deadline));
            }
        }
    }

    pub(super) fn any_live(&self) -> bool {
        self.live > 0
    }

    pub(super) fn set(&mut self, key: ChildKey, state: State) {
        let child = self.table.get_mut(&key).expect("the state of a child that is there");
        let before = std::mem::replace(&mut child.state, state);
        if matches!(before, State::Stopping { .. }) {
            self.asked.remove(&key);
        }
        if matches!(state, State::Stopping { .. }) {
            self.asked.insert(key);
        }
        match (before.is_live(), state.is_live()) {
            (false, true) => self.live += 1,
            (true, false) => self.live -= 1,
            (false, false) | (true, true) => {}
        }
    }
}

/// The earlier of two moments, where none means never.
pub(super) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (at, None) | (None, at) => at,
    }
}

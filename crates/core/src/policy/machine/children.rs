//! The table of all children, and what can be said of them together.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::time::Instant;

use super::child::{ChildKey, FIRST, MachineChild, State, Traits};
use crate::child::ChildId;
use crate::policy::ordered::Ordered;
use crate::policy::timers::Timers;

/// All children in start order, and what can be said of them together.
#[derive(Clone, Debug)]
pub(super) struct Children {
    table: Ordered<MachineChild>,
    /// Made when a caller asks for a child by its id, which happens never in many trees.
    names: OnceCell<HashMap<ChildId, ChildKey>>,
    timers: Timers,
    /// How many are starting, running or stopping.
    live: usize,
    /// How many of these are stuck.
    stuck: usize,
    /// How many wait for a restart, or for the machine to decide what follows from their end.
    unsettled: usize,
    /// How many wait to be started again.
    restarting: usize,
    /// Which children have begun or ceased to wait for a restart since the shell last asked.
    restarting_changes: Vec<(ChildKey, bool)>,
    /// How many significant ones are not down.
    significant: usize,
}

impl Children {
    pub(super) fn new() -> Self {
        Self {
            table: Ordered::new(),
            names: OnceCell::new(),
            timers: Timers::default(),
            live: 0,
            stuck: 0,
            unsettled: 0,
            restarting: 0,
            restarting_changes: Vec::new(),
            significant: 0,
        }
    }

    /// Makes room for so many more children.
    pub(super) fn reserve(&mut self, additional: usize) {
        self.table.reserve(additional);
        if let Some(names) = self.names.get_mut() {
            names.reserve(additional);
        }
    }

    /// For how many children there is room.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.table.room()
    }

    pub(super) fn insert(&mut self, key: ChildKey, id: ChildId, traits: Traits) {
        if let Some(names) = self.names.get_mut() {
            names.insert(id.clone(), key);
        }
        let window = traits.window();
        let child = MachineChild {
            id,
            traits,
            state: State::Down,
            generation: 0,
            running_since: None,
            attempt: 0,
            window,
            stuck: false,
            slow: false,
        };
        self.table.push(key, child);
    }

    pub(super) fn remove(&mut self, key: ChildKey) {
        self.set(key, State::Down);
        if let Some(child) = self.table.remove(key) {
            if let Some(names) = self.names.get_mut() {
                names.remove(&child.id);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn key(&self, id: &ChildId) -> Option<ChildKey> {
        let names = || self.table.iter().map(|(key, child)| (child.id.clone(), key)).collect();
        self.names.get_or_init(names).get(id).copied()
    }

    pub(super) fn get(&self, key: ChildKey) -> Option<&MachineChild> {
        self.table.get(key)
    }

    pub(super) fn get_mut(&mut self, key: ChildKey) -> Option<&mut MachineChild> {
        self.table.get_mut(key)
    }

    /// The state of a child. One that has been deleted is down for good.
    pub(super) fn state(&self, key: ChildKey) -> State {
        self.table.get(key).map_or(State::Down, |child| child.state)
    }

    /// The first child from this key on.
    pub(super) fn first_from(&self, key: ChildKey) -> Option<ChildKey> {
        // In most tables no key is missing.
        let there = self.table.get(key).map(|_| key);
        there.or_else(|| self.range(key, None).next())
    }

    /// The last child below this key. No key means no bound.
    pub(super) fn last_below(&self, below: Option<ChildKey>) -> Option<ChildKey> {
        let before = below.and_then(|below| below.0.checked_sub(1)).map(ChildKey);
        let there = before.filter(|key| self.table.get(*key).is_some());
        there.or_else(|| self.range(FIRST, below).next_back())
    }

    /// The children from one key on and below another one, in start order. No upper key means no bound.
    pub(super) fn range(
        &self,
        from: ChildKey,
        below: Option<ChildKey>,
    ) -> impl DoubleEndedIterator<Item = ChildKey> + '_ {
        self.table.range(from, below).map(|(key, _)| key)
    }

    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The children about which something has to be done by now, the last started first.
    pub(super) fn due(&self, now: Instant) -> Vec<ChildKey> {
        let mut due: Vec<ChildKey> = self.timers.due(now).collect();
        due.sort_unstable_by(|a, b| b.cmp(a));
        due
    }

    pub(super) fn any_live(&self) -> bool {
        self.live > 0
    }

    /// Whether all children that live are stuck.
    pub(super) fn all_stuck(&self) -> bool {
        self.stuck == self.live
    }

    /// Whether one of the children from this key on is stuck in its stop.
    pub(super) fn any_stuck_from(&self, key: ChildKey) -> bool {
        if self.stuck == 0 {
            return false;
        }
        self.table.range(key, None).any(|(_, child)| child.stuck && child.state.is_stopping())
    }

    pub(super) fn is_stuck(&self, key: ChildKey) -> bool {
        self.table.get(key).is_some_and(|child| child.stuck)
    }

    /// Notes that this incarnation of a child does not go.
    pub(super) fn set_stuck(&mut self, key: ChildKey) {
        let Some(child) = self.table.get_mut(key) else { return };
        if child.state.is_live() && !std::mem::replace(&mut child.stuck, true) {
            self.stuck += 1;
        }
    }

    /// The children that wait for a restart, or for the machine to decide what follows from their end, the last started
    /// first.
    pub(super) fn unsettled(&self) -> Vec<ChildKey> {
        if self.unsettled == 0 {
            return Vec::new();
        }
        let all = self.table.iter().rev().filter(|(_, child)| child.state.is_unsettled());
        all.map(|(key, _)| key).collect()
    }

    /// Whether one is there or waits for its restart: OTP rule 39.
    pub(super) fn any_significant(&self) -> bool {
        self.significant > 0
    }

    pub(super) fn any_restarting(&self) -> bool {
        self.restarting > 0
    }

    /// Brings a child into a state, and returns it for what else there is to change.
    pub(super) fn set(&mut self, key: ChildKey, state: State) -> &mut MachineChild {
        let child = self.table.get_mut(key).expect("the state of a child that is there");
        let before = std::mem::replace(&mut child.state, state);
        if let Some(at) = before.timer() {
            self.timers.remove(at, key);
        }
        if let Some(at) = state.timer() {
            self.timers.insert(at, key);
        }
        let count = |counter: &mut usize, was: bool, is: bool| match (was, is) {
            (false, true) => *counter += 1,
            (true, false) => *counter -= 1,
            (false, false) | (true, true) => {}
        };
        count(&mut self.live, before.is_live(), state.is_live());
        count(&mut self.unsettled, before.is_unsettled(), state.is_unsettled());
        count(&mut self.restarting, before.is_restarting(), state.is_restarting());
        if child.traits.significant {
            count(&mut self.significant, before != State::Down, state != State::Down);
        }
        if child.stuck && !state.is_live() {
            child.stuck = false;
            self.stuck -= 1;
        }
        if before.is_restarting() != state.is_restarting() {
            note_change(&mut self.restarting_changes, key, state.is_restarting());
        }
        child
    }

    /// Takes out which children have begun (`true`) or ceased (`false`) to wait for a restart since this was last
    /// asked.
    pub(super) fn restarting_changes(&mut self) -> impl Iterator<Item = (ChildKey, bool)> + '_ {
        self.restarting_changes.drain(..)
    }
}

/// A child that ceases to wait right after it began has not changed.
fn note_change(changes: &mut Vec<(ChildKey, bool)>, key: ChildKey, waits: bool) {
    if changes.last() == Some(&(key, !waits)) {
        changes.pop();
    } else {
        changes.push((key, waits));
    }
}

/// The earlier of two moments, where none means never.
pub(super) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (at, None) | (None, at) => at,
    }
}

//! What may be seen of a supervisor's children: published by the supervisor's actor, read by all other threads.
//!
//! The lock is held to read or to write plain data, and never while a line runs that is not the library's: what is
//! dropped goes out of it first, and what a child is asked is asked when it is free.

use std::time::Instant;

use super::entry::{ChildEntry, SeenChild};
use crate::child::ChildKind;
use crate::policy::{ChildKey, Ordered};
use crate::report::{Below, NodeReport};
use crate::snapshot::NodeSnapshot;
use crate::spec::ChildSpec;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// The children of one supervisor. Only its actor writes.
pub(super) struct SupervisorView(Mutex<Table>);

pub(super) struct Table {
    entries: Ordered<ChildEntry>,
    /// How the children came down, once the supervisor is over.
    over: Option<Below>,
}

/// Counts the children of a supervisor (OTP's `count_children`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildCount {
    /// All children, whether they run or not.
    pub specs: usize,
    /// Those that run, or are being started or stopped.
    pub active: usize,
    /// Those that are supervisors, whether they run or not.
    pub supervisors: usize,
    /// Those that are not supervisors, whether they run or not.
    pub workers: usize,
}

impl SupervisorView {
    pub(super) fn new(children: impl ExactSizeIterator<Item = ChildEntry>) -> Self {
        let mut entries = Ordered::new();
        entries.reserve(children.len());
        (0..).map(ChildKey).zip(children).for_each(|(key, entry)| entries.push(key, entry));
        Self(Mutex::new(Table { entries, over: None }))
    }

    // --- for the actor ---

    /// Adds a child behind all others.
    pub(super) fn add(&self, key: ChildKey, entry: ChildEntry) {
        self.lock().entries.push(key, entry);
    }

    /// Removes a child. It comes back to be dropped where no lock is held.
    #[must_use]
    pub(super) fn remove(&self, key: ChildKey) -> Option<ChildEntry> {
        self.lock().entries.remove(key)
    }

    /// Reads or changes what is known of a child. The closure does nothing but that; what it replaces it returns.
    pub(super) fn with<R>(&self, key: ChildKey, change: impl FnOnce(&mut ChildEntry) -> R) -> Option<R> {
        self.lock().entries.get_mut(key).map(change)
    }

    /// Reads all children, in start order.
    pub(super) fn for_each(&self, mut look: impl FnMut(ChildKey, &ChildEntry)) {
        self.lock().entries.iter().for_each(|(key, entry)| look(key, entry));
    }

    /// Takes out what the children were started from, to be dropped where no lock is held. How they came down can
    /// still be seen.
    #[must_use]
    pub(super) fn take_specs(&self) -> Vec<ChildSpec> {
        let mut table = self.lock();
        let mut specs = Vec::with_capacity(table.entries.len());
        specs.extend(table.entries.iter_mut().filter_map(ChildEntry::take_spec));
        specs
    }

    /// The supervisor is over. Answers how its children came down, and all there was, to be dropped where no lock is
    /// held.
    pub(super) fn close(&self, now: Instant) -> (Below, Ordered<ChildEntry>) {
        let mut table = self.lock();
        let mut reports = Vec::with_capacity(table.entries.len());
        reports.extend(table.entries.iter_mut().filter_map(|entry| entry.take_report(now)));
        let below = table.over.insert(Below::new(reports)).clone();
        (below, std::mem::replace(&mut table.entries, Ordered::new()))
    }

    // --- for all readers ---

    /// Whether the supervisor is over.
    pub(super) fn is_over(&self) -> bool {
        self.lock().over.is_some()
    }

    pub(super) fn snapshots(&self, now: Instant) -> Vec<SeenChild<NodeSnapshot>> {
        self.lock().entries.iter().map(|(_, entry)| entry.snapshot(now)).collect()
    }

    pub(super) fn reports(&self, now: Instant) -> Vec<SeenChild<NodeReport>> {
        let table = self.lock();
        match &table.over {
            Some(below) => below.copy().into_iter().map(SeenChild::of_what_is_gone).collect(),
            None => table.entries.iter().filter_map(|(_, entry)| entry.report(now)).collect(),
        }
    }

    /// OTP rule 43, OTP rule 51.
    pub(super) fn count(&self) -> ChildCount {
        let table = self.lock();
        let mut count = ChildCount { specs: table.entries.len(), ..ChildCount::default() };
        for (_, entry) in table.entries.iter() {
            count.active += usize::from(entry.live().is_some());
            match entry.kind() {
                ChildKind::Supervisor => count.supervisors += 1,
                ChildKind::Process | ChildKind::Task | ChildKind::Actor => count.workers += 1,
            }
        }
        count
    }

    pub(super) fn spec(&self, id: &str) -> Option<ChildSpec> {
        self.find(id, |entry| entry.spec().cloned())?
    }

    /// The key of the child with this id.
    pub(super) fn find_key(&self, id: &str) -> Option<ChildKey> {
        let table = self.lock();
        table.entries.iter().find(|(_, entry)| entry.path.id() == id).map(|(key, _)| key)
    }

    /// What is known of the child with this id.
    pub(super) fn find<R>(&self, id: &str, look: impl FnOnce(&ChildEntry) -> R) -> Option<R> {
        let table = self.lock();
        let (_, entry) = table.entries.iter().find(|(_, entry)| entry.path.id() == id)?;
        Some(look(entry))
    }

    /// Nothing that could panic is done under the lock, but for an allocation.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

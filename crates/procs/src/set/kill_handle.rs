//! The handle through which the last kill reaches a set, from any thread.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rootward_core::KillHandle;

use super::ProcessSet;
use crate::Signal;

/// How long until a set that was killed is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Holds a process set as soon as there is one, for a kill that waits for nothing.
#[derive(Debug, Default)]
pub(crate) struct SetKillHandle(Mutex<KillTarget>);

#[derive(Debug, Default)]
enum KillTarget {
    /// There is no process yet.
    #[default]
    Nothing,
    /// The owner keeps the set. A handle can outlive the runtime, and must not keep the set's reaper.
    Set(Weak<ProcessSet>),
    /// It is to be killed as soon as it is there.
    Doomed,
}

impl SetKillHandle {
    /// Takes hold of a process that was just started.
    pub(crate) fn hold(&self, set: &Arc<ProcessSet>) {
        let mut held = self.lock();
        match &*held {
            KillTarget::Doomed => kill(set),
            KillTarget::Nothing | KillTarget::Set(_) => *held = KillTarget::Set(Arc::downgrade(set)),
        }
    }

    /// Sends a signal to the set's group, if there is one now.
    fn send(&self, signal: Signal) {
        let held = self.lock();
        let set = match &*held {
            KillTarget::Set(set) => set.upgrade(),
            KillTarget::Nothing | KillTarget::Doomed => None,
        };
        // Under the lock, and let go of after it, as for a kill. One that cannot be reached is not suspended.
        set.iter().for_each(|set| drop(set.signal(signal)));
        drop(held);
        drop(set);
    }

    /// Kills the set now, or as soon as there is one. From any thread, and without waiting for anything.
    pub(crate) fn kill(&self) {
        let mut held = self.lock();
        let set = match &*held {
            KillTarget::Set(set) => set.upgrade(),
            KillTarget::Nothing | KillTarget::Doomed => {
                *held = KillTarget::Doomed;
                None
            }
        };
        // Under the lock: the owner lets go before it releases the set, which may belong to another process then.
        set.iter().for_each(|set| kill(set));
        drop(held);
        // Not under the lock: if this is the last reference, the set's warden is dropped with it.
        drop(set);
    }

    /// Blocks this thread until no process is left of the set that was killed, for so long at most.
    #[expect(
        clippy::disallowed_methods,
        reason = "the owner's runtime may stand still, and nothing else is told"
    )]
    pub(crate) fn await_empty(&self, within: Duration) -> bool {
        let since = Instant::now();
        loop {
            if self.set().is_none_or(|set| set.looks_empty()) {
                return true;
            }
            if since.elapsed() > within {
                return false;
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// The set, as long as its owner has it.
    pub(crate) fn set(&self) -> Option<Arc<ProcessSet>> {
        match &*self.lock() {
            KillTarget::Set(set) => set.upgrade(),
            KillTarget::Nothing | KillTarget::Doomed => None,
        }
    }

    /// Lets go, because nothing is left.
    pub(crate) fn let_go(&self) {
        *self.lock() = KillTarget::Nothing;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, KillTarget> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KillHandle for SetKillHandle {
    fn kill(&self) {
        Self::kill(self);
    }

    fn suspend(&self) {
        self.send(Signal::STOP);
    }

    fn resume(&self) {
        self.send(Signal::CONT);
    }
}

fn kill(set: &ProcessSet) {
    // An error is ignored: this is the last kill, and there is no other means.
    let _ = set.signal(Signal::KILL);
}

/// Holds the kill handle of a tree's only process: of the one that was started last.
#[derive(Debug, Default)]
pub(crate) struct KillSlot(Mutex<Arc<SetKillHandle>>);

impl KillSlot {
    pub(crate) fn hold(&self, handle: &Arc<SetKillHandle>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(handle);
    }

    /// Kills the set, and blocks this thread until no process is left of it, for so long at most.
    pub(crate) fn kill_and_await(&self, within: Duration) -> bool {
        let handle = Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
        handle.kill();
        handle.await_empty(within)
    }
}

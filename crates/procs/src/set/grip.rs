//! What the last kill reaches for, from any thread.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rootward_core::KillHandle;

use super::Set;
use crate::Signal;

/// Holds a process set as soon as there is one, for a kill that waits for nothing.
#[derive(Debug, Default)]
pub(crate) struct Grip(Mutex<Held>);

#[derive(Debug, Default)]
enum Held {
    /// There is no process yet.
    #[default]
    Nothing,
    /// The owner keeps the set. A handle can outlive the runtime, and must not keep the set's reaper.
    Set(Weak<Set>),
    /// It is to be killed as soon as it is there.
    Doomed,
}

impl Grip {
    /// Takes hold of a process that was just started.
    pub(crate) fn hold(&self, set: &Arc<Set>) {
        let mut held = self.lock();
        match &*held {
            Held::Doomed => kill(set),
            Held::Nothing | Held::Set(_) => *held = Held::Set(Arc::downgrade(set)),
        }
    }

    /// Kills the set now, or as soon as there is one. From any thread, and without waiting for anything.
    pub(crate) fn kill(&self) {
        let mut held = self.lock();
        let set = match &*held {
            Held::Set(set) => set.upgrade(),
            Held::Nothing | Held::Doomed => {
                *held = Held::Doomed;
                None
            }
        };
        // Under the lock: the owner lets go before it releases the set, which may belong to another process then.
        set.iter().for_each(|set| kill(set));
        drop(held);
        // Not under the lock: should this be the last reference, it takes the set's warden along.
        drop(set);
    }

    /// Lets go, because nothing is left.
    pub(crate) fn let_go(&self) {
        *self.lock() = Held::Nothing;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KillHandle for Grip {
    fn kill(&self) {
        Self::kill(self);
    }
}

fn kill(set: &Set) {
    // What cannot be killed now cannot be killed by us; the kill is the last anyway.
    let _ = set.signal(Signal::KILL);
}

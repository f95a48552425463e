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
    /// Whoever is responsible for it keeps it. This may be held by somebody who outlives the runtime, and must not keep its reaper.
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

    /// Kills the set now, or as soon as there is one.
    pub(crate) fn kill(&self) {
        let mut held = self.lock();
        match &*held {
            Held::Set(set) => {
                if let Some(set) = set.upgrade() {
                    kill(&set);
                }
            }
            Held::Nothing | Held::Doomed => *held = Held::Doomed,
        }
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

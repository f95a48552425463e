//! What the last kill reaches for, from any thread.

use std::sync::{Arc, Mutex, PoisonError};

use super::Group;
use crate::Signal;

/// Holds a process group as soon as there is one, for a kill that waits for nothing.
#[derive(Debug, Default)]
pub(crate) struct Grip(Mutex<Held>);

#[derive(Debug, Default)]
enum Held {
    /// There is no process yet.
    #[default]
    Nothing,
    Group(Arc<Group>),
    /// It is to be killed as soon as it is there.
    Doomed,
}

impl Grip {
    /// Takes hold of a process that was just started.
    pub(crate) fn hold(&self, group: &Arc<Group>) {
        let mut held = self.lock();
        match &*held {
            Held::Doomed => kill(group),
            Held::Nothing | Held::Group(_) => *held = Held::Group(Arc::clone(group)),
        }
    }

    /// Kills the group now, or as soon as there is one.
    pub(crate) fn kill(&self) {
        let mut held = self.lock();
        match &*held {
            Held::Group(group) => kill(group),
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

fn kill(group: &Group) {
    // What cannot be killed now cannot be killed by us; the kill is the last anyway.
    let _ = group.signal(Signal::KILL);
}

//! What has to be killed when the program leaves at once: kill handles, in one flat registry.
//!
//! The registry knows nothing of supervisors. A last kill needs no actor's turn and no lock but its own, which is released before the
//! first handle is used.

use std::fmt;
use std::sync::Weak;

use crate::panics::catch;
use crate::sync::{Mutex, MutexGuard, PoisonError, point};

/// Kills at once what a child has started outside of the program.
pub trait KillHandle: Send + Sync {
    /// Sends the kill, without waiting for anything.
    ///
    /// It runs on any thread, possibly while the runtime stands still, and possibly more than once. A panic in it is caught. One that
    /// blocks holds up the handles behind it.
    fn kill(&self);
}

/// The kill handles of all children of one tree.
#[derive(Default)]
pub(super) struct KillRegistry(Mutex<Handles>);

#[derive(Default)]
struct Handles {
    all: Vec<Weak<dyn KillHandle>>,
    /// When to look next for handles whose children are gone.
    sweep_at: usize,
}

impl KillRegistry {
    /// Adds a handle, for as long as its child holds it.
    pub(super) fn add(&self, handle: Weak<dyn KillHandle>) {
        let mut handles = self.lock();
        if handles.all.len() >= handles.sweep_at {
            handles.all.retain(|handle| handle.strong_count() > 0);
            handles.sweep_at = 2 * handles.all.len() + 16;
        }
        handles.all.push(handle);
    }

    /// Uses every handle, the youngest first.
    pub(super) fn kill_all(&self) {
        let handles: Vec<_> = self.lock().all.iter().filter_map(Weak::upgrade).collect();
        for handle in handles.into_iter().rev() {
            point();
            // The handle may be the last of its kind by now, so that its drop is caught as well.
            let _ = catch(move || handle.kill());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Handles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KillRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KillRegistry").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    struct Noted<'a>(&'static str, &'a Mutex<Vec<&'static str>>);

    impl KillHandle for Noted<'static> {
        fn kill(&self) {
            self.1.lock().unwrap().push(self.0);
            assert_ne!(self.0, "panics", "a handle that panics");
        }
    }

    fn handle(name: &'static str, log: &'static Mutex<Vec<&'static str>>) -> Arc<dyn KillHandle> {
        Arc::new(Noted(name, log))
    }

    #[test]
    fn every_handle_that_is_held_is_used_once_also_behind_one_that_panics() {
        static KILLED: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
        let registry = KillRegistry::default();
        let held = ["first", "panics", "last"].map(|name| handle(name, &KILLED));
        held.iter().for_each(|handle| registry.add(Arc::downgrade(handle)));
        registry.add(Arc::downgrade(&handle("gone", &KILLED)));

        registry.kill_all();

        assert_eq!(*KILLED.lock().unwrap(), ["last", "panics", "first"]);
    }

    #[test]
    fn handles_whose_children_are_gone_do_not_add_up() {
        static KILLED: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
        let registry = KillRegistry::default();

        for _ in 0..10_000 {
            registry.add(Arc::downgrade(&handle("gone", &KILLED)));
        }

        assert!(registry.lock().all.len() < 100);
    }
}

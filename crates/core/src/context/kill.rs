//! What has to be killed when the program leaves at once, and suspended together with it: kill handles, in one flat
//! registry.
//!
//! The registry knows nothing of supervisors. A last kill needs no actor's turn and no lock but its own, which is
//! released before the first handle is used. The handles are used on a thread of their own: one that blocks keeps
//! neither the others from being used nor the caller from leaving.

use std::fmt;
use std::sync::{Arc, Condvar, Weak};
use std::thread;
use std::time::Duration;

use crate::panics::catch;
use crate::sync::{Mutex, MutexGuard, PoisonError, is_seeded, point};

/// How long nothing has to happen before a handle counts as one that blocks.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many threads use handles at most: one more than there may be handles that block before the rest is given up.
const THREADS: usize = 8;

/// Kills at once what a child has started outside of the program.
pub trait KillHandle: Send + Sync {
    /// Sends the kill, without waiting for anything.
    ///
    /// It runs on any thread, possibly while the runtime stands still, and possibly more than once. A panic in it is
    /// caught. A few that block are left behind after a tenth of a second each.
    fn kill(&self);

    /// Stops it for a while, without waiting for anything. It may be stopped already. By default it does nothing.
    ///
    /// It runs as [`kill`](Self::kill) does.
    fn suspend(&self) {}

    /// Has it go on that was suspended, without waiting for anything. By default it does nothing.
    ///
    /// It runs as [`kill`](Self::kill) does.
    fn resume(&self) {}
}

/// What handles are used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Kill,
    Suspend,
    Resume,
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

    /// Uses every handle, the youngest first, and returns when that has been done or those that are left block.
    pub(super) fn use_all(&self, purpose: Use) {
        let left: Vec<_> = self.lock().all.iter().filter_map(Weak::upgrade).collect();
        if !left.is_empty() {
            let progress = UseProgress { left, in_use: 0, used: 0 };
            let round = KillRound { purpose, progress: Mutex::new(progress), over: Condvar::new() };
            Arc::new(round).run();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Handles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One use of all handles.
struct KillRound {
    purpose: Use,
    progress: Mutex<UseProgress>,
    over: Condvar,
}

struct UseProgress {
    left: Vec<Arc<dyn KillHandle>>,
    in_use: usize,
    used: usize,
}

impl UseProgress {
    fn is_over(&self) -> bool {
        self.left.is_empty() && self.in_use == 0
    }
}

impl KillRound {
    fn run(self: Arc<Self>) {
        if is_seeded() {
            return self.work();
        }
        for _ in 0..THREADS {
            let round = Arc::clone(&self);
            let worker = thread::Builder::new().name("rootward-kill".to_owned()).spawn(move || round.work());
            if worker.is_err() {
                // A program that may have no more threads uses them here, and hopes that none blocks.
                return self.work();
            }
            if self.wait_while_it_goes_on() {
                return;
            }
        }
    }

    /// Waits as long as handles are used. Answers whether nothing is left that another thread could do.
    fn wait_while_it_goes_on(&self) -> bool {
        let mut progress = self.lock();
        loop {
            let before = progress.used;
            let waited = self.over.wait_timeout_while(progress, PATIENCE, |progress| !progress.is_over());
            progress = waited.unwrap_or_else(PoisonError::into_inner).0;
            if progress.left.is_empty() || progress.used == before {
                return progress.left.is_empty();
            }
        }
    }

    fn work(&self) {
        while let Some(handle) = self.next() {
            point();
            // The handle may be the last of its kind by now, so that its drop is caught as well.
            let purpose = self.purpose;
            let _ = catch(move || match purpose {
                Use::Kill => handle.kill(),
                Use::Suspend => handle.suspend(),
                Use::Resume => handle.resume(),
            });
            self.has_used_one();
        }
    }

    fn next(&self) -> Option<Arc<dyn KillHandle>> {
        let mut progress = self.lock();
        let next = progress.left.pop()?;
        progress.in_use += 1;
        Some(next)
    }

    fn has_used_one(&self) {
        let mut progress = self.lock();
        progress.in_use -= 1;
        progress.used += 1;
        if progress.is_over() {
            self.over.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, UseProgress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KillRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KillRegistry").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

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

        registry.use_all(Use::Kill);

        assert_eq!(*KILLED.lock().unwrap(), ["last", "panics", "first"]);
    }

    #[test]
    fn a_handle_is_used_for_what_is_wanted() {
        struct Noting(Mutex<Vec<Use>>);
        impl KillHandle for Noting {
            fn kill(&self) {
                self.0.lock().unwrap().push(Use::Kill);
            }
            fn suspend(&self) {
                self.0.lock().unwrap().push(Use::Suspend);
            }
            fn resume(&self) {
                self.0.lock().unwrap().push(Use::Resume);
            }
        }
        let registry = KillRegistry::default();
        let handle = Arc::new(Noting(Mutex::new(Vec::new())));
        registry.add(Arc::downgrade(&(Arc::clone(&handle) as Arc<dyn KillHandle>)));

        [Use::Suspend, Use::Resume, Use::Kill].iter().for_each(|purpose| registry.use_all(*purpose));

        assert_eq!(*handle.0.lock().unwrap(), [Use::Suspend, Use::Resume, Use::Kill]);
    }

    /// Blocks until the test lets it go.
    struct Blocks(Mutex<mpsc::Receiver<()>>);

    impl KillHandle for Blocks {
        fn kill(&self) {
            let _ = self.0.lock().unwrap().recv();
        }
    }

    #[test]
    fn handles_that_block_keep_no_other_from_being_used_and_no_caller_from_leaving() {
        static KILLED: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
        let registry = KillRegistry::default();
        let (releases, released): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::channel::<()>()).unzip();
        let mut held: Vec<Arc<dyn KillHandle>> = vec![handle("first", &KILLED)];
        for released in released {
            held.push(Arc::new(Blocks(Mutex::new(released))));
            held.push(handle("next", &KILLED));
        }
        held.iter().for_each(|handle| registry.add(Arc::downgrade(handle)));

        registry.use_all(Use::Kill);

        assert_eq!(*KILLED.lock().unwrap(), ["next", "next", "next", "first"]);
        drop(releases);
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

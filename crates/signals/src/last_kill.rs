//! The thread that does a tree's last kill.
//!
//! A thread of its own, because a kill may be held up, and then the program leaves all the same. It is there from the
//! beginning: a program that needs a last kill may be one that gets no new thread.

use std::fmt;
use std::io;
use std::sync::mpsc;
use std::thread;

use rootward_core::{Tree, sibling};
use tokio::runtime::Handle;

use crate::catch_panics::catch_panics;

/// The thread. It ends when this is dropped.
///
/// `None` in a story of the seeded scheduler, which has no such threads: a task does it there.
pub(crate) struct LastKill(Option<mpsc::SyncSender<KillRequest>>);

struct KillRequest {
    tree: Tree,
    done: Box<dyn FnOnce() + Send>,
}

impl LastKill {
    pub(crate) fn prepare() -> io::Result<Self> {
        if sibling::is_seeded() { Ok(Self(None)) } else { Self::with(Tree::kill_processes) }
    }

    /// With something else in place of the last kill.
    pub(crate) fn with(kill: impl Fn(&Tree) + Send + 'static) -> io::Result<Self> {
        let (sender, requests) = mpsc::sync_channel::<KillRequest>(1);
        thread::Builder::new().name("rootward-kill".to_owned()).spawn(move || {
            for KillRequest { tree, done } in requests {
                // A panic on the way out must not keep the program from leaving.
                // The program leaves, and there is nothing left to tell it to.
                let _ = catch_panics(|| kill(&tree));
                done();
            }
        })?;
        Ok(Self(Some(sender)))
    }

    /// Has everything killed that this tree still has, and says when that is done. Returns at once.
    pub(crate) fn of(&self, tree: Tree, done: impl FnOnce() + Send + 'static) {
        match &self.0 {
            // If there is no thread any more, or a kill is under way, the caller waits no longer than it would wait
            // anyway.
            Some(thread) => drop(thread.try_send(KillRequest { tree, done: Box::new(done) })),
            None => {
                let work = async move {
                    tree.kill_processes();
                    done();
                };
                drop(sibling::place(&Handle::current()).spawn(work));
            }
        }
    }
}

impl fmt::Debug for LastKill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastKill").finish_non_exhaustive()
    }
}

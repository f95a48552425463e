//! The abort of a task's body: it is asked for before or after there is something to abort, and is never lost.
//!
//! The thread that spawns the body has its handle only when the body may be at work already, and a supervisor may force
//! the task meanwhile. Each of the two writes down what it has done and then looks for what the other has done, with a
//! fence in between, so that one of them sees both.

use crate::sync::{AtomicBool, OnceLock, Ordering, fence, point};

/// Whether a body is to be aborted, and what aborts it.
pub(crate) struct Abort<H> {
    asked: AtomicBool,
    handle: OnceLock<H>,
}

impl<H> Abort<H> {
    pub(crate) fn new() -> Self {
        Self { asked: AtomicBool::new(false), handle: OnceLock::new() }
    }

    /// The body has been spawned, and this aborts it. Given back is what the caller has to use now.
    #[must_use]
    pub(crate) fn spawned(&self, handle: H) -> Option<&H> {
        let _ = self.handle.set(handle);
        fence(Ordering::SeqCst);
        self.handle.get().filter(|_| self.asked.load(Ordering::Acquire))
    }

    /// The body is to be aborted. Given back is what the caller has to use now. If there is nothing yet, the thread
    /// that spawns the body will use it.
    #[must_use]
    pub(crate) fn ask(&self) -> Option<&H> {
        self.asked.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        point();
        self.handle.get()
    }

    /// Whether the body has been asked for its abort.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// What aborts the body, once it has been spawned.
    pub(crate) fn handle(&self) -> Option<&H> {
        self.handle.get()
    }
}

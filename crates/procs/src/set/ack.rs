//! The acknowledgement of a process's end, shared by all that may still have to end something of the process.
//!
//! The owner of a process takes the [`Reporter`] out and reports. If the owner is dropped before that, because its
//! runtime is shut down, the reporter is dropped together with the last clone, and says that the process was aborted. A
//! launcher holds a clone until it has given up its attempt, and a set that has to be killed until it is gone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rootward_core::Reporter;

/// The right to report one incarnation of a process, until it is used.
#[derive(Clone, Debug)]
pub(crate) struct Ack(Arc<Mutex<Option<Reporter>>>);

impl Ack {
    pub(crate) fn new(reporter: Reporter) -> Self {
        Self(Arc::new(Mutex::new(Some(reporter))))
    }

    /// The right to report nothing, for a program that is no child.
    pub(crate) fn of_nothing() -> Self {
        Self(Arc::default())
    }

    /// Reports that the process has started.
    pub(crate) fn started(&self, pid: Option<u32>) {
        // Under the lock, which is not waited for anywhere, so that the reporter stays where it is should the report
        // panic.
        if let Some(reporter) = &*self.lock() {
            reporter.started(pid);
        }
    }

    /// Reports that the process cannot be asked to go.
    pub(crate) fn stuck(&self) {
        if let Some(reporter) = &*self.lock() {
            reporter.stuck();
        }
    }

    /// Takes the reporter, to report the end. `None` if that has been done.
    pub(crate) fn take(&self) -> Option<Reporter> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Reporter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

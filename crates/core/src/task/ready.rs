//! How a task says that it has started.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::port::Announcer;

/// For a task that counts as started when it says so.
pub(crate) struct Readiness {
    told: AtomicBool,
    announcer: Announcer,
}

impl Readiness {
    pub(super) fn new(announcer: Announcer) -> Self {
        Self { told: AtomicBool::new(false), announcer }
    }

    /// Says it. Once is enough.
    pub(super) fn tell(&self) {
        if !self.told.swap(true, Ordering::AcqRel) {
            self.announcer.started();
        }
    }
}

//! What few tasks have: a service says that it has started, and a job has a result that is waited for.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::child_kind::{Announcer, EndHandled};
use crate::sync::{Mutex, PoisonError};

/// What is special about a task. One task is not both.
pub(super) enum Special {
    /// It counts as started when it says so.
    Service { told: AtomicBool, announcer: Announcer },
    /// Its result is there once its supervisor has taken note of its end.
    Job(Mutex<Option<EndHandled>>),
}

impl Special {
    pub(super) fn service(announcer: Announcer) -> Self {
        Self::Service { told: AtomicBool::new(false), announcer }
    }

    pub(super) fn job(handled: EndHandled) -> Self {
        Self::Job(Mutex::new(Some(handled)))
    }

    /// Says that a service has started. Once is enough.
    pub(super) fn tell_started(&self) {
        match self {
            Self::Service { told, announcer } => {
                if !told.swap(true, Ordering::AcqRel) {
                    announcer.started();
                }
            }
            Self::Job(_) => {}
        }
    }

    /// What goes along with the report of a job's end.
    pub(super) fn take_handled(&self) -> Option<EndHandled> {
        match self {
            Self::Service { .. } => None,
            Self::Job(handled) => handled.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }
}

//! How a child says that its start is tried again.

use std::sync::Arc;
use std::time::Duration;

use crate::child::{ChildKind, ChildPath};
use crate::context::{StopScope, TreeContext};
use crate::event::EventKind;

/// Turns the failed attempts of one start into events.
#[derive(Clone, Debug)]
pub struct Retries {
    tree: TreeContext,
    scope: Arc<StopScope>,
    path: ChildPath,
    incarnation: u32,
}

impl super::StartContext {
    /// Where a child says that an attempt to start it has failed and is to be tried again.
    pub fn retries(&self) -> Retries {
        Retries {
            tree: self.tree.clone(),
            scope: Arc::clone(&self.scope),
            path: self.path.clone(),
            incarnation: self.incarnation,
        }
    }
}

impl Retries {
    /// Writes a `retrying` event: attempt number `attempt`, counted from 1, has failed for this reason, which is one
    /// line, and the next follows after `delay`.
    ///
    /// `false` says that a stop has begun: the start has to be given up, and nothing was written.
    pub fn note(&self, kind: ChildKind, attempt: u32, (error, delay): (String, Duration)) -> bool {
        let make = || (self.path.clone(), EventKind::Retrying { error, attempt, delay });
        self.tree.record().emit_if(|| !self.scope.is_stopping(), kind, self.incarnation, make)
    }

    /// Writes a `degraded` event: something weaker than usual is in force for this child, for this reason, which is one
    /// line.
    pub fn note_degraded(&self, kind: ChildKind, what: &'static str, reason: String) {
        let degraded = EventKind::Degraded { what: what.into(), reason };
        self.tree.record().emit(&self.path, kind, self.incarnation, degraded);
    }
}

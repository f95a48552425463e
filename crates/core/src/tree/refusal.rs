//! A tree that refuses to start, because something weaker than usual would be in force.

use std::io;

use crate::child::{ChildKind, StartError};
use crate::child_kind::{Launch, StartChild, StartContext};
use crate::spec::ChildSpec;
use crate::supervisor::Supervisor;

/// A root in the place of another one that is not to be started: its only child, named after what is weaker than usual,
/// cannot be started.
pub(super) fn refusing(root: &Supervisor, what: &'static str, reason: &str) -> Supervisor {
    Supervisor::new(root.id()).child(ChildSpec::new(what, Refused(reason.to_owned())))
}

/// Why a tree refuses to start.
struct Refused(String);

impl StartChild for Refused {
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        drop(cx);
        Launch::Failed(StartError::new(io::Error::new(io::ErrorKind::Unsupported, self.0.clone())))
    }
}

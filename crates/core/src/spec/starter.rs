//! What a user has made to start a child, held so that a panic in its drop does no harm.
//!
//! The last spec of a child is dropped wherever it happens to be: by a supervisor, by the report writer, by a caller.
//! What a user's closure has captured is dropped with it, and a panic of that must not be the end of any of these.

use crate::child::{ChildKind, SpecError};
use crate::child_kind::{Launch, StartChild, StartContext};
use crate::panics::drop_quietly;

/// Starts a child as what is inside does, and lets no panic of its drop get any further.
pub(super) struct Starter<S>(Option<S>);

impl<S: StartChild> Starter<S> {
    pub(super) fn new(start: S) -> Self {
        Self(Some(start))
    }

    fn inside(&self) -> &S {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl<S: StartChild> StartChild for Starter<S> {
    fn kind(&self) -> ChildKind {
        self.inside().kind()
    }

    fn start(&self, cx: StartContext) -> Launch {
        self.inside().start(cx)
    }

    fn check(&self, path: &str) -> Result<(), SpecError> {
        self.inside().check(path)
    }
}

impl<S> Drop for Starter<S> {
    fn drop(&mut self) {
        drop_quietly(self.0.take());
    }
}

//! How a description of a process becomes a child.

use std::sync::Arc;

use rootward_core::ChildSpec;

use super::StartProcess;
use crate::spec::Process;

/// # As a child
impl Process {
    /// Makes it a child.
    ///
    /// How far it is followed is its tree's business: [`Containment`](crate::Containment). A tree that was told nothing
    /// follows all descendants, and they die with this program, wherever there can be a warden.
    pub fn into_child(self, id: impl Into<String>) -> ChildSpec {
        let stop_time = self.stop_time();
        let child = ChildSpec::new(id, StartProcess::new(Arc::new(self.for_one_child())));
        match stop_time {
            Some(time) => child.shutdown(time),
            None => child,
        }
    }
}

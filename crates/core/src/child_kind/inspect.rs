//! What can be seen of a running child from outside of its supervisor.

use std::any::Any;
use std::io;
use std::sync::Arc;

use crate::child::Straggler;
use crate::report::StopStep;
use crate::signal::Signal;
use crate::snapshot::ProcessDetails;
use crate::stuck::Stuck;
use crate::usage::Usage;

/// Answers at once, from any thread, also while the child and its supervisor stand still.
///
/// It is for the kinds of children that this library brings along. Snapshots, the report at the deadline and the
/// detector call it, so that nothing in it may wait for an actor or run code that is not the library's.
#[doc(hidden)]
pub trait Inspect: Send + Sync {
    /// What the child is stuck in right now, as far as that can be seen without asking it.
    fn stuck(&self) -> Option<Stuck> {
        None
    }

    /// The descendants that the child, which has ended itself, has left behind, as of now:
    /// [`Outcome::Unreapable`](crate::Outcome::Unreapable) if they are still there. Nothing is looked up for it.
    fn stragglers(&self) -> Vec<Straggler> {
        Vec::new()
    }

    /// The steps of its stop so far, if there were several. Nothing is looked up for it.
    fn steps(&self) -> Vec<StopStep> {
        Vec::new()
    }

    /// How many starts the child has refused because it stops.
    fn refused(&self) -> u64 {
        0
    }

    /// What is known of the child beyond its state, as of now. Nothing is looked up for it.
    fn details(&self) -> Option<Box<ProcessDetails>> {
        None
    }

    /// What the child uses of the system, if that can be seen from outside. This one looks it up, so that it is asked
    /// under no lock and only when a program wants to know.
    fn usage(&self) -> Option<Usage> {
        None
    }

    /// Sends a signal to the program that the child is, and to nothing else. `None` says that the child is no process,
    /// or has none now.
    fn signal(&self, _signal: Signal) -> Option<io::Result<()>> {
        None
    }

    /// Whether this kind of child can be made to [`crash`](Self::crash).
    fn can_crash(&self) -> bool {
        false
    }

    /// Has the child crash, for a test: it ends as if by itself, and not as it should.
    fn crash(&self) {}

    /// The supervisor that the child is, or that looks after its children. Only the module `supervisor` knows the type.
    fn supervisor(self: Arc<Self>) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }
}

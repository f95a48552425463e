//! What the application holds while the root signal actor listens.

use std::fmt;
use std::future::pending;

use ractor::ActorRef;
use rootward_core::sibling::HearsSignals;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::actor::SignalMessage;
use crate::source::ProcessSignals;

/// Keeps the root signal actor at work. When it is dropped, the actor stops listening.
///
/// The actor holds a clone of the tree's handle, so a tree is not stopped by the drop of its other handles as
/// long as its signals are attended to.
///
/// Once the guard has been dropped each signal does what it did before, unless another tree's guard still needs it.
/// If something has been installed over the library's handler meanwhile, that stays.
#[must_use = "signals are attended to only as long as the guard is held"]
pub struct SignalsGuard {
    pub(crate) actor: ActorRef<SignalMessage>,
    pub(crate) listener: AbortHandle,
    pub(crate) left: watch::Receiver<Option<u8>>,
    /// The process's signals, if it is those that are heard. The actor's thread ends when this is dropped.
    pub(crate) held: Option<ProcessSignals>,
    pub(crate) _hears: HearsSignals,
}

impl SignalsGuard {
    /// Waits until a third signal says that the program should leave, and returns the exit status to leave
    /// with: 128 and the signal's number.
    ///
    /// By then the last kill has been done. The library does not exit: the program does, after awaiting this and
    /// without waiting for the tree any longer. If no third signal comes this never resolves, so it belongs into a
    /// `select!` beside [`Tree::wait`].
    ///
    /// [`Tree::wait`]: rootward_core::Tree::wait
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped and called again, also by several callers. Once it has resolved it
    /// always does.
    pub async fn exit_requested(&self) -> u8 {
        let mut left = self.left.clone();
        match left.wait_for(Option::is_some).await.ok().and_then(|status| *status) {
            Some(status) => status,
            // The actor has gone along with its runtime, and hears no signal any more.
            None => pending().await,
        }
    }

    /// Says that the tree is gone, and that the program has nothing left to do but to tell how it has ended.
    ///
    /// From now on no handler is called, and nothing acts upon the tree. Signals are still counted as the requests that
    /// they are, so that what belongs to the request that has stopped the tree changes nothing. The third request, at
    /// which nothing waits for [`exit_requested`](Self::exit_requested) any more, has every signal do what it did
    /// before, beginning with itself: as a rule it ends the program, but not process 1, which the system spares. If it
    /// has come before this, the next one does.
    pub fn conclude(&self) {
        // An actor that has gone hears no signal any more.
        let _ = self.actor.cast(SignalMessage::Concluding);
    }
}

impl Drop for SignalsGuard {
    fn drop(&mut self) {
        // At once, and not when the runtime gets around to dropping the listener.
        if let Some(held) = &self.held {
            held.signals.end_all();
        }
        self.listener.abort();
        self.actor.stop(None);
    }
}

impl fmt::Debug for SignalsGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalsGuard").field("left", &*self.left.borrow()).finish_non_exhaustive()
    }
}

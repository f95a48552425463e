//! The application's own handlers, and the thread on which they are called.
//!
//! A thread of their own, because they are somebody else's code and may block: on a full pipe that they print
//! to, on a lock. On a worker thread of the runtime that would hold up supervisors, and the next signal with
//! them. The thread exists only if something is registered, and nobody ever waits for it.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use rootward_core::{SignalAction, TreeSnapshot};
use tokio::runtime::Handle;

use crate::Signal;

/// What a handler is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignalReceived {
    /// The signal that arrived.
    pub signal: Signal,
    /// What it means for the tree.
    pub action: SignalAction,
}

type Handler = Box<dyn FnMut(&SignalReceived) + Send>;
type ShowSnapshot = Box<dyn FnMut(&TreeSnapshot) + Send>;

/// What the application registered, in the order in which it did.
#[derive(Default)]
pub(crate) struct Handlers {
    by_signal: Vec<(Signal, Handler)>,
    show_snapshot: Option<ShowSnapshot>,
}

/// The thread that calls them.
#[derive(Debug)]
pub(crate) struct HandlerThread(mpsc::Sender<Call>);

/// One signal to call handlers for.
pub(crate) struct Call {
    pub(crate) received: SignalReceived,
    /// Shown after the handlers have been called.
    pub(crate) snapshot: Option<TreeSnapshot>,
    /// Told when all that is over.
    pub(crate) done: Box<dyn FnOnce() + Send>,
}

impl Handlers {
    pub(crate) fn add(&mut self, signal: Signal, handler: Handler) {
        self.by_signal.push((signal, handler));
    }

    pub(crate) fn show_snapshots_with(&mut self, show: ShowSnapshot) {
        self.show_snapshot = Some(show);
    }

    pub(crate) fn shows_snapshots(&self) -> bool {
        self.show_snapshot.is_some()
    }

    /// The signals that somebody wants to hear of.
    pub(crate) fn signals(&self) -> BTreeSet<Signal> {
        self.by_signal.iter().map(|(signal, _)| *signal).collect()
    }

    /// Starts the thread that calls the handlers, if there are any. It ends when its handle is dropped.
    pub(crate) fn start(mut self, runtime: Handle) -> io::Result<Option<HandlerThread>> {
        if self.by_signal.is_empty() && self.show_snapshot.is_none() {
            return Ok(None);
        }
        let (sender, calls) = mpsc::channel();
        thread::Builder::new().name("rootward-signal".to_owned()).spawn(move || {
            let _entered = runtime.enter();
            for call in calls {
                self.serve(call);
            }
        })?;
        Ok(Some(HandlerThread(sender)))
    }

    fn serve(&mut self, call: Call) {
        let Call { received, snapshot, done } = call;
        for (_, handler) in self.by_signal.iter_mut().filter(|(signal, _)| *signal == received.signal) {
            survive(received.signal, || handler(&received));
        }
        if let (Some(show), Some(snapshot)) = (&mut self.show_snapshot, snapshot) {
            survive(received.signal, || show(&snapshot));
        }
        done();
    }
}

impl HandlerThread {
    /// Has the handlers called, soon. Returns at once.
    pub(crate) fn call(&self, call: Call) {
        if let Err(mpsc::SendError(unserved)) = self.0.send(call) {
            (unserved.done)();
        }
    }
}

/// Calls a handler. A panic in it is its own affair: the handlers after it, and the tree, still see the
/// signal.
fn survive(signal: Signal, handler: impl FnOnce()) {
    // A handler that panicked is called again for the next signal, as if it had returned; what it left half
    // done is its own.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(handler)) {
        tracing::error!(target: "rootward", { signal.name = %signal }, "a signal handler panicked");
        // A payload may panic when it is dropped. There is nobody left to tell.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signals: Vec<_> = self.by_signal.iter().map(|(signal, _)| signal).collect();
        f.debug_struct("Handlers")
            .field("by_signal", &signals)
            .field("shows_snapshots", &self.show_snapshot.is_some())
            .finish()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("received", &self.received).finish_non_exhaustive()
    }
}

//! The application's own handlers, and the thread on which they are called.
//!
//! A thread of their own, because they are foreign code and may block: on a full pipe that they print to, on a lock.
//! On a runtime's thread that would hold up the next signal. The thread exists only if something is registered. It
//! also takes the snapshot that SIGUSR1 shows. Nothing ever waits for it, but a stop, and that not for long.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Weak, mpsc};
use std::thread;
use std::time::Duration;

use rootward_core::{SignalAction, Tree, TreeSnapshot};
use tokio::runtime::Handle;

use crate::Signal;
use crate::quietly::quietly;

/// What a handler is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignalReceived {
    /// The signal that arrived.
    pub signal: Signal,
    /// What it means for the tree.
    pub action: SignalAction,
    /// How often it has arrived. More than once only if handlers were busy meanwhile: equal signals that wait for
    /// their handlers are one.
    pub times: u32,
}

/// What a handler has to await.
type Handling = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What an application registers for a signal.
pub(crate) enum Handler {
    Plain(Box<dyn FnMut(&SignalReceived) + Send>),
    Async(Box<dyn FnMut(SignalReceived) -> Handling + Send>),
}

type ShowSnapshot = Box<dyn FnMut(&TreeSnapshot) + Send>;

/// What the application registered, in the order in which it did.
#[derive(Default)]
pub(crate) struct Handlers {
    by_signal: Vec<(Signal, Handler)>,
    show_snapshot: Option<ShowSnapshot>,
}

/// The thread that calls them.
#[derive(Debug)]
pub(crate) struct HandlerThread {
    calls: mpsc::SyncSender<Call>,
    signals: BTreeSet<Signal>,
}

/// One signal to call handlers for.
pub(crate) struct Call {
    pub(crate) received: SignalReceived,
    /// The tree of which a snapshot is shown after the handlers have been called. A call that waits or hangs keeps no
    /// tree.
    pub(crate) shown: Option<Weak<Tree>>,
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

    /// The signals that handlers are registered for.
    pub(crate) fn signals(&self) -> BTreeSet<Signal> {
        self.by_signal.iter().map(|(signal, _)| *signal).collect()
    }

    /// Starts the thread that calls the handlers, if there are any. It ends when its handle is dropped. A handler that
    /// is async has so much time.
    pub(crate) fn start(
        mut self,
        runtime: Handle,
        limit: Option<Duration>,
    ) -> io::Result<Option<HandlerThread>> {
        let signals = self.signals();
        if signals.is_empty() && self.show_snapshot.is_none() {
            return Ok(None);
        }
        // The root signal actor has one call made at a time.
        let (sender, calls) = mpsc::sync_channel(1);
        thread::Builder::new().name("rootward-signal".to_owned()).spawn(move || {
            let _entered = runtime.enter();
            for call in calls {
                self.serve(call, &runtime, limit);
            }
        })?;
        Ok(Some(HandlerThread { calls: sender, signals }))
    }

    fn serve(&mut self, call: Call, runtime: &Handle, limit: Option<Duration>) {
        let Call { received, shown, done } = call;
        for (_, handler) in self.by_signal.iter_mut().filter(|(signal, _)| *signal == received.signal) {
            survive(received.signal, || match handler {
                Handler::Plain(handler) => handler(&received),
                Handler::Async(handler) => {
                    if !runtime.block_on(in_time(limit, handler(received))) {
                        tracing::warn!(
                            target: "rootward",
                            { signal.name = %received.signal },
                            "a signal handler took too long and was dropped"
                        );
                    }
                }
            });
        }
        if let (Some(show), Some(tree)) = (&mut self.show_snapshot, shown.and_then(|tree| tree.upgrade())) {
            let snapshot = tree.snapshot();
            // The function may take long, and the tree is not to be kept by that.
            drop(tree);
            survive(received.signal, || show(&snapshot));
        }
        done();
    }
}

impl HandlerThread {
    /// Whether a handler is registered for this signal.
    pub(crate) fn hears(&self, signal: Signal) -> bool {
        self.signals.contains(&signal)
    }

    /// Has the handlers called, soon. Returns at once.
    pub(crate) fn call(&self, call: Call) {
        if let Err(mpsc::TrySendError::Full(call) | mpsc::TrySendError::Disconnected(call)) =
            self.calls.try_send(call)
        {
            // Only a bug can bring this about, and a stop must not wait because of it.
            (call.done)();
        }
    }
}

/// Awaits a handler, and drops it when its time is over. `false` says that it was.
async fn in_time(limit: Option<Duration>, handler: impl Future<Output = ()>) -> bool {
    match limit {
        Some(limit) => tokio::time::timeout(limit, handler).await.is_ok(),
        None => {
            handler.await;
            true
        }
    }
}

/// Calls a handler. A panic in it is its own affair: the handlers after it, and the tree, still see the
/// signal.
fn survive(signal: Signal, handler: impl FnOnce()) {
    // A handler that panicked is called again for the next signal, as if it had returned; what it left half
    // done is its own.
    if !quietly(handler) {
        quietly(
            || tracing::error!(target: "rootward", { signal.name = %signal }, "a signal handler panicked"),
        );
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

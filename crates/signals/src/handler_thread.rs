//! The thread on which handlers are called.
//!
//! A thread of their own, because they are foreign code and may block: on a full pipe that they print to, on a lock.
//! On a runtime's thread that would hold up the next signal. The thread exists only if something is registered. It
//! also takes the snapshot that SIGUSR1 shows. Nothing ever waits for it, but a stop, and that not for long.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::thread;
use std::time::Duration;

use rootward_core::{Tree, TreeSnapshot};
use tokio::runtime::Handle;

use crate::catch_panics::catch_panics;
use crate::handler::{Handler, SignalReceived};
use crate::handler_registry::SignalHandlers;
use crate::{Signal, SignalError};

pub(crate) type ShowSnapshot = Box<dyn FnMut(&TreeSnapshot) + Send>;

/// The thread that calls the handlers. It comes into being when there is something to call, and ends when this is
/// dropped.
pub(crate) struct HandlerThread(Mutex<HandlerThreadState>);

/// The thread before and after it has been started.
enum HandlerThreadState {
    Planned(Option<HandlerWork>),
    Started(mpsc::SyncSender<HandlerCall>),
}

/// What the thread works with.
pub(crate) struct HandlerWork {
    pub(crate) handlers: SignalHandlers,
    pub(crate) show_snapshot: Option<ShowSnapshot>,
    /// Where a handler's `tokio::spawn` ends up.
    pub(crate) runtime: Handle,
    /// How long a handler that is async has.
    pub(crate) limit: Option<Duration>,
}

/// One signal to call handlers for.
pub(crate) struct HandlerCall {
    pub(crate) received: SignalReceived,
    /// The tree of which a snapshot is shown after the handlers have been called. A call that waits or hangs keeps no
    /// tree.
    pub(crate) shown: Option<Weak<Tree>>,
    /// Told when all that is over.
    pub(crate) done: Box<dyn FnOnce() + Send>,
}

impl HandlerThread {
    pub(crate) fn new(plan: HandlerWork) -> Self {
        Self(Mutex::new(HandlerThreadState::Planned(Some(plan))))
    }

    /// Starts the thread, unless it is there.
    pub(crate) fn start(&self) -> Result<(), SignalError> {
        let mut thread = self.lock();
        let HandlerThreadState::Planned(plan) = &mut *thread else { return Ok(()) };
        // The root signal actor has one call made at a time.
        let (sender, calls) = mpsc::sync_channel::<HandlerCall>(1);
        let (give, take) = mpsc::sync_channel::<HandlerWork>(1);
        // If the system refuses the thread, the plan is still here.
        let work = move || {
            let Ok(mut plan) = take.recv() else { return };
            let runtime = plan.runtime.clone();
            let _entered = runtime.enter();
            for call in calls {
                plan.serve(call);
            }
        };
        let started = thread::Builder::new().name("rootward-signal".to_owned()).spawn(work);
        started.map_err(SignalError::Thread)?;
        let plan = plan.take().expect("it is taken once");
        give.send(plan).expect("the thread waits for it");
        *thread = HandlerThreadState::Started(sender);
        Ok(())
    }

    /// Has the handlers called, soon. Returns at once.
    pub(crate) fn call(&self, call: HandlerCall) {
        let call = match &*self.lock() {
            HandlerThreadState::Started(calls) => match calls.try_send(call) {
                Ok(()) => return,
                // Only a bug can bring this about, and a stop must not wait because of it.
                Err(mpsc::TrySendError::Full(call) | mpsc::TrySendError::Disconnected(call)) => call,
            },
            // The last handler has gone since the call was decided upon.
            HandlerThreadState::Planned(_) => call,
        };
        (call.done)();
    }

    fn lock(&self) -> MutexGuard<'_, HandlerThreadState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HandlerWork {
    fn serve(&mut self, call: HandlerCall) {
        let HandlerCall { received, shown, done } = call;
        for handler in self.handlers.each(received.signal) {
            survive(received.signal, || {
                // The lock is the handler's own: no part of the library takes it but this thread.
                let mut handler = handler.lock().unwrap_or_else(PoisonError::into_inner);
                match &mut *handler {
                    Handler::Plain(handler) => handler(&received),
                    Handler::Async(handler) => {
                        if !self.runtime.block_on(in_time(self.limit, handler(received))) {
                            tracing::warn!(
                                target: "rootward",
                                { signal.name = %received.signal },
                                "a signal handler took too long and was dropped"
                            );
                        }
                    }
                }
            });
            // It may have been removed meanwhile, and its drop is foreign code.
            catch_panics(|| drop(handler));
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
    if !catch_panics(handler) {
        catch_panics(
            || tracing::error!(target: "rootward", { signal.name = %signal }, "a signal handler panicked"),
        );
    }
}

impl fmt::Debug for HandlerThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerThread").finish_non_exhaustive()
    }
}

impl fmt::Debug for HandlerCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerCall").field("received", &self.received).finish_non_exhaustive()
    }
}

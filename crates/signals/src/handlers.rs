//! What a handler is, and the thread on which handlers are called.
//!
//! A thread of their own, because they are foreign code and may block: on a full pipe that they print to, on a lock.
//! On a runtime's thread that would hold up the next signal. The thread exists only if something is registered. It
//! also takes the snapshot that SIGUSR1 shows. Nothing ever waits for it, but a stop, and that not for long.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::thread;
use std::time::Duration;

use rootward_core::{SignalAction, Tree, TreeSnapshot};
use tokio::runtime::Handle;

use crate::quietly::quietly;
use crate::{Signal, SignalError};

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

impl Handler {
    pub(crate) fn from_async<F>(mut handler: impl FnMut(SignalReceived) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::Async(Box::new(move |received| Box::pin(handler(received)) as _))
    }
}

/// Where the thread finds what to call.
pub(crate) trait HandlersOf: Send {
    /// Goes through the handlers of this signal. One that is removed before its turn is left out, and so is one that
    /// comes in between.
    fn each(&self, signal: Signal, call: &mut dyn FnMut(Arc<Mutex<Handler>>));
}

pub(crate) type ShowSnapshot = Box<dyn FnMut(&TreeSnapshot) + Send>;

/// The thread that calls the handlers. It comes into being when there is something to call, and ends when this is
/// dropped.
pub(crate) struct HandlerThread(Mutex<Thread>);

/// The thread before and after it has been started.
enum Thread {
    Planned(Option<Plan>),
    Started(mpsc::SyncSender<Call>),
}

/// What the thread works with.
pub(crate) struct Plan {
    pub(crate) handlers: Box<dyn HandlersOf>,
    pub(crate) show_snapshot: Option<ShowSnapshot>,
    /// Where a handler's `tokio::spawn` ends up.
    pub(crate) runtime: Handle,
    /// How long a handler that is async has.
    pub(crate) limit: Option<Duration>,
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

impl HandlerThread {
    pub(crate) fn new(plan: Plan) -> Self {
        Self(Mutex::new(Thread::Planned(Some(plan))))
    }

    /// Starts the thread, unless it is there.
    pub(crate) fn start(&self) -> Result<(), SignalError> {
        let mut thread = self.lock();
        let Thread::Planned(plan) = &mut *thread else { return Ok(()) };
        // The root signal actor has one call made at a time.
        let (sender, calls) = mpsc::sync_channel::<Call>(1);
        let (give, take) = mpsc::sync_channel::<Plan>(1);
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
        *thread = Thread::Started(sender);
        Ok(())
    }

    /// Has the handlers called, soon. Returns at once.
    pub(crate) fn call(&self, call: Call) {
        let call = match &*self.lock() {
            Thread::Started(calls) => match calls.try_send(call) {
                Ok(()) => return,
                // Only a bug can bring this about, and a stop must not wait because of it.
                Err(mpsc::TrySendError::Full(call) | mpsc::TrySendError::Disconnected(call)) => call,
            },
            // The last handler has gone since the call was decided upon.
            Thread::Planned(_) => call,
        };
        (call.done)();
    }

    fn lock(&self) -> MutexGuard<'_, Thread> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    fn serve(&mut self, call: Call) {
        let Call { received, shown, done } = call;
        self.handlers.each(received.signal, &mut |handler| {
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
            quietly(|| drop(handler));
        });
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
    if !quietly(handler) {
        quietly(
            || tracing::error!(target: "rootward", { signal.name = %signal }, "a signal handler panicked"),
        );
    }
}

impl fmt::Debug for HandlerThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerThread").finish_non_exhaustive()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("received", &self.received).finish_non_exhaustive()
    }
}

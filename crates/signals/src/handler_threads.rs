//! The threads on which handlers are called.
//!
//! Threads of their own, because handlers are foreign code and may block: on a full pipe that they print to, on a lock.
//! On a runtime's thread that would hold up the next signal. They exist only if something is registered, and they also
//! take the snapshot that SIGUSR1 shows. Nothing ever waits for them, but a stop, and that not for long.
//!
//! Handlers have one thread. The other one is for a stop that has waited too long for another signal's handlers: it is
//! there from the beginning, since a program that stands still may be one that gets no new thread.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak, mpsc};
use std::thread;
use std::time::Duration;

use rootward_core::{Tree, TreeSnapshot, sibling};
use tokio::runtime::Handle;

use crate::catch_panics::catch_panics;
use crate::handler::{Handler, SignalReceived};
use crate::handler_registry::SignalHandlers;
use crate::policy::CallPlace;
use crate::{Signal, SignalError};

pub(crate) type ShowSnapshot = Box<dyn FnMut(&TreeSnapshot) + Send>;

/// The threads that call the handlers. They come into being when there is something to call, and end when this is
/// dropped.
pub(crate) struct HandlerThreads(Mutex<HandlerThreadState>);

/// The threads before and after they have been started.
enum HandlerThreadState {
    Planned(HandlerWork),
    Started {
        in_turn: CallSender,
        aside: CallSender,
    },
    /// In a story of the seeded scheduler, which has no such threads: each call is a task. An async handler would block
    /// it, and is not called there.
    InTasks(HandlerWork),
}

type CallSender = mpsc::SyncSender<HandlerCall>;

/// What the threads work with.
#[derive(Clone)]
pub(crate) struct HandlerWork {
    pub(crate) handlers: SignalHandlers,
    /// The lock is the function's own: it is held while the function runs, and none of the threads waits for it.
    pub(crate) show_snapshot: Option<Arc<Mutex<ShowSnapshot>>>,
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

impl HandlerThreads {
    pub(crate) fn new(plan: HandlerWork) -> Self {
        Self(Mutex::new(HandlerThreadState::Planned(plan)))
    }

    /// Starts the threads, unless they are there.
    pub(crate) fn start(&self) -> Result<(), SignalError> {
        let mut threads = self.lock();
        let HandlerThreadState::Planned(plan) = &*threads else { return Ok(()) };
        if sibling::is_seeded() {
            *threads = HandlerThreadState::InTasks(plan.clone());
            return Ok(());
        }
        // If the system refuses one, the other ends and the plan is still here.
        let in_turn = thread::Builder::new().name("rootward-signal".to_owned());
        let in_turn = plan.clone().run_on(in_turn).map_err(SignalError::Thread)?;
        let aside = thread::Builder::new().name("rootward-onstop".to_owned());
        let aside = plan.clone().run_on(aside).map_err(SignalError::Thread)?;
        *threads = HandlerThreadState::Started { in_turn, aside };
        Ok(())
    }

    /// Has the handlers called, soon. Returns at once.
    pub(crate) fn call(&self, call: HandlerCall, place: CallPlace) {
        let call = match (&*self.lock(), place) {
            (HandlerThreadState::Started { in_turn: calls, .. }, CallPlace::InTurn)
            | (HandlerThreadState::Started { aside: calls, .. }, CallPlace::Aside) => {
                match calls.try_send(call) {
                    Ok(()) => return,
                    // Only a bug can bring this about, and a stop must not wait because of it.
                    Err(mpsc::TrySendError::Full(call) | mpsc::TrySendError::Disconnected(call)) => call,
                }
            }
            (HandlerThreadState::InTasks(work), _) => {
                let work = work.clone();
                drop(sibling::place(&Handle::current()).spawn(async move { work.serve(call) }));
                return;
            }
            // The last handler has gone since the call was decided upon.
            (HandlerThreadState::Planned(_), _) => call,
        };
        (call.done)();
    }

    fn lock(&self) -> MutexGuard<'_, HandlerThreadState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HandlerWork {
    /// Starts a thread that serves the calls that are sent to it.
    fn run_on(self, thread: thread::Builder) -> io::Result<CallSender> {
        // The root signal actor has one call at a time made in each place.
        let (sender, calls) = mpsc::sync_channel::<HandlerCall>(1);
        thread.spawn(move || {
            let _entered = self.runtime.enter();
            for call in calls {
                self.serve(call);
            }
        })?;
        Ok(sender)
    }

    fn serve(&self, call: HandlerCall) {
        let HandlerCall { received, shown, done } = call;
        for handler in self.handlers.each(received.signal) {
            survive(received.signal, || {
                // The lock is the handler's own. No two calls of one signal are made at a time.
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
        if let (Some(show), Some(tree)) = (&self.show_snapshot, shown.and_then(|tree| tree.upgrade())) {
            self.show(show, tree, received.signal);
        }
        done();
    }

    fn show(&self, show: &Mutex<ShowSnapshot>, tree: Arc<Tree>, signal: Signal) {
        let mut show = match show.try_lock() {
            Ok(show) => show,
            Err(TryLockError::Poisoned(show)) => show.into_inner(),
            // A snapshot is being shown, and a stop waits for the end of this call.
            Err(TryLockError::WouldBlock) => return,
        };
        let snapshot = tree.snapshot();
        // The function may take long, and the tree is not to be kept by that.
        drop(tree);
        survive(signal, || show(&snapshot));
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

impl fmt::Debug for HandlerThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerThreads").finish_non_exhaustive()
    }
}

impl fmt::Debug for HandlerCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerCall").field("received", &self.received).finish_non_exhaustive()
    }
}

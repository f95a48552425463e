//! The threads on which handlers are called.
//!
//! Threads of their own, because handlers are foreign code and may block: on a full pipe that they print to, on a lock.
//! On a runtime's thread that would hold up the next signal. They exist only if something is registered. Nothing ever
//! waits for them, but a stop, and that not for long.
//!
//! Handlers have one thread. If a handler runs beyond its limit, it keeps that thread, and the calls after it are made
//! on another one. The second thread is for a stop that has waited too long for another signal's handlers: it is there
//! from the beginning, since a program that stands still may be one that gets no new thread. A snapshot that stops
//! nothing is shown on a [thread of its own](SnapshotShow).
//!
//! What went wrong in a handler is an event. The program's log has it from there: a log that blocks keeps none of these
//! threads.

use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rootward_core::{SignalAction, Tree, sibling};
use tokio::runtime::Handle;

use crate::SignalError;
use crate::catch_panics::catch_panics;
use crate::handler::{Handler, SignalReceived};
use crate::handler_registry::SignalHandlers;
use crate::policy::CallPlace;
use crate::snapshot_show::SnapshotShow;

/// The threads that call the handlers. They come into being when there is something to call, and end when this is
/// dropped.
pub(crate) struct HandlerThreads(Mutex<HandlerThreadState>);

/// The threads before and after they have been started.
enum HandlerThreadState {
    Planned(HandlerWork),
    Started {
        in_turn: CallSender,
        aside: CallSender,
        /// For another thread, where one does not come back.
        work: HandlerWork,
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
    pub(crate) show_snapshot: Option<SnapshotShow>,
    /// Where a handler's `tokio::spawn` ends up.
    pub(crate) runtime: Handle,
    /// How long a handler that is async has.
    pub(crate) limit: Option<Duration>,
}

/// One signal to call handlers for.
pub(crate) struct HandlerCall {
    pub(crate) received: SignalReceived,
    /// A call that waits or hangs keeps no tree.
    pub(crate) tree: Weak<Tree>,
    /// Whether a snapshot of the tree is shown after the handlers have been called.
    pub(crate) is_shown: bool,
    /// Told when a handler begins, and by when it has to return; and when nothing is due any more.
    pub(crate) begun: Box<dyn Fn(Option<Instant>) + Send>,
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
        if let Some(show) = &plan.show_snapshot {
            show.start(&plan.runtime).map_err(SignalError::Thread)?;
        }
        let work = plan.clone();
        *threads = HandlerThreadState::Started { in_turn, aside, work };
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

    /// Has the calls in this place made by another thread. The one that is busy there ends when it comes back. `false`
    /// says that there is no other one to be had.
    pub(crate) fn replace(&self, place: CallPlace) -> bool {
        let mut threads = self.lock();
        let HandlerThreadState::Started { in_turn, aside, work } = &mut *threads else { return false };
        let (name, sender) = match place {
            CallPlace::InTurn => ("rootward-signal", in_turn),
            CallPlace::Aside => ("rootward-onstop", aside),
        };
        match work.clone().run_on(thread::Builder::new().name(name.to_owned())) {
            Ok(other) => {
                *sender = other;
                true
            }
            Err(_) => false,
        }
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
        let HandlerCall { received, tree, is_shown, begun, done } = call;
        // A story of the seeded scheduler calls handlers in tasks, which none of them may block.
        let limit = self.limit.filter(|_| !sibling::is_seeded());
        for handler in self.handlers.each(received.signal) {
            // A handler that panicked is called again for the next signal, as if it had returned; what it left half
            // done is its own. The handlers after it, and the tree, still see the signal.
            let called = catch_panics(|| {
                // The lock is the handler's own. No two calls of one signal are made at a time.
                let mut handler = handler.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(limit) = limit {
                    // One that is async is dropped when its time is over, unless it blocks the thread.
                    let most =
                        if matches!(*handler, Handler::Plain(_)) { limit } else { limit.saturating_mul(2) };
                    begun(sibling::awake_now().checked_add(most));
                }
                match &mut *handler {
                    Handler::Plain(handler) => {
                        handler(&received);
                        true
                    }
                    Handler::Async(handler) => self.runtime.block_on(in_time(self.limit, handler(received))),
                }
            });
            let failure = match called {
                Ok(true) => None,
                Ok(false) => Some("it took too long and was dropped".to_owned()),
                Err(panic) => Some(format!("panic: {panic}")),
            };
            if let (Some(failure), Some(tree)) = (failure, tree.upgrade()) {
                sibling::note_handler_failure(&tree, received.signal.name(), failure);
            }
            // It may have been removed meanwhile, and its drop is foreign code. A panic in it is told to no caller.
            let _ = catch_panics(|| drop(handler));
        }
        if limit.is_some() {
            begun(None);
        }
        if let Some(show) = self.show_snapshot.as_ref().filter(|_| is_shown) {
            // A stop waits until it has been shown.
            match received.action == SignalAction::Stop {
                true => show.now(&tree),
                false => show.soon(tree),
            }
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

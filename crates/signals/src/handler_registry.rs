//! The application's handlers, in the order in which they were registered, and how they come and go while signals are
//! heard.
//!
//! A handler is foreign code, and so is its drop: both run when the list is unlocked.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::handler::Handler;
use crate::system_signals::CaughtSignals;
use crate::{Signal, SignalError, SignalReceived};

/// Adds handlers for signals while the program runs, and before.
///
/// [`Signals::handlers`](crate::Signals::handlers) has it for the signals that are described there. Clones are cheap
/// and add to the same handlers.
///
/// A handler that is added here is one as those of [`Signals::on`](crate::Signals::on): it is called after those that
/// were registered before it, on the same thread as they, and the stop waits for it as long as for them.
///
/// # Examples
///
/// ```
/// use rootward_core::{ChildSpec, Supervisor};
/// use rootward_signals::{Signal, Signals, SignalSource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (signals, source) = SignalSource::channel(); // without this line: the process's own signals
/// let described = Signals::new().source(source);
/// let handlers = described.handlers();
/// let cache = ChildSpec::task("cache", move |cx| {
///     let handlers = handlers.clone();
///     async move {
///         // As long as this incarnation runs, and no longer.
///         let _handler = handlers.add(Signal::USR2, |_| println!("the cache is emptied"));
///         cx.stopping().await
///     }
/// });
/// let tree = Supervisor::new("root").child(cache).start().await?;
/// let _guard = described.attach(&tree)?;
///
/// signals.send(Signal::USR2);
/// # tree.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SignalHandlers(Arc<Registry>);

/// A handler that was added while the program runs. When this is dropped, the handler is called no more; a call that
/// has begun goes on.
///
/// If it was the last one for a signal that means nothing else, the signal does again what it did before.
#[must_use = "the handler is called as long as this is held"]
pub struct AddedHandler {
    registry: Weak<Registry>,
    id: u64,
}

/// What is registered, and where signals are heard, if they are.
#[derive(Default)]
struct Registry(Mutex<HandlerList>);

#[derive(Default)]
struct HandlerList {
    entries: Vec<RegisteredHandler>,
    registered: u64,
    listening: Option<SignalDelivery>,
}

struct RegisteredHandler {
    id: u64,
    signal: Signal,
    handler: Arc<Mutex<Handler>>,
}

/// What has to know of a handler that comes or goes while signals are heard.
struct SignalDelivery {
    /// `None` if signals come from a channel.
    heard: Option<Arc<CaughtSignals>>,
    /// Has the threads for handlers started, unless they are there, or gone for good.
    start: Box<dyn Fn() -> Result<(), SignalError> + Send>,
}

impl SignalHandlers {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Adds a handler for a signal. It sees every signal that arrives from now on, as long as what this returns is
    /// held.
    ///
    /// A signal that the program has not listened for so far is caught from now on. While no signals are heard (before
    /// [`Signals::listen`](crate::Signals::listen), and after the guard has been dropped) the handler waits for them.
    ///
    /// # Errors
    ///
    /// [`SignalError`] if the signal cannot be listened for, or if the system refuses threads for handlers. Then the
    /// handler has been dropped.
    pub fn add(
        &self,
        signal: Signal,
        handler: impl FnMut(&SignalReceived) + Send + 'static,
    ) -> Result<AddedHandler, SignalError> {
        self.register(signal, Handler::Plain(Box::new(handler)))
    }

    /// Adds a handler for a signal that has something to await. It is to [`add`](Self::add) what
    /// [`Signals::on_async`](crate::Signals::on_async) is to [`Signals::on`](crate::Signals::on).
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn add_async<F>(
        &self,
        signal: Signal,
        handler: impl FnMut(SignalReceived) -> F + Send + 'static,
    ) -> Result<AddedHandler, SignalError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.register(signal, Handler::from_async(handler))
    }

    pub(crate) fn register(&self, signal: Signal, handler: Handler) -> Result<AddedHandler, SignalError> {
        let handler = Arc::new(Mutex::new(handler));
        let mut state = self.0.lock();
        if let Some(listening) = &state.listening {
            listening.begin(signal)?;
        }
        state.registered += 1;
        let id = state.registered;
        state.entries.push(RegisteredHandler { id, signal, handler });
        Ok(AddedHandler { registry: Arc::downgrade(&self.0), id })
    }

    /// Whether a handler is registered for this signal.
    pub(crate) fn hear(&self, signal: Signal) -> bool {
        self.0.lock().entries.iter().any(|entry| entry.signal == signal)
    }

    /// The handlers of this signal, one after the other. One that is removed before its turn is left out, and so is one
    /// that comes in between.
    pub(crate) fn each(&self, signal: Signal) -> impl Iterator<Item = Arc<Mutex<Handler>>> + '_ {
        let is_one = |entry: &&RegisteredHandler| entry.signal == signal;
        let ids: Vec<_> = self.0.lock().entries.iter().filter(is_one).map(|entry| entry.id).collect();
        ids.into_iter().filter_map(|id| self.0.lock().find(id).map(|entry| Arc::clone(&entry.handler)))
    }

    /// Signals are heard from now on, from the system if that is where they come from. This starts the threads
    /// that call the handlers.
    pub(crate) fn are_called_by(
        &self,
        start: impl Fn() -> Result<(), SignalError> + Send + 'static,
        heard: Option<Arc<CaughtSignals>>,
    ) -> Result<(), SignalError> {
        let mut state = self.0.lock();
        let listening = SignalDelivery { heard, start: Box::new(start) };
        for entry in &state.entries {
            listening.begin(entry.signal)?;
        }
        state.listening = Some(listening);
        Ok(())
    }
}

impl SignalDelivery {
    fn begin(&self, signal: Signal) -> Result<(), SignalError> {
        (self.start)()?;
        match &self.heard {
            Some(heard) => heard.begin(signal),
            None => Ok(()),
        }
    }

    fn end(&self, signal: Signal) {
        if let Some(heard) = &self.heard {
            heard.end(signal);
        }
    }
}

impl Registry {
    /// No foreign code runs while it is locked.
    fn lock(&self) -> MutexGuard<'_, HandlerList> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HandlerList {
    fn find(&self, id: u64) -> Option<&RegisteredHandler> {
        let place = self.entries.binary_search_by_key(&id, |entry| entry.id).ok()?;
        self.entries.get(place)
    }
}

impl AddedHandler {
    /// Leaves the handler registered for as long as signals are heard.
    pub fn keep(mut self) {
        self.registry = Weak::new();
    }
}

impl Drop for AddedHandler {
    fn drop(&mut self) {
        let Some(registry) = self.registry.upgrade() else { return };
        let removed = {
            let mut state = registry.lock();
            let place = state.entries.binary_search_by_key(&self.id, |entry| entry.id).ok();
            let removed = place.map(|place| state.entries.remove(place));
            if let (Some(entry), Some(listening)) = (&removed, &state.listening) {
                listening.end(entry.signal);
            }
            removed
        };
        // Here, and not under the lock.
        drop(removed);
    }
}

impl fmt::Debug for SignalHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        let signals: Vec<_> = state.entries.iter().map(|entry| entry.signal).collect();
        f.debug_tuple("SignalHandlers").field(&signals).finish()
    }
}

impl fmt::Debug for AddedHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddedHandler").finish_non_exhaustive()
    }
}

//! The signals that the system delivers to this process.

use std::future::pending;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::unix::AsyncFd;
use tokio::sync::Notify;

use crate::policy::stays_ignored;
use crate::sys::{self, Dispositions};
use crate::{Signal, SignalError};

/// Hears the process's signals until it is dropped or its dispositions are given back.
#[derive(Debug)]
pub(crate) struct SystemSignals {
    heard: Arc<CaughtSignals>,
    wakes: AsyncFd<UnixStream>,
}

/// Which of the process's signals are heard. Others come and go with the handlers for them.
#[derive(Debug, Default)]
pub(crate) struct CaughtSignals {
    state: Mutex<CaughtList>,
    dispositions: Dispositions,
    inherited: InheritedSignals,
    /// A signal has come that the listener's thread may block.
    news: Notify,
}

#[derive(Debug, Default)]
struct CaughtList {
    heard: Vec<CaughtSignal>,
    /// Signals that the listener's thread has to let through.
    blocked: Vec<Signal>,
    /// Nothing is heard any more.
    is_over: bool,
}

/// What becomes of what the program was started with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct InheritedSignals {
    /// Whether signals are heard that the terminal sends and that were ignored.
    pub(crate) heed_ignored: bool,
    /// Whether SIGCHLD is caught if it was ignored.
    pub(crate) reapable_children: bool,
}

/// A signal, and how many of it have been heard.
#[derive(Debug)]
struct CaughtSignal {
    signal: Signal,
    count: u32,
    /// How many need it: handlers, and what it means by itself.
    needed_by: usize,
}

impl SystemSignals {
    /// Begins to listen for all of these signals. None that arrives after this is lost.
    pub(crate) fn listen(signals: &[Signal], inherited: InheritedSignals) -> Result<Self, SignalError> {
        let wakes = sys::wakes().map_err(SignalError::Wake)?;
        let heard = Arc::new(CaughtSignals { inherited, ..CaughtSignals::default() });
        for signal in signals.iter().copied() {
            heard.begin(signal)?;
        }
        if inherited.reapable_children && sys::is_ignored(libc::SIGCHLD) {
            heard.take(Signal::CHLD)?;
        }
        // A write to a pipe without a reader is an error then, and does not end the program. It is caught and not
        // ignored: what this program executes does not inherit that.
        if sys::has_default_effect(libc::SIGPIPE) {
            heard.take(Signal::PIPE)?;
        }
        Ok(Self { heard, wakes })
    }

    /// Which signals are heard.
    pub(crate) fn heard(&self) -> &Arc<CaughtSignals> {
        &self.heard
    }

    /// The next signal. Several of one kind that have arrived since the last look are one.
    ///
    /// It is to be awaited on the thread that lets the signals through.
    pub(crate) async fn next(&mut self) -> Signal {
        loop {
            sys::let_through(&self.heard.take_blocked());
            if let Some(signal) = self.heard.take_arrived() {
                return signal;
            }
            tokio::select! {
                () = self.heard.news.notified() => {}
                woken = self.wakes.readable() => match woken {
                    // Before the next look, so that a signal after it wakes again.
                    Ok(mut woken) => woken.clear_ready(),
                    // The runtime in which listening began is gone.
                    Err(_) => pending().await,
                },
            }
            sys::calm();
        }
    }
}

/// What is registered may be registered for longer than signals are heard.
impl Drop for SystemSignals {
    fn drop(&mut self) {
        self.heard.end_all();
    }
}

impl CaughtSignals {
    /// Has a signal heard, once more. None that arrives after this is lost.
    pub(crate) fn begin(&self, signal: Signal) -> Result<(), SignalError> {
        let mut state = self.lock();
        if state.is_over {
            return Ok(());
        }
        if let Some(heard) = state.heard.iter_mut().find(|heard| heard.signal == signal) {
            heard.needed_by += 1;
            return Ok(());
        }
        if is_fault(signal) {
            let source = io::Error::from_raw_os_error(libc::EINVAL);
            return Err(SignalError::Listen { signal, source });
        }
        let number = signal.number();
        // The count first: what arrives as soon as the signal is taken is one that is to be heard.
        let count = sys::arrivals(number);
        if !stays_ignored(signal, sys::is_ignored(number), self.inherited.heed_ignored) {
            self.take(signal)?;
        }
        state.heard.push(CaughtSignal { signal, count, needed_by: 1 });
        state.blocked.push(signal);
        self.news.notify_one();
        Ok(())
    }

    /// Has a signal caught, also if nothing hears it.
    fn take(&self, signal: Signal) -> Result<(), SignalError> {
        let taken = self.dispositions.take(signal.number());
        taken.map_err(|source| SignalError::Listen { signal, source })
    }

    /// A signal is needed by one less. If that was the last, it does again what it did before.
    pub(crate) fn end(&self, signal: Signal) {
        let mut state = self.lock();
        let Some(place) = state.heard.iter().position(|heard| heard.signal == signal) else { return };
        let Some(heard) = state.heard.get_mut(place) else { return };
        heard.needed_by -= 1;
        // If it was blocked when the program began, the listener's thread lets it through as long as it lives.
        if heard.needed_by == 0 {
            state.heard.remove(place);
            self.dispositions.give_back_one(signal.number());
        }
    }

    /// Every signal does again what it did before, for good.
    pub(crate) fn end_all(&self) {
        let mut state = self.lock();
        state.is_over = true;
        state.heard.clear();
        self.dispositions.give_back();
    }

    fn take_arrived(&self) -> Option<Signal> {
        self.lock().heard.iter_mut().find_map(CaughtSignal::take)
    }

    fn take_blocked(&self) -> Vec<i32> {
        self.lock().blocked.drain(..).map(|signal| signal.number()).collect()
    }

    /// Nothing but the system is called while it is locked.
    fn lock(&self) -> MutexGuard<'_, CaughtList> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the kernel sends this signal for an instruction that cannot go on. A handler that returns has it sent again,
/// without end.
fn is_fault(signal: Signal) -> bool {
    matches!(signal, Signal::SEGV | Signal::BUS | Signal::FPE | Signal::ILL)
}

impl CaughtSignal {
    /// The signal, if it has arrived.
    fn take(&mut self) -> Option<Signal> {
        let count = sys::arrivals(self.signal.number());
        (std::mem::replace(&mut self.count, count) != count).then_some(self.signal)
    }
}

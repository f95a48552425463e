//! The signals that the system delivers to this process.

use std::future::pending;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use tokio::io::unix::AsyncFd;

use crate::policy::stays_ignored;
use crate::sys::{self, Dispositions};
use crate::{Signal, SignalError};

/// Hears the process's signals until it is dropped or its dispositions are given back.
#[derive(Debug)]
pub(crate) struct System {
    heard: Vec<Heard>,
    wakes: AsyncFd<UnixStream>,
    dispositions: Arc<Dispositions>,
}

/// What becomes of what the program was started with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Inherited {
    /// Whether signals are heard that the terminal sends and that were ignored.
    pub(crate) heed_ignored: bool,
    /// Whether SIGCHLD is caught if it was ignored.
    pub(crate) reapable_children: bool,
}

/// A signal, and how many of it have been heard.
#[derive(Debug)]
struct Heard {
    signal: Signal,
    count: u32,
}

impl System {
    /// Begins to listen for all of these signals. None that arrives after this is lost.
    pub(crate) fn listen(signals: &[Signal], inherited: Inherited) -> Result<Self, SignalError> {
        let wakes = sys::wakes().map_err(SignalError::Wake)?;
        let dispositions = Dispositions::default();
        let mut heard = Vec::new();
        for signal in signals.iter().copied() {
            if is_fault(signal) {
                let source = io::Error::from_raw_os_error(libc::EINVAL);
                return Err(SignalError::Listen { signal, source });
            }
            if stays_ignored(signal, sys::is_ignored(signal.number()), inherited.heed_ignored) {
                continue;
            }
            // The count first: what arrives as soon as the signal is taken is one that is to be heard.
            heard.push(Heard { signal, count: sys::arrivals(signal.number()) });
            let taken = dispositions.take(signal.number());
            taken.map_err(|source| SignalError::Listen { signal, source })?;
        }
        if inherited.reapable_children && sys::is_ignored(libc::SIGCHLD) {
            let taken = dispositions.take(libc::SIGCHLD);
            taken.map_err(|source| SignalError::Listen { signal: Signal::CHLD, source })?;
        }
        Ok(Self { heard, wakes, dispositions: Arc::new(dispositions) })
    }

    /// What gives the signals back.
    pub(crate) fn dispositions(&self) -> &Arc<Dispositions> {
        &self.dispositions
    }

    /// The next signal. Several of one kind that have arrived since the last look are one.
    pub(crate) async fn next(&mut self) -> Signal {
        loop {
            if let Some(signal) = self.heard.iter_mut().find_map(Heard::take) {
                return signal;
            }
            match self.wakes.readable().await {
                // Before the next look, so that a signal after it wakes again.
                Ok(mut woken) => woken.clear_ready(),
                // The runtime in which listening began is gone.
                Err(_) => pending().await,
            }
            sys::calm();
        }
    }
}

/// Whether the kernel sends this signal for an instruction that cannot go on. A handler that returns has it sent again,
/// without end.
fn is_fault(signal: Signal) -> bool {
    matches!(signal, Signal::SEGV | Signal::BUS | Signal::FPE | Signal::ILL)
}

impl Heard {
    /// The signal, if it has arrived.
    fn take(&mut self) -> Option<Signal> {
        let count = sys::arrivals(self.signal.number());
        (std::mem::replace(&mut self.count, count) != count).then_some(self.signal)
    }
}

//! What follows a signal that is sent to a process.

use rootward_core::Signal;

/// This signal, and SIGCONT after it: a stopped process does not react without it. SIGKILL needs none.
pub(crate) fn and_continue(signal: Signal) -> impl Iterator<Item = Signal> {
    [Some(signal), (signal != Signal::KILL).then_some(Signal::CONT)].into_iter().flatten()
}

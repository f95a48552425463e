//! How the process is suspended by what would have been the default effect of a signal that it catches: for the root
//! signal actor, and for a view of a tree, which gives its terminal back first.

#![expect(unsafe_code, reason = "a signal is sent by number")]

use std::thread;
use std::time::Duration;

use super::dispositions::discard_pending;
use super::mask::{block, let_through};

/// How long a handler that has begun on another thread gets to note its signal.
const NOTING: Duration = Duration::from_millis(10);

/// Suspends this process, until SIGCONT has it go on, unless what has arrived takes that back. It returns at once if
/// the kernel suspends nothing: in a group that no shell looks after, as process 1, or if SIGTTOU is not at its
/// default.
///
/// The signal is another one than that which asked for it, because that one has a handler.
///
/// A SIGCONT may come at any moment. The kernel discards a signal that would stop the process when a SIGCONT is sent,
/// and the other way round. So the signal is sent while this thread blocks it: a SIGCONT that comes later discards it,
/// and one that came before has arrived by the time when that is asked. Between the two system calls in which pending
/// signals are taken and the signal is sent, a SIGCONT may still be lost; no call does both.
#[expect(clippy::disallowed_methods, reason = "no event says that a handler has ended")]
pub fn suspend(is_taken_back: impl FnOnce() -> bool) {
    block(&[libc::SIGTTOU, libc::SIGCONT]);
    // A thread whose mask changes takes what is pending. Otherwise a SIGCONT that waits for another thread, which may
    // have to wait for a processor, would be discarded here.
    let_through(&[libc::SIGCONT]);
    // SAFETY: it takes numbers alone, and sends a signal to this thread.
    unsafe { libc::raise(libc::SIGTTOU) };
    thread::sleep(NOTING);
    if is_taken_back() {
        discard_pending(libc::SIGTTOU);
    }
    let_through(&[libc::SIGTTOU]);
}

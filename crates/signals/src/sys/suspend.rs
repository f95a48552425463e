//! How the process is suspended by what would have been the default effect of a signal that it catches.

#![expect(unsafe_code, reason = "a signal is sent by number")]

use super::handler::{arrived_since, last_arrival};

/// Suspends this process, until SIGCONT has it go on. It returns at once if the kernel suspends nothing: in a group
/// that no shell looks after, as process 1, or if SIGTTOU is not at its default.
///
/// The signal is another one than that which asked for it, because that one has a handler.
pub(crate) fn suspend() {
    // What came after the request takes it back: it may have been heard before it.
    if arrived_since(libc::SIGCONT, last_arrival(libc::SIGTSTP)) {
        return;
    }
    super::let_through(&[libc::SIGTTOU]);
    // SAFETY: it takes numbers alone, and sends a signal to this process.
    unsafe { libc::raise(libc::SIGTTOU) };
}

//! A signal does what it does by default.

#![expect(unsafe_code, reason = "a disposition is changed, which may be a handler that something relies on")]

use nix::sys::signal::{SigHandler, Signal, signal};

/// Gives a signal its default effect, as command line programs do with SIGPIPE: a Rust program begins with that one
/// ignored.
///
/// # Panics
///
/// With SIGKILL and SIGSTOP, which have no other effect.
pub fn reset_signal(number: Signal) {
    // SAFETY: the default effect calls no function of this program.
    unsafe { signal(number, SigHandler::SigDfl) }.expect("every signal but two has a disposition");
}

//! Signals that the terminal sends.

#![expect(unsafe_code, reason = "a struct is handed to the system")]

use std::ptr;

use nix::libc;
use nix::sys::signal::Signal;

/// Gives the signals of the terminal their default effect in this program, and in the programs that it starts.
///
/// A shell has SIGINT and SIGQUIT ignored in what a script starts in the background, and programs leave that as it is.
pub fn hear_the_terminal() {
    for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP] {
        // SAFETY: a sigaction may be all zero, which is the default effect. Nothing else is read or written.
        unsafe {
            let default: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal as libc::c_int, &raw const default, ptr::null_mut());
        }
    }
}

//! The end of the program by the signal that has stopped it.

use crate::{Signal, sys};

/// Ends this process by a signal, as if it had never been caught.
///
/// A shell that runs a program in a loop goes on when the program exits, whatever its status, and stops the loop when a
/// SIGINT has ended the program. So a program that has stopped because of a signal, in order, may end by it. No core
/// image is written.
///
/// Nothing is dropped and no buffer is flushed any more. It returns if the signal is one that ends no process, or if
/// the process is process 1 of its namespace, which no signal ends from inside. Such a program should exit with
/// [`Signal::exit_status`].
pub fn die_by_signal(signal: Signal) {
    sys::die_of(signal.number());
}

//! Writes messages to the user. A missing reader is no error.

use std::fmt;
use std::io::Write;

/// The status of a command line or a tree file that makes no sense. Nothing has been started then.
pub(crate) const BAD_INPUT: u8 = 2;

/// Writes an error, the way the command line's own errors look.
pub(crate) fn error(message: impl fmt::Display) {
    let _ = writeln!(std::io::stderr(), "error: {message}");
}

/// Writes something that the user should know and that is no error.
pub(crate) fn note(message: impl fmt::Display) {
    let _ = writeln!(std::io::stderr(), "note: {message}");
}

/// Writes what was asked for.
pub(crate) fn answer(text: &str) {
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

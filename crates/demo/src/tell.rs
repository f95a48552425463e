//! Writes messages to the user. A missing reader is no error.

use std::fmt;
use std::io::Write;

/// The status of a command line or a tree file that makes no sense. Nothing has been started then.
pub(crate) const BAD_INPUT: u8 = 2;

/// Writes an error, the way the command line's own errors look.
pub(crate) fn error(message: impl fmt::Display) {
    let _ = writeln!(std::io::stderr(), "error: {message}");
}

/// Writes an error and what is behind it, as far as its own text does not say that already.
pub(crate) fn error_with_its_causes(failed: &dyn std::error::Error) {
    let mut message = failed.to_string();
    for cause in std::iter::successors(failed.source(), |cause| cause.source()).map(ToString::to_string) {
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    error(message);
}

/// Writes what was asked for.
pub(crate) fn answer(text: &str) {
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

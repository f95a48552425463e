//! The names of signals.

use rootward::process::Signal;

use super::error::FileError;
use super::section::{Field, unknown_name};

/// The names that are suggested for one that is mistyped.
const NAMES: [&str; 12] = [
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGABRT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGTERM",
    "SIGCONT", "SIGWINCH", "SIGPWR",
];

pub(super) fn read(field: &Field<'_>) -> Result<Signal, FileError> {
    let text = field.text()?;
    text.parse().map_err(|_| field.error(unknown_name(text, NAMES.into_iter())))
}

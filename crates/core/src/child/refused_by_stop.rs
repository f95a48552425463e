//! What an error has as its source that says that a stop has begun, and nothing is started or changed any more.

use std::error::Error;
use std::fmt;

/// Says that something was refused because a stop has begun, or because what was asked is gone.
///
/// It is the source of the errors that say so to a caller. Libraries that wrap errors may hide the type of the
/// outermost one, and never that of a source: so a task whose end is a refusal can be told from one that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefusedByStop;

impl RefusedByStop {
    /// As a source.
    pub(crate) fn as_source() -> Option<&'static (dyn Error + 'static)> {
        Some(&Self)
    }
}

impl fmt::Display for RefusedByStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing is started or changed there any more")
    }
}

impl Error for RefusedByStop {}

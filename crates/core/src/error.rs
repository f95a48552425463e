//! Errors that belong to no single operation, and how an error is written down.

use std::error::Error;
use std::fmt::Write as _;

/// Writes an error and its sources on one line, from the outside in.
///
/// A source that the outer message already ends with is not repeated.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            let _ = write!(text, ": {inner_text}");
        }
        source = inner.source();
    }
    text
}

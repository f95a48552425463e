//! How an error is written down.

use std::error::Error;
use std::fmt::Write as _;

use crate::child::{Exit, StartError};
use crate::panics::catch;

impl Exit {
    /// Makes an error and the chain of its sources an exit.
    pub fn failed(error: &(dyn Error + 'static)) -> Self {
        Self::Failed { error: chain(error) }
    }
}

impl StartError {
    /// The error and its sources on one line, from the outside in.
    pub fn describe(&self) -> String {
        chain(self)
    }
}

/// Writes an error and its sources on one line, from the outside in.
///
/// A source that the outer message already ends with is not repeated.
///
/// The text is the user's, and may panic.
fn chain(error: &(dyn Error + 'static)) -> String {
    catch(|| write_chain(error))
        .unwrap_or_else(|_| "(an error that panics when it is written down)".to_owned())
}

fn write_chain(error: &(dyn Error + 'static)) -> String {
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

//! One step of a child's stop.

use std::fmt;
use std::time::Duration;

use super::{millis, text};
use crate::printable::on_one_line;

/// One step of a stop that took several: with what a process was asked, or that it was killed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct StopStep {
    /// With what: a signal such as `SIGTERM`, to the process group; `SIGTERM to the program alone`; or `stop command`.
    pub with: String,
    /// How long that was after the first step.
    #[serde(rename = "after_ms", serialize_with = "millis")]
    pub after: Duration,
    /// Why it has failed, if it is a stop command and did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl StopStep {
    /// A step that was taken so long after the first one.
    pub fn new(with: impl Into<String>, after: Duration) -> Self {
        Self { with: with.into(), after, error: None }
    }
}

impl fmt::Display for StopStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", on_one_line(&self.with))?;
        if !self.after.is_zero() {
            write!(f, " after {}", text::millis(self.after))?;
        }
        match &self.error {
            Some(error) => write!(f, " (failed: {})", on_one_line(error)),
            None => Ok(()),
        }
    }
}

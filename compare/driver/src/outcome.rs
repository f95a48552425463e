//! What came of one run. Plain data.

use std::fmt;
use std::time::Duration;

/// How a program ended, if it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// It goes on, as it should.
    Goes,
    /// It was still running after this time, and should not have been.
    Runs(Duration),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "status {status}"),
            Self::Killed(signal) => write!(f, "killed by signal {signal}"),
            Self::Goes => f.write_str("goes on"),
            Self::Runs(time) => write!(f, "**still running after {} s**", time.as_secs()),
        }
    }
}

/// What was seen in one run.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub ending: Ending,
    /// From the signal, or the first failure, to the end.
    pub took: Duration,
    /// From the same moment to when nothing was left, if that came.
    pub gone: Duration,
    /// How often the worker was started.
    pub starts: usize,
    /// How often the store was.
    pub stores: usize,
    /// From the first failure to the next start.
    pub gap: Option<Duration>,
    /// What became of the worker in the stop.
    pub worker: &'static str,
    /// What became of the store in the stop.
    pub store: &'static str,
    /// Names of the processes that were left behind.
    pub left: Vec<String>,
}

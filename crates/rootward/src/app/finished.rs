//! How a program around one tree came to its end.

use std::process::{ExitCode, Termination};
use std::sync::Arc;

use rootward_core::{Ending, StopReport};
use rootward_signals::Signal;

use super::status;

/// How a program around one tree came to its end. A `main` may return it.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "it holds the exit status, and says whether everything is really gone"]
pub enum Finished {
    /// The tree has stopped, or could not be brought down by its deadline.
    Stopped(Arc<StopReport>),
    /// A third signal said to leave at once. A last kill has been done, and nothing was awaited after it.
    #[non_exhaustive]
    Left {
        /// 128 and the signal's number.
        status: u8,
        /// What was known when it left: a child that was not known to be gone is unreapable. `None` if it could not be
        /// had at once.
        report: Option<Arc<StopReport>>,
    },
}

impl Finished {
    /// The exit status of a program whose tree's description makes no sense.
    pub const BAD_DESCRIPTION: u8 = 2;
    /// The exit status of a program whose tree could not be started, or failed.
    pub const FAILED: u8 = 1;

    /// How everything ended. If the program left before it had, this is what was known then.
    pub fn stop_report(&self) -> Option<&Arc<StopReport>> {
        match self {
            Self::Stopped(report) => Some(report),
            Self::Left { report, .. } => report.as_ref(),
        }
    }

    /// How the stop came out, unless the program left before it was over.
    pub fn ending(&self) -> Option<Ending> {
        match self {
            Self::Stopped(report) => Some(report.ending),
            Self::Left { .. } => None,
        }
    }

    /// The signal that has stopped the tree, if everything is gone and nothing failed. A program may end by it
    /// ([`signal::die_by_signal`](crate::signal::die_by_signal)).
    pub fn signal(&self) -> Option<Signal> {
        match self {
            Self::Stopped(report) => status::signal_of(report),
            Self::Left { .. } => None,
        }
    }

    /// The exit status, which is that of the process at this path if its failure has brought the tree down: its exit
    /// code, or 128 + the signal that has ended it.
    pub fn status_from(&self, path: &str) -> u8 {
        match self {
            Self::Stopped(report) => status::status_from(report, path),
            Self::Left { .. } => self.status(),
        }
    }

    /// The exit status that says all this to the process that started the program.
    pub fn status(&self) -> u8 {
        match self {
            Self::Stopped(report) => report.ending.exit_status(),
            Self::Left { status, .. } => *status,
        }
    }
}

impl From<Finished> for ExitCode {
    fn from(finished: Finished) -> Self {
        Self::from(finished.status())
    }
}

impl Termination for Finished {
    fn report(self) -> ExitCode {
        self.into()
    }
}

//! A deadline that fits into the time that an orchestrator grants.

use std::env;
use std::time::Duration;

use rootward_core::{TreeBuilder, sibling};

use super::Application;

/// The environment variable that says how long the orchestrator waits before it kills the program.
const VARIABLE: &str = "ROOTWARD_GRACE";

/// How long before the orchestrator's kill the tree's deadline is over: for the report, and for the end of the program.
const RESERVE: Duration = Duration::from_secs(3);

/// Says that `ROOTWARD_GRACE` is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ROOTWARD_GRACE is {0:?}, which is no number of seconds from 1 to 31536000")]
pub struct InvalidGrace(String);

/// The deadline that fits into what the orchestrator grants, if the environment variable `ROOTWARD_GRACE` says how much
/// that is: three seconds less, and of less than six seconds the half.
///
/// The variable is a number of seconds, such as `30` or `30s`. A pod cannot look up its
/// `terminationGracePeriodSeconds`, so its manifest writes the number twice; what a `preStop` hook takes is to be
/// subtracted there. `None` if the variable is not set.
///
/// # Errors
///
/// [`InvalidGrace`] if the variable says anything else.
pub fn deadline_from_env() -> Result<Option<Duration>, InvalidGrace> {
    env::var_os(VARIABLE).map(|text| deadline_within(&text.to_string_lossy())).transpose()
}

fn deadline_within(grace: &str) -> Result<Duration, InvalidGrace> {
    let trimmed = grace.trim();
    let seconds = trimmed.strip_suffix('s').unwrap_or(trimmed).parse::<u64>().ok();
    // A year, as longer than anything that is meant.
    let grace = seconds.filter(|seconds| (1..=31_536_000).contains(seconds)).map(Duration::from_secs);
    let grace = grace.ok_or_else(|| InvalidGrace(trimmed.to_owned()))?;
    Ok(grace - RESERVE.min(grace / 2))
}

impl Application {
    /// Takes the [deadline](Self::deadline) from the environment, where `ROOTWARD_GRACE` says how long the orchestrator
    /// waits before it kills the program: [`deadline_from_env`]. Where it is not set, the deadline stays what it is.
    ///
    /// A value that is no number of seconds changes nothing, and the first event of the tree and a warning say so.
    pub fn deadline_from_env(self) -> Self {
        self.configure(|tree| match deadline_from_env() {
            Ok(Some(deadline)) => tree.deadline(deadline),
            Ok(None) => tree,
            Err(invalid) => sibling::note_degraded(
                tree,
                "deadline",
                Some(format!("it is not the environment's: {invalid}")),
            ),
        })
    }

    /// Says how long the tree goes on as it is after a stop has been accepted, so that what sends work to it learns
    /// that it is about to go. The default is no time at all. See [`TreeBuilder::drain_delay`].
    pub fn drain_delay(self, delay: Duration) -> Self {
        self.configure(move |tree: TreeBuilder| tree.drain_delay(delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_is_three_seconds_below_what_is_granted_and_of_little_the_half() {
        for (grace, millis) in
            [("30", 27_000), ("30s", 27_000), (" 90 ", 87_000), ("6", 3000), ("5", 2500), ("1", 500)]
        {
            assert_eq!(deadline_within(grace), Ok(Duration::from_millis(millis)), "{grace}");
        }
    }

    #[test]
    fn what_is_no_number_of_seconds_is_an_error_that_shows_it() {
        for grace in ["", "0", "-1", "soon", "1m", "30 s", "1e3", "99999999999999999999"] {
            assert_eq!(deadline_within(grace), Err(InvalidGrace(grace.to_owned())));
        }
    }
}

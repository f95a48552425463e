//! Works for a while and then crashes, again and again.

use std::process::ExitCode;
use std::time::Duration;

use super::{pass, say};

/// Rare enough that its supervisor never gives up, often enough to be watched.
const GOES_WELL_FOR: Duration = Duration::from_secs(8);

pub(super) fn run() -> ExitCode {
    say("all is well");
    pass(GOES_WELL_FOR);
    say("something went wrong");
    ExitCode::FAILURE
}

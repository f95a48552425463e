//! Writes a line now and then, and does nothing special about signals: SIGTERM ends it.

use std::process::ExitCode;
use std::time::Duration;

use super::{pass, say};

pub(super) fn run() -> ExitCode {
    for tick in 1_u64.. {
        say(&format!("tick {tick}"));
        pass(Duration::from_secs(3));
    }
    ExitCode::SUCCESS
}

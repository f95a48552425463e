//! A program with something to lose: it takes a moment to open what it works on, and two seconds to
//! close it again when it is asked to stop.

use std::process::ExitCode;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};

use super::{pass, say};

const OPENING: Duration = Duration::from_millis(300);
const CLOSING: Duration = Duration::from_millis(500);
const PAGES: u32 = 4;

pub(super) fn run() -> ExitCode {
    // Blocked before anything else, so that a request that comes early waits until it can be heeded.
    let stop = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
    if stop.thread_block().is_err() {
        return ExitCode::FAILURE;
    }
    pass(OPENING);
    say("open");
    if stop.wait().is_err() {
        return ExitCode::FAILURE;
    }
    for page in 1..=PAGES {
        say(&format!("writing page {page} of {PAGES}"));
        pass(CLOSING);
    }
    say("closed");
    ExitCode::SUCCESS
}

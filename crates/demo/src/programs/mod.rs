//! The programs that the built-in tree runs as processes: the demo itself, called as `rootward-demo
//! sample NAME`.
//!
//! They know nothing of rootward. Each is an ordinary program that writes lines and minds its signals.

mod flaky;
mod slow;
mod ticker;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;

/// One of the sample programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SampleProgram {
    /// Takes a moment to be ready, and two seconds to stop
    Slow,
    /// Writes a line now and then
    Ticker,
    /// Crashes now and then
    Flaky,
}

impl SampleProgram {
    /// Runs the program until its end.
    pub(crate) fn run(self) -> ExitCode {
        match self {
            Self::Slow => slow::run(),
            Self::Ticker => ticker::run(),
            Self::Flaky => flaky::run(),
        }
    }

    /// The name under which it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Ticker => "ticker",
            Self::Flaky => "flaky",
        }
    }
}

/// Writes a line. If its reader has gone, that is no reason to fail.
fn say(line: &str) {
    let mut stdout = std::io::stdout();
    let _ = writeln!(stdout, "{line}");
    let _ = stdout.flush();
}

#[expect(clippy::disallowed_methods, reason = "to pass the time is what these programs are there for")]
fn pass(time: Duration) {
    std::thread::sleep(time);
}

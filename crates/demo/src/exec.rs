//! Runs one program contained, in the demo's place: for scripts and containers.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};
use std::time::Duration;

use nix::sys::signal::SigSet;
use rootward::process::Init;

use crate::messages;

/// What `env` and `timeout` end with when they fail themselves, when a program cannot be executed, and when there is
/// none.
const FAILED: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Becomes the program, below an init that ends as it ends, after all that it has left is gone. The program blocks the
/// signals that the demo has blocked at its start.
pub(crate) fn run(command: &[OsString], grace: Duration, mask: Option<SigSet>) -> ExitCode {
    if let Some(mask) = mask {
        let _ = mask.thread_set_mask();
    }
    if let Err(error) = Init::fork_containing(grace) {
        messages::error_with_its_causes(&error);
        return ExitCode::from(FAILED);
    }
    let [program, args @ ..] = command else { return ExitCode::from(FAILED) };
    let error = Command::new(program).args(args).exec();
    messages::error(format_args!("cannot execute {}: {error}", program.display()));
    ExitCode::from(if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE })
}

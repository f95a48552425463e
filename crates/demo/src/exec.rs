//! Runs one program contained, in the demo's place: for scripts and containers.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::{Args, ValueEnum};
use nix::sys::signal::SigSet;
use rootward::process::{DescribedPart, Init, InitBuilder, Process, Signal};

use crate::messages;

/// What `env` and `timeout` end with when they fail themselves, when a program cannot be executed, and when there is
/// none.
const FAILED: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// How the program is asked to end, and what becomes of what it leaves.
#[derive(Args, Debug)]
pub(crate) struct ExecOptions {
    /// How long what the program leaves behind may take to go after it was asked
    #[arg(long, value_name = "DURATION", value_parser = crate::tree_file::parse_duration, default_value = "5s")]
    grace: Duration,
    /// What asks the program to stop: a SIGTERM reaches it as this signal, and so is asked what it leaves behind
    #[arg(long, value_name = "SIGNAL", default_value = "SIGTERM")]
    stop_signal: Signal,
    /// Kill the program and all that it has started so long after it was first asked to stop
    #[arg(long, value_name = "DURATION", value_parser = crate::tree_file::parse_duration)]
    kill_after: Option<Duration>,
    /// What is ended with the program
    #[arg(long, value_enum, default_value_t = ExecContainment::Tree)]
    containment: ExecContainment,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "CMD")]
    command: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExecContainment {
    /// All that it has started
    Tree,
    /// What has stayed in its session: a daemon that it has started lives on
    Session,
}

impl ExecOptions {
    fn init(&self) -> InitBuilder {
        let mut init = Init::containing().grace(self.grace).stop_signal(self.stop_signal);
        if let Some(time) = self.kill_after {
            init = init.kill_after(time);
        }
        match self.containment {
            ExecContainment::Tree => init,
            ExecContainment::Session => init.leave_daemons(),
        }
    }
}

/// Becomes the program, below an init that ends as it ends, after all that it has left is gone. The program blocks the
/// signals that the demo has blocked at its start.
pub(crate) fn run(options: &ExecOptions, mask: Option<SigSet>) -> ExitCode {
    if let Some(mask) = mask {
        let _ = mask.thread_set_mask();
    }
    if let Err(error) = options.init().fork() {
        messages::error_with_its_causes(&error);
        return ExitCode::from(FAILED);
    }
    let [program, args @ ..] = options.command.as_slice() else { return ExitCode::from(FAILED) };
    let error = Command::new(program).args(args).exec();
    let limit = messages::limit_behind(&error);
    let why = reason(program, args, &error);
    messages::error(format_args!("cannot execute {}: {error}{limit}{why}", program.display()));
    ExitCode::from(if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE })
}

/// What is behind the system's words, which are the same for a program that is not there and for one whose interpreter
/// is not there.
fn reason(program: &OsStr, args: &[OsString], error: &io::Error) -> String {
    let of_the_texts = |part| {
        matches!(part, DescribedPart::Program | DescribedPart::Argument(_) | DescribedPart::Variable(_))
    };
    let foreseen = Process::new(program).args(args).foresee();
    if let Some(failure) = foreseen.iter().find(|failure| of_the_texts(failure.about())) {
        return format!(": {failure}");
    }
    // A path is not searched for. If the file is there, what is not found is what the kernel needs to load it.
    let names_a_file = program.as_encoded_bytes().contains(&b'/') && Path::new(program).exists();
    if names_a_file && error.kind() == io::ErrorKind::NotFound {
        ": the file is there, and the loader that it names is not".to_owned()
    } else {
        String::new()
    }
}

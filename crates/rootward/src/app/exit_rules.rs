//! How a program ends when its tree is gone: with a status, or by the signal that has stopped it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rootward_core::{Ending, Exit, StopCause, StopReport};
use rootward_signals::{Signal, die_by_signal};

use super::stderr::write_to_stderr;
use super::{Finished, termination};

/// What the application chose.
#[derive(Clone, Debug, Default)]
pub(super) struct ExitRules {
    pub(super) die_by_signal: bool,
    pub(super) exit_status_from: Option<String>,
    pub(super) termination_message: Option<PathBuf>,
}

impl ExitRules {
    /// Ends the process by a signal, or says with which status it ends.
    pub(super) fn say(&self, finished: &Finished) -> ExitCode {
        let wrote = self.write(|file| finished.write_termination_message(file));
        match finished.signal().filter(|_| self.die_by_signal) {
            Some(signal) => {
                // A process that is ended by a signal writes nothing any more.
                let _ = std::io::stdout().flush();
                die_by_signal(signal);
                ExitCode::from(signal.exit_status())
            }
            None => match self.status(finished) {
                0 if !wrote => ExitCode::from(Finished::FAILED),
                status => ExitCode::from(status),
            },
        }
    }

    /// Says why the program could not begin.
    pub(super) fn explain(&self, error: &str) {
        write_to_stderr(error);
        self.write(|file| termination::write(file, error));
    }

    /// Whether the termination message is written, where one is wanted. What is wrong is told.
    fn write(&self, write: impl FnOnce(&Path) -> io::Result<()>) -> bool {
        let Some(file) = &self.termination_message else { return true };
        let wrote = write(file);
        if let Err(error) = &wrote {
            write_to_stderr(&format!(
                "error: cannot write the termination message to {}: {error}\n",
                file.display()
            ));
        }
        wrote.is_ok()
    }

    fn status(&self, finished: &Finished) -> u8 {
        match &self.exit_status_from {
            Some(path) => finished.status_from(path),
            None => finished.status(),
        }
    }
}

/// The signal that has stopped a tree of which everything is gone.
pub(super) fn signal_of(report: &StopReport) -> Option<Signal> {
    let StopCause::Signal(name) = report.cause else { return None };
    let is_gone = matches!(report.ending, Ending::Clean | Ending::Forced);
    is_gone.then(|| name.parse().ok()).flatten()
}

/// The status with which a program ends that hands on how a child has ended.
pub(super) fn status_from(report: &StopReport, path: &str) -> u8 {
    let own = report.ending.exit_status();
    let is_gone = report.ending != Ending::Incomplete;
    let blame = report.blame.as_ref().filter(|blame| is_gone && blame.child == *path);
    blame.and_then(|blame| status_of(&blame.exit)).unwrap_or(own)
}

/// The status of a process as a shell has it. Only the lowest eight bits of an exit code reach the parent.
fn status_of(exit: &Exit) -> Option<u8> {
    match exit.plain() {
        Exit::Code(code) => u8::try_from(code & 0xff).ok(),
        Exit::Signal { number, .. } => u8::try_from(128 + number).ok(),
        Exit::Normal
        | Exit::Shutdown
        | Exit::Failed { .. }
        | Exit::Panicked(_)
        | Exit::Aborted
        | Exit::Unknown
        | _ => None,
    }
}

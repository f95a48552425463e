//! How a program ends when its tree is gone: with a status, or by the signal that has stopped it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rootward_core::Ending;
use rootward_core::sibling::{on_one_line, with_margin};
use rootward_signals::die_by_signal;

use super::service_manager::ExitTeller;
use super::stderr::write_to_stderr;
use super::{Finished, system_limits, termination};

/// What the application chose.
#[derive(Clone, Debug, Default)]
pub(super) struct ExitRules {
    pub(super) die_by_signal: bool,
    pub(super) exit_status_from: Option<String>,
    pub(super) termination_message: Option<PathBuf>,
    /// Tells the service manager with which status the program ends, once nothing can change it any more.
    pub(super) exit_teller: ExitTeller,
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
                self.end_with(signal.exit_status())
            }
            // Where more than one applies: 4 before 1 before 3.
            None if !wrote && matches!(finished.ending(), Some(Ending::Clean | Ending::Forced)) => {
                self.end_with(Finished::FAILED)
            }
            None => self.end_with(self.status(finished)),
        }
    }

    /// The status with which the program ends, whatever it ends for. The service manager is told.
    pub(super) fn end_with(&self, status: u8) -> ExitCode {
        self.exit_teller.tell(status);
        ExitCode::from(status)
    }

    /// Says why the program could not begin. The error holds what the program has named.
    pub(super) fn explain(&self, error: &str) {
        let error = format!("error: {}\n", with_margin(error));
        write_to_stderr(&error);
        self.write(|file| termination::write(file, &error));
    }

    /// Whether the termination message is written, where one is wanted. What is wrong is told.
    fn write(&self, write: impl FnOnce(&Path) -> io::Result<()>) -> bool {
        let Some(file) = &self.termination_message else { return true };
        let wrote = write(file).map_err(system_limits::named);
        if let Err(error) = &wrote {
            let file = on_one_line(&file.display().to_string());
            write_to_stderr(&format!("error: cannot write the termination message to {file}: {error}\n"));
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

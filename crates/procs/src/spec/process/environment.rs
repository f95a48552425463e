//! What a process finds in its environment.

use std::ffi::OsString;
use std::path::PathBuf;

use super::Process;

/// # Environment
///
/// Later sources win over earlier ones: this program's environment, the variables of the [user](Self::user), those of
/// [files](Self::env_file) in their order, and what [`env`](Self::env) sets or [removes](Self::env_remove).
impl Process {
    /// Sets a variable of the environment.
    ///
    /// A process inherits this program's variables, but for those by which a service manager speaks to this program
    /// alone: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`, `LISTEN_FDS`, `LISTEN_PID`, `LISTEN_PIDFDID`,
    /// `LISTEN_FDNAMES`, `MAINPID`, `INVOCATION_ID` and `JOURNAL_STREAM`. One that is set here is set.
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.command.env.insert(key.into(), Some(value.into()));
        self
    }

    /// Takes a variable out of the environment.
    pub fn env_remove(mut self, key: impl Into<OsString>) -> Self {
        self.command.env.insert(key.into(), None);
        self
    }

    /// Begins with an empty environment instead of this program's, and forgets what has been set so far.
    pub fn env_clear(mut self) -> Self {
        self.command.clear_env = true;
        self.command.env.clear();
        self
    }

    /// Reads variables from a file in dotenv syntax, after those of files that were named before.
    ///
    /// The file is read again at each start, also at a restart, by this program and not as the process's user. A
    /// relative path counts from the process's working directory. Lines are `NAME=value`, with `#`, quotes and `export`
    /// as dotenv files have them.
    ///
    /// `$NAME` and `${NAME}` stand for a variable of this program or, if it has none, of a line before, whether
    /// variables are [expanded](Self::expand_variables) or not. A `$` before anything else is a mistake: in single
    /// quotes, or behind a backslash, it is a plain `$`. A name without braces has letters and digits only, and takes
    /// the sign behind it as it is: in double quotes, and before an underscore, write `${NAME}`. There are no defaults
    /// (`${NAME:-value}`).
    ///
    /// A file that cannot be read, has such a mistake or a NUL byte, or is longer than 1 MiB, fails the start
    /// ([`LaunchError::EnvFile`](crate::LaunchError::EnvFile)); the error names the line, and shows no value.
    #[doc(alias = "EnvironmentFile")]
    pub fn env_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.command.env_files.push(file.into());
        self
    }

    /// Has `${NAME}` in the program, its arguments, the working directory and the values of [`env`](Self::env) stand
    /// for the variable of that name. Without this it has no meaning.
    ///
    /// In the program and its arguments that is the variable that the process has, or else, if its environment was
    /// [cleared](Self::env_clear), that of this program. In a value of `env` it is what the variable would be without
    /// `env`. In the working directory it is what `env` says literally, or this program's variable. The values are
    /// taken at each start, and are not expanded once more. `$${` is a plain `${`, and every other `$` stays as it is:
    /// for defaults and everything else there are shells.
    ///
    /// A variable that is not set fails the start
    /// ([`LaunchError::UnknownVariable`](crate::LaunchError::UnknownVariable)). What is no name in braces is a mistake
    /// in the description.
    pub fn expand_variables(mut self) -> Self {
        self.command.expands = true;
        self
    }
}

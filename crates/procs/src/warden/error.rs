//! Why a program could not get a warden.

use std::io;
use std::path::PathBuf;

/// Says why there is no warden. Nothing has been started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WardenError {
    /// The program has more than one thread already, so that it can be forked no more. Fork at the very start of
    /// `main`, or use [`Warden::itself`](crate::Warden::itself).
    #[error("the warden has to be forked before there are other threads, and there are {threads}")]
    TooLate {
        /// How many threads there are.
        threads: usize,
    },
    /// This library is not part of the program's own file, so that the program cannot be executed as the warden.
    #[error("the program itself cannot be the warden: this library is not part of its file")]
    NotItself,
    /// The program `rootward-warden` was not found, neither next to this program nor in an absolute
    /// directory of `PATH`.
    #[error("the program `rootward-warden` was not found")]
    NotFound,
    /// The program `rootward-warden` could not be started, or did not behave as one.
    #[error("`{}` could not be made the warden", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// This system lacks what a warden needs: processes that adopt orphans, and lists of children in `/proc`.
    #[error("this system does not let a warden do its work")]
    Unable {
        /// What the system said.
        source: io::Error,
    },
    /// `/proc` is that of another pid namespace: its numbers are those of other processes. A program in a pid namespace
    /// of its own needs a `/proc` of its own, as `unshare --mount-proc` and every container runtime mount it.
    #[error("/proc is that of another pid namespace")]
    ForeignProc,
    /// The system refused a call that a warden cannot do without, as sandboxes do.
    #[error("the warden could not be started: the system refuses `{call}`")]
    Refused {
        /// The call.
        call: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused something.
    #[error("the warden could not be started")]
    Io(#[from] io::Error),
}

impl WardenError {
    /// The system refused this call.
    pub(super) fn refused(call: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Refused { call, source }
    }
}

//! Why a program could not get a warden.

use std::io;
use std::path::PathBuf;

use crate::sys::is_transient;

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

    /// What the system has refused, if it may be had a moment later.
    pub(crate) fn passing(self) -> Result<io::Error, Self> {
        match self {
            Self::Program { source, .. }
            | Self::Unable { source }
            | Self::Refused { source, .. }
            | Self::Io(source)
                if is_transient(&source) =>
            {
                Ok(source)
            }
            lasting @ (Self::TooLate { .. }
            | Self::NotItself
            | Self::NotFound
            | Self::Program { .. }
            | Self::Unable { .. }
            | Self::ForeignProc
            | Self::Refused { .. }
            | Self::Io(_)) => Err(lasting),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_passes_wherever_it_is_met_and_a_refusal_lasts() {
        let of = |errno| -> [WardenError; 4] {
            let source = || io::Error::from_raw_os_error(errno);
            [
                WardenError::Program { program: "rootward-warden".into(), source: source() },
                WardenError::Unable { source: source() },
                WardenError::refused("clone")(source()),
                WardenError::Io(source()),
            ]
        };
        for errno in [libc::EAGAIN, libc::EMFILE, libc::ENFILE, libc::ENOMEM] {
            for error in of(errno) {
                assert_eq!(error.passing().unwrap().raw_os_error(), Some(errno));
            }
        }

        assert!(of(libc::EPERM).into_iter().all(|error| error.passing().is_err()));
        assert!(WardenError::NotFound.passing().is_err());
        // A warden that does not answer may never do.
        assert!(WardenError::Io(io::ErrorKind::TimedOut.into()).passing().is_err());
    }
}

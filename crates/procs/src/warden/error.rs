//! Why a program could not get a warden.

use std::io;
use std::path::PathBuf;

use crate::shortage::{Whose, and_limit, limit_behind};
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
    /// The system lacks something that it may have again later: processes, memory or descriptors.
    #[error("{what}{}", and_limit(limit.as_deref()))]
    #[non_exhaustive]
    Transient {
        /// What could not be done, in words: "the warden could not be started: the system refuses `fork`".
        what: String,
        /// Which limit it is and whose, if that is known, in words.
        limit: Option<String>,
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

    /// The same, with the limit that is behind it, if the system lacks something that it may have again.
    pub(crate) fn with_limit(self) -> Self {
        let what = self.to_string();
        let (source, whose) = match self {
            // The warden says it of itself.
            Self::Unable { source } if is_transient(&source) => (source, Whose::Helper),
            Self::Program { source, .. } | Self::Refused { source, .. } | Self::Io(source)
                if is_transient(&source) =>
            {
                (source, Whose::Ours)
            }
            lasting @ (Self::TooLate { .. }
            | Self::NotItself
            | Self::NotFound
            | Self::Program { .. }
            | Self::Unable { .. }
            | Self::ForeignProc
            | Self::Refused { .. }
            | Self::Transient { .. }
            | Self::Io(_)) => return lasting,
        };
        Self::Transient { limit: limit_behind(&source, whose), what, source }
    }

    /// What the system has refused, if it may be had a moment later.
    pub(crate) fn passing(self) -> Result<io::Error, Self> {
        match self {
            Self::Transient { source, .. } => Ok(source),
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

    fn all_of(errno: i32) -> [WardenError; 4] {
        let source = || io::Error::from_raw_os_error(errno);
        [
            WardenError::Program { program: "rootward-warden".into(), source: source() },
            WardenError::Unable { source: source() },
            WardenError::refused("clone")(source()),
            WardenError::Io(source()),
        ]
    }

    #[test]
    fn a_shortage_passes_wherever_it_is_met_and_a_refusal_lasts() {
        for errno in [libc::EAGAIN, libc::EMFILE, libc::ENFILE, libc::ENOMEM] {
            for error in all_of(errno) {
                assert_eq!(error.with_limit().passing().unwrap().raw_os_error(), Some(errno));
            }
        }

        assert!(all_of(libc::EPERM).into_iter().all(|error| error.with_limit().passing().is_err()));
        assert!(WardenError::NotFound.with_limit().passing().is_err());
        // A warden that does not answer may never do.
        assert!(WardenError::Io(io::ErrorKind::TimedOut.into()).with_limit().passing().is_err());
    }

    #[test]
    fn a_shortage_is_named_with_its_limit_wherever_it_is_met() {
        for (errno, limit) in [(libc::EAGAIN, "RLIMIT_NPROC"), (libc::EMFILE, "RLIMIT_NOFILE")] {
            for error in all_of(errno) {
                let without = error.to_string();

                let named = error.with_limit().to_string();

                // A cgroup may be full here.
                assert!(named.starts_with(&without), "{named}");
                assert!(named.contains(limit) || named.contains("pids.max"), "{named}");
            }
        }
    }
}

//! Why a program could not get an init.

use std::io;

use crate::Signal;
use crate::shortage::{Whose, and_limit, limit_behind};
use crate::sys::raw::Errno;
use crate::sys::{is_transient, named_if_refused};

/// Says why there is no init. Nothing has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The program has more than one thread already, so that it can be forked no more. Fork at the very start of
    /// `main`.
    #[error("the init has to be forked before there are other threads, and there are {threads}")]
    TooLate {
        /// How many threads there are.
        threads: usize,
    },
    /// This signal suspends a program, and asks none to stop.
    #[error("{signal} suspends a program, and asks none to stop")]
    StopSignal {
        /// The signal.
        signal: Signal,
    },
    /// The system lacks something that it may have again later: processes, memory or descriptors.
    #[error("the init could not be forked{}", and_limit(limit.as_deref()))]
    #[non_exhaustive]
    Transient {
        /// Which limit it is and whose, if that is known, in words.
        limit: Option<String>,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused something.
    #[error("the init could not be forked")]
    Io(#[source] io::Error),
}

impl From<io::Error> for InitError {
    fn from(source: io::Error) -> Self {
        match is_transient(&source) {
            true => Self::Transient { limit: limit_behind(&source, Whose::Ours), source },
            false => Self::Io(source),
        }
    }
}

impl InitError {
    /// Nothing can be waited for here.
    pub(super) fn without_wait(errno: Errno) -> Self {
        named_if_refused("waitid", io::Error::from_raw_os_error(errno)).into()
    }

    pub(super) fn of_system(errno: Errno) -> Self {
        io::Error::from_raw_os_error(errno).into()
    }
}

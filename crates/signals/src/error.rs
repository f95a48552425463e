//! Why signals are not heard.

use std::io;

use crate::Signal;

/// Says why the root signal actor does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// The system refused to deliver a signal to this program.
    #[error("cannot listen for {signal}")]
    Listen {
        /// The signal that was refused.
        signal: Signal,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The system refused the socket through which signals wake those that listen.
    #[error("cannot be woken by signals: the system refuses `socketpair`")]
    Wake(#[source] io::Error),
    /// A thread that signals need could not be started.
    #[error("cannot start a thread for signals")]
    Thread(#[source] io::Error),
}

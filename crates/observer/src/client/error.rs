//! What may go wrong between a watcher and a door.

use std::io;

use crate::wire::Refusal;

/// Says why a door has not answered, or not as it was hoped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// There is no door, or not for this user.
    #[error("cannot connect to {place}: {error}")]
    Connect {
        /// The socket, or the port.
        place: String,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The door refuses, and says why.
    #[error("{} ({})", .0.message, .0.code)]
    Refused(Refusal),
    /// The connection broke, or what is at the other end does not speak HTTP.
    #[error("the connection broke: {0}")]
    Broken(#[source] hyper::Error),
    /// What is at the other end is no door, or one of another version.
    #[error("the answer is not that of a door: {0}")]
    Format(String),
    /// The door has not answered in time.
    #[error("the door does not answer")]
    Silent,
}

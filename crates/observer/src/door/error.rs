//! Why a door could not be opened.

use std::io;
use std::path::PathBuf;

/// Says why a door could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The tree is gone.
    #[error("the tree is gone")]
    Gone,
    /// A program listens at this socket.
    #[error("another program listens at {}", .0.display())]
    InUse(PathBuf),
    /// Something that is no socket of this program's user stands at the path, and is left alone.
    #[error("{} is there, and is no socket of this user", .0.display())]
    NotOurs(PathBuf),
    /// Other users may rename what is in the directory of the socket: it is that of another user, or others may write
    /// to it and it is not sticky. In a user namespace that does not map root, a sticky directory of an unmapped user
    /// will do.
    #[error("other users may write to the directory of {}, or it is another user's", .0.display())]
    Exposed(PathBuf),
    /// The token is shorter than 16 bytes, or cannot stand in a header.
    #[error("the token for 127.0.0.1:{0} is too weak: a token has at least 16 visible ASCII characters")]
    WeakToken(u16),
    /// The system refused the socket or the port.
    #[error("cannot listen at {place}: {source}")]
    System {
        /// The path of the socket, or the address with its port.
        place: String,
        /// Why.
        source: io::Error,
    },
}

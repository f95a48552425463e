//! Descriptors whose readiness is awaited.

#![expect(unsafe_code, reason = "tokio cannot see that an owned descriptor stays open")]

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A descriptor that tells when it can be read.
pub(crate) type Watched = AsyncFd<Arc<OwnedFd>>;

/// Begins to watch a descriptor.
///
/// Panics outside a tokio runtime, and within one whose I/O is not enabled.
pub(crate) fn watch(fd: Arc<OwnedFd>) -> io::Result<Watched> {
    // SAFETY: the descriptor is open, and no code can close it or put another in its place while it is shared, which it
    // is for as long as the `AsyncFd` has its `Arc`.
    Ok(unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?)
}

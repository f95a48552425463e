//! Descriptors whose readiness is awaited.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A descriptor that tells when it can be read.
pub(crate) type Watched = AsyncFd<Arc<OwnedFd>>;

/// Begins to watch a descriptor.
///
/// It stays open, and no code can put another in its place while it is shared, which it is for as long as the `AsyncFd`
/// has its `Arc`.
///
/// Panics outside a tokio runtime, and within one whose I/O is not enabled.
#[expect(deprecated, reason = "what takes its place needs a tokio that programs may not have yet")]
pub(crate) fn watch(fd: Arc<OwnedFd>) -> io::Result<Watched> {
    AsyncFd::with_interest(fd, Interest::READABLE)
}

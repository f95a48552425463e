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

/// Which look at a watched descriptor it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhichLook {
    /// One of many. What the runtime has not heard of yet is heard by a later one.
    Usual,
    /// The last one: it asks the system, whatever the runtime has heard of.
    Last,
}

/// Reads what there is in this way, without waiting.
pub(crate) fn look<T>(
    watched: &Watched,
    look: WhichLook,
    read: impl FnOnce(&Arc<OwnedFd>) -> io::Result<T>,
) -> io::Result<T> {
    match look {
        WhichLook::Usual => watched.try_io(Interest::READABLE, read),
        WhichLook::Last => read(watched.get_ref()),
    }
}

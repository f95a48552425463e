//! The mutex of all that is the tree's: the standard library's, or the seeded scheduler's, which lets others go on
//! before it locks.
//!
//! What is compiled once more over the locks and atomics of loom takes both from here: a model has a module `sync` of
//! its own.

#[cfg(not(feature = "seeded"))]
pub(crate) use std::sync::Mutex;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
pub(crate) use std::sync::{MutexGuard, OnceLock, PoisonError};
pub(crate) use tokio::sync::{Notify, mpsc};

#[cfg(feature = "seeded")]
pub(crate) use crate::seeded::Mutex;

/// A point at which another thread may go on, for the seeded scheduler. Otherwise it is nothing.
#[cfg(not(feature = "seeded"))]
#[inline(always)]
pub(crate) fn point() {}

#[cfg(feature = "seeded")]
pub(crate) use crate::seeded::point;

/// Whether the seeded scheduler runs this thread. There is no other thread then.
#[cfg(not(feature = "seeded"))]
#[inline(always)]
pub(crate) fn is_seeded() -> bool {
    false
}

#[cfg(feature = "seeded")]
pub(crate) use crate::seeded::is_on as is_seeded;

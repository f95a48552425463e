//! Tests that come one after the other.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many processes a bomb may have depends on how many its user has already. A thread that measures gaps takes a
/// processor from what has to end a bomb.
static ALONE: Mutex<()> = Mutex::new(());

pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

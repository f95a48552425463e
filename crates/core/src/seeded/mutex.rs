//! A mutex whose locking is a synchronisation point. A story's thread that finds it locked lets another thread go on.

use std::fmt;
use std::sync::{LockResult, MutexGuard, TryLockError};

use super::threads::with_current;

/// Stands for the standard library's mutex.
#[derive(Default)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    #[track_caller]
    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let place = std::panic::Location::caller();
        let locked = with_current(|current| {
            current.scheduler.point(current.thread, place);
            loop {
                match self.0.try_lock() {
                    Ok(guard) => return Ok(guard),
                    Err(TryLockError::Poisoned(error)) => return Err(error),
                    Err(TryLockError::WouldBlock) => current.scheduler.wait_for_lock(current.thread, place),
                }
            }
        });
        locked.unwrap_or_else(|| self.0.lock())
    }

    #[cfg(test)]
    pub(crate) fn try_lock(&self) -> std::sync::TryLockResult<MutexGuard<'_, T>> {
        self.0.try_lock()
    }
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").finish_non_exhaustive()
    }
}

//! How a test waits for what no event tells.

use std::time::{Duration, Instant};

use crate::{BACKSTOP, pause};

/// Looks until something is so.
///
/// # Panics
///
/// If it never is, with this description.
#[track_caller]
pub fn until(what: &str, is_so: impl FnMut() -> bool) {
    assert!(happens(is_so), "this never happened: {what}");
}

/// Looks until something is so, or for so long that it never will be.
pub fn happens(mut is_so: impl FnMut() -> bool) -> bool {
    let wait = BoundedWait::begin();
    while !is_so() {
        if wait.left().is_zero() {
            return false;
        }
        pause();
    }
    true
}

/// A wait that a test gives up when the backstop is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BoundedWait(Instant);

#[expect(clippy::disallowed_methods, reason = "time that goes by decides nothing but that a test hangs")]
impl BoundedWait {
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    /// How long it may go on.
    pub(crate) fn left(self) -> Duration {
        BACKSTOP.saturating_sub(self.0.elapsed())
    }
}

/// Looks until something is there, and returns it.
///
/// # Panics
///
/// If it never is, with this description.
#[track_caller]
pub fn until_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let mut found = None;
    until(what, || {
        found = look();
        found.is_some()
    });
    found.expect("it was looked for until it was there")
}

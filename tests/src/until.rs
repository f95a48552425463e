//! How a test waits for what no event tells.

use std::time::Instant;

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
#[expect(clippy::disallowed_methods, reason = "time that goes by decides nothing but that a test hangs")]
pub fn happens(mut is_so: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while !is_so() {
        if begin.elapsed() > BACKSTOP {
            return false;
        }
        pause();
    }
    true
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

//! Panics as values.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::child::Panic;

thread_local! {
    /// Whether this thread is inside [`catch`].
    static SUPERVISED: Cell<bool> = const { Cell::new(false) };
    /// Whether the hook has seen a panic since the last [`catch`] began. Apart from what it saw, because this can be
    /// had without asking whether it has been made yet.
    static SEEN: Cell<bool> = const { Cell::new(false) };
    /// What the hook saw last inside [`catch`].
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Makes the places of panics known: a child's [`Exit::Panicked`](crate::Exit::Panicked) then says where it happened
/// and, if backtraces are enabled, by which calls.
///
/// This puts a panic hook in front of the one that is installed, which is still called for every panic. Without it
/// panics are caught and reported all the same, but without their place. Calling it again does nothing.
pub fn capture_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if SUPERVISED.get() {
                let mut panic = Panic::new(message(info.payload()));
                panic.location = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
                panic.backtrace = backtrace();
                LAST.set(Some(panic));
                SEEN.set(true);
            }
            previous(info);
        }));
    });
}

/// A panic that was caught, and can go on as it was.
pub(crate) struct CaughtPanic {
    pub(crate) panic: Panic,
    payload: Box<dyn Any + Send>,
}

impl CaughtPanic {
    /// Lets the panic go on, without it being told to the hook again. What catches it next still learns its place.
    pub(crate) fn resume(self) -> ! {
        LAST.set(Some(self.panic));
        SEEN.set(true);
        std::panic::resume_unwind(self.payload)
    }
}

/// Calls a function that is not the library's, with the program's subscriber, and makes a panic in it a value.
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Panic> {
    catch_whole(f).map_err(|CaughtPanic { panic, payload }| {
        // A payload may panic when it is dropped. No part of the tree is left that this could be reported to.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        panic
    })
}

/// The same, for a caller that lets the panic go on.
pub(crate) fn catch_whole<R>(f: impl FnOnce() -> R) -> Result<R, CaughtPanic> {
    let outer = SUPERVISED.replace(true);
    // A panic that the user's code has caught by itself does not count.
    SEEN.set(false);
    // Whatever the function left half done is never looked at again: a child that panicked is dropped.
    let result = catch_unwind(AssertUnwindSafe(f));
    SUPERVISED.set(outer);
    result.map_err(|payload| {
        let resumed = payload.downcast_ref::<Panic>().cloned();
        let message = message(payload.as_ref());
        // A panic that was let go on has not been told to the hook again. What was seen last may be another one, caught
        // since.
        let seen = LAST.take().filter(|seen| SEEN.take() && seen.message == message);
        let panic = resumed.or(seen).unwrap_or_else(|| Panic::new(message));
        CaughtPanic { panic, payload }
    })
}

/// Whether a panic of this thread is going to be caught by [`catch`].
pub(crate) fn is_caught() -> bool {
    SUPERVISED.get()
}

/// Drops a value that belongs to a user, and keeps a panic in its drop from going any further.
pub(crate) fn drop_quietly<T>(value: T) {
    // The panic is not reported: whatever the value belonged to is over.
    let _ = catch(move || drop(value));
}

/// Lets a panic that was caught go on, without it being told to the hook again.
pub(crate) fn resume(panic: Panic) -> ! {
    std::panic::resume_unwind(Box::new(panic))
}

/// The calls that led here, if the program's environment wants them to be known.
fn backtrace() -> Option<String> {
    let backtrace = Backtrace::capture();
    let is_captured = backtrace.status() == BacktraceStatus::Captured;
    is_captured.then(|| backtrace.to_string())
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(a payload that is not a text)")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_value_with_its_message() {
        let panic = catch(|| panic!("boom {}", 7)).unwrap_err();

        assert_eq!(panic.message, "boom 7");
    }

    #[test]
    fn a_panic_that_was_caught_on_the_way_does_not_pass_for_the_one_that_came_through() {
        capture_panics();

        let panic = catch(|| {
            let _ = catch_unwind(|| panic!("caught"));
            std::panic::resume_unwind(Box::new("let go on"))
        });

        assert_eq!(panic.unwrap_err(), Panic::new("let go on"));
    }

    #[test]
    fn a_payload_that_panics_when_it_is_dropped_does_no_harm() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("in drop");
            }
        }

        let panic = catch(|| std::panic::panic_any(Bomb)).unwrap_err();

        assert_eq!(panic.message, "(a payload that is not a text)");
    }
}

//! Which standard descriptors were closed when the program began.
//!
//! The standard library opens `/dev/null` in their places before `main`, so that a program does not find out by itself
//! that what it writes goes nowhere.

#![expect(unsafe_code, reason = "a place in the program's list of constructors")]

use std::sync::atomic::{AtomicU8, Ordering};

use libc::c_int;

/// A bit for each standard descriptor that was closed.
static CLOSED: AtomicU8 = AtomicU8::new(0);

#[used]
// SAFETY: a section of pointers to functions without arguments that are looked at; more arguments than that do no harm.
#[unsafe(link_section = ".init_array")]
static LOOKS: extern "C" fn() = look;

extern "C" fn look() {
    for descriptor in 0..3 {
        // SAFETY: the call takes numbers, and changes nothing.
        if unsafe { libc::fcntl(descriptor, libc::F_GETFD) } == -1 {
            CLOSED.fetch_or(1 << descriptor, Ordering::Relaxed);
        }
    }
}

/// Whether a standard descriptor (0, 1 or 2) was closed when the program began. The standard library has put
/// `/dev/null` in its place: what is written there is gone, and no write fails.
///
/// Any other descriptor was not, as far as this knows.
pub fn was_closed_at_start(descriptor: c_int) -> bool {
    (0..3).contains(&descriptor) && CLOSED.load(Ordering::Relaxed) & (1 << descriptor) != 0
}

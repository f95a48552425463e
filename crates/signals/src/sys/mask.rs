//! The calling thread's mask of blocked signals.

#![expect(unsafe_code, reason = "a set of signals is filled in by address")]

use std::mem::MaybeUninit;
use std::ptr;

use libc::{c_int, sigset_t};

/// Has the calling thread block none of these signals.
pub(crate) fn let_through(numbers: &[c_int]) {
    change(libc::SIG_UNBLOCK, numbers);
}

/// Has the calling thread block these signals.
pub(super) fn block(numbers: &[c_int]) {
    change(libc::SIG_BLOCK, numbers);
}

fn change(how: c_int, numbers: &[c_int]) {
    let set = set_of(numbers);
    // SAFETY: the set is live, and the mask that is changed is the calling thread's own.
    unsafe { libc::pthread_sigmask(how, &raw const set, ptr::null_mut()) };
}

fn set_of(numbers: &[c_int]) -> sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the set is a live place for one, which the first call initialises; a number that is no signal's is
    // refused.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for number in numbers {
            libc::sigaddset(set.as_mut_ptr(), *number);
        }
        set.assume_init()
    }
}

//! The calling thread's mask of blocked signals.

#![expect(unsafe_code, reason = "a set of signals is filled in by address")]

use std::mem::MaybeUninit;
use std::ptr;

use libc::c_int;

/// Has the calling thread block none of these signals.
pub(crate) fn let_through(numbers: &[c_int]) {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the set is a live place for one, which the first call initialises before the others read it; a number
    // that is no signal's is refused. The mask that is changed is the calling thread's own.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for number in numbers {
            libc::sigaddset(set.as_mut_ptr(), *number);
        }
        libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), ptr::null_mut());
    }
}

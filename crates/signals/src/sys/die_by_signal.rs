//! The end of the process by a signal.

#![expect(unsafe_code, reason = "the default disposition is set by a system call that takes addresses")]

use std::ptr;

use libc::c_int;

use super::mask::let_through;

/// Has this signal do what it does by default, to the calling process. Returns if that is nothing, or if the process is
/// process 1, which no signal ends from inside.
pub(crate) fn die_of(number: c_int) {
    // SAFETY: a sigaction holds integers, an address that may be null, and an option of a function: all may be zero,
    // which is the default disposition. Neither the two calls after it nor the signal touch memory of ours.
    unsafe {
        let default: libc::sigaction = std::mem::zeroed();
        #[cfg(target_os = "linux")]
        // Some signals leave a core image, and this end is no crash.
        libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
        libc::sigaction(number, &default, ptr::null_mut());
        let_through(&[number]);
        libc::raise(number);
    }
}

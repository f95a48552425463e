//! What the system tells only to unsafe code.

use std::ptr;

use libc::c_int;

/// Whether the process ignores a signal, which it may have been started with.
#[expect(unsafe_code, reason = "no safe function asks for a disposition and leaves it")]
pub(crate) fn is_ignored(signal: c_int) -> bool {
    // SAFETY: zeroes are a disposition, and the call writes to this one alone.
    let (status, there) = unsafe {
        let mut there: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, ptr::null(), &raw mut there), there)
    };
    status == 0 && there.sa_sigaction == libc::SIG_IGN
}

//! What the system tells only to unsafe code.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::ptr;

use libc::c_int;

/// A copy of a descriptor that was there when the program was executed. `None` if it is not open, or was opened since.
#[expect(unsafe_code, reason = "a number becomes a descriptor")]
pub(crate) fn duplicate_given(number: c_int) -> io::Result<Option<OwnedFd>> {
    // SAFETY: the call takes numbers, and changes nothing.
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    if flags == -1 || flags & libc::FD_CLOEXEC != 0 {
        return Ok(None);
    }
    // SAFETY: it is open, and stays so: no code of this program has opened it, and none closes it.
    let there = unsafe { BorrowedFd::borrow_raw(number) };
    there.try_clone_to_owned().map(Some)
}

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

//! A lock on an open file or directory, which lasts as long as any copy of its descriptor.

#![expect(unsafe_code, reason = "a system call that takes integers")]

use std::os::fd::{AsRawFd as _, BorrowedFd};

/// Takes the lock of an open file or directory, unless another one has it. A copy of the descriptor, also in another
/// process, keeps it.
pub(crate) fn try_lock(file: BorrowedFd<'_>) -> bool {
    // SAFETY: integers only, of a descriptor that is open.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
}

//! Descriptors that a service manager has opened before it started this program: they have the numbers from 3 on.

#![expect(unsafe_code, reason = "descriptors that no value of the program's owns are known by their numbers")]

use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

/// A copy of the descriptor with this number, which children do not inherit. From now on they do not inherit the
/// original either.
///
/// # Errors
///
/// If none is open under this number, or there are no descriptors left.
pub(crate) fn copy_of(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the calls take numbers. The flag that is set on the original takes it from no part of the program.
    let copy = unsafe {
        libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
        libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3)
    };
    if copy == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has made it, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

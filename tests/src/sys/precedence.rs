//! The precedence of a thread among ordinary ones.

#![expect(unsafe_code, reason = "no safe function sets the nice value of one thread")]

use nix::libc;

/// Has the scheduler prefer this thread to all ordinary ones. `false` says that it may not be.
pub fn prefer_this_thread() -> bool {
    // SAFETY: the call takes numbers.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -20) == 0 }
}

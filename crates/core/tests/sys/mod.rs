//! A process becomes two, without an exec.

#![expect(unsafe_code, reason = "a fork")]

use std::io;

/// Forks this process, has the child do this and exit with 0, and answers with its wait status. A child that is not
/// through after a minute dies by SIGALRM.
///
/// The child has one thread. What it does must not need a lock that another thread may hold now; an allocation may, as
/// the C library takes care of its own.
pub(crate) fn in_a_fork(child: impl FnOnce()) -> io::Result<i32> {
    // SAFETY: see above.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            // SAFETY: it has no other effect than that signal.
            unsafe { libc::alarm(60) };
            let is_through = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child)).is_ok();
            // SAFETY: nothing of what this process shares with its parent is touched on the way out.
            unsafe { libc::_exit(i32::from(!is_through)) }
        }
        pid => {
            let mut status = 0;
            // SAFETY: the status has a place.
            match unsafe { libc::waitpid(pid, &mut status, 0) } {
                -1 => Err(io::Error::last_os_error()),
                _ => Ok(status),
            }
        }
    }
}

//! Many descriptors at once are closed, by one system call where there is one.
//!
//! Kernels before 5.9 lack `close_range`, those before 5.11 its flag for an exec, and sandboxes that are older than the
//! call refuse it. Then each descriptor that `/proc` lists is closed by itself.

use libc::c_int;

use super::Result;
use super::calls::{close, integers};
use super::proc_children::for_each_descriptor;

const ON_EXEC: c_int = libc::CLOSE_RANGE_CLOEXEC as c_int;
const ALONE: c_int = libc::CLOSE_RANGE_UNSHARE as c_int;

/// Closes all descriptors from `first` on.
pub(crate) fn close_from(first: c_int) -> Result<()> {
    close_range(first, c_int::MAX, 0)
}

/// Closes all descriptors from `first` to `last`.
pub(crate) fn close_from_to(first: c_int, last: c_int) -> Result<()> {
    close_range(first, last, 0)
}

/// Has all descriptors from `first` on closed by the next exec.
pub(crate) fn close_from_on_exec(first: c_int) -> Result<()> {
    close_range(first, c_int::MAX, ON_EXEC)
}

/// Gives the calling process a table of descriptors of its own, without those from `first` on. The processes that it
/// shared the former one with keep all.
pub(crate) fn leave_from(first: c_int) -> Result<()> {
    close_range(first, c_int::MAX, ALONE)
}

fn close_range(first: c_int, last: c_int, how: c_int) -> Result<()> {
    match integers(libc::SYS_close_range, [first, last, how, 0, 0]) {
        Err(refused @ (libc::ENOSYS | libc::EPERM | libc::EINVAL)) => {
            // What is missing is the call, and not what takes its place.
            one_by_one(first, last, how).map_err(|_| refused)
        }
        other => other.map(drop),
    }
}

fn one_by_one(first: c_int, last: c_int, how: c_int) -> Result<()> {
    if how == ALONE {
        integers(libc::SYS_unshare, [libc::CLONE_FILES, 0, 0, 0, 0])?;
    }
    for_each_descriptor(|fd| {
        if !(first..=last).contains(&fd) {
            return;
        }
        // It is open, so that neither has a reason to fail.
        let _ = match how {
            ON_EXEC => integers(libc::SYS_fcntl, [fd, libc::F_SETFD, libc::FD_CLOEXEC, 0, 0]).map(drop),
            _ => close(fd),
        };
    })
}

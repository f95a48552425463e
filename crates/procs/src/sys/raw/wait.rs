//! Waiting for children, as the process that is the only one to do so.

#![expect(unsafe_code, reason = "the kernel writes into a struct")]

use std::mem::MaybeUninit;

use libc::{c_int, id_t, idtype_t};

use super::Errno;
use super::arch::call;

/// A child that has ended and is gone now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reaped {
    pub(crate) pid: i32,
    /// `CLD_EXITED`, `CLD_KILLED` or `CLD_DUMPED`, and from [`reap_any_or_stopped`] also `CLD_STOPPED` or
    /// `CLD_TRAPPED`.
    pub(crate) how: c_int,
    /// The exit code, or the number of the signal.
    pub(crate) status: c_int,
}

/// What there is if no child was reaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChildrenLeft {
    /// No child at all: the kernel's proof that there is no descendant either, of a process that adopts orphans.
    NoChild,
    /// Children that have not ended.
    Alive,
}

/// Reaps any child of the calling process that has ended.
pub(crate) fn reap_any() -> Result<Reaped, ChildrenLeft> {
    wait(libc::P_ALL, 0, libc::WNOHANG)
}

/// The child that [`reap_any`] would reap. It stays what it is.
pub(crate) fn ended_child() -> Result<Reaped, ChildrenLeft> {
    wait(libc::P_ALL, 0, libc::WNOHANG | libc::WNOWAIT)
}

/// As [`reap_any`], and children that a signal has stopped, each once for every stop.
pub(crate) fn reap_any_or_stopped() -> Result<Reaped, ChildrenLeft> {
    wait(libc::P_ALL, 0, libc::WNOHANG | libc::WSTOPPED)
}

/// The child that [`reap_any_or_stopped`] would reap, or tell of. It stays what it is.
pub(crate) fn ended_or_stopped_child() -> Result<Reaped, ChildrenLeft> {
    wait(libc::P_ALL, 0, libc::WNOHANG | libc::WSTOPPED | libc::WNOWAIT)
}

/// As [`reap_any_or_stopped`], of this child alone.
pub(crate) fn reap_or_stopped(pid: i32) -> Result<Reaped, ChildrenLeft> {
    wait(libc::P_PID, pid as id_t, libc::WNOHANG | libc::WSTOPPED)
}

/// Reaps this child, whose end is near, and waits for that.
pub(crate) fn reap_now(pid: i32) -> Result<Reaped, ChildrenLeft> {
    wait(libc::P_PID, pid as id_t, 0)
}

/// Whether the system lets processes be waited for. Where it does not, no end would ever be heard of.
pub(crate) fn can_wait() -> Result<(), Errno> {
    let options = (libc::WEXITED | libc::__WALL | libc::WNOHANG | libc::WNOWAIT) as usize;
    // SAFETY: the pointer is null, which has the kernel write nothing; no child is taken.
    match unsafe { call(libc::SYS_waitid, [libc::P_ALL as usize, 0, 0, options, 0, 0]) } {
        Ok(_) | Err(libc::ECHILD | libc::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

fn wait(which: idtype_t, id: id_t, how: c_int) -> Result<Reaped, ChildrenLeft> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // Children of any kind, also those whose end sends no signal to their parent.
    let options = (libc::WEXITED | libc::__WALL | how) as usize;
    let arguments = [which as usize, id as usize, info.as_mut_ptr().expose_provenance(), options, 0, 0];
    let waited = loop {
        // SAFETY: `info` is a live siginfo_t for the kernel to fill.
        match unsafe { call(libc::SYS_waitid, arguments) } {
            Err(libc::EINTR) => {}
            other => break other,
        }
    };
    match waited {
        Ok(_) => {
            // SAFETY: all bytes were zeroed, which is a valid siginfo_t, and the kernel has filled it since.
            let info = unsafe { info.assume_init_ref() };
            // SAFETY: a siginfo_t from waitid is either all zero or that of a child's end, and both have these fields.
            let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
            if pid == 0 { Err(ChildrenLeft::Alive) } else { Ok(Reaped { pid, how: info.si_code, status }) }
        }
        Err(errno) => Err(no_child_or_error(errno)),
    }
}

fn no_child_or_error(errno: Errno) -> ChildrenLeft {
    match errno {
        libc::ECHILD => ChildrenLeft::NoChild,
        // With these arguments there is no other error. Should there be one, nothing is claimed.
        _ => ChildrenLeft::Alive,
    }
}

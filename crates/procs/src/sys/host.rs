//! The calling process as a whole: how it becomes two, and how one of them leaves everything behind.

#![expect(unsafe_code, reason = "a fork, and numbers that are descriptors by agreement")]

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};

use libc::c_int;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use super::{open, raw};

/// How many threads the calling process has.
pub(crate) fn threads() -> io::Result<usize> {
    let mut threads = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        match fs::read_to_string(thread?.path().join("stat")) {
            // A thread that has been joined stands there for another moment. It runs nothing of the program any more.
            Ok(stat) => threads += usize::from(!is_exiting(&stat)),
            Err(error) if has_gone(&error) => {}
            // What cannot be read may be there.
            Err(error) => return Err(error),
        }
    }
    Ok(threads)
}

/// Whether a thread cannot be read because it ended meanwhile.
fn has_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH))
}

/// Whether a thread is on its way out, as the flags in its `stat` say (`PF_EXITING`). They stand behind the name, which
/// may have spaces and parentheses.
fn is_exiting(stat: &str) -> bool {
    let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let flags = behind_name.split_ascii_whitespace().nth(6).and_then(|flags| flags.parse::<u32>().ok());
    flags.is_some_and(|flags| flags & PF_EXITING != 0)
}

const PF_EXITING: u32 = 4;

/// Which of the two a process is after a fork.
pub(crate) enum Fork {
    Parent {
        child: i32,
        pidfd: OwnedFd,
    },
    /// All signals are blocked in here.
    Child,
}

/// Makes the calling process two. It must have no other thread, or it is refused with `EBUSY`.
///
/// An error comes with the call that was refused.
pub(crate) fn fork() -> Result<Fork, (&'static str, io::Error)> {
    let (forked, mask) = fork_blocked().map_err(|error| ("fork", error))?;
    let Some(child) = forked else { return Ok(Fork::Child) };
    // Not reaped: this is still the only thread.
    let opened = open(child);
    if opened.is_err() {
        take_back(child);
    }
    restore(&mask);
    opened.map(|pidfd| Fork::Parent { child, pidfd }).map_err(|error| ("pidfd_open", error))
}

/// Makes the calling process two, in both of which all signals are blocked. It must have no other thread, or it is
/// refused with `EBUSY`.
///
/// Returns the child's number, in the parent, and the mask that there was before.
pub(crate) fn fork_blocked() -> io::Result<(Option<c_int>, SigSet)> {
    if threads()? != 1 {
        return Err(io::Error::from_raw_os_error(libc::EBUSY));
    }
    // Handlers of the host's must not run in the child.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    // SAFETY: there is one thread, so that no lock is held by a thread that would be missing in the child.
    match unsafe { libc::fork() } {
        -1 => {
            let error = io::Error::last_os_error();
            restore(&mask);
            Err(error)
        }
        0 => Ok((None, mask)),
        child => Ok((Some(child), mask)),
    }
}

/// Blocks the signals again that were blocked before, and no others.
pub(crate) fn restore(mask: &SigSet) {
    // Restoring a mask that was valid before cannot fail.
    let _ = mask.thread_set_mask();
}

/// Ends a child that has done nothing yet, and reaps it.
fn take_back(child: c_int) {
    let child = Pid::from_raw(child);
    // It is ours and not reaped, so that the number is its own. It cannot refuse, and does nothing that takes long.
    let _ = kill(child, Signal::SIGKILL);
    let _ = waitpid(child, None);
}

/// Leaves the session, the terminal, the directory and the signals of the process that started this one, and adopts the
/// orphans among its own descendants.
pub(crate) fn leave_home() -> Result<(), raw::Errno> {
    let errno = |errno: Errno| errno as i32;
    SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK).map_err(errno)?;
    // Also of SIGCHLD: where that is ignored, a child leaves no status to wait for.
    raw::reset_dispositions();
    raw::die_with_parent(0)?;
    // One that was started as a program leads a session already, so that this fails.
    let _ = nix::unistd::setsid();
    nix::unistd::chdir("/").map_err(errno)?;
    super::rename(c"rootward-warden");
    raw::adopt_orphans()
}

/// A descriptor that can be read when a child has ended.
pub(crate) fn child_signals() -> io::Result<OwnedFd> {
    let mut mask = SigSet::empty();
    mask.add(nix::sys::signal::SIGCHLD);
    let set: *const libc::sigset_t = mask.as_ref();
    // SAFETY: the set is live.
    let fd = unsafe { libc::signalfd(-1, set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made it for us, and no other code knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Moves descriptors to their numbers, and closes every other one. The first three stay open over an exec.
pub(crate) fn take_numbers<const N: usize>(numbers: [(Option<OwnedFd>, c_int); N]) -> io::Result<()> {
    let end = numbers.iter().map(|(_, number)| number + 1).max().unwrap_or_default();
    // First above all these numbers, so that no move overwrites a descriptor that has yet to be moved.
    let mut waiting = [(None, 0); N];
    for (fd, (waiting, number)) in
        numbers.into_iter().zip(waiting.iter_mut()).map(|((fd, number), w)| (fd, (w, number)))
    {
        let moved = fd.map(|fd| fcntl(&fd, FcntlArg::F_DUPFD_CLOEXEC(end))).transpose()?;
        *waiting = (moved, number);
    }
    raw::close_from_to(0, end - 1).map_err(io::Error::from_raw_os_error)?;
    for (fd, number) in waiting {
        let Some(fd) = fd else { continue };
        let moved = if number > 2 { raw::move_to(fd, number) } else { raw::duplicate_for_exec(fd, number) };
        moved.map_err(io::Error::from_raw_os_error)?;
    }
    raw::close_from(end).map_err(io::Error::from_raw_os_error)
}

/// Takes the descriptor with which a helper program was started as its input.
pub(crate) fn take_input() -> io::Result<OwnedFd> {
    // SAFETY: the program does not use its input in any other way; it is moved away from there, and nothing replaces it
    // before all descriptors take their final numbers.
    let input = unsafe { OwnedFd::from_raw_fd(0) };
    let taken = fcntl(&input, FcntlArg::F_DUPFD_CLOEXEC(3));
    let _ = input.into_raw_fd();
    // SAFETY: the kernel has just made it for us, and no other code knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(taken?) })
}

/// Whether a descriptor is one end of a packet socket.
pub(crate) fn is_packet_socket(fd: &OwnedFd) -> bool {
    let mut kind: c_int = 0;
    let mut bytes = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: the kernel writes one int to a live local, and its length.
    let result = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TYPE,
            (&raw mut kind).cast(),
            &raw mut bytes,
        )
    };
    result == 0 && kind == libc::SOCK_SEQPACKET
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_on_its_way_out_is_known_by_its_flags_under_any_name() {
        let stat = |flags| format!("7 (a) b) R 1 7 7 0 -1 {flags} 0 0 0");

        assert!(is_exiting(&stat(4 | 0x0040_0000)));
        assert!(!is_exiting(&stat(0x0040_0000)));
        assert!(!is_exiting("7 (a"));
    }
}

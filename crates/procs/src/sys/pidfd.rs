//! Process descriptors: a process, and the group it leads, by a name that is never used again for another one.

#![expect(
    unsafe_code,
    reason = "the C library has no functions for these calls, or none that reports every exit"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Code(i32),
    Signal { number: i32, core_dumped: bool },
}

impl Status {
    /// What waitid says.
    pub(crate) fn of(how: i32, status: i32) -> Self {
        match how {
            libc::CLD_EXITED => Self::Code(status),
            how => Self::Signal { number: status, core_dumped: how == libc::CLD_DUMPED },
        }
    }
}

/// What becomes of a process that has ended and is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reap {
    /// It stays a zombie, and its process id stays taken.
    Leave,
    /// It is gone afterwards.
    Take,
}

/// What waiting for a process has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitStatus {
    /// It cannot be waited for now: it runs, or a tracer has not let go of it.
    NotYet,
    Ended(Status),
    /// Another part of this program has reaped it, or the program ignores SIGCHLD.
    Stolen,
}

/// Opens a process by its id. Fails with `ESRCH` if there is none.
pub(crate) fn open(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: the call takes two integers.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = check(result)?;
    // SAFETY: the kernel has just made this descriptor for us, close-on-exec, and no other code knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sends a signal to the process.
pub(crate) fn send(pidfd: impl AsFd, signal: i32) -> io::Result<()> {
    send_with(pidfd.as_fd(), signal, 0)
}

/// Sends a signal to every process of the group that the process leads or led.
///
/// The descriptor pins the group's identity, so that this reaches the right group or none, also after the leader has
/// been reaped. Kernels before 6.9 answer `EINVAL`. Without members the answer is `ESRCH`; zombies are members.
pub(crate) fn send_to_group(pidfd: impl AsFd, signal: i32) -> io::Result<()> {
    send_with(pidfd.as_fd(), signal, libc::PIDFD_SIGNAL_PROCESS_GROUP)
}

fn send_with(pidfd: BorrowedFd<'_>, signal: i32, flags: libc::c_uint) -> io::Result<()> {
    let no_info = std::ptr::null::<libc::siginfo_t>();
    let fd = pidfd.as_raw_fd();
    // SAFETY: the only pointer is null, which makes the kernel fill in the information that kill(2) would.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, no_info, flags) };
    check(result).map(drop)
}

/// Sends a signal to every process of the group that has this number now.
pub(crate) fn send_to_group_number(group: i32, signal: i32) -> io::Result<()> {
    // SAFETY: integers only.
    let result = unsafe { libc::killpg(group, signal) };
    check(result.into()).map(drop)
}

/// Whether the process has ended, all of its threads included, also if it is not ours to wait for.
pub(crate) fn has_ended(pidfd: impl AsFd) -> bool {
    let mut fds = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// Looks whether the process has ended, as its parent. Never waits for any other process.
pub(crate) fn wait(pidfd: impl AsFd, reap: Reap) -> io::Result<WaitStatus> {
    wait_with(pidfd.as_fd(), reap, libc::WNOHANG)
}

/// Blocks until the process has ended, and reaps it.
pub(super) fn wait_blocking(pidfd: BorrowedFd<'_>) -> io::Result<WaitStatus> {
    wait_with(pidfd, Reap::Take, 0)
}

fn wait_with(pidfd: BorrowedFd<'_>, reap: Reap, how: libc::c_int) -> io::Result<WaitStatus> {
    let leave = match reap {
        Reap::Leave => libc::WNOWAIT,
        Reap::Take => 0,
    };
    let id = libc::id_t::try_from(pidfd.as_raw_fd()).expect("a descriptor is not negative");
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: `info` is a live siginfo_t for the kernel to fill; the descriptor is borrowed.
        let result =
            unsafe { libc::waitid(libc::P_PIDFD, id, info.as_mut_ptr(), libc::WEXITED | how | leave) };
        if result == 0 {
            // SAFETY: all bytes were zeroed, which is a valid siginfo_t, and the kernel has filled it since.
            return Ok(waited(unsafe { info.assume_init_ref() }));
        }
        match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::EINTR) => {}
            error if error.raw_os_error() == Some(libc::ECHILD) => return Ok(WaitStatus::Stolen),
            error => return Err(error),
        }
    }
}

fn waited(info: &libc::siginfo_t) -> WaitStatus {
    // SAFETY: a siginfo_t from waitid is either all zero or that of a child's end, and both have these fields.
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    if pid == 0 { WaitStatus::NotYet } else { WaitStatus::Ended(Status::of(info.si_code, status)) }
}

/// How a process ended that another part of this program has reaped, if the kernel can still tell (6.15 and later).
pub(crate) fn reaped_status(pidfd: impl AsFd) -> Option<Status> {
    let mask = u64::from(libc::PIDFD_INFO_EXIT);
    // SAFETY: the struct holds integers only, for which zero is a value.
    let mut info: libc::pidfd_info = unsafe { std::mem::zeroed() };
    info.mask = mask;
    // SAFETY: the request's number carries the size of the struct, which is live and which the kernel fills.
    let result = unsafe { libc::ioctl(pidfd.as_fd().as_raw_fd(), libc::PIDFD_GET_INFO, &raw mut info) };
    if result != 0 || info.mask & mask == 0 {
        return None;
    }
    let status = info.exit_code;
    Some(match libc::WIFEXITED(status) {
        true => Status::Code(libc::WEXITSTATUS(status)),
        false => Status::Signal { number: libc::WTERMSIG(status), core_dumped: libc::WCOREDUMP(status) },
    })
}

fn check(result: libc::c_long) -> io::Result<i32> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        value => Ok(i32::try_from(value).unwrap_or_default()),
    }
}

//! The calls, one function each.

#![expect(unsafe_code, reason = "the kernel takes numbers, some of which are addresses")]

use std::ffi::CStr;
use std::ptr;

use libc::{c_int, c_long, c_void};

use super::arch::call;
use super::{Errno, Result};

/// Makes a call that takes integers only. All others have a function of their own below.
pub(super) fn integers(number: c_long, arguments: [c_int; 5]) -> Result<c_int> {
    let [a, b, c, d, e] = arguments.map(|argument| argument as usize);
    // SAFETY: private to this file, and used with calls that take integers. What they do to descriptors and processes
    // cannot break memory: no owner of a descriptor lives in the processes that use this.
    unsafe { call(number, [a, b, c, d, e, 0]) }.map(|value| c_int::try_from(value).unwrap_or_default())
}

fn address<T>(of: *const T) -> usize {
    of.expose_provenance()
}

pub(crate) fn own_pid() -> i32 {
    integers(libc::SYS_getpid, [0; 5]).unwrap_or_default()
}

pub(crate) fn parent_pid() -> i32 {
    integers(libc::SYS_getppid, [0; 5]).unwrap_or_default()
}

/// Makes the calling process the leader of a group of its own.
pub(crate) fn lead_group() -> Result<()> {
    integers(libc::SYS_setpgid, [0; 5]).map(drop)
}

/// Makes the calling process the leader of a session of its own, and of a group in it.
pub(crate) fn lead_session() -> Result<()> {
    integers(libc::SYS_setsid, [0; 5]).map(drop)
}

/// Gives the session that the calling process leads this terminal, unless it is another session's.
pub(crate) fn take_terminal(terminal: c_int) -> Result<()> {
    integers(libc::SYS_ioctl, [terminal, libc::TIOCSCTTY as c_int, 0, 0, 0]).map(drop)
}

/// The group that a process is in. 0 is the calling process, and a group from outside the namespace.
pub(crate) fn group_of(pid: i32) -> Result<i32> {
    integers(libc::SYS_getpgid, [pid, 0, 0, 0, 0])
}

/// The session that a process is in. 0 is the calling process.
pub(crate) fn session_of(pid: i32) -> Result<i32> {
    integers(libc::SYS_getsid, [pid, 0, 0, 0, 0])
}

/// Gives the calling process the signal that it gets when its parent dies. 0 is none.
pub(crate) fn die_with_parent(signal: c_int) -> Result<()> {
    integers(libc::SYS_prctl, [libc::PR_SET_PDEATHSIG, signal, 0, 0, 0]).map(drop)
}

/// Has orphans among the descendants of the calling process become its children.
pub(crate) fn adopt_orphans() -> Result<()> {
    integers(libc::SYS_prctl, [libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0]).map(drop)
}

/// Has orphans go where they went before [`adopt_orphans`].
pub(crate) fn adopt_no_orphans() -> Result<()> {
    integers(libc::SYS_prctl, [libc::PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0]).map(drop)
}

/// Has the calling process write no core when a signal ends it.
pub(crate) fn dump_no_core() -> Result<()> {
    integers(libc::SYS_prctl, [libc::PR_SET_DUMPABLE, 0, 0, 0, 0]).map(drop)
}

/// Whether the calling process may be looked into by others of its user, and writes a core when a signal ends it.
pub(crate) fn is_dumpable() -> bool {
    integers(libc::SYS_prctl, [libc::PR_GET_DUMPABLE, 0, 0, 0, 0]) == Ok(1)
}

/// Has it be so again, after [`is_dumpable`] was true.
pub(crate) fn be_dumpable() -> Result<()> {
    integers(libc::SYS_prctl, [libc::PR_SET_DUMPABLE, 1, 0, 0, 0]).map(drop)
}

/// Moves a process to a group, which is made if it is the process's own number. 0 is the calling process.
pub(crate) fn move_to_group(pid: i32, group: i32) -> Result<()> {
    integers(libc::SYS_setpgid, [pid, group, 0, 0, 0]).map(drop)
}

/// Names the calling thread, in at most 15 bytes.
pub(crate) fn set_name(name: &CStr) -> Result<()> {
    let option = libc::PR_SET_NAME as usize;
    // SAFETY: the kernel reads a C string.
    unsafe { call(libc::SYS_prctl, [option, address(name.as_ptr()), 0, 0, 0, 0]) }.map(drop)
}

const PRIO_PROCESS: c_int = 0;

/// The nice value of a process that is to have the processor soon when it has something to do.
///
/// There is no real-time precedence anywhere in this crate. The kernel can spin on behalf of a process that looks at a
/// dying one, in `waitid` or in `/proc`, until a thread of that one has had the processor. A real-time process that
/// spins never lets it have the processor, and all processors stand still until the kernel throttles it, for a second.
pub(crate) const SOON: c_int = -20;

/// The calling process's nice value, which decides how soon it gets the processor.
pub(crate) fn nice() -> Option<c_int> {
    // The kernel counts from the other end here, so that no answer is an error.
    integers(libc::SYS_getpriority, [PRIO_PROCESS, 0, 0, 0, 0]).map(|rank| 20 - rank).ok()
}

/// Gives the calling process this nice value, if it is allowed to have it.
pub(crate) fn set_nice(nice: Option<c_int>) {
    if let Some(nice) = nice {
        // Only a privileged process may lower its nice value. Others have not lowered it, and have nothing to take
        // back.
        let _ = integers(libc::SYS_setpriority, [PRIO_PROCESS, 0, nice, 0, 0]);
    }
}

/// Sends a signal to the process or, with a negative number, to the group that has this number now.
pub(crate) fn kill(pid: i32, signal: c_int) -> Result<()> {
    integers(libc::SYS_kill, [pid, signal, 0, 0, 0]).map(drop)
}

/// Sends a signal to every process of the group that a process leads or led. Kernels before 6.9 answer `EINVAL`.
pub(crate) fn signal_group(pidfd: c_int, signal: c_int) -> Result<()> {
    let by_group = libc::PIDFD_SIGNAL_PROCESS_GROUP as c_int;
    // The third argument is a null pointer.
    integers(libc::SYS_pidfd_send_signal, [pidfd, signal, 0, by_group, 0]).map(drop)
}

/// Sends a signal to the process that a descriptor is of. 0 only asks whether it can be signalled.
pub(crate) fn signal(pidfd: c_int, signal: c_int) -> Result<()> {
    integers(libc::SYS_pidfd_send_signal, [pidfd, signal, 0, 0, 0]).map(drop)
}

/// Opens the process that has this number now.
pub(crate) fn open_process(pid: i32) -> Result<c_int> {
    integers(libc::SYS_pidfd_open, [pid, 0, 0, 0, 0])
}

pub(crate) fn close(fd: c_int) -> Result<()> {
    integers(libc::SYS_close, [fd, 0, 0, 0, 0]).map(drop)
}

/// Puts a descriptor in the place of another, where it is closed by an exec.
pub(crate) fn duplicate(from: c_int, to: c_int) -> Result<()> {
    integers(libc::SYS_dup3, [from, to, libc::O_CLOEXEC, 0, 0]).map(drop)
}

/// Puts a descriptor in the place of another, so that it outlives an exec.
pub(crate) fn duplicate_for_exec(from: c_int, to: c_int) -> Result<()> {
    integers(libc::SYS_dup3, [from, to, 0, 0, 0]).map(drop)
}

/// Duplicates a descriptor to a place from `least` on, where it is closed by an exec.
pub(crate) fn duplicate_above(from: c_int, least: c_int) -> Result<c_int> {
    integers(libc::SYS_fcntl, [from, libc::F_DUPFD_CLOEXEC, least, 0, 0])
}

/// Moves a descriptor to another place, where it is closed by an exec.
pub(crate) fn move_to(from: c_int, to: c_int) -> Result<()> {
    if from == to {
        return Ok(());
    }
    integers(libc::SYS_dup3, [from, to, libc::O_CLOEXEC, 0, 0])?;
    close(from)
}

/// Puts into the place of a descriptor what the calling process has as its input.
pub(crate) fn vacate(fd: c_int) -> Result<()> {
    integers(libc::SYS_dup3, [0, fd, libc::O_CLOEXEC, 0, 0]).map(drop)
}

/// Goes to the directory that a descriptor is of.
pub(crate) fn enter(directory: c_int) -> Result<()> {
    integers(libc::SYS_fchdir, [directory, 0, 0, 0, 0]).map(drop)
}

/// Goes to a directory.
///
/// # Safety
///
/// `directory` must point to a C string.
pub(in crate::sys) unsafe fn enter_path(directory: *const libc::c_char) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { call(libc::SYS_chdir, [address(directory), 0, 0, 0, 0, 0]) }.map(drop)
}

/// Opens a file. A relative path counts from `directory`.
pub(crate) fn open(directory: c_int, path: &CStr, flags: c_int) -> Result<c_int> {
    let directory = directory as usize;
    let flags = (flags | libc::O_CLOEXEC) as usize;
    // SAFETY: the kernel reads a C string.
    let fd = unsafe { call(libc::SYS_openat, [directory, address(path.as_ptr()), flags, 0, 0, 0]) }?;
    Ok(c_int::try_from(fd).unwrap_or_default())
}

/// Makes a directory in another one.
pub(crate) fn make_directory(parent: c_int, name: &CStr) -> Result<()> {
    let parent = parent as usize;
    // SAFETY: the kernel reads a C string.
    unsafe { call(libc::SYS_mkdirat, [parent, address(name.as_ptr()), 0o755, 0, 0, 0]) }.map(drop)
}

/// Removes an empty directory in another one.
pub(crate) fn remove_directory(parent: c_int, name: &CStr) -> Result<()> {
    let parent = parent as usize;
    let flags = libc::AT_REMOVEDIR as usize;
    // SAFETY: the kernel reads a C string.
    unsafe { call(libc::SYS_unlinkat, [parent, address(name.as_ptr()), flags, 0, 0, 0]) }.map(drop)
}

/// Reads from the beginning of a file, or from where the last read ended.
pub(crate) fn read(fd: c_int, into: &mut [u8]) -> Result<usize> {
    let fd = fd as usize;
    // SAFETY: the kernel writes at most as many bytes as there is room for.
    unsafe { call(libc::SYS_read, [fd, address(into.as_mut_ptr()), into.len(), 0, 0, 0]) }
}

/// Goes back to the beginning of a file.
pub(crate) fn rewind(fd: c_int) -> Result<()> {
    integers(libc::SYS_lseek, [fd, 0, libc::SEEK_SET, 0, 0]).map(drop)
}

pub(crate) fn write(fd: c_int, bytes: &[u8]) -> Result<usize> {
    let fd = fd as usize;
    // SAFETY: the kernel reads as many bytes as there are.
    unsafe { call(libc::SYS_write, [fd, address(bytes.as_ptr()), bytes.len(), 0, 0, 0]) }
}

/// Waits until one of these descriptors can be read or has ended. Returns which ones.
pub(crate) fn wait_readable<const N: usize>(fds: [c_int; N], milliseconds: Option<u32>) -> Result<[bool; N]> {
    let mut polled = fds.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    let timeout = milliseconds.map(|milliseconds| libc::timespec {
        tv_sec: libc::time_t::from(milliseconds / 1000),
        tv_nsec: c_long::from(milliseconds % 1000) * 1_000_000,
    });
    let until = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    let arguments = [address(polled.as_mut_ptr()), N, address(until), 0, 0, 0];
    // SAFETY: the kernel reads and writes N live structs, and reads a timespec or nothing.
    unsafe { call(libc::SYS_ppoll, arguments) }?;
    Ok(polled.map(|fd| fd.revents != 0))
}

/// Gives every signal its default effect.
pub(crate) fn reset_dispositions() {
    /// The kernel's `_NSIG`, on every architecture but MIPS.
    const LAST_SIGNAL: usize = 64;
    // All zero is SIG_DFL without flags and with an empty mask, and this is at least as long as any kernel's struct.
    let default = [0_usize; 8];
    for signal in 1..=LAST_SIGNAL {
        // SAFETY: the action is live, and dispositions are the calling process's own. For SIGKILL and SIGSTOP the call
        // fails, and they need no reset.
        let _ = unsafe {
            call(libc::SYS_rt_sigaction, [signal, address(default.as_ptr()), 0, size_of::<u64>(), 0, 0])
        };
    }
}

/// Lets every signal through.
pub(crate) fn unblock_all_signals() {
    let none = 0_u64;
    let how = libc::SIG_SETMASK as usize;
    // SAFETY: the set is live and as long as its length says. The call cannot fail with these arguments.
    let _ =
        unsafe { call(libc::SYS_rt_sigprocmask, [how, address(&raw const none), 0, size_of::<u64>(), 0, 0]) };
}

/// Replaces the program of the calling process. Returns only if that is not possible, and then says why.
///
/// # Safety
///
/// A C string, and arrays of C strings that end with a null pointer.
pub(in crate::sys) unsafe fn execute(
    program: *const libc::c_char,
    argv: *const *const libc::c_char,
    env: *const *const libc::c_char,
) -> Errno {
    let arguments = [address(program), address(argv), address(env), 0, 0, 0];
    // SAFETY: the caller's promise.
    match unsafe { call(libc::SYS_execve, arguments) } {
        Err(errno) => errno,
        Ok(_) => libc::EIO,
    }
}

/// Ends the calling process.
pub(crate) fn exit(code: c_int) -> ! {
    let _ = integers(libc::SYS_exit_group, [code, 0, 0, 0, 0]);
    // The call above does not return.
    std::process::abort()
}

/// Makes a file's bytes memory: writable, and not written back.
pub(crate) fn map(fd: c_int, bytes: usize) -> Result<*mut c_void> {
    let access = (libc::PROT_READ | libc::PROT_WRITE) as usize;
    let private = libc::MAP_PRIVATE as usize;
    let fd = fd as usize;
    // SAFETY: a new mapping, where the kernel finds room.
    let at = unsafe { call(libc::SYS_mmap, [0, bytes, access, private, fd, 0]) }?;
    Ok(ptr::with_exposed_provenance_mut(at))
}

/// Forgets what pages hold. They read as zero afterwards.
///
/// # Safety
///
/// Nothing may rely on what they hold.
pub(in crate::sys) unsafe fn discard(at: *mut c_void, bytes: usize) -> Result<()> {
    let advice = libc::MADV_DONTNEED as usize;
    // SAFETY: the caller's promise.
    unsafe { call(libc::SYS_madvise, [at.expose_provenance(), bytes, advice, 0, 0, 0]) }.map(drop)
}

/// Gives a mapping back.
///
/// # Safety
///
/// Nothing may point into it any more.
pub(in crate::sys) unsafe fn unmap(at: *mut c_void, bytes: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { call(libc::SYS_munmap, [at.expose_provenance(), bytes, 0, 0, 0, 0]) }.map(drop)
}

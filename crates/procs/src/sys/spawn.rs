//! Starts a program without copying the address space.
//!
//! The child begins as a thread-like copy that shares our memory (`CLONE_VM`) while the calling thread stands still
//! (`CLONE_VFORK`) until the child has replaced itself by the program or has given up. That costs the same however large
//! this process is, and it lets the child say what went wrong by writing it into our memory: no pipe is needed.
//!
//! What the child may do is narrow: it runs on a stack of its own with all signals blocked, and makes system calls with
//! arguments that were prepared before. It allocates nothing, takes no lock and cannot panic.

#![expect(unsafe_code, reason = "between clone and exec there is nothing but system calls")]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use libc::{c_char, c_int, c_void, pid_t};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow};

use super::pidfd;

/// A program as the kernel wants it.
pub(crate) struct Program {
    /// What to execute: the first that can be.
    pub(crate) candidates: Vec<CString>,
    pub(crate) argv: Vec<CString>,
    pub(crate) env: Vec<CString>,
    pub(crate) directory: Option<CString>,
    /// What becomes of descriptors 0, 1 and 2; `None` leaves ours. Each must be above 2, so that none is overwritten
    /// before its turn.
    pub(crate) stdio: [Option<OwnedFd>; 3],
}

/// A program that runs, as the leader of a process group of its own.
pub(crate) struct Spawned {
    pub(crate) pid: i32,
    pub(crate) pidfd: OwnedFd,
}

/// What failed, and how.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) stage: Stage,
    pub(crate) error: io::Error,
}

/// How far a start came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Stage {
    /// The process could not be made.
    Clone = 1,
    /// It could not be set up: its group, its signals, its descriptors.
    SetUp,
    /// The working directory could not be entered.
    Directory,
    /// No candidate could be executed.
    Exec,
}

/// Where children run until they become programs. One stack serves any number of children, one after the other.
pub(crate) struct Stack(Box<[u64]>);

impl Stack {
    /// Enough for a handful of system calls in a build without optimisation, many times over.
    const BYTES: usize = 64 * 1024;

    pub(crate) fn new() -> Self {
        Self(vec![0; Self::BYTES / size_of::<u64>()].into_boxed_slice())
    }

    /// The end of the stack, from which it grows downward, aligned as all ABIs want it.
    fn top(&mut self) -> *mut c_void {
        let end = self.0.as_mut_ptr_range().end.cast::<c_void>();
        end.wrapping_byte_sub(end.addr() % 16)
    }
}

/// Starts a program.
///
/// The calling thread must never exit: the kernel kills the program when the thread that started it does, which is how
/// programs die with us. It blocks until the program runs, or cannot.
pub(crate) fn spawn(program: &Program, stack: &mut Stack) -> Result<Spawned, Failure> {
    let [candidates, argv, env] =
        [&program.candidates, &program.argv, &program.env].map(|list| pointers(list));
    let child = Child {
        candidates: &candidates[..candidates.len() - 1],
        argv: argv.as_ptr(),
        env: env.as_ptr(),
        directory: program.directory.as_ref().map_or(ptr::null(), |directory| directory.as_ptr()),
        stdio: program.stdio.each_ref().map(|fd| fd.as_ref().map(AsRawFd::as_raw_fd)),
        parent: nix::unistd::getpid().as_raw(),
        stage: AtomicI32::new(0),
        errno: AtomicI32::new(0),
    };
    let (pid, pidfd) = clone(&child, stack).map_err(|error| Failure { stage: Stage::Clone, error })?;
    match child.failed() {
        None => Ok(Spawned { pid, pidfd }),
        Some(failure) => {
            // It has exited already, or is about to: this blocks for no longer than that takes.
            let _ = pidfd::wait_blocking(pidfd.as_fd());
            Err(failure)
        }
    }
}

/// Pointers to strings, and a null pointer behind the last.
fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
}

fn clone(child: &Child<'_>, stack: &mut Stack) -> io::Result<(pid_t, OwnedFd)> {
    // A handler of ours that ran in the child would work on our memory in the wrong process.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
    let mut pidfd: c_int = -1;
    let argument = ptr::from_ref(child).cast_mut().cast::<c_void>();
    // SAFETY: the stack is ours and unused, `child` outlives the call, and the call returns only after the child has left
    // our memory (CLONE_VFORK). With CLONE_PIDFD the kernel writes the descriptor where the parent's thread id would go.
    let pid = unsafe { libc::clone(child_main, stack.top(), flags, argument, &raw mut pidfd) };
    let result = match pid {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: the kernel has just made this descriptor for us, close-on-exec, and nobody else knows it.
        pid => Ok((pid, unsafe { OwnedFd::from_raw_fd(pidfd) })),
    };
    // Restoring a mask that was valid before cannot fail.
    let _ = mask.thread_set_mask();
    result
}

/// What the child needs, all of it in our memory and prepared before the child exists.
struct Child<'a> {
    candidates: &'a [*const c_char],
    argv: *const *const c_char,
    env: *const *const c_char,
    /// Null if it stays where we are.
    directory: *const c_char,
    stdio: [Option<c_int>; 3],
    parent: pid_t,
    /// The stage that failed, or 0. Written by the child, read by us after it has left.
    stage: AtomicI32,
    errno: AtomicI32,
}

extern "C" fn child_main(argument: *mut c_void) -> c_int {
    // SAFETY: `argument` is the `Child` that `clone` was given, and our parent holds it until we are gone.
    let child = unsafe { &*argument.cast_const().cast::<Child<'_>>() };
    let (stage, errno) = child.become_program();
    child.errno.store(errno, Ordering::Relaxed);
    child.stage.store(stage as i32, Ordering::Release);
    // SAFETY: ends this process and nothing else; no destructor of our parent's runs.
    unsafe { libc::_exit(127) }
}

impl Child<'_> {
    /// Returns only if something failed.
    fn become_program(&self) -> (Stage, c_int) {
        if let Err(errno) = self.set_up() {
            return (Stage::SetUp, errno as c_int);
        }
        if !self.directory.is_null() {
            // SAFETY: a C string that our parent holds.
            if let Err(errno) = Errno::result(unsafe { libc::chdir(self.directory) }) {
                return (Stage::Directory, errno as c_int);
            }
        }
        unblock_all_signals();
        (Stage::Exec, self.exec())
    }

    fn set_up(&self) -> Result<(), Errno> {
        reset_dispositions();
        // SAFETY: integers only.
        Errno::result(unsafe { libc::setpgid(0, 0) })?;
        // SAFETY: integers only.
        Errno::result(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong) })?;
        // SAFETY: no arguments.
        if unsafe { libc::getppid() } != self.parent {
            // Our parent died before the line above, so that nobody would tell us.
            return Err(Errno::ESRCH);
        }
        for (target, source) in (0..).zip(self.stdio) {
            if let Some(source) = source {
                // SAFETY: integers only; the table of descriptors is our own.
                Errno::result(unsafe { libc::dup2(source, target) })?;
            }
        }
        let all = libc::c_uint::MAX;
        // SAFETY: integers only; the table of descriptors is our own.
        let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, all, libc::CLOSE_RANGE_CLOEXEC) };
        Errno::result(closed).map(drop)
    }

    fn exec(&self) -> c_int {
        let mut errno = libc::ENOENT;
        let mut denied = false;
        for candidate in self.candidates {
            // SAFETY: C strings and null-terminated arrays of them, all of which our parent holds.
            unsafe { libc::execve(*candidate, self.argv, self.env) };
            errno = Errno::last_raw();
            match errno {
                libc::EACCES => denied = true,
                // Nothing there, or no way to get there: the next directory may have it, as POSIX says for execvp.
                libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV | libc::ETIMEDOUT => {}
                _ => return errno,
            }
        }
        if denied { libc::EACCES } else { errno }
    }

    /// What the child has said, after it has left our memory.
    fn failed(&self) -> Option<Failure> {
        let stage = match self.stage.load(Ordering::Acquire) {
            0 => return None,
            stage if stage == Stage::SetUp as i32 => Stage::SetUp,
            stage if stage == Stage::Directory as i32 => Stage::Directory,
            _ => Stage::Exec,
        };
        let error = io::Error::from_raw_os_error(self.errno.load(Ordering::Relaxed));
        Some(Failure { stage, error })
    }
}

/// The kernel's `_NSIG`, on every architecture but MIPS.
const LAST_SIGNAL: c_int = 64;

/// Gives every signal its default effect. Exec would do so for handlers, but would keep what is ignored.
fn reset_dispositions() {
    // All zero is SIG_DFL without flags and with an empty mask, and this is at least as long as any kernel's struct.
    let default = [0_usize; 8];
    let mask_bytes = size_of::<u64>();
    for signal in 1..=LAST_SIGNAL {
        // SAFETY: the action is live, and dispositions are this process's own (no CLONE_SIGHAND). The system call and not
        // the C library's function, which refuses the signals that it uses itself; those can be inherited ignored, too.
        // For SIGKILL and SIGSTOP the call fails, and they need no reset.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                &raw const default,
                ptr::null_mut::<c_void>(),
                mask_bytes,
            )
        };
    }
}

fn unblock_all_signals() {
    // SAFETY: all zero is the empty set on Linux.
    let none: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is live. The call cannot fail with these arguments.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut()) };
}

#[cfg(test)]
#[path = "spawn_tests.rs"]
mod tests;

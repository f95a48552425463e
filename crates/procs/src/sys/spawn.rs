//! Starts a program as a child of the calling thread, without copying the address space.

#![expect(unsafe_code, reason = "a child is given pointers, and a number becomes a descriptor")]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::Arc;

use libc::c_void;
use nix::sys::signal::{SigSet, SigmaskHow};

use super::child::{ChildSetup, SpawnStage};
use super::session::Session;
use super::texts::Texts;
use super::{pidfd, raw};

/// A program as the kernel wants it.
pub(crate) struct Program {
    /// What to execute: the first that can be.
    pub(crate) candidates: Texts,
    pub(crate) argv: Texts,
    pub(crate) env: Texts,
    pub(crate) directory: Option<CString>,
    /// What becomes of descriptors 0, 1 and 2; `None` leaves ours. Each must be above 2, so that none is overwritten
    /// before its turn.
    pub(crate) stdio: [Option<OwnedFd>; 3],
    /// What becomes of these descriptors, each the one with this number. At most [`MOST_EXTRA`](super::MOST_EXTRA).
    pub(crate) extra: Vec<(u32, Arc<OwnedFd>)>,
    /// Which of the variables the process puts itself, with its number: `LISTEN_PID`.
    pub(crate) pid_variable: Option<usize>,
    pub(crate) session: Session,
    /// What it is to inherit that its starter has not: see [`Inherited::beyond`](super::Inherited::beyond).
    pub(crate) inherited: Vec<u64>,
}

/// A program that runs, as the leader of a process group of its own.
pub(crate) struct Spawned {
    pub(crate) pid: i32,
    pub(crate) pidfd: OwnedFd,
}

/// What failed, and how.
#[derive(Debug)]
pub(crate) struct SpawnFailure {
    pub(crate) stage: SpawnStage,
    pub(crate) error: io::Error,
}

impl SpawnFailure {
    pub(crate) fn new(stage: SpawnStage, errno: i32) -> Self {
        Self { stage, error: io::Error::from_raw_os_error(errno) }
    }
}

/// Where children run until they become programs. One stack serves any number of children, one after the other.
pub(crate) struct Stack {
    memory: Box<[u64]>,
    numbers: Option<ReservedNumbers>,
}

/// Low descriptors, through which a child gets its own.
///
/// A child has no use for the starter's descriptors above those that it gets, and there may be thousands: one of each
/// process that was started before. As the newest have the highest numbers, they are passed through these places.
struct ReservedNumbers {
    null: OwnedFd,
    places: [OwnedFd; 3],
}

impl ReservedNumbers {
    fn take() -> io::Result<Self> {
        let null = OwnedFd::from(File::open("/dev/null")?);
        // The standard library never duplicates to one of the first three.
        let place = || null.try_clone();
        let places = [place()?, place()?, place()?];
        Ok(Self { null, places })
    }

    /// Puts descriptors into the places.
    fn fill(&self, stdio: [Option<RawFd>; 3]) -> Result<[Option<RawFd>; 3], raw::Errno> {
        let mut filled = [None; 3];
        for ((fd, place), filled) in stdio.into_iter().zip(&self.places).zip(&mut filled) {
            if let Some(fd) = fd {
                raw::duplicate(fd, place.as_raw_fd())?;
                *filled = Some(place.as_raw_fd());
            }
        }
        Ok(filled)
    }

    /// Lets go of what is in the places.
    fn clear(&self) {
        for place in &self.places {
            // It cannot fail between two descriptors that are open.
            let _ = raw::duplicate(self.null.as_raw_fd(), place.as_raw_fd());
        }
    }
}

impl Stack {
    /// Enough for a handful of system calls in a build without optimisation, many times over.
    const BYTES: usize = 64 * 1024;

    pub(crate) fn new() -> Self {
        Self { memory: vec![0; Self::BYTES / size_of::<u64>()].into_boxed_slice(), numbers: None }
    }

    /// One for many children, before there are many descriptors.
    pub(crate) fn for_many() -> Self {
        // Without reserved numbers a start takes longer when there are many descriptors.
        Self { numbers: ReservedNumbers::take().ok(), ..Self::new() }
    }

    /// The end of the stack, from which it grows downward, aligned as all ABIs want it.
    fn top(&mut self) -> *mut c_void {
        let end = self.memory.as_mut_ptr_range().end.cast::<c_void>();
        end.wrapping_byte_sub(end.addr() % 16)
    }
}

/// Starts a program.
///
/// The calling thread must never exit: the kernel kills the program when the thread that started it does, which is how
/// programs die with us. It blocks until the program runs, or cannot.
pub(crate) fn spawn(program: &Program, stack: &mut Stack) -> Result<Spawned, SpawnFailure> {
    let [candidates, argv, mut env] = [&program.candidates, &program.argv, &program.env].map(Texts::pointers);
    let directory = program.directory.as_ref().map_or(ptr::null(), |directory| directory.as_ptr());
    // SAFETY: the arrays end with a null pointer and live, with the strings, until the end of this function. The child
    // has left our memory before that.
    let mut child =
        unsafe { ChildSetup::new([candidates.as_ptr(), argv.as_ptr(), env.as_mut_ptr()], directory) };
    if let Some(at) = program.pid_variable.filter(|at| *at < program.env.places().len()) {
        child.pid_variable = child.env.cast_mut().wrapping_add(at);
    }
    for (place, (number, fd)) in child.extra.places.iter_mut().zip(&program.extra) {
        *place = Some((fd.as_raw_fd(), RawFd::try_from(*number).unwrap_or(RawFd::MAX)));
    }
    child.stdio = program.stdio.each_ref().map(|fd| fd.as_ref().map(AsRawFd::as_raw_fd));
    if let Some(numbers) = &stack.numbers {
        let filled = numbers.fill(child.stdio);
        child.stdio = filled
            .inspect_err(|_| numbers.clear())
            .map_err(|errno| SpawnFailure::new(SpawnStage::Descriptors, errno))?;
    }
    child.session = program.session;
    child.inherited = (program.inherited.as_ptr(), program.inherited.len());
    if program.extra.is_empty() {
        child.leaves_from = Some(child.stdio.iter().flatten().max().map_or(3, |last| last + 1));
    }
    let is_dumpable = raw::is_dumpable();
    let started = start(&child, stack, None);
    if is_dumpable && !raw::is_dumpable() {
        // A child that has changed its user has changed that of our memory, in which it was.
        let _ = raw::be_dumpable();
    }
    if let Some(numbers) = &stack.numbers {
        // These copies would keep the program's pipes open here, and their ends would not be seen.
        numbers.clear();
    }
    let (pid, pidfd) = started?;
    match child.failed() {
        None => Ok(Spawned { pid, pidfd }),
        Some((stage, errno)) => {
            // It has exited already, or is about to: this blocks for no longer than that takes.
            let _ = pidfd::wait_blocking(pidfd.as_fd());
            Err(SpawnFailure::new(stage, errno))
        }
    }
}

/// Whether a process can be started in a cgroup. The one that tries ends at once.
pub(crate) fn can_start_in(cgroup: BorrowedFd<'_>) -> bool {
    let candidates = [c"/".as_ptr(), ptr::null()];
    let nothing = [ptr::null()];
    // SAFETY: the arrays end with a null pointer and live until the child has left our memory.
    let child =
        unsafe { ChildSetup::new([candidates.as_ptr(), nothing.as_ptr(), nothing.as_ptr()], ptr::null()) };
    match start(&child, &mut Stack::new(), Some(cgroup)) {
        // A directory is no program, so that it has exited.
        Ok((_, pidfd)) => pidfd::wait_blocking(pidfd.as_fd()).is_ok(),
        Err(_) => false,
    }
}

fn start(
    child: &ChildSetup,
    stack: &mut Stack,
    cgroup: Option<BorrowedFd<'_>>,
) -> Result<(i32, OwnedFd), SpawnFailure> {
    // A handler of ours that ran in the child would work on our memory in the wrong process.
    let mask = SigSet::all()
        .thread_swap_mask(SigmaskHow::SIG_SETMASK)
        .map_err(|errno| SpawnFailure::new(SpawnStage::Clone, errno as i32))?;
    // SAFETY: the stack is ours and unused, and far larger than it has to be.
    let result = unsafe { child.start(stack.top(), cgroup.map(|fd| fd.as_raw_fd())) };
    // Restoring a mask that was valid before cannot fail.
    let _ = mask.thread_set_mask();
    match result {
        // SAFETY: the kernel has just made this descriptor for us, close-on-exec, and no other code knows it.
        Ok((pid, pidfd)) => Ok((pid, unsafe { OwnedFd::from_raw_fd(pidfd) })),
        Err(errno) => Err(SpawnFailure::new(SpawnStage::Clone, errno)),
    }
}

#[cfg(test)]
#[path = "spawn_tests.rs"]
mod tests;

//! The memory of one reaper: its stacks, and the order that it carries out.
//!
//! Reapers share the warden's memory and allocate none, so that each is given a slot. It is all they write to.

#![expect(unsafe_code, reason = "stacks and orders are places in memory")]

use std::io;
use std::ptr::{self, NonNull};

use libc::{c_char, c_int, c_void};

use super::child::{Child, Stage};
use super::raw::{self, Errno, MOST_DESCRIPTORS};

/// The memory of one reaper, from low to high: its stack, its child's stack, and the order.
///
/// There is no guard in front of a stack. Every one would be a mapping more, and the kernel looks at all mappings of a memory
/// whenever one of its processes ends. The stack is many times what a reaper needs, whose needs do not vary.
pub(crate) struct Slot(NonNull<u8>);

/// What a reaper is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    /// Whether the child gets a cgroup of its own.
    pub(crate) cgroup: bool,
    /// How much of the slot's payload is in use.
    pub(crate) bytes: usize,
    /// The descriptors that came with it. -1 where there is none.
    pub(crate) descriptors: [c_int; MOST_DESCRIPTORS],
}

/// How long a payload may be that travels in the message itself and not in a file.
pub(crate) const LONGEST_PAYLOAD: usize = 60 * 1024;

/// A reaper's needs are a page in a build with optimisation, and the rest is never touched.
const STACK: usize = 64 * 1024;
const CHILD_STACK: usize = 16 * 1024;
const ORDER: usize = 64;
const SIZE: usize = STACK + CHILD_STACK + ORDER + LONGEST_PAYLOAD;

impl Slot {
    pub(crate) fn new() -> io::Result<Self> {
        let (access, kind) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
        );
        // SAFETY: a new mapping, where the kernel finds room.
        let at = unsafe { libc::mmap(ptr::null_mut(), SIZE, access, kind, -1, 0) };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // A huge page behind every slot would be all the memory that this is to save.
        // SAFETY: the mapping above; advice changes no contents.
        let _ = unsafe { libc::madvise(at, SIZE, libc::MADV_NOHUGEPAGE) };
        NonNull::new(at.cast::<u8>()).map(Self).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// Where the order's payload goes.
    pub(crate) fn payload(&mut self) -> &mut [u8] {
        let at = self.at(STACK + CHILD_STACK + ORDER);
        // SAFETY: the last part of the mapping, which lives as long as this, and which nobody uses while no reaper does.
        unsafe { std::slice::from_raw_parts_mut(at, LONGEST_PAYLOAD) }
    }

    /// Starts a process that shares our memory and nothing else, and runs `main` in it. All signals must be blocked.
    ///
    /// The slot must stay as it is until that process has ended: see [`InUse`].
    pub(crate) fn start(self, order: Order, main: ReaperMain) -> Result<(i32, InUse), (Errno, Self)> {
        let place = self.at(STACK + CHILD_STACK).cast::<Begin>();
        const { assert!(size_of::<Begin>() <= ORDER && align_of::<Begin>() <= 16) };
        // SAFETY: this part of the mapping is there for this, large and aligned enough, and nobody uses it.
        unsafe { place.write(Begin { order, main }) };
        let shared = if raw::SHARES_MEMORY { libc::CLONE_VM } else { 0 };
        let flags = (shared | libc::SIGCHLD) as usize;
        let stack = self.at(STACK).expose_provenance();
        // SAFETY: the stack is this slot's own and free. What the new process is given stays there until it has ended,
        // because that is what `InUse` is for.
        let pid = unsafe { raw::clone_onto(libc::SYS_clone, [flags, stack, 0, 0, 0], enter, place.cast()) };
        match pid {
            Ok(pid) => Ok((pid, InUse(self))),
            Err(errno) => Err((errno, self)),
        }
    }

    fn at(&self, offset: usize) -> *mut u8 {
        // SAFETY: all offsets above are within the mapping.
        unsafe { self.0.as_ptr().add(offset) }
    }
}

/// A slot in which a reaper lives.
pub(crate) struct InUse(Slot);

impl InUse {
    /// The slot, now that the reaper has been reaped.
    pub(crate) fn vacated(self) -> Slot {
        self.0
    }
}

/// What a reaper does. The process ends with the code that it returns.
pub(crate) type ReaperMain = fn(&mut Job) -> c_int;

struct Begin {
    order: Order,
    main: ReaperMain,
}

/// An order, as the reaper that carries it out has it.
pub(crate) struct Job {
    pub(crate) order: Order,
    payload: *mut u8,
    child_stack: *mut c_void,
    /// Whether the payload is a mapping of its own.
    mapped: bool,
}

extern "C" fn enter(place: *mut c_void) -> ! {
    // SAFETY: the `Begin` that the warden has put there for this process alone.
    let Begin { order, main } = unsafe { place.cast::<Begin>().read() };
    // SAFETY: the payload stands behind the order, in the same mapping.
    let payload = unsafe { place.cast::<u8>().add(ORDER) };
    // The child's stack ends where the order begins, which is a multiple of 64 bytes.
    let mut job = Job { order, payload, child_stack: place, mapped: false };
    let code = main(&mut job);
    raw::exit(code)
}

/// A program, as an order describes it: places of strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Where the table begins: three lists of places, each with a 0 behind the last, and the place of the directory or 0.
    pub(crate) table: usize,
    /// How many there are in each list.
    pub(crate) counts: [usize; 3],
}

impl Job {
    /// The order's payload.
    pub(crate) fn payload(&self) -> &[u8] {
        // SAFETY: the slot's payload, which is this process's own while it lives, or a mapping of that many bytes.
        unsafe { std::slice::from_raw_parts(self.payload, self.order.bytes) }
    }

    /// Takes the payload from a file instead of the slot, because it is too long.
    pub(crate) fn take_from_file(&mut self, file: c_int, bytes: usize) -> Result<(), Errno> {
        self.payload = raw::map(file, bytes)?.cast();
        self.order.bytes = bytes;
        self.mapped = true;
        Ok(())
    }

    /// Gives the memory back that only the start needed. What it held is lost.
    pub(crate) fn give_back(&mut self) {
        let bytes = std::mem::take(&mut self.order.bytes);
        if std::mem::take(&mut self.mapped) {
            // SAFETY: the mapping that `take_from_file` has made; an empty payload points to nothing.
            let _ = unsafe { raw::unmap(self.payload.cast(), bytes) };
        }
        // SAFETY: whole pages behind this process's own stack and within its slot, which nothing points to any more.
        let _ = unsafe { raw::discard(self.child_stack.wrapping_byte_sub(CHILD_STACK), SIZE - STACK) };
    }

    /// Starts the program that the payload describes.
    ///
    /// Returns its process id and descriptor, or how far it came. If it failed it has been reaped.
    pub(crate) fn spawn(
        &mut self,
        layout: Layout,
        surroundings: Surroundings,
    ) -> Result<(i32, c_int), (Stage, Errno)> {
        let lists = self.link(layout).ok_or((Stage::Clone, libc::EINVAL))?;
        let [candidates, argv, env, directory] = lists;
        // SAFETY: `link` has made pointers to strings in the payload of all places, and left the zeros between the
        // lists. The payload is this process's own until it ends.
        let mut child = unsafe { Child::new([candidates, argv, env], *directory) };
        child.begin_in = surroundings.begin_in;
        child.stdio = surroundings.stdio;
        // SAFETY: the child's part of the slot, which nothing else uses.
        let (pid, pidfd) = unsafe { child.start(self.child_stack, surroundings.cgroup) }
            .map_err(|errno| (Stage::Clone, errno))?;
        match child.failed() {
            None => Ok((pid, pidfd)),
            Some(failed) => {
                let _ = raw::reap_now(pid);
                Err(failed)
            }
        }
    }

    /// Makes the places in the table pointers. `None` if they are not places of strings in the payload.
    fn link(&mut self, layout: Layout) -> Option<[*const *const c_char; 4]> {
        let Layout { table, counts } = layout;
        let bytes = self.order.bytes;
        let entries: usize = counts.iter().map(|count| count + 1).sum::<usize>() + 1;
        let end = table.checked_add(entries.checked_mul(size_of::<usize>())?)?;
        let is_sound = end <= bytes && table % align_of::<usize>() == 0 && self.payload().last() == Some(&0);
        if !is_sound {
            return None;
        }
        // SAFETY: within the payload, and aligned: the payload begins at a multiple of 64 bytes or of a page.
        let table = unsafe {
            std::slice::from_raw_parts_mut(self.payload.add(table).cast::<*const c_char>(), entries)
        };
        for entry in table.iter_mut() {
            match entry.addr() {
                0 => *entry = ptr::null(),
                // SAFETY: within the payload, which ends with a zero, so that a string ends within it.
                place if place < bytes => *entry = unsafe { self.payload.add(place) }.cast_const().cast(),
                _ => return None,
            }
        }
        let mut lists = [ptr::null(); 4];
        let mut at = 0;
        for (list, count) in lists.iter_mut().zip(counts.into_iter().chain([0])) {
            *list = table.get(at..)?.as_ptr();
            at += count + 1;
        }
        let ends = [counts[0], counts[0] + counts[1] + 1, counts[0] + counts[1] + counts[2] + 2];
        ends.iter().all(|end| table.get(*end).is_some_and(|entry| entry.is_null())).then_some(lists)
    }
}

/// What a program finds around itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings {
    pub(crate) begin_in: Option<c_int>,
    pub(crate) stdio: [Option<c_int>; 3],
    /// The directory of the cgroup that it begins in.
    pub(crate) cgroup: Option<c_int>,
}

//! The memory of one reaper: its stacks, and the orders that it carries out, one after the other.
//!
//! Reapers share the warden's memory and allocate none, so that each is given a slot. It is all they write to.

#![expect(unsafe_code, reason = "stacks and orders are places in memory")]

use std::io;
use std::ptr::{self, NonNull};

use libc::{c_char, c_int, c_void};

use super::child::{ChildSetup, SpawnStage};
use super::extra::Extra;
use super::raw::{self, Errno};
use super::session::Session;

/// The memory of one reaper, from low to high: its stack, its child's stack, what it is born with, and the place for an
/// order.
///
/// There is no guard in front of a stack. Every guard would be one more mapping, and the kernel looks at all mappings
/// of a memory whenever one of its processes ends. The stack is many times what a reaper needs, whose needs do not
/// vary.
pub(crate) struct ReaperSlot(NonNull<u8>);

/// What a reaper is born with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewReaper {
    /// Its line to the supervisor.
    pub(crate) line: c_int,
    /// Whether it should make itself a cgroup before it is asked for one.
    pub(crate) cgroup: bool,
}

/// How long an order may be that travels in the message itself and not in a file.
pub(crate) const LONGEST_PAYLOAD: usize = 48 * 1024 - BIRTH;

/// A reaper needs a page in a build with optimisation. To go down the longest line of descendants that it follows takes
/// some 40 KiB in one without, by the sizes of its frames. The rest is never touched.
const STACK: usize = 128 * 1024;
const CHILD_STACK: usize = 16 * 1024;
const BIRTH: usize = 64;
/// A page is at least this large on every architecture; where pages are larger, two parts of a slot share one.
const PAGE: isize = 4096;
const SIZE: usize = (STACK + CHILD_STACK + BIRTH + LONGEST_PAYLOAD).next_multiple_of(64 * 1024);

/// How many slots are made at once.
const SLAB: usize = 16;

impl ReaperSlot {
    /// Makes a number of slots, which is never 0.
    pub(crate) fn make_some() -> io::Result<Vec<Self>> {
        let (access, kind) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
        );
        let bytes = SIZE * SLAB;
        // SAFETY: a new mapping, where the kernel finds room.
        let at = unsafe { libc::mmap(ptr::null_mut(), bytes, access, kind, -1, 0) };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // A huge page behind every slot would be all the memory that this is to save.
        // SAFETY: the mapping above; advice changes no contents.
        let _ = unsafe { libc::madvise(at, bytes, libc::MADV_NOHUGEPAGE) };
        // SAFETY: within the mapping.
        let slot = |index: usize| NonNull::new(unsafe { at.cast::<u8>().add(index * SIZE) }).map(Self);
        Ok((0..SLAB).filter_map(slot).collect())
    }

    /// Starts a process that shares our memory and nothing else, and runs `main` in it. All signals must be blocked.
    ///
    /// The slot must stay as it is until that process has ended: see [`InUse`].
    pub(crate) fn start(
        self,
        new_reaper: NewReaper,
        main: ReaperMain,
    ) -> Result<(i32, InUse), (Errno, Self)> {
        let place = self.at(STACK + CHILD_STACK).cast::<Begin>();
        const { assert!(size_of::<Begin>() <= BIRTH && align_of::<Begin>() <= 16) };
        // SAFETY: this part of the mapping is there for this, large and aligned enough, and no other code uses it.
        unsafe { place.write(Begin { new_reaper, main }) };
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
pub(crate) struct InUse(ReaperSlot);

impl InUse {
    /// The slot, now that the reaper has been reaped.
    pub(crate) fn vacated(self) -> ReaperSlot {
        self.0
    }
}

/// What a reaper does. The process ends with the code that it returns.
pub(crate) type ReaperMain = fn(&mut ReaperJob) -> c_int;

struct Begin {
    new_reaper: NewReaper,
    main: ReaperMain,
}

/// What a reaper has: what it was born with, and the order that it carries out.
pub(crate) struct ReaperJob {
    pub(crate) new_reaper: NewReaper,
    /// The slot's place for an order.
    room: *mut u8,
    /// The order: in the slot, or a mapping of its own.
    order: *mut u8,
    bytes: usize,
    child_stack: *mut c_void,
}

extern "C" fn enter(place: *mut c_void) -> ! {
    // SAFETY: the `Begin` that the warden has put there for this process alone.
    let Begin { new_reaper, main } = unsafe { place.cast::<Begin>().read() };
    // SAFETY: the place for orders stands behind it, in the same mapping.
    let room = unsafe { place.cast::<u8>().add(BIRTH) };
    // The child's stack ends where this begins, which is at a multiple of 64 bytes.
    let mut job = ReaperJob { new_reaper, room, order: room, bytes: 0, child_stack: place };
    let code = main(&mut job);
    raw::exit(code)
}

/// A program, as an order describes it: places of strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// How many words the program is to inherit, of 64 bits each, which stand in front of the table.
    pub(crate) inherited: usize,
    /// The place of a variable among the others that the process puts itself.
    pub(crate) pid_variable: Option<usize>,
    /// Where the table begins: three lists of places, each with a 0 behind the last, and the place of the directory or
    /// 0.
    pub(crate) table: usize,
    /// How many there are in each list.
    pub(crate) counts: [usize; 3],
}

impl ReaperJob {
    /// The place for the next order.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        // SAFETY: the last part of the slot, which is this process's own while it lives. The borrow of `self` keeps all
        // other code away from it.
        unsafe { std::slice::from_raw_parts_mut(self.room, LONGEST_PAYLOAD) }
    }

    /// Takes up the order of which that many bytes have been received.
    pub(crate) fn take_up(&mut self, bytes: usize) {
        self.order = self.room;
        self.bytes = bytes.min(LONGEST_PAYLOAD);
    }

    /// The order.
    pub(crate) fn order(&self) -> &[u8] {
        // SAFETY: the slot's place for an order, which is this process's own while it lives, or a mapping of that many
        // bytes.
        unsafe { std::slice::from_raw_parts(self.order, self.bytes) }
    }

    /// Takes the order from a file instead of the slot, because it is too long.
    pub(crate) fn take_from_file(&mut self, file: c_int, bytes: usize) -> Result<(), Errno> {
        self.order = raw::map(file, bytes)?.cast();
        self.bytes = bytes;
        Ok(())
    }

    /// Gives the memory back that only the start needed. What it held is lost.
    pub(crate) fn give_back(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let order = std::mem::replace(&mut self.order, self.room);
        if order != self.room {
            // SAFETY: the mapping that `take_from_file` has made, to which nothing points any more.
            let _ = unsafe { raw::unmap(order.cast(), bytes) };
        }
        // SAFETY: whole pages behind this process's own stack and within its slot, which nothing points to any more.
        let _ = unsafe { raw::discard(self.child_stack.wrapping_byte_sub(CHILD_STACK), SIZE - STACK) };
    }

    /// Has the memory there that a start needs, so that it need not be waited for then.
    pub(crate) fn make_room(&mut self) {
        // An ordinary environment and a child's stack: the pages before and behind the place where one ends and the
        // other begins.
        for page in [-1, 0, 1] {
            let at = self.child_stack.cast::<u8>().wrapping_offset(page * PAGE);
            // SAFETY: within the slot, in parts of it that nothing points to.
            unsafe { at.write_volatile(0) };
        }
    }

    /// Starts the program that the order describes.
    ///
    /// Returns its process id and descriptor, or how far it came. If it failed it has been reaped. If its cgroup is
    /// gone, it is started without one, and the error that said so comes along.
    pub(crate) fn spawn(
        &mut self,
        layout: Layout,
        surroundings: Surroundings,
    ) -> Result<(i32, c_int, Option<Errno>), (SpawnStage, Errno)> {
        let lists = self.link(layout).ok_or((SpawnStage::Clone, libc::EINVAL))?;
        let [candidates, argv, env, directory] = lists;
        // SAFETY: `link` has made pointers to strings in the order of all places, and left the zeros between the
        // lists. The order is this process's own until it is given back.
        let mut child = unsafe { ChildSetup::new([candidates, argv, env], *directory) };
        if let Some(at) = layout.pid_variable.filter(|at| *at < layout.counts[2]) {
            child.pid_variable = env.cast_mut().wrapping_add(at);
        }
        child.extra = surroundings.extra;
        let words = layout.inherited * size_of::<u64>();
        // SAFETY: `link` has seen that they are within the order, in front of the table.
        let first = unsafe { self.order.add(layout.table - words) }.cast_const().cast::<u64>();
        child.inherited = (first, layout.inherited);
        child.begin_in = surroundings.begin_in;
        child.stdio = surroundings.stdio;
        child.session = surroundings.session;
        // The warden has seen to that. Whatever a reaper opens or is sent is closed by an exec.
        child.tidy = true;
        // SAFETY: the child's part of the slot, which nothing else uses.
        let start = |cgroup| unsafe { child.start(self.child_stack, cgroup) };
        let (started, without) = match start(surroundings.cgroup) {
            // The cgroup was removed, or turned into one that takes no processes.
            Err(gone @ (libc::ENODEV | libc::ENOENT | libc::EOPNOTSUPP | libc::EBUSY))
                if surroundings.cgroup.is_some() && !surroundings.is_limited =>
            {
                (start(None), Some(gone))
            }
            started => (started, None),
        };
        let (pid, pidfd) = started.map_err(|errno| (SpawnStage::Clone, errno))?;
        match child.failed() {
            None => Ok((pid, pidfd, without)),
            Some(failed) => {
                let _ = raw::reap_now(pid);
                Err(failed)
            }
        }
    }

    /// Makes the places in the table pointers. `None` if they are not places of strings in the order.
    fn link(&mut self, layout: Layout) -> Option<[*const *const c_char; 4]> {
        let Layout { inherited, table, counts, .. } = layout;
        let bytes = self.bytes;
        let entries: usize = counts.iter().map(|count| count + 1).sum::<usize>() + 1;
        let end = table.checked_add(entries.checked_mul(size_of::<usize>())?)?;
        let words = inherited.checked_mul(size_of::<u64>())?;
        let is_sound = end <= bytes
            && words <= table
            && (table - words) % align_of::<u64>() == 0
            && table % align_of::<usize>() == 0
            && self.order().last() == Some(&0);
        if !is_sound {
            return None;
        }
        // SAFETY: within the order, and aligned: it begins at a multiple of 64 bytes or of a page.
        let table =
            unsafe { std::slice::from_raw_parts_mut(self.order.add(table).cast::<*const c_char>(), entries) };
        for entry in table.iter_mut() {
            match entry.addr() {
                0 => *entry = ptr::null(),
                // SAFETY: within the order, which ends with a zero, so that a string ends within it.
                place if place < bytes => *entry = unsafe { self.order.add(place) }.cast_const().cast(),
                _ => return None,
            }
        }
        let ends = [counts[0], counts[0] + counts[1] + 1, counts[0] + counts[1] + counts[2] + 2];
        if !ends.iter().all(|end| table.get(*end).is_some_and(|entry| entry.is_null())) {
            return None;
        }
        let mut lists = [ptr::null::<*const c_char>(); 4];
        let mut at = 0;
        for (list, count) in lists.iter_mut().zip(counts.into_iter().chain([0])) {
            // To one of the variables the child writes.
            *list = table.get_mut(at..)?.as_mut_ptr().cast_const();
            at += count + 1;
        }
        Some(lists)
    }
}

/// What a program finds around itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings {
    pub(crate) begin_in: Option<c_int>,
    pub(crate) stdio: [Option<c_int>; 3],
    pub(crate) extra: Extra,
    pub(crate) session: Session,
    /// The directory of the cgroup that it begins in.
    pub(crate) cgroup: Option<c_int>,
    /// Whether it does not run without that.
    pub(crate) is_limited: bool,
}

//! Which process is the child of which, as `/proc` says.

#![expect(unsafe_code, reason = "the kernel writes into a buffer")]

use std::ffi::CStr;
use std::mem;

use libc::c_int;

use super::Errno;
use super::arch::call;
use super::calls::{close, open, read};

/// Opens the list of the processes that a thread has started, or inherited.
pub(crate) fn open_children_of(pid: i32, thread: i32) -> Result<c_int, Errno> {
    Path::of(&[b"/proc/", &digits(pid), b"/task/", &digits(thread), b"/children"]).open(libc::O_RDONLY)
}

/// The threads of a process, as many as there is room for.
pub(crate) fn threads_of(pid: i32, threads: &mut [i32]) -> &[i32] {
    let mut count = 0;
    let directory = Path::of(&[b"/proc/", &digits(pid), b"/task"]).open(libc::O_RDONLY | libc::O_DIRECTORY);
    if let Ok(directory) = directory {
        let mut entries = Entries([0; 1024]);
        while count < threads.len() {
            let Ok(bytes @ 1..) = entries.read(directory) else { break };
            for (place, thread) in threads.iter_mut().skip(count).zip(entries.numbers(bytes)) {
                *place = thread;
                count += 1;
            }
        }
        let _ = close(directory);
    }
    threads.get(..count).unwrap_or_default()
}

/// The parent of the process with this number, which a descriptor is of, or `None` if there is no such process.
pub(crate) fn parent_of(pid: i32, pidfd: c_int) -> Option<i32> {
    // SAFETY: all-zero numbers are valid.
    let mut info: libc::pidfd_info = unsafe { mem::zeroed() };
    let arguments =
        [pidfd as usize, libc::PIDFD_GET_INFO as usize, (&raw mut info).expose_provenance(), 0, 0, 0];
    // SAFETY: the kernel writes into the struct, whose size is part of the request's number.
    match unsafe { call(libc::SYS_ioctl, arguments) } {
        Ok(_) => i32::try_from(info.ppid).ok(),
        // Kernels before 6.13 do not know the request.
        Err(libc::ENOTTY | libc::EINVAL) => parent_in_list(pid),
        Err(_) => None,
    }
}

/// Whether a process has more than one thread.
///
/// The kernel counts those among the links of the directory of threads, and to ask for that costs a fraction of what
/// `stat` costs.
pub(crate) fn has_threads(pid: i32) -> bool {
    const LINKS_WITH_ONE: u32 = 3;
    let path = Path::of(&[b"/proc/", &digits(pid), b"/task"]);
    // SAFETY: all-zero numbers are valid.
    let mut status: libc::statx = unsafe { mem::zeroed() };
    let arguments = [
        libc::AT_FDCWD as usize,
        path.0.as_ptr().expose_provenance(),
        0,
        libc::STATX_NLINK as usize,
        (&raw mut status).expose_provenance(),
        0,
    ];
    // SAFETY: the path ends with a zero, and the kernel writes into the struct.
    let asked = unsafe { call(libc::SYS_statx, arguments) };
    asked.is_err() || status.stx_nlink != LINKS_WITH_ONE
}

/// Whether a signal has stopped a process, and none has continued it since.
pub(crate) fn is_stopped(pid: i32) -> bool {
    const PLACE: usize = 1;
    field_of(pid, PLACE, |state| (state == b"T" || state == b"t").then_some(())).is_some()
}

/// The parent of a process, as its `stat` says it.
fn parent_in_list(pid: i32) -> Option<i32> {
    const PLACE: usize = 2;
    field_of(pid, PLACE, number)
}

/// What stands in a process's `stat` so many places behind its name.
fn field_of<T>(pid: i32, place: usize, read_as: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    let stat = Path::of(&[b"/proc/", &digits(pid), b"/stat"]).open(libc::O_RDONLY).ok()?;
    let mut start = [0; 512];
    let bytes = read(stat, &mut start);
    let _ = close(stat);
    let start = start.get(..bytes.ok()?)?;
    // The name may hold anything, and nothing behind it is a parenthesis.
    let name_ends = start.iter().rposition(|byte| *byte == b')')?;
    start.get(name_ends..)?.split(|byte| *byte == b' ').nth(place).and_then(read_as)
}

/// Calls a function with every number in a file of numbers between spaces.
pub(crate) fn for_each_number(file: c_int, mut with: impl FnMut(i32)) {
    let mut chunk = [0; 256];
    let mut pid = 0_i32;
    while let Ok(bytes @ 1..) = read(file, &mut chunk) {
        for byte in chunk.iter().take(bytes) {
            if byte.is_ascii_digit() {
                pid = pid.wrapping_mul(10).wrapping_add(i32::from(byte - b'0'));
            } else if pid > 0 {
                with(mem::take(&mut pid));
            }
        }
    }
    if pid > 0 {
        with(pid);
    }
}

/// Calls a function with every descriptor of the calling thread, but for the one that this takes.
pub(super) fn for_each_descriptor(mut with: impl FnMut(c_int)) -> Result<(), Errno> {
    let list = open(libc::AT_FDCWD, c"/proc/thread-self/fd", libc::O_RDONLY | libc::O_DIRECTORY)?;
    let mut entries = Entries([0; 1024]);
    let read = loop {
        match entries.read(list) {
            Ok(0) => break Ok(()),
            Ok(bytes) => entries.numbers(bytes).filter(|fd| *fd != list).for_each(&mut with),
            Err(errno) => break Err(errno),
        }
    };
    close(list).and(read)
}

fn number(text: &[u8]) -> Option<i32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A number of at most eight digits, with spaces in front.
fn digits(number: i32) -> [u8; 8] {
    let mut digits = [b' '; 8];
    let mut rest = number.unsigned_abs();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    digits
}

/// A path that was made without allocating.
struct Path([u8; 64]);

impl Path {
    /// These parts, without spaces. They fit.
    fn of(parts: &[&[u8]]) -> Self {
        let mut path = [0; 64];
        let bytes = parts.iter().flat_map(|part| part.iter()).filter(|byte| **byte != b' ');
        for (place, byte) in path.iter_mut().take(63).zip(bytes) {
            *place = *byte;
        }
        Self(path)
    }

    fn open(&self, flags: c_int) -> Result<c_int, Errno> {
        open(libc::AT_FDCWD, CStr::from_bytes_until_nul(&self.0).unwrap_or(c""), flags)
    }
}

/// Entries of a directory, as the kernel lays them out: an inode and an offset of eight bytes each, a length of two, a
/// kind of one, and the name up to a zero.
#[repr(align(8))]
struct Entries([u8; 1024]);

impl Entries {
    const LENGTH: usize = 16;
    const NAME: usize = 19;

    fn read(&mut self, directory: c_int) -> Result<usize, Errno> {
        let arguments = [directory as usize, self.0.as_mut_ptr().expose_provenance(), self.0.len(), 0, 0, 0];
        // SAFETY: the kernel writes at most as many bytes as there is room for.
        unsafe { call(libc::SYS_getdents64, arguments) }
    }

    /// The names that are numbers, of so many bytes of entries.
    fn numbers(&self, bytes: usize) -> impl Iterator<Item = i32> {
        let mut rest = self.0.get(..bytes).unwrap_or_default();
        std::iter::from_fn(move || {
            let length = usize::from(u16::from_ne_bytes(*rest.get(Self::LENGTH..)?.first_chunk()?));
            let entry = rest.get(..length)?;
            rest = rest.get(length..)?;
            entry.get(Self::NAME..)
        })
        .filter_map(|name| number(name.split(|byte| *byte == 0).next()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_parent_and_threads_are_found() {
        let own = std::process::id().try_into().unwrap();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let (_over, is_over) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || {
            ready.send(nix::unistd::gettid().as_raw()).unwrap();
            let _ = is_over.recv();
        });
        let thread = is_ready.recv().unwrap();

        let mut threads = [0; 1000];
        let threads = threads_of(own, &mut threads);

        assert!(threads.contains(&own) && threads.contains(&thread), "{threads:?}");
        assert_eq!(threads_of(own, &mut [0]).len(), 1);
        let pidfd = crate::sys::raw::open_process(own).unwrap();
        assert_eq!(parent_of(own, pidfd), Some(nix::unistd::getppid().as_raw()));
        assert_eq!(parent_in_list(own), parent_of(own, pidfd));
        assert_eq!(parent_in_list(i32::MAX), None);
        assert!(has_threads(own));
        drop(_over);
        other.join().unwrap();
    }
}

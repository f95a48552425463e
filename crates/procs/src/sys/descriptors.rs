//! What can be done with a descriptor, or with a thread's table of them, beside reading and writing.

#![expect(
    unsafe_code,
    reason = "an ioctl that takes a pointer, and descriptors that are known by their numbers"
)]

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

/// Takes the lock of an open file or directory, unless another one has it. It lasts as long as any copy of the
/// descriptor, also in another process.
pub(crate) fn try_lock(file: BorrowedFd<'_>) -> bool {
    // SAFETY: integers only, of a descriptor that is open.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
}

/// How many bytes can be read from a pipe without waiting.
pub(crate) fn readable_bytes(pipe: impl AsFd) -> io::Result<usize> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int to the address, which is that of a live local; the descriptor is borrowed.
    let result = unsafe { libc::ioctl(pipe.as_fd().as_raw_fd(), libc::FIONREAD, &raw mut bytes) };
    match result {
        0 => Ok(usize::try_from(bytes).unwrap_or(0)),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A copy of the descriptor with this number, which children do not inherit. From now on they do not inherit the
/// original either. A service manager has opened such descriptors before it started this program.
///
/// # Errors
///
/// If none is open under this number, or there are no descriptors left.
pub(crate) fn copy_of(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the calls take numbers. The flag that is set on the original takes it from no part of the program.
    let copy = unsafe {
        libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
        libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3)
    };
    if copy == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has made it, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Gives the calling thread a table of descriptors of its own, with nothing in it.
///
/// What the thread opens afterwards is its own, too, and nothing that the rest of the program closes is kept open by
/// it. The thread can do nothing any more that needs a descriptor of the program's, such as to wake a runtime.
pub(crate) fn leave_descriptors() -> io::Result<()> {
    let (first, last) = (0, libc::c_uint::MAX);
    // SAFETY: integers only. The table that the other threads use stays as it is: with this flag the kernel makes a new
    // one without the descriptors in the range, instead of closing them.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, libc::CLOSE_RANGE_UNSHARE) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, read_dir};

    use super::*;

    #[test]
    fn a_pipe_says_how_much_it_holds() {
        let (reader, writer) = nix::unistd::pipe().unwrap();

        nix::unistd::write(&writer, b"12345").unwrap();

        assert_eq!(readable_bytes(&reader).unwrap(), 5);
    }

    #[test]
    fn a_thread_that_has_left_the_descriptors_has_none_and_takes_none_from_others() {
        let file = File::open("/dev/null").unwrap();

        let open = std::thread::spawn(|| {
            leave_descriptors().unwrap();
            read_dir("/proc/thread-self/fd").unwrap().count()
        });

        // Its own look is the only one.
        assert_eq!(open.join().unwrap(), 1);
        assert!(file.metadata().is_ok());
    }
}

//! Descriptors as a whole.

#![expect(unsafe_code, reason = "the C library need not have the function")]

use std::io;

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

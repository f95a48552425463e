//! How much a pipe holds right now.

#![expect(unsafe_code, reason = "the ioctl takes a pointer")]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_says_how_much_it_holds() {
        let (reader, writer) = nix::unistd::pipe().unwrap();

        nix::unistd::write(&writer, b"12345").unwrap();

        assert_eq!(readable_bytes(&reader).unwrap(), 5);
    }
}

//! Packet sockets: a message arrives whole, descriptors go with it, and the end of the conversation is seen.

#![expect(unsafe_code, reason = "numbers become descriptors")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use super::raw::{self, Blocking, MOST_DESCRIPTORS};

/// Makes two ends of a conversation, close-on-exec.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [-1; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: the kernel writes two descriptors to a live array.
    if unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, fds.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made these for us, and no other code knows them.
    let [one, other] = fds.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
    Ok((one, other))
}

/// Sends a message with descriptors.
pub(crate) fn send(
    socket: &OwnedFd,
    message: &[u8],
    descriptors: &[BorrowedFd<'_>],
    patience: Blocking,
) -> io::Result<()> {
    let mut numbers = [-1; MOST_DESCRIPTORS];
    for (number, fd) in numbers.iter_mut().zip(descriptors) {
        *number = fd.as_raw_fd();
    }
    let numbers = &numbers[..descriptors.len()];
    raw::send(socket.as_raw_fd(), message, numbers, patience).map_err(io::Error::from_raw_os_error)
}

/// Receives a message into a buffer. Returns its length, and the first descriptor that came with it; others are closed.
pub(crate) fn receive(
    socket: &OwnedFd,
    into: &mut [u8],
    patience: Blocking,
) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut numbers = [-1; MOST_DESCRIPTORS];
    let bytes = raw::receive(socket.as_raw_fd(), into, &mut numbers, patience)
        .map_err(io::Error::from_raw_os_error)?;
    let came = numbers.into_iter().filter(|fd| *fd >= 0);
    // SAFETY: the kernel has just made these for us, and no other code knows them.
    let mut came: Vec<OwnedFd> = came.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }).collect();
    came.truncate(1);
    Ok((bytes, came.pop()))
}

/// Says that nothing more will be sent, which the other end takes for the end of the conversation.
pub(crate) fn hang_up(socket: &OwnedFd) {
    // SAFETY: integers only. It fails only if the other end has gone, which is all the same.
    unsafe { libc::shutdown(socket.as_raw_fd(), libc::SHUT_WR) };
}

/// A file in memory with these contents.
pub(crate) fn file_of(bytes: &[u8]) -> io::Result<OwnedFd> {
    // SAFETY: a C string and flags.
    let fd = unsafe { libc::memfd_create(c"rootward-order".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made it for us, and no other code knows it.
    let mut file = std::fs::File::from(unsafe { OwnedFd::from_raw_fd(fd) });
    io::Write::write_all(&mut file, bytes)?;
    Ok(file.into())
}

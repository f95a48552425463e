//! Descriptors in messages.

#![expect(unsafe_code, reason = "a message with descriptors is a struct of pointers")]

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::net::UnixStream;

use nix::libc;

/// How many copies there are in a message. The kernel takes 253 at most.
const COPIES: usize = 200;

/// Sends a message with 200 copies of a descriptor, which are on their way until the message is received.
///
/// # Errors
///
/// What the system says.
pub fn send_copies(socket: &UnixStream, descriptor: impl AsFd) -> io::Result<()> {
    #[repr(C)]
    struct Control {
        header: libc::cmsghdr,
        descriptors: [libc::c_int; COPIES],
    }
    let descriptors = [descriptor.as_fd().as_raw_fd(); COPIES];
    // SAFETY: zeros are valid.
    let mut control = Control { header: unsafe { mem::zeroed() }, descriptors };
    let length = mem::offset_of!(Control, descriptors) + mem::size_of_val(&descriptors);
    (control.header.cmsg_level, control.header.cmsg_type) = (libc::SOL_SOCKET, libc::SCM_RIGHTS);
    control.header.cmsg_len = length as _;
    let mut text = *b"copies";
    let mut part = libc::iovec { iov_base: text.as_mut_ptr().cast(), iov_len: text.len() };
    // SAFETY: zeros are valid.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    (message.msg_iov, message.msg_iovlen) = (&raw mut part, 1);
    (message.msg_control, message.msg_controllen) = ((&raw mut control).cast(), length as _);
    // SAFETY: everything that the message points to lives, and is as long as it says.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, 0) };
    if sent >= 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

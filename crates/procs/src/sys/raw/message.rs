//! Messages over sockets, and descriptors that go along.

#![expect(unsafe_code, reason = "the kernel reads and writes structs")]

use std::mem::MaybeUninit;
use std::ptr;

use libc::{c_int, c_void};

use super::Errno;
use super::arch::call;
use crate::sys::MOST_EXTRA;

/// How many descriptors can go along with a message.
pub(crate) const MOST_DESCRIPTORS: usize = 6 + MOST_EXTRA;

/// Room for a control message with that many descriptors, as large and aligned as any architecture wants it.
#[repr(C, align(8))]
struct ControlBuffer([u8; CONTROL]);

const CONTROL: usize = 128;

/// Whether a call may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blocking {
    Wait,
    Never,
}

impl Blocking {
    fn flags(self) -> usize {
        let flags = match self {
            Self::Wait => libc::MSG_NOSIGNAL,
            Self::Never => libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT,
        };
        flags as usize
    }
}

/// Sends a message, with at most [`MOST_DESCRIPTORS`] descriptors.
pub(crate) fn send(
    socket: c_int,
    message: &[u8],
    descriptors: &[c_int],
    patience: Blocking,
) -> Result<(), Errno> {
    let mut part =
        libc::iovec { iov_base: message.as_ptr().cast_mut().cast::<c_void>(), iov_len: message.len() };
    let mut control = ControlBuffer([0; CONTROL]);
    let mut header = header(&mut part);
    if !descriptors.is_empty() {
        if descriptors.len() > MOST_DESCRIPTORS {
            return Err(libc::EINVAL);
        }
        let bytes = u32::try_from(size_of_val(descriptors)).unwrap_or_default();
        header.msg_control = (&raw mut control).cast::<c_void>();
        // SAFETY: arithmetic only; the sum is at most the room there is, on every architecture.
        header.msg_controllen = unsafe { libc::CMSG_SPACE(bytes) } as _;
        // SAFETY: the header has a control buffer that is large enough and aligned for one message of these
        // descriptors.
        unsafe {
            let first = libc::CMSG_FIRSTHDR(&raw const header);
            (*first).cmsg_level = libc::SOL_SOCKET;
            (*first).cmsg_type = libc::SCM_RIGHTS;
            (*first).cmsg_len = libc::CMSG_LEN(bytes) as _;
            let data = libc::CMSG_DATA(first);
            ptr::copy_nonoverlapping(descriptors.as_ptr().cast::<u8>(), data, size_of_val(descriptors));
        }
    }
    let arguments = [socket as usize, (&raw const header).expose_provenance(), patience.flags(), 0, 0, 0];
    loop {
        // SAFETY: the header and all it points to are live.
        match unsafe { call(libc::SYS_sendmsg, arguments) } {
            Err(libc::EINTR) => {}
            other => return other.map(drop),
        }
    }
}

/// Receives a message. Nothing at all is the end of the conversation. Descriptors that came along belong to the caller;
/// what is left of `descriptors` is -1.
pub(crate) fn receive(
    socket: c_int,
    into: &mut [u8],
    descriptors: &mut [c_int; MOST_DESCRIPTORS],
    patience: Blocking,
) -> Result<usize, Errno> {
    *descriptors = [-1; MOST_DESCRIPTORS];
    let mut part = libc::iovec { iov_base: into.as_mut_ptr().cast::<c_void>(), iov_len: into.len() };
    let mut control = ControlBuffer([0; CONTROL]);
    let mut header = header(&mut part);
    header.msg_control = (&raw mut control).cast::<c_void>();
    let most = u32::try_from(size_of_val(descriptors)).unwrap_or_default();
    // SAFETY: arithmetic only; the sum is at most the room there is, on every architecture.
    header.msg_controllen = unsafe { libc::CMSG_SPACE(most) } as _;
    let flags = patience.flags() | libc::MSG_CMSG_CLOEXEC as usize;
    let arguments = [socket as usize, (&raw mut header).expose_provenance(), flags, 0, 0, 0];
    let received = loop {
        // SAFETY: the header and all it points to are live, and the lengths in it are right.
        match unsafe { call(libc::SYS_recvmsg, arguments) } {
            // The second says, once, that the other end has gone without having read everything. What it said before
            // that is still there to be received, and then comes the end.
            Err(libc::EINTR | libc::ECONNRESET) => {}
            other => break other?,
        }
    };
    // SAFETY: the kernel has filled the control buffer, and says in the header how far.
    let first = unsafe { libc::CMSG_FIRSTHDR(&raw const header).as_ref() };
    if let Some(first) = first {
        if (first.cmsg_level, first.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
            // SAFETY: arithmetic only.
            let before = unsafe { libc::CMSG_LEN(0) } as usize;
            // Not of the same type in all C libraries.
            let length: usize = first.cmsg_len as _;
            let bytes = length.saturating_sub(before).min(size_of_val(descriptors));
            // SAFETY: that many bytes of descriptors stand in the control message, and there is room for as many.
            unsafe {
                ptr::copy_nonoverlapping(
                    libc::CMSG_DATA(ptr::from_ref(first)),
                    descriptors.as_mut_ptr().cast::<u8>(),
                    bytes,
                );
            }
        }
    }
    Ok(received)
}

fn header(part: &mut libc::iovec) -> libc::msghdr {
    // SAFETY: the struct holds integers and pointers, for which zero is a value.
    let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    header.msg_iov = part;
    header.msg_iovlen = 1;
    header
}

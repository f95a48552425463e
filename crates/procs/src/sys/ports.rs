//! From which ports a connection may begin.

#![expect(unsafe_code, reason = "an option that no safe library knows")]

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

/// `IP_LOCAL_PORT_RANGE`, since Linux 6.3. It counts for IPv6 as well.
const LOCAL_PORT_RANGE: libc::c_int = 51;

/// Has a socket that is about to connect begin at another port than this one.
///
/// # Errors
///
/// Those of the system, which may not know the option.
pub(crate) fn begin_elsewhere(socket: &impl AsFd, port: u16) -> io::Result<()> {
    let range = range_without(port);
    let bytes = size_of_val(&range) as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: the kernel reads one number from a live local.
    let set =
        unsafe { libc::setsockopt(fd, libc::IPPROTO_IP, LOCAL_PORT_RANGE, (&raw const range).cast(), bytes) };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The ports below this one or those above it, whichever are more of those that systems give out: the first port in the
/// lower half, the last one in the upper. A bound of 0 is the system's own.
fn range_without(port: u16) -> u32 {
    const MIDDLE: u16 = 48_000;
    if port < MIDDLE { u32::from(port) + 1 } else { (u32::from(port) - 1) << 16 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greater_part_of_the_other_ports_is_left() {
        assert_eq!(range_without(32_768), 32_769);
        assert_eq!(range_without(60_000), 59_999 << 16);
        assert_eq!((range_without(0), range_without(u16::MAX)), (1, 0xfffe_0000));
    }
}

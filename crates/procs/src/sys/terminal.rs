//! Terminals that have no screen: the end for a process, and the end at which its keyboard and its screen would be.

#![expect(unsafe_code, reason = "ioctls take pointers, and a number becomes a descriptor")]

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use libc::{c_int, c_ulong, winsize};

/// Columns and rows.
pub(crate) type Size = (u16, u16);

/// A new terminal: our end, non-blocking, and the process's.
pub(crate) fn open_terminal(size: Size) -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = libc::O_NOCTTY | libc::O_NONBLOCK;
    let ours = OpenOptions::new().read(true).write(true).custom_flags(flags).open("/dev/ptmx")?;
    let ours = OwnedFd::from(ours);
    let unlocked: c_int = 0;
    // SAFETY: the ioctl reads one int, which is live.
    done(unsafe { libc::ioctl(ours.as_raw_fd(), libc::TIOCSPTLCK, &raw const unlocked) })?;
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // By this descriptor and not by a path: it may have another one, or none, in this mount namespace.
    // SAFETY: the ioctl takes a number.
    let theirs = done(unsafe { libc::ioctl(ours.as_raw_fd(), libc::TIOCGPTPEER, flags) })?;
    // SAFETY: the kernel has just made this descriptor for us, and no other code knows it.
    let theirs = unsafe { OwnedFd::from_raw_fd(theirs) };
    set_terminal_size(&ours, size)?;
    Ok((ours, theirs))
}

/// Gives a terminal this size. The processes in its foreground get SIGWINCH if it had another one.
pub(crate) fn set_terminal_size(terminal: impl AsFd, (columns, rows): Size) -> io::Result<()> {
    let size = winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the ioctl reads a struct, which is live.
    done(unsafe {
        libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCSWINSZ as c_ulong as _, &raw const size)
    })
    .map(drop)
}

/// The size of a terminal, if it is one and has one.
pub(crate) fn terminal_size(terminal: impl AsFd) -> Option<Size> {
    let mut size = winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the ioctl writes a struct, which is live.
    done(unsafe {
        libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCGWINSZ as c_ulong as _, &raw mut size)
    })
    .ok()?;
    Some((size.ws_col, size.ws_row)).filter(|(columns, rows)| *columns > 0 && *rows > 0)
}

fn done(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_the_size_that_it_is_given_at_both_ends() {
        let (ours, theirs) = open_terminal((132, 43)).unwrap();
        assert_eq!(terminal_size(&theirs), Some((132, 43)));

        set_terminal_size(&ours, (80, 24)).unwrap();
        assert_eq!(terminal_size(&theirs), Some((80, 24)));
    }

    #[test]
    fn what_is_no_terminal_has_no_size() {
        assert_eq!(terminal_size(std::fs::File::open("/dev/null").unwrap()), None);
    }
}

//! Terminals, and the signals that they send.

#![expect(
    unsafe_code,
    reason = "structs are handed to the system, and a program is prepared before it is executed"
)]

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::ptr;

use nix::fcntl::OFlag;
use nix::libc;
use nix::pty::{Winsize, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::Signal;
use nix::sys::termios::{Termios, tcgetattr};

/// Gives the signals of the terminal their default effect in this program, and in the programs that it starts.
///
/// A shell has SIGINT and SIGQUIT ignored in what a script starts in the background, and programs leave that as it is.
pub fn hear_the_terminal() {
    for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP] {
        // SAFETY: a sigaction may be all zero, which is the default effect. Nothing else is read or written.
        unsafe {
            let default: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal as libc::c_int, &raw const default, ptr::null_mut());
        }
    }
}

/// A program that was started in a terminal.
#[derive(Debug)]
pub struct InTerminal {
    /// The program.
    pub child: Child,
    /// The other end of the terminal: what a person types and sees.
    pub terminal: OwnedFd,
    /// The terminal's modes before the program began.
    pub modes: Termios,
}

/// Starts a program in a session of its own, with a terminal of so many columns and rows.
///
/// # Errors
///
/// If the system has no terminal left, or does not start the program.
pub fn start_in_terminal(mut command: Command, columns: u16, rows: u16) -> io::Result<InTerminal> {
    // A program that held the other side of its own terminal would not notice that this one closes it, and neither may
    // any other program that is started meanwhile.
    let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname_r(&master)?;
    let slave = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(name)?;
    let master = OwnedFd::from(master);
    resize_terminal(&master, columns, rows)?;
    let modes = tcgetattr(&master)?;
    for (place, slave) in [0, 1, 2].into_iter().zip([(); 3].map(|()| slave.try_clone())) {
        let slave = slave?;
        match place {
            0 => command.stdin(slave),
            1 => command.stdout(slave),
            _ => command.stderr(slave),
        };
    }
    let own = || {
        // SAFETY: both are only system calls. Descriptor 0 is the terminal already.
        let done = unsafe { libc::setsid() != -1 && libc::ioctl(0, libc::TIOCSCTTY, 0) != -1 };
        if done { Ok(()) } else { Err(io::Error::last_os_error()) }
    };
    // SAFETY: between fork and exec it makes system calls and nothing else.
    unsafe { command.pre_exec(own) };
    let child = command.spawn()?;
    Ok(InTerminal { child, terminal: master, modes })
}

/// Gives a terminal another size, as a person does with a window.
///
/// # Errors
///
/// If it is no terminal.
pub fn resize_terminal(terminal: &OwnedFd, columns: u16, rows: u16) -> io::Result<()> {
    let size = size(columns, rows);
    // SAFETY: the system reads the struct, which lives until it has.
    let done = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
    if done == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

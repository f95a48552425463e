//! Terminals, and the signals that they send.

#![expect(
    unsafe_code,
    reason = "structs are handed to the system, and a program is prepared before it is executed"
)]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::ptr;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::libc;
use nix::pty::{Winsize, openpty};
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
    let pty = openpty(&size(columns, rows), None)?;
    // A program that held the other side of its own terminal would not notice that this one closes it.
    for side in [&pty.master, &pty.slave] {
        fcntl(side, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    let modes = tcgetattr(&pty.master)?;
    for (place, slave) in [0, 1, 2].into_iter().zip([(); 3].map(|()| pty.slave.try_clone())) {
        let slave = File::from(slave?);
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
    Ok(InTerminal { child, terminal: pty.master, modes })
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

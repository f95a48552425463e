//! Starts the warden as a program of its own.
//!
//! How it is found, and what is said to it, stands elsewhere.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use crate::sys::{self, Program, Texts};

/// The program `rootward-warden` with its end of the conversation.
pub(super) fn image_of(program: &Path, socket: OwnedFd) -> io::Result<Program> {
    let path = std::ffi::CString::new(std::os::unix::ffi::OsStrExt::as_bytes(program.as_os_str()))?;
    Ok(Program {
        candidates: [path.as_c_str()].into_iter().collect(),
        argv: [path.as_c_str()].into_iter().collect(),
        env: Texts::default(),
        directory: None,
        stdio: [Some(above_stdio(socket)?), None, None],
        own_session: true,
    })
}

fn above_stdio(fd: OwnedFd) -> io::Result<OwnedFd> {
    // The standard library never duplicates to one of the first three.
    if std::os::fd::AsRawFd::as_raw_fd(&fd) > 2 { Ok(fd) } else { fd.try_clone() }
}

/// Starts the warden's program, from a thread that waits for nothing else.
pub(super) fn start(image: Program) -> io::Result<(i32, OwnedFd)> {
    // The warden forgets at once that it should die with the thread that has started it, so that the thread waits for
    // the first word only, which is the caller's business: it is the caller's thread.
    match sys::spawn(&image, &mut sys::Stack::new()) {
        Ok(spawned) => Ok((spawned.pid, spawned.pidfd)),
        Err(failure) => Err(failure.error),
    }
}

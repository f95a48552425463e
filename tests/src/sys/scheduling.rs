//! How this thread gets the processor and the disk.

#![expect(unsafe_code, reason = "nix has no such calls")]

use std::io;

use nix::libc;

/// `IOPRIO_WHO_PROCESS`: 0 is the calling thread.
const IO_OF_PROCESS: libc::c_int = 1;

/// Has this thread get the processor by a policy of `sched(7)`, with this real-time priority.
///
/// # Errors
///
/// What the system says.
pub fn schedule_by(policy: i32, priority: i32) -> io::Result<()> {
    let priority = libc::sched_param { sched_priority: priority };
    // SAFETY: the kernel reads a struct.
    done(unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, &raw const priority) }).map(drop)
}

/// Gives this thread an I/O priority: a class and a level.
///
/// # Errors
///
/// What the system says.
pub fn set_io_priority(class: i32, level: i32) -> io::Result<()> {
    // SAFETY: the call takes numbers only.
    done(unsafe { libc::syscall(libc::SYS_ioprio_set, IO_OF_PROCESS, 0, class << 13 | level) }).map(drop)
}

/// This thread's I/O priority: class and level.
///
/// # Errors
///
/// What the system says.
pub fn io_priority() -> io::Result<(i64, i64)> {
    // SAFETY: the call takes numbers only.
    let priority = done(unsafe { libc::syscall(libc::SYS_ioprio_get, IO_OF_PROCESS, 0) })?;
    Ok((priority >> 13, priority & 0x1fff))
}

fn done(answer: libc::c_long) -> io::Result<i64> {
    if answer >= 0 { Ok(answer) } else { Err(io::Error::last_os_error()) }
}

//! The limits of a process.

#![expect(unsafe_code, reason = "a struct is handed to the system")]

use std::io;
use std::ptr;

use nix::libc;
use nix::sys::resource::Resource;

/// Every limit that Linux has.
pub const LIMITS: [Resource; 16] = [
    Resource::RLIMIT_AS,
    Resource::RLIMIT_CORE,
    Resource::RLIMIT_CPU,
    Resource::RLIMIT_DATA,
    Resource::RLIMIT_FSIZE,
    Resource::RLIMIT_LOCKS,
    Resource::RLIMIT_MEMLOCK,
    Resource::RLIMIT_MSGQUEUE,
    Resource::RLIMIT_NICE,
    Resource::RLIMIT_NOFILE,
    Resource::RLIMIT_NPROC,
    Resource::RLIMIT_RSS,
    Resource::RLIMIT_RTPRIO,
    Resource::RLIMIT_RTTIME,
    Resource::RLIMIT_SIGPENDING,
    Resource::RLIMIT_STACK,
];

/// Lowers what another process may have of something, for good or until it is changed again.
///
/// # Errors
///
/// What the system says.
pub fn limit(pid: u32, what: Resource, most: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: most, rlim_max: libc::RLIM_INFINITY };
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    let mut before = limit;
    // SAFETY: the first struct is written and the second is not read.
    let asked =
        unsafe { libc::prlimit(pid, what as libc::__rlimit_resource_t, ptr::null(), &raw mut before) };
    let limit = libc::rlimit { rlim_max: before.rlim_max, ..limit };
    // SAFETY: the first struct is read, and the second is not there.
    let set =
        unsafe { libc::prlimit(pid, what as libc::__rlimit_resource_t, &raw const limit, ptr::null_mut()) };
    if asked == 0 && set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

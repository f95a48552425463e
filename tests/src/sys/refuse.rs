//! System calls that are refused, as in a sandbox.

#![expect(unsafe_code, reason = "a filter is handed to the system")]

use std::io;

use nix::libc::{self, c_int, c_long, sock_filter, sock_fprog};

/// Has this program refused a system call with `EPERM`, for good, and all programs that it starts from now on.
///
/// # Errors
///
/// What the system says.
pub fn refuse(call: c_long) -> io::Result<()> {
    refuse_with(call, None, libc::EPERM)
}

/// The same with another error, and if there is such a number only where it is the call's first argument.
///
/// # Errors
///
/// What the system says.
pub fn refuse_with(call: c_long, first: Option<u32>, error: c_int) -> io::Result<()> {
    let call = u32::try_from(call).map_err(io::Error::other)?;
    let does = |code: u32, k| {
        io::Result::Ok(sock_filter { code: u16::try_from(code).map_err(io::Error::other)?, jt: 0, jf: 0, k })
    };
    let load = |at| does(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, at);
    // Without a match, to the last line.
    let only = |what, left| {
        io::Result::Ok(sock_filter { jf: left, ..does(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, what)? })
    };
    let refused = does(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | error.unsigned_abs())?;
    let allowed = does(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW)?;
    // The number of the call stands at the beginning, and the lower half of its first argument at 16 or 20.
    let argument = if cfg!(target_endian = "big") { 20 } else { 16 };
    let mut filter = match first {
        None => vec![load(0)?, only(call, 1)?, refused, allowed],
        Some(first) => vec![load(0)?, only(call, 3)?, load(argument)?, only(first, 1)?, refused, allowed],
    };
    let length = filter.len().try_into().map_err(io::Error::other)?;
    let program = sock_fprog { len: length, filter: filter.as_mut_ptr() };
    let on: libc::c_ulong = 1;
    let off: libc::c_ulong = 0;
    // SAFETY: integers only. It allows a program without privileges to filter its calls.
    let humble = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, on, off, off, off) };
    let mode = libc::c_ulong::from(libc::SECCOMP_MODE_FILTER);
    // SAFETY: the filter is live and as long as it says; the system copies it.
    let filtered = unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program) };
    if humble == 0 && filtered == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

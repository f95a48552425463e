//! Rights that root gives up.

#![expect(unsafe_code, reason = "the system is handed the sets")]

use std::io;

use nix::libc;

/// `_LINUX_CAPABILITY_VERSION_3`, and the calling thread.
const HEADER: [u32; 2] = [0x2008_0522, 0];

/// Has this thread lose these capabilities for good, a bit for each, and what it starts from now on never gain them.
///
/// # Errors
///
/// What the system says.
pub fn lose_capabilities(lost: u64) -> io::Result<()> {
    for number in (0..64).filter(|number| lost & 1 << number != 0) {
        // SAFETY: the call takes numbers only.
        done(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, number, 0, 0, 0) }.into())?;
    }
    let mut header = HEADER;
    // Effective, permitted, inheritable: the lower halves, and then the upper ones.
    let mut sets = [[0_u32; 3]; 2];
    // SAFETY: the kernel reads and may write two numbers, and writes twice three, which this version has.
    done(unsafe { libc::syscall(libc::SYS_capget, header.as_mut_ptr(), sets.as_mut_ptr()) })?;
    for (half, shift) in sets.iter_mut().zip([0, 32]) {
        half.iter_mut().for_each(|set| *set &= !((lost >> shift) as u32));
    }
    // SAFETY: the kernel reads two numbers, and twice three, which this version has.
    done(unsafe { libc::syscall(libc::SYS_capset, HEADER.as_ptr(), sets.as_ptr()) })
}

fn done(answer: libc::c_long) -> io::Result<()> {
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

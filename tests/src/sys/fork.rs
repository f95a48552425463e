//! A process becomes two.

#![expect(unsafe_code, reason = "a fork")]

use nix::unistd::ForkResult;

use crate::limit_life;

/// Which of the two a process is after a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that was there before.
    Parent,
    /// The new one. It ends some day, like all fixtures.
    Child,
}

/// Makes the running program two processes. `None` says that there may be no more.
///
/// # Panics
///
/// If the program has other threads: one that holds a lock would be missing in the child.
pub fn fork() -> Option<Side> {
    let threads = std::fs::read_dir("/proc/self/task").map(Iterator::count);
    assert!(matches!(threads, Ok(1)), "only a program with one thread may fork: {threads:?}");
    // SAFETY: there is one thread, so that no lock is held by a thread that would be missing in the child.
    match unsafe { nix::unistd::fork() } {
        Ok(ForkResult::Parent { .. }) => Some(Side::Parent),
        Ok(ForkResult::Child) => {
            limit_life();
            Some(Side::Child)
        }
        Err(_) => None,
    }
}

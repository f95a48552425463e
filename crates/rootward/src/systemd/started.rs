//! Which process the service manager has started: this one, or the init above it.

/// Whether the service manager means this program by a process id: its own, or that of the init above it.
pub(super) fn is_this_program(pid: u64) -> bool {
    pid == u64::from(std::process::id()) || init().is_some_and(|init| pid == u64::from(init))
}

/// The init above this program.
pub(super) fn init() -> Option<u32> {
    #[cfg(feature = "procs")]
    return rootward_procs::Init::above().map(|init| init.pid());
    #[cfg(not(feature = "procs"))]
    None
}

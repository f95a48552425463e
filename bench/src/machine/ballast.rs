//! What makes this program large: memory that it has written to, and open descriptors.

use std::fs::File;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::memory;

/// Memory and descriptors, until it is dropped.
pub struct Ballast {
    _memory: Vec<u8>,
    _descriptors: Vec<File>,
}

impl Ballast {
    /// `None` if the machine has not got that much.
    pub fn take(megabytes: usize, descriptors: usize) -> Option<Self> {
        // Twice the memory, so that nobody else is pushed out of it.
        if memory::available() < ((2 * megabytes) << 20) as f64 || !allow(descriptors + 100) {
            return None;
        }
        // A one in each byte: a zero would be the page that all zeros share.
        let memory = vec![1; megabytes << 20];
        let descriptors = (0..descriptors).map(|_| File::open("/dev/null").ok()).collect::<Option<_>>()?;
        Some(Self { _memory: memory, _descriptors: descriptors })
    }
}

/// Lets this program have this many descriptors, if that is possible.
pub fn allow(descriptors: usize) -> bool {
    let wanted = descriptors as u64;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return false };
    soft >= wanted || setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted)).is_ok()
}

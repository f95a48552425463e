//! What makes this program large: memory that it has written to, and open descriptors.

use std::fs::File;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::memory;

/// `None` if the machine has not got that much.
pub fn memory(megabytes: usize) -> Option<Vec<u8>> {
    // Twice the memory, so that no other program is pushed out of it.
    let wanted = ((2 * megabytes) << 20) as f64;
    // A one in each byte: a zero would be the page that all zeros share.
    (memory::available() > wanted).then(|| vec![1; megabytes << 20])
}

/// Open ones. `None` if this program may not have that many.
pub fn descriptors(n: usize) -> Option<Vec<File>> {
    if !allow(n + 100) {
        return None;
    }
    (0..n).map(|_| File::open("/dev/null").ok()).collect()
}

/// Lets this program have this many descriptors, if that is possible.
pub fn allow(descriptors: usize) -> bool {
    let wanted = descriptors as u64;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return false };
    soft >= wanted || setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted)).is_ok()
}

//! Whether a path and an address have the form that they need.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub(super) fn problem_with_path(path: &Path) -> Option<String> {
    match path.as_os_str().as_bytes() {
        [] => Some("the ready path is empty".into()),
        path if path.contains(&0) => Some("the ready path holds a NUL byte".into()),
        _ => None,
    }
}

pub(super) fn has_port(address: &str) -> bool {
    address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
}

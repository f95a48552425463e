//! What a sandbox does not let through.

use std::io;

/// An error that names the call, if the system does not let it be made at all. Other errors speak for themselves.
pub(crate) fn named_if_refused(call: &str, error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(libc::ENOSYS | libc::EPERM) => {
            io::Error::new(error.kind(), format!("the system refuses `{call}`: {error}"))
        }
        _ => error,
    }
}

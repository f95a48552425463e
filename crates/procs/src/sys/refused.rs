//! What a refusal of the system means: a sandbox does not let something through, or there is nothing to spare.

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

/// Whether what the system has refused may be had a moment later.
pub(crate) fn is_transient(source: &io::Error) -> bool {
    matches!(
        source.raw_os_error(),
        Some(
            // The last but one: too many descriptors are on their way to the warden and its reapers.
            libc::EAGAIN
                | libc::ENOMEM
                | libc::EMFILE
                | libc::ENFILE
                | libc::ENOSPC
                | libc::ETOOMANYREFS
                | libc::ETXTBSY,
        )
    )
}

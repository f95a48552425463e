//! Whether there is room for the threads and the descriptors of an application, before any of them is needed.
//!
//! A runtime that is refused a thread or a descriptor panics, or goes on with too few and never answers. So they are
//! all taken once before, at the same time, and given back.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;

/// Starts that many threads at once and lets them end.
///
/// # Errors
///
/// What the system said, and which limit it is.
pub(super) fn for_threads(count: usize) -> io::Result<()> {
    let (going, gone): (Vec<_>, Vec<_>) = (0..count).map(|_| mpsc::channel::<()>()).unzip();
    let started = gone.into_iter().map(|gone| {
        // Ends when the sender is dropped.
        thread::Builder::new().name("rootward-limit".to_owned()).spawn(move || {
            let _ = gone.recv();
        })
    });
    let (mut threads, mut refused) = (Vec::with_capacity(count), None);
    for thread in started {
        match thread {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    drop(going);
    for thread in threads {
        // It does nothing that panics.
        let _ = thread.join();
    }
    refused.map_or(Ok(()), |error| Err(with_limit("a thread", &error)))
}

/// Opens that many descriptors at once and closes them.
///
/// # Errors
///
/// What the system said, and which limit it is.
pub(super) fn for_descriptors(count: usize) -> io::Result<()> {
    let sockets: io::Result<Vec<_>> = (0..count.div_ceil(2)).map(|_| UnixStream::pair()).collect();
    sockets.map(drop).map_err(|error| with_limit("a descriptor", &error))
}

/// The same error, with which limit it is.
pub(super) fn named(error: io::Error) -> io::Error {
    match limit_behind(&error) {
        Some(limit) => io::Error::new(error.kind(), format!("{limit}: {error}")),
        None => error,
    }
}

fn with_limit(what: &str, error: &io::Error) -> io::Error {
    let limit = limit_behind(error).map(|limit| format!(", {limit}")).unwrap_or_default();
    io::Error::new(error.kind(), format!("the system refuses {what}{limit}: {error}"))
}

fn limit_behind(error: &io::Error) -> Option<String> {
    #[cfg(all(feature = "procs", target_os = "linux"))]
    return rootward_procs::own_limit_behind(error);
    #[cfg(not(all(feature = "procs", target_os = "linux")))]
    return None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_a_few_threads_and_a_refusal_names_the_limit() {
        assert!(for_threads(4).is_ok());

        let refused = with_limit("a thread", &io::Error::from_raw_os_error(11)).to_string();

        assert!(
            refused.starts_with("the system refuses a thread") && refused.contains("os error 11"),
            "{refused}"
        );
    }

    #[test]
    fn there_is_room_for_a_few_descriptors_and_a_refusal_names_the_limit() {
        assert!(for_descriptors(4).is_ok());

        let refused = with_limit("a descriptor", &io::Error::from_raw_os_error(24)).to_string();

        assert!(refused.starts_with("the system refuses a descriptor"), "{refused}");
        #[cfg(all(feature = "procs", target_os = "linux"))]
        assert!(refused.contains("(RLIMIT_NOFILE)"), "{refused}");
    }
}

//! Whether there is room for the threads of an application, before any of them is needed.
//!
//! A runtime that is refused a thread panics, or goes on with too few and never answers. So the threads are started
//! once before, all at the same time, and end again.

use std::io;
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
    refused.map_or(Ok(()), |error| Err(with_limit(&error)))
}

fn with_limit(error: &io::Error) -> io::Error {
    #[cfg(all(feature = "procs", target_os = "linux"))]
    let limit = format!(", {}", rootward_procs::limit_of_processes());
    #[cfg(not(all(feature = "procs", target_os = "linux")))]
    let limit = "";
    io::Error::new(error.kind(), format!("the system refuses a thread{limit}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_a_few_threads_and_a_refusal_names_the_limit() {
        assert!(for_threads(4).is_ok());

        let refused = with_limit(&io::Error::from_raw_os_error(11)).to_string();

        assert!(
            refused.starts_with("the system refuses a thread") && refused.contains("os error 11"),
            "{refused}"
        );
    }
}

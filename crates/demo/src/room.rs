//! Runtimes of the demo's own, for which there is room, or an error that names the limit.
//!
//! tokio panics where it is refused a descriptor or a thread. So they are all taken once before, at the same time, and
//! given back.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Runtime};

use crate::messages::limit_behind;

/// How many descriptors a runtime takes: its poll and a copy of it, what wakes it, and the three that hear of signals.
const RUNTIME: usize = 6;

/// What is needed beside the runtime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    /// Descriptors that are open at the same time, such as a connection and a file.
    pub(crate) descriptors: usize,
    /// Threads, those of the runtime among them.
    pub(crate) threads: usize,
}

/// Builds the runtime if there is room for it and for what else is needed.
///
/// # Errors
///
/// What the system said, and which limit it is.
pub(crate) fn build(builder: &mut Builder, needs: Needs) -> io::Result<Runtime> {
    for_descriptors(RUNTIME + needs.descriptors)?;
    for_threads(needs.threads)?;
    builder.enable_all().build().map_err(|error| refused("a runtime", &error))
}

fn for_descriptors(count: usize) -> io::Result<()> {
    let sockets: io::Result<Vec<_>> = (0..count.div_ceil(2)).map(|_| UnixStream::pair()).collect();
    sockets.map(drop).map_err(|error| refused("a descriptor", &error))
}

fn for_threads(count: usize) -> io::Result<()> {
    let mut threads = Vec::with_capacity(count);
    let mut outcome = Ok(());
    for _ in 0..count {
        let (going, gone) = mpsc::channel::<()>();
        // Ends when the sender is dropped.
        let thread = thread::Builder::new().spawn(move || {
            let _ = gone.recv();
        });
        match thread {
            Ok(thread) => threads.push((going, thread)),
            Err(error) => {
                outcome = Err(refused("a thread", &error));
                break;
            }
        }
    }
    for (going, thread) in threads {
        drop(going);
        // It does nothing that panics.
        let _ = thread.join();
    }
    outcome
}

fn refused(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the system refuses {what}{}: {error}", limit_behind(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_built_where_there_is_room_and_a_refusal_names_the_limit() {
        let needs = Needs { descriptors: 2, threads: 1 };
        assert!(build(&mut Builder::new_current_thread(), needs).is_ok());

        let error = refused("a descriptor", &io::Error::from_raw_os_error(libc::EMFILE)).to_string();

        assert!(
            error.starts_with("the system refuses a descriptor") && error.contains("RLIMIT_NOFILE"),
            "{error}"
        );
    }
}

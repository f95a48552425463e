//! Crashes, for tests of what follows from them.

use std::panic::Location;

use rootward_core::{Event, EventKind, Exit, Tree, sibling};

use super::log::{EventLog, is_end};
use super::time::real_time;

/// Has the child with this path crash, and waits until this incarnation of it is gone. The way in which it went is the
/// result.
///
/// To its supervisor it has ended by itself, and not as it should: it is restarted if its spec says so, and that
/// counts. (To stop a child with [`terminate_child`](crate::SupervisorHandle::terminate_child) is an order, after which
/// nothing is restarted.)
///
/// | child | what happens to it | exit |
/// | --- | --- | --- |
/// | task | its future is dropped where it waits, as a panic does it | `Panicked`: "crashed on purpose" |
/// | actor | ractor's `kill` | `Aborted` |
/// | process | SIGKILL, and to everything that it has started | `Signal`: SIGKILL |
///
/// Supervisors, blocking work and kinds of children that are not the library's do not crash in this way. A
/// [`TestChild`](super::TestChild) fails and panics when it is told to.
///
/// # Panics
///
/// If no such child runs, or it is of a kind that does not crash. If it is not gone within 30 s of the system's time: a
/// task goes when it next waits for something.
///
/// # Cancel safety
///
/// If the future is dropped after it was first polled, the child crashes all the same.
#[track_caller]
pub fn crash<'a>(tree: &'a Tree, path: &'a str) -> impl Future<Output = Exit> + 'a {
    let place = Location::caller();
    let mut log = EventLog::of(tree);
    async move {
        let crashed = path
            .rsplit_once('/')
            .and_then(|(parent, id)| sibling::crash_child(&tree.supervisor(parent)?, id, None))
            .unwrap_or_else(|| panic!("{place}: `{path}` is not there to crash:\n{}", tree.snapshot()));
        let incarnation =
            crashed.unwrap_or_else(|kind| panic!("{place}: `{path}` is a {kind} that cannot crash"));
        // A process is killed in real time.
        let _real_time = real_time();
        let is_its_end =
            |event: &Event| event.path == *path && event.incarnation == incarnation && is_end(&event.what);
        let gone = log.wait(place, format!("the end of `{path}`, which was to crash"), is_its_end);
        let gone = gone.await;
        let (EventKind::Exited { status, .. } | EventKind::Stopped { status, .. }) = &gone.what else {
            return Exit::Unknown;
        };
        status.clone().unwrap_or(Exit::Unknown)
    }
}

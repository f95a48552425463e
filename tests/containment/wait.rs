//! How tests wait for what no event tells.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rootward_tests::BACKSTOP;

/// How often the list of processes is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Looks until something is so.
pub(crate) fn until(is_so: impl Fn() -> bool) -> bool {
    // Dropped together with this call, which sends the thread home.
    let (_over, is_over) = mpsc::channel::<()>();
    let (bark, barks) = mpsc::channel();
    thread::spawn(move || {
        if is_over.recv_timeout(BACKSTOP) == Err(RecvTimeoutError::Timeout) {
            let _ = bark.send(());
        }
    });
    while !is_so() {
        if barks.recv_timeout(LOOK_AGAIN).is_ok() {
            return false;
        }
    }
    true
}

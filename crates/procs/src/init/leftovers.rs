//! What is left when the program of an init has ended: it is killed and reaped until there is nothing.

use std::time::Duration;

use crate::sys::raw::{self, ChildrenLeft};
use crate::warden::kill_with_descendants;

/// How long until every process that is still there gets another SIGKILL, if none has ended in between.
const KILL_AGAIN: Duration = Duration::from_millis(50);

/// Kills and reaps until there is no child, however long that takes. No other process reaps children of this one.
pub(super) fn kill_all_children() {
    let own = raw::own_pid();
    while !is_over() {
        if let Ok(children) = raw::open_children_of(own, own) {
            raw::for_each_number(children, kill_with_descendants);
            let _ = raw::close(children);
        }
        if is_over() {
            return;
        }
        let _ = raw::take_signal_within(KILL_AGAIN);
    }
}

/// Reaps what has ended. Whether no process is left.
pub(super) fn is_over() -> bool {
    loop {
        match raw::reap_any() {
            Ok(_) => {}
            Err(left) => return left == ChildrenLeft::NoChild,
        }
    }
}

//! What the supervisor does when the warden has died: reapers have become its children, and what lost reapers have left.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::AsRawFd as _;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use nix::unistd::{Pid, getsid};

use super::descent::kill_family_of;
use super::state::{State, locked};
use crate::sys::{self, Reap, Waited};

/// How long until the children are looked at again. Nothing tells when somebody becomes a child.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Reaps reapers, and kills and reaps what lost ones have left, until the warden is let go and nobody is left.
///
/// It does so with descriptors of its own: whether the program has any left must not matter.
pub(super) fn look_after_orphans(state: &Mutex<State>) {
    thread::scope(|scope| {
        let apart = thread::Builder::new().name("rootward-orphans".to_owned()).spawn_scoped(scope, || {
            // If that is not possible, the thread shares the program's descriptors, and its want of them.
            let _ = sys::leave_descriptors();
            collect(state);
        });
        if apart.is_err() {
            collect(state);
        }
    });
}

fn collect(shared: &Mutex<State>) {
    let mut lost = BTreeSet::new();
    loop {
        let (reapers, adopts, closing) = {
            let state = locked(shared);
            (state.roll.reapers().clone(), state.adopts, state.closing)
        };
        let children = children();
        let mut strangers = 0;
        for child in &children {
            if is_reaper(*child) {
                reap(*child);
            } else if adopts && !lost.is_empty() && is_stranger(*child) {
                strangers += 1;
                kill(*child);
            }
        }
        // A reaper that is no child of ours any more and has not said that nobody is left.
        lost.extend(reapers.iter().filter(|reaper| !is_reaper(**reaper)));
        lost.retain(|reaper| reapers.contains(reaper));
        if strangers == 0 {
            // What has just become lost may have left something that is seen only the next time.
            let mut state = locked(shared);
            let gone = lost.iter().copied().filter(|reaper| !children.contains(reaper));
            gone.for_each(|reaper| state.roll.swept(reaper));
        }
        if closing && reapers.is_empty() && !children.iter().any(|child| is_reaper(*child)) {
            return;
        }
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "this thread has no runtime, and nothing tells of adoptions")]
fn pause() {
    thread::sleep(LOOK_AGAIN);
}

/// The children of this process, whichever thread has started them.
fn children() -> Vec<i32> {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let lists = threads.flatten().map(|thread| fs::read_to_string(thread.path().join("children")));
    let lists: Vec<String> = lists.map(Result::unwrap_or_default).collect();
    lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|pid| pid.parse().ok()).collect()
}

fn is_reaper(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == "rootward-reaper")
}

/// Whether a child is in a session that is not ours. All that a warden starts is, and nobody comes back from there.
fn is_stranger(pid: i32) -> bool {
    match (getsid(Some(Pid::from_raw(pid))), getsid(None)) {
        (Ok(its), Ok(ours)) => its != ours,
        _ => false,
    }
}

fn reap(pid: i32) {
    if let Ok(pidfd) = sys::open(pid) {
        if is_reaper(pid) {
            // One that lives is left alone.
            let _ = sys::wait(&pidfd, Reap::Take);
        }
    }
}

fn kill(pid: i32) {
    if let Ok(pidfd) = sys::open(pid) {
        // Only a child of ours can be waited for, so that this is the one that was looked at or another that was.
        let waited = sys::wait(&pidfd, Reap::Take);
        if matches!(waited, Ok(Waited::NotYet)) && is_stranger(pid) {
            kill_family_of(pid, pidfd.as_raw_fd());
        }
    }
}

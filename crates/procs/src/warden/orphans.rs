//! What the supervisor does when the warden has died: it ends what lost reapers have left.
//!
//! Reapers, and what they leave when they are lost, come to the init above the program, if there is one. The init
//! reaps all that ends; what is killed is the program's to say, because only the program knows when its warden and
//! its reapers are lost. As process 1 without an init the program gets reapers itself, and reaps those.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use nix::unistd::{Pid, getsid};

use super::descendants::kill_descendants_of;
use super::state::{WardenState, locked};
use crate::sys::{self, Reap, raw};

/// How long until the orphans are looked at again. Nothing tells when a process becomes one.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Reaps reapers, and kills and reaps what lost ones have left, until the warden is let go and no process is left.
///
/// It does so with descriptors of its own: whether the program has any left must not matter.
pub(super) fn look_after_orphans(state: &Mutex<WardenState>) {
    thread::scope(|scope| {
        let apart = thread::Builder::new().name("rootward-orphans".to_owned()).spawn_scoped(scope, || {
            // If that is not possible, the thread shares the program's descriptors, and its shortage of them.
            let _ = sys::leave_descriptors();
            collect(state);
        });
        if apart.is_err() {
            collect(state);
        }
    });
}

/// How many looks in a row must find no process of lost reapers: the kernel's list of children may pass over one while
/// others come and go.
const CLEAN_LOOKS: u32 = 2;

fn collect(shared: &Mutex<WardenState>) {
    // Each lost reaper, with the number of looks in a row since then that have found no process.
    let mut lost = BTreeMap::new();
    loop {
        let (reapers, init, closing) = {
            let state = locked(shared);
            (state.reapers.reapers().clone(), state.init, state.closing)
        };
        let orphans = children_of(init);
        let mut strangers = 0;
        for orphan in &orphans {
            match init {
                None if is_reaper(*orphan) => reap(*orphan),
                Some(init) if !lost.is_empty() && !is_reaper(*orphan) && is_stranger(*orphan) => {
                    strangers += 1;
                    kill(*orphan, init);
                }
                None | Some(_) => {}
            }
        }
        // These were known to be lost before this look.
        lost.retain(|reaper, _| reapers.contains(reaper));
        for (reaper, looks) in &mut lost {
            *looks = if strangers == 0 && !orphans.contains(reaper) { *looks + 1 } else { 0 };
            if *looks >= CLEAN_LOOKS {
                locked(shared).reapers.swept(*reaper);
            }
        }
        // A reaper that is no reaper any more and has not said that no process is left. What it has left is looked for
        // from the next look on.
        for reaper in reapers.iter().filter(|reaper| !is_reaper(**reaper)) {
            lost.entry(*reaper).or_insert(0);
        }
        if closing && reapers.is_empty() && !orphans.iter().any(|orphan| is_reaper(*orphan)) {
            return;
        }
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "this thread has no runtime, and nothing tells of adoptions")]
fn pause() {
    thread::sleep(LOOK_AGAIN);
}

/// The children of a process, or of this one, whichever thread has started them.
fn children_of(process: Option<i32>) -> Vec<i32> {
    let process = process.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists = threads.flatten().map(|thread| fs::read_to_string(thread.path().join("children")));
    let lists: Vec<String> = lists.map(Result::unwrap_or_default).collect();
    lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|pid| pid.parse().ok()).collect()
}

fn is_reaper(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == "rootward-reaper")
}

/// Whether an orphan is in a session that is not ours. All that a warden starts is, and no process comes back from
/// there.
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

/// Kills an orphan of this init, and all below.
fn kill(pid: i32, init: i32) {
    if let Ok(pidfd) = sys::open(pid) {
        // If the process is the init's child now, it was one when its session was read.
        if is_stranger(pid) && is_child_of(init, pid, &pidfd) {
            kill_descendants_of(pid, pidfd.as_raw_fd());
        }
    }
}

/// Whether this is a child of that process: the number that was read may be another process's by now.
fn is_child_of(parent: i32, pid: i32, pidfd: &OwnedFd) -> bool {
    raw::parent_of(pid, pidfd.as_raw_fd()) == Some(parent)
}

//! Kills a child and all its descendants from the top down.
//!
//! A process that has got SIGKILL forks no more, so that its children, looked up after the kill, are all that it will ever have. Killing
//! only children would do in the end: whoever loses its parent becomes a child. But a dying parent has to be given the
//! processor first, which it has to share with all those who have not been reached, and the place of everybody who is reaped is taken
//! by somebody who was forked meanwhile further down.
//!
//! Whoever has not been reached takes part in using up the processor. So every look is a cheap one, and a group that can only be the family's own
//! is killed as a whole.
//!
//! Runs in a reaper, which allocates nothing, in the warden, for those whom a lost reaper has left, and in the supervisor when the warden is
//! lost, too. Not everybody has to be found here: there is no descriptor left, a family
//! is deeper than this goes, threads hand on their children while they die. Those come up when their parents are gone.

use crate::sys::raw;

/// How deep this goes: every generation takes two descriptors and some stack.
const DEEPEST: u32 = 32;

/// How many threads of one process are looked at.
const MOST_THREADS: usize = 64;

/// Kills a child, whose number is its own because nobody but us reaps it, and all below. All our children are of such families.
pub(super) fn kill_family(child: i32) {
    if is_elsewhere(child) {
        let _ = raw::kill(-child, libc::SIGKILL);
    }
    // One that has changed its user may be out of reach, and its children not. It is waited for all the same.
    let _ = raw::kill(child, libc::SIGKILL);
    below(Parent { pid: child, pidfd: None, ours: Some(raw::own_pid()) }, DEEPEST);
}

/// Kills the process that a descriptor is of, and all below. We may have other children, which others reap.
pub(super) fn kill_family_of(pid: i32, pidfd: i32) {
    kill(pid, pidfd);
    below(Parent { pid, pidfd: Some(pidfd), ours: None }, DEEPEST);
}

/// Somebody who has got SIGKILL.
#[derive(Clone, Copy)]
struct Parent {
    pid: i32,
    /// What proves that the number is still its own, unless it is a child of ours.
    pidfd: Option<i32>,
    /// Our own number, if all that become our children are to be killed.
    ours: Option<i32>,
}

impl Parent {
    /// Whether this is its parent: until it is reaped nobody else has its number. Or was, and the child has come to us.
    fn is_parent_of(self, pid: i32, pidfd: i32) -> bool {
        let parent = raw::parent_of(pid, pidfd);
        (parent.is_some() && parent == self.ours)
            || (parent == Some(self.pid) && self.pidfd.is_none_or(|pidfd| raw::signal(pidfd, 0).is_ok()))
    }
}

fn below(parent: Parent, deepest: u32) {
    let Some(deepest) = deepest.checked_sub(1) else { return };
    below_thread(parent, parent.pid, deepest);
    if raw::has_threads(parent.pid) {
        let mut threads = [0; MOST_THREADS];
        let threads = raw::threads_of(parent.pid, &mut threads);
        threads
            .iter()
            .filter(|thread| **thread != parent.pid)
            .for_each(|thread| below_thread(parent, *thread, deepest));
    }
}

/// Kills those whom one thread of a process has started, and all below.
fn below_thread(parent: Parent, thread: i32, deepest: u32) {
    if let Ok(list) = raw::open_children_of(parent.pid, thread) {
        raw::for_each_number(list, |pid| end(parent, pid, deepest));
        let _ = raw::close(list);
    }
}

/// Kills one who is said to be a child of this parent, and all below.
fn end(parent: Parent, pid: i32, deepest: u32) {
    let Ok(pidfd) = raw::open_process(pid) else { return };
    if parent.is_parent_of(pid, pidfd) {
        kill(pid, pidfd);
        below(Parent { pid, pidfd: Some(pidfd), ..parent }, deepest);
    }
    let _ = raw::close(pidfd);
}

/// Kills a process, and the group that it leads where that can only be of its family.
fn kill(pid: i32, pidfd: i32) {
    // If it cannot be signalled now, the number may be somebody else's.
    let leads = is_elsewhere(pid) && raw::signal(pidfd, 0).is_ok();
    if !leads || raw::signal_group(pidfd, libc::SIGKILL).is_err() {
        // It may be out of reach, see above.
        let _ = raw::signal(pidfd, libc::SIGKILL);
    }
}

/// Whether a process is in another session than we are. Then somebody of its family has begun that, which nobody can join but by birth, so
/// that all who are in it and in its groups are descendants of the same program.
fn is_elsewhere(pid: i32) -> bool {
    matches!((raw::session_of(pid), raw::session_of(0)), (Ok(its), Ok(ours)) if its != ours)
}

//! Kills a child and all its descendants from the top down.
//!
//! A process that has got SIGKILL forks no more, so that its children, looked up after the kill, are all that it will
//! ever have. Killing only children would do in the end: a process that loses its parent becomes a child. But a dying
//! parent needs the processor first and shares it with all processes that have not been killed yet, and for each
//! process that is reaped a new one may be forked further down.
//!
//!  A process that has not been killed yet also competes for the processor. So every look is a cheap one, and a group
//!  that can hold nothing but descendants is killed as a whole.
//!
//!  This runs in a reaper, which allocates nothing; in the warden, for the processes that a lost reaper has left; and
//!  in the supervisor when the warden is lost, too. It need not find every process: there may be no descriptor left,
//!  descendants may be nested more deeply than this goes, and threads hand on their children while they die. Those that
//!  are missed become children when their parents are gone.

use crate::sys::raw;

/// How deep this goes: every generation takes two descriptors and some stack.
const DEEPEST: u32 = 32;

/// How many threads of one process are looked at.
const MOST_THREADS: usize = 64;

/// Kills a child and all its descendants. No other process reaps the child, so that its number is its own. All our
/// children are to be killed.
pub(crate) fn kill_with_descendants(child: i32) {
    if is_elsewhere(child) {
        let _ = raw::kill(-child, libc::SIGKILL);
    }
    // One that has changed its user may be out of reach, and its children not. It is waited for all the same.
    let _ = raw::kill(child, libc::SIGKILL);
    below(Parent { pid: child, pidfd: None, ours: Some(raw::own_pid()) }, DEEPEST);
}

/// Kills the process that a descriptor is of, and all its descendants. We may have other children, which others reap.
pub(super) fn kill_descendants_of(pid: i32, pidfd: i32) {
    kill(pid, pidfd);
    below(Parent { pid, pidfd: Some(pidfd), ours: None }, DEEPEST);
}

/// A process that has got SIGKILL.
#[derive(Clone, Copy)]
struct Parent {
    pid: i32,
    /// The descriptor that shows whether the number is still its own. `None` for a child of ours, which only we reap.
    pidfd: Option<i32>,
    /// Our own number, if all processes that become our children are to be killed.
    ours: Option<i32>,
}

impl Parent {
    /// Whether this is the parent of that process, or was, and the process has become our child. Until the parent is
    /// reaped no other process has its number.
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

/// Kills the children that one thread of a process has started, and all their descendants.
fn below_thread(parent: Parent, thread: i32, deepest: u32) {
    if let Ok(list) = raw::open_children_of(parent.pid, thread) {
        raw::for_each_number(list, |pid| end(parent, pid, deepest));
        let _ = raw::close(list);
    }
}

/// Kills a process that is listed as a child of this parent, and all its descendants.
fn end(parent: Parent, pid: i32, deepest: u32) {
    let Ok(pidfd) = raw::open_process(pid) else { return };
    if parent.is_parent_of(pid, pidfd) {
        kill(pid, pidfd);
        below(Parent { pid, pidfd: Some(pidfd), ..parent }, deepest);
    }
    let _ = raw::close(pidfd);
}

/// Kills a process, and the group that it leads if that can hold nothing but descendants of the same program.
fn kill(pid: i32, pidfd: i32) {
    // If it cannot be signalled now, the number may be another process's.
    let leads = is_elsewhere(pid) && raw::signal(pidfd, 0).is_ok();
    if !leads || raw::signal_group(pidfd, libc::SIGKILL).is_err() {
        // It may be out of reach, see above.
        let _ = raw::signal(pidfd, libc::SIGKILL);
    }
}

/// Whether a process is in another session than we are. Then a descendant of the program has begun that session. A
/// process joins a session only by birth, so that all processes in it and in its groups are descendants of the same
/// program.
fn is_elsewhere(pid: i32) -> bool {
    matches!((raw::session_of(pid), raw::session_of(0)), (Ok(its), Ok(ours)) if its != ours)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::os::fd::AsRawFd as _;
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
    use std::process::{Child, Command, Stdio};

    use super::*;
    use crate::sys;

    #[test]
    fn a_group_in_another_session_is_killed_whichever_parents_its_members_have() {
        // The other one's parent has gone, so that it is no process's child here.
        let (mut leader, mut output) =
            running("setsid sh -c '(sleep 1000 &) & wait; echo there; exec sleep 1000' & wait");
        let session = child_of(&leader);

        kill_descendants_of(session, sys::open(session).unwrap().as_raw_fd());

        // The output ends when the last process that holds it has gone.
        leader.kill().unwrap();
        leader.wait().unwrap();
        assert_eq!(output.read_line(&mut String::new()).unwrap(), 0);
    }

    #[test]
    fn other_members_of_a_group_in_our_session_are_left_alone() {
        let (mut leader, _output) = running_in(0, "echo there; exec sleep 1000");
        let (mut other, _its_output) = running_in(leader.id() as i32, "echo there; exec sleep 1000");

        let pid = leader.id() as i32;
        kill_descendants_of(pid, sys::open(pid).unwrap().as_raw_fd());

        assert_eq!(leader.wait().unwrap().signal(), Some(libc::SIGKILL));
        raw::kill(other.id() as i32, libc::SIGTERM).unwrap();
        assert_eq!(other.wait().unwrap().signal(), Some(libc::SIGTERM));
    }

    #[test]
    fn a_number_that_has_been_given_to_another_process_kills_no_process() {
        let (mut former, _) = running("echo there; exit 0");
        let pidfd = sys::open(former.id() as i32).unwrap();
        former.wait().unwrap();
        let (mut latter, mut output) =
            running("echo there; sh -c \"trap 'echo asked' TERM; echo ready; while :; do :; done\" & wait");
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let child = child_of(&latter);

        kill_descendants_of(latter.id() as i32, pidfd.as_raw_fd());

        raw::kill(child, libc::SIGTERM).unwrap();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\nasked\n");
        raw::kill(child, libc::SIGKILL).unwrap();
        assert_eq!(latter.wait().unwrap().code(), Some(0));
        assert_eq!(output.read(&mut [0]).unwrap(), 0);
    }

    /// A shell in our group that has said that its processes run.
    fn running(script: &str) -> (Child, BufReader<std::process::ChildStdout>) {
        start(Command::new("/bin/sh").args(["-c", script]))
    }

    /// A shell in this group of our session, or in its own.
    fn running_in(group: i32, script: &str) -> (Child, BufReader<std::process::ChildStdout>) {
        start(Command::new("/bin/sh").args(["-c", script]).process_group(group))
    }

    fn start(command: &mut Command) -> (Child, BufReader<std::process::ChildStdout>) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut String::new()).unwrap();
        (child, output)
    }

    fn child_of(parent: &Child) -> i32 {
        let pid = parent.id() as i32;
        let mut children = Vec::new();
        raw::for_each_number(raw::open_children_of(pid, pid).unwrap(), |child| children.push(child));
        children[0]
    }
}

//! What is left when the program of an init has ended: it is killed and reaped until there is nothing.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use crate::Signal;
use crate::group::{descendants_of, is_descendant};
use crate::signal::and_continue;
use crate::sys;
use crate::sys::raw::{self, ChildrenLeft};
use crate::warden::kill_with_descendants;

/// How long until every process that is still there gets another SIGKILL, if no child has ended in between.
const KILL_AGAIN: Duration = Duration::from_millis(50);

/// The highest process id that the kernel gives out, however it was set up.
const HIGHEST: i32 = 4 * 1024 * 1024;

/// Which of its descendants an init or a guard ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// All of them.
    Tree,
    /// Those that are in our session. A daemon has left it.
    Session,
}

impl Scope {
    /// Reaps what has ended. Whether no process is left that is to be ended.
    pub(super) fn is_over(self) -> bool {
        is_over() || (self == Self::Session && self.living().is_empty())
    }

    /// Kills and reaps until none is left, however long that takes. No other process reaps children of this one.
    pub(super) fn kill_all(self) {
        while !self.is_over() {
            match self {
                Self::Tree => kill_children(),
                Self::Session => self.signal_all(Signal::KILL),
            }
            if self.is_over() {
                return;
            }
            let _ = raw::take_signal_within(KILL_AGAIN);
        }
    }

    /// How long a wait for the end of one may take. The end of a child is heard; but in our session there may be a
    /// child of a daemon that stays, which alone hears of its end.
    pub(super) fn looks_again(self) -> Duration {
        if self == Self::Session { KILL_AGAIN } else { Duration::MAX }
    }

    /// Sends this to all of them, once each. One that has changed its user may be out of reach.
    pub(super) fn signal_all(self, signal: Signal) {
        for Living { pid, pidfd } in self.living() {
            for signal in and_continue(signal).map(Signal::number) {
                let _ = match &pidfd {
                    Some(pidfd) => sys::send(pidfd, signal),
                    None => raw::kill(pid, signal).map_err(io::Error::from_raw_os_error),
                };
            }
        }
    }

    /// Those that live.
    fn living(self) -> Vec<Living> {
        if !sys::proc_is_ours() {
            let children = children_by_number().filter(|pid| self.includes(*pid));
            return children.map(|pid| Living { pid, pidfd: None }).collect();
        }
        let own = raw::own_pid();
        let all = descendants_of(own).into_iter().filter_map(|pid| Some((pid, sys::open(pid).ok()?)));
        // The descriptor comes first, and what is read then is true of the process that it names.
        all.filter(|(pid, pidfd)| !sys::has_ended(pidfd) && self.includes(*pid) && is_descendant(*pid, own))
            .map(|(pid, pidfd)| Living { pid, pidfd: Some(pidfd) })
            .collect()
    }

    fn includes(self, pid: i32) -> bool {
        self == Self::Tree || raw::session_of(pid) == raw::session_of(0)
    }
}

/// A process that is to be ended, with a descriptor if it may be no child of ours.
struct Living {
    pid: i32,
    pidfd: Option<OwnedFd>,
}

fn kill_children() {
    let own = raw::own_pid();
    if !sys::proc_is_ours() {
        for child in children_by_number() {
            let _ = raw::kill(child, libc::SIGKILL);
        }
    } else if let Ok(children) = raw::open_children_of(own, own) {
        raw::for_each_number(children, kill_with_descendants);
        let _ = raw::close(children);
    }
}

/// The children of this process, where `/proc` does not list them: each number is tried. It takes a second or
/// two, and only an init and its guard do it, which have nothing else to do.
///
/// No other process reaps them, so that the numbers are their own.
fn children_by_number() -> impl Iterator<Item = i32> {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    (1..HIGHEST).filter(move |pid| waitid(Id::Pid(Pid::from_raw(*pid)), flags).is_ok())
}

/// Reaps what has ended. Whether no process is left.
fn is_over() -> bool {
    loop {
        match raw::reap_any() {
            Ok(_) => {}
            Err(left) => return left == ChildrenLeft::NoChild,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_child_is_found_by_its_number_alone() {
        let mut child = Command::new("/bin/cat").stdin(Stdio::piped()).spawn().unwrap();
        let its_pid = i32::try_from(child.id()).unwrap();

        let children: Vec<i32> = children_by_number().collect();

        assert!(children.contains(&its_pid) && !children.contains(&raw::own_pid()), "{children:?}");
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}

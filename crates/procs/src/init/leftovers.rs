//! What is left when the program of an init has ended: it is killed and reaped until there is nothing.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use crate::Signal;
use crate::group::{descendants_of, is_descendant};
use crate::signal::and_continue;
use crate::sys;
use crate::sys::raw::{self, ChildrenLeft, Reaped};
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
    /// Those that are in the program's session: ours, or the one that the program has begun. A daemon has left it.
    Session,
}

/// The descendants of an init or a guard that it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leftovers {
    scope: Scope,
    /// The session that the program has begun. No other one gets its number as long as a process is in it.
    begun: Option<i32>,
}

impl Leftovers {
    pub(super) fn of(scope: Scope) -> Self {
        Self { scope, begun: None }
    }

    /// Takes note of the session that the program has begun, if it has. A program that is reaped has none any more.
    pub(super) fn note_session_of(&mut self, program: i32) {
        if raw::session_of(program) == Ok(program) {
            self.begun = Some(program);
        }
    }

    /// Reaps what has ended. Whether no process is left that is to be ended.
    ///
    /// A look at the processes of a session is no proof as long as some of them end: one that has forked and ended
    /// during the look was not seen alive, and its child may not have been there yet. Orphans come to us, so that such
    /// an end shows, and the answer is no until there is none.
    pub(super) fn is_over(self) -> bool {
        match (self.reap().1, self.scope) {
            (ChildrenLeft::NoChild, _) => return true,
            (ChildrenLeft::Alive, Scope::Tree) => return false,
            (ChildrenLeft::Alive, Scope::Session) => {}
        }
        // What cannot be looked at may be there.
        let none_lives = self.living().is_ok_and(|mut living| living.next().is_none());
        none_lives && self.reap().0 == 0
    }

    /// Kills and reaps until none is left, however long that takes. No other process reaps children of this one.
    pub(super) fn kill_all(self) {
        while !self.is_over() {
            match self.scope {
                Scope::Tree => kill_children(),
                Scope::Session => self.signal_all(Signal::KILL),
            }
            if self.is_over() {
                return;
            }
            let _ = raw::take_signal_within(KILL_AGAIN);
        }
    }

    /// How long a wait for the end of one may take. The end of a child is heard; but in the session there may be a
    /// child of a daemon that stays, which alone hears of its end.
    pub(super) fn looks_again(self) -> Duration {
        match self.scope {
            Scope::Tree => Duration::MAX,
            Scope::Session => KILL_AGAIN,
        }
    }

    /// Sends this to all of them, once each. One that has changed its user may be out of reach.
    pub(super) fn signal_all(self, signal: Signal) {
        for process in self.living().into_iter().flatten() {
            and_continue(signal).for_each(|signal| process.send(signal.number()));
        }
    }

    /// Those that live, one after the other: there may be more of them than this process may have descriptors.
    fn living(self) -> io::Result<Box<dyn Iterator<Item = Living>>> {
        if !sys::proc_is_ours() {
            let children = children_by_number().filter(move |pid| self.includes(*pid));
            return Ok(Box::new(children.map(Living::Child)));
        }
        let listed: Box<dyn Iterator<Item = i32>> = match self.scope {
            Scope::Tree => Box::new(descendants_of(raw::own_pid()).into_iter()),
            Scope::Session => Box::new(all_processes()?.filter(move |pid| self.includes(*pid))),
        };
        Ok(Box::new(listed.filter_map(move |pid| self.look_at(pid))))
    }

    /// The process with this number, if it lives and is to be ended.
    fn look_at(self, pid: i32) -> Option<Living> {
        let own = raw::own_pid();
        match sys::open(pid) {
            // The descriptor comes first, and what is read then is true of the process that it names.
            Ok(pidfd) => {
                let is_one = !sys::has_ended(&pidfd) && self.includes(pid) && is_descendant(pid, own);
                is_one.then_some(Living::Process(pidfd))
            }
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => None,
            Err(_) if !self.includes(pid) => None,
            Err(_) if is_child(pid) => Some(Living::Child(pid)),
            // Without a descriptor nothing can be read either, and it may be one.
            Err(error) if is_shortage(&error) => Some(Living::OutOfReach),
            Err(_) => is_descendant(pid, own).then_some(Living::OutOfReach),
        }
    }

    fn includes(self, pid: i32) -> bool {
        self.scope == Scope::Tree
            || raw::session_of(pid).is_ok_and(|its| Some(its) == self.begun || Ok(its) == raw::session_of(0))
    }

    /// Reaps what has ended. How many of them were to be ended, and what is left.
    fn reap(self) -> (usize, ChildrenLeft) {
        let mut ended = 0;
        loop {
            match raw::ended_child() {
                // It has its session until it is reaped.
                Ok(Reaped { pid, .. }) => {
                    ended += usize::from(self.includes(pid));
                    let _ = raw::reap_now(pid);
                }
                Err(left) => return (ended, left),
            }
        }
    }
}

/// A process that is to be ended.
enum Living {
    Process(OwnedFd),
    /// A child of ours. We alone reap it, and not while this is there, so that its number is its own.
    Child(i32),
    /// The system refuses a descriptor now, and the number may become that of another process.
    OutOfReach,
}

impl Living {
    fn send(&self, signal: i32) {
        let _ = match self {
            Self::Process(pidfd) => sys::send(pidfd, signal),
            Self::Child(pid) => raw::kill(*pid, signal).map_err(io::Error::from_raw_os_error),
            Self::OutOfReach => Ok(()),
        };
    }
}

fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM))
}

/// All processes that the system shows, in the order of their numbers. What is forked meanwhile comes as well: its
/// number is higher than that of its parent, unless the numbers begin again.
fn all_processes() -> io::Result<impl Iterator<Item = i32>> {
    let names = fs::read_dir("/proc")?.map_while(Result::ok).map(|entry| entry.file_name());
    Ok(names.filter_map(|name| name.to_str()?.parse().ok()))
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
fn children_by_number() -> impl Iterator<Item = i32> {
    (1..HIGHEST).filter(|pid| is_child(*pid))
}

/// Whether this is the number of a child, which may have ended. No other process reaps it, so that the number is its
/// own.
fn is_child(pid: i32) -> bool {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    waitid(Id::Pid(Pid::from_raw(pid)), flags).is_ok()
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

//! Processes of which one can say later whether they are still the same.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::until;

/// A process, known by its id and by when it was born: ids are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pid: u32,
    /// `None` if it was gone already when it was looked at.
    born: Option<u64>,
}

impl Identity {
    /// The process that has this id now, or had it a moment ago.
    pub(crate) fn of(pid: u32) -> Self {
        Self { pid, born: stat(pid).map(|(_, born)| born) }
    }

    pub(crate) fn pid(self) -> u32 {
        self.pid
    }

    /// Whether anything of it is left in the process table, if only a zombie.
    pub(crate) fn is_there(self) -> bool {
        self.state().is_some()
    }

    /// Whether it can still do anything. An orphan that has died is buried by the system's init, in its
    /// own time.
    pub(crate) fn is_alive(self) -> bool {
        self.state().is_some_and(|state| state != 'Z' && state != 'X')
    }

    /// Whether it is suspended.
    pub(crate) fn is_suspended(self) -> bool {
        self.state() == Some('T')
    }

    /// Sends it a signal, if it is still there.
    pub(crate) fn signal(self, signal: Signal) {
        if self.is_there() {
            let _ = kill(Pid::from_raw(self.pid.try_into().expect("a process id")), signal);
        }
    }

    fn state(self) -> Option<char> {
        stat(self.pid).filter(|(_, born)| Some(*born) == self.born).map(|(state, _)| state)
    }
}

/// Waits until none of these processes is there any more.
pub(crate) async fn are_gone(processes: &[Identity]) {
    until("the processes are gone", || !processes.iter().any(|process| process.is_alive())).await;
}

/// Kills what a test leaves behind, whether it fails or not.
#[derive(Debug, Default)]
pub(crate) struct Leftovers(Vec<Identity>);

impl Leftovers {
    /// Remembers the process with this id, which may be gone already.
    pub(crate) fn note(&mut self, pid: u32) {
        self.0.push(Identity::of(pid));
    }
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        for process in &self.0 {
            process.signal(Signal::SIGKILL);
        }
    }
}

/// State and time of birth, from `/proc/PID/stat`.
fn stat(pid: u32) -> Option<(char, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in front is in parentheses and may hold anything, parentheses too.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let born = fields.nth(18)?.parse().ok()?;
    Some((state, born))
}

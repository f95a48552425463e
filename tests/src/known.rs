//! Processes of which one can say later whether they are still there.

use std::fmt;
use std::fs;
use std::str::FromStr;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A process, known by its id and by when it was born: ids are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Its process id.
    pub pid: u32,
    /// When it was born, in the kernel's ticks since the system's start.
    pub born: u64,
}

impl Known {
    /// The process that has this id now, if there is one.
    pub fn of(pid: u32) -> Option<Self> {
        stat(pid).map(|stat| Self { pid, born: stat.born })
    }

    /// The running process.
    ///
    /// # Panics
    ///
    /// If the system does not show it.
    pub fn own() -> Self {
        Self::of(std::process::id()).expect("a process that looks is there")
    }

    /// Whether it can still do anything. Zombies cannot; an orphan is buried by the system's init, in its own time.
    pub fn is_alive(self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.born == self.born && stat.lives())
    }

    /// Sends it a signal, if it is still the one that has this id.
    ///
    /// # Errors
    ///
    /// What the system says: that there is no such process, for example.
    pub fn signal(self, signal: Signal) -> nix::Result<()> {
        if Self::of(self.pid) != Some(self) {
            return Err(Errno::ESRCH);
        }
        let pid = i32::try_from(self.pid).map_err(|_| Errno::ESRCH)?;
        kill(Pid::from_raw(pid), signal)
    }

    /// Whether it is suspended.
    pub fn is_suspended(self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.born == self.born && stat.state == 'T')
    }

    /// All living processes that have a command line in which this stands. What is forked has the same one.
    pub fn all_that_mention(text: &str) -> Vec<Self> {
        let mentions = |pid: &u32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(text)
        };
        pids().filter(mentions).filter_map(Self::of).filter(|it| it.is_alive()).collect()
    }

    /// All living processes that descend from this one, as far as their parents are still there.
    pub fn descendants(self) -> Vec<Self> {
        let all: Vec<(u32, Stat)> = pids().filter_map(|pid| Some((pid, stat(pid)?))).collect();
        let mut found = vec![self];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            let children = all.iter().filter(|(_, stat)| stat.parent == parent.pid && stat.lives());
            found.extend(children.map(|(pid, stat)| Self { pid: *pid, born: stat.born }));
            next += 1;
        }
        found.split_off(1)
    }
}

/// As fixtures write it and tests read it.
impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.born)
    }
}

/// This text tells of no process.
#[derive(Clone, Copy, Debug)]
pub struct NotKnown;

impl FromStr for Known {
    type Err = NotKnown;

    fn from_str(text: &str) -> Result<Self, NotKnown> {
        let (pid, born) = text.split_once(' ').ok_or(NotKnown)?;
        match (pid.parse(), born.parse()) {
            (Ok(pid), Ok(born)) => Ok(Self { pid, born }),
            _ => Err(NotKnown),
        }
    }
}

/// What `/proc/PID/stat` says, as far as it is needed here.
struct Stat {
    state: char,
    parent: u32,
    born: u64,
}

impl Stat {
    fn lives(&self) -> bool {
        self.state != 'Z' && self.state != 'X'
    }
}

fn stat(pid: u32) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in front is in parentheses and may hold anything, parentheses too.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let born = fields.nth(17)?.parse().ok()?;
    Some(Stat { state, parent, born })
}

fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

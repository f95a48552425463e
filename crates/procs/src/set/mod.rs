//! The set of a process child: the program, and what it has started.
//!
//! How far it is followed depends on the launcher that has started it. A [`KillOnDrop`] has a set killed and reaped
//! that its owner has lost, and the supervisor hears of that through the [`Ack`]. A [`SetKillHandle`] lets the last
//! kill reach a set from any thread.

mod ack;
mod kill_handle;
mod kill_on_drop;

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rootward_core::Exit;
use tokio::sync::oneshot;

use crate::Signal;
use crate::group::{self, Group, MemberList, Which, group_of, is_descendant};
use crate::warden::ReapedSet;

pub(crate) use ack::Ack;
pub(crate) use kill_handle::{KillSlot, SetKillHandle};
pub(crate) use kill_on_drop::KillOnDrop;

/// A program, and what it has started.
#[derive(Debug)]
pub(crate) enum ProcessSet {
    /// As far as it stays in the program's process group.
    Group(Group),
    /// All of it.
    Tree(ReapedSet),
}

impl ProcessSet {
    /// The program's process id.
    pub(crate) fn pid(&self) -> i32 {
        match self {
            Self::Group(group) => group.pid(),
            Self::Tree(reaped) => reaped.pid(),
        }
    }

    /// Readable when there is something new to ask.
    pub(crate) fn notify_fd(&self) -> Arc<OwnedFd> {
        match self {
            Self::Group(group) => group.pidfd(),
            Self::Tree(reaped) => reaped.line(),
        }
    }

    /// Whether the notification descriptor may become readable again, so that there is something to wait for.
    pub(crate) fn will_notify(&self) -> bool {
        match self {
            Self::Group(_) => false,
            Self::Tree(reaped) => !reaped.is_silent(),
        }
    }

    /// Sends a signal to the program's process group, and has stopped processes continue; SIGKILL to every member that
    /// can be reached. That there is none is no error.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        match self {
            Self::Group(group) => group.signal(signal),
            Self::Tree(reaped) => reaped.signal(signal),
        }
    }

    /// Sends a signal to the program alone, and has it continue if it is stopped. That it has ended is no error.
    pub(crate) fn signal_leader(&self, signal: Signal) -> io::Result<()> {
        match self {
            Self::Group(group) => group.signal_leader(signal),
            Self::Tree(reaped) => reaped.signal_leader(signal),
        }
    }

    /// Sends a signal to the program alone, and nothing after it. An error of ESRCH says that it has ended.
    pub(crate) fn tell_program(&self, signal: Signal) -> io::Result<()> {
        match self {
            Self::Group(group) => group.tell_program(signal),
            Self::Tree(reaped) => reaped.tell_program(signal),
        }
    }

    /// How the program ended, or `None` if that cannot be said yet.
    pub(crate) fn exited(&self) -> Option<Exit> {
        match self {
            Self::Group(group) => group.exited(),
            Self::Tree(reaped) => reaped.exited(),
        }
    }

    /// Whether no member is left, after the program has ended. `None` if only the list of members can tell.
    pub(crate) fn is_empty(&self) -> Option<bool> {
        match self {
            Self::Group(group) => group.is_empty(),
            Self::Tree(reaped) => Some(reaped.is_empty()),
        }
    }

    /// Whether no process is left, as far as `/proc` tells: at level `group`, whether the program has ended. It takes
    /// nothing that the owner waits for.
    pub(crate) fn looks_empty(&self) -> bool {
        match self {
            Self::Group(group) => group.has_ended(),
            Self::Tree(reaped) => !group::has_children(reaped.reaper()),
        }
    }

    /// The process that adopts all orphans of the set, if there is one.
    pub(crate) fn reaper(&self) -> Option<i32> {
        match self {
            Self::Group(_) => None,
            Self::Tree(reaped) => Some(reaped.reaper()),
        }
    }

    /// Begins to count the members.
    pub(crate) fn list_members(&self) -> oneshot::Receiver<MemberList> {
        group::list_members(match self {
            Self::Group(group) => Which::Group(group.pid()),
            Self::Tree(reaped) => Which::Descendants(reaped.reaper()),
        })
    }

    /// Whether the list of members that finds no member proves that there is none that can still do anything.
    pub(crate) fn can_be_counted_out(&self) -> bool {
        matches!(self, Self::Group(_))
    }

    /// Whether this process belongs to the set.
    pub(crate) fn has(&self, pid: i32) -> bool {
        match self {
            Self::Group(group) => group_of(pid) == Some(group.pid()),
            Self::Tree(reaped) => is_descendant(pid, reaped.reaper()),
        }
    }

    /// Whether a member gets the signals that are sent to the program's group.
    pub(crate) fn is_within_reach(&self, pid: i32) -> bool {
        group_of(pid) == Some(self.pid())
    }

    /// Lets go of a set that is empty.
    pub(crate) fn release(&self) {
        match self {
            Self::Group(group) => group.release(),
            Self::Tree(reaped) => reaped.release(),
        }
    }
}

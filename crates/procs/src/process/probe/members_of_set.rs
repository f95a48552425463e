//! Whether a process belongs to the set that is looked at.

use std::net::SocketAddr;
use std::sync::Weak;

use crate::group::{ListenerOwner, command_of, is_descendant, listener_at};
use crate::set::ProcessSet;

/// The members of a set. The set may go meanwhile.
#[derive(Clone)]
pub(in crate::process) struct MembersOfSet(pub(in crate::process) Weak<ProcessSet>);

impl MembersOfSet {
    /// Whether a process is the program, or belongs to its set, or descends from the program.
    pub(in crate::process) fn has(&self, pid: i32) -> bool {
        let Some(set) = self.0.upgrade() else { return false };
        pid == set.pid() || set.has(pid) || is_descendant(pid, set.pid())
    }

    /// Says which process listens at an address, if it is another one's. Where the system does not tell, it may be the
    /// set's. This takes a search, and blocks.
    fn stranger_at(&self, server: SocketAddr) -> Option<String> {
        let first = self.0.upgrade()?.pid();
        match listener_at(server, first, |pid| self.has(pid)) {
            ListenerOwner::Member | ListenerOwner::Unknown => None,
            ListenerOwner::Stranger { pid, command } => Some(named(pid, &command)),
            ListenerOwner::HiddenStranger => Some(HIDDEN.to_owned()),
        }
    }

    /// The same, off this thread: a supervisor may need it.
    pub(super) async fn find_stranger_at(&self, server: SocketAddr) -> Option<String> {
        let members = self.clone();
        let found = tokio::task::spawn_blocking(move || members.stranger_at(server)).await;
        found.unwrap_or_default()
    }

    /// Names the process with this id, if it is there and another one's.
    pub(super) async fn find_stranger(&self, pid: i32) -> Option<String> {
        let members = self.clone();
        let found = tokio::task::spawn_blocking(move || {
            let is_ours = u32::try_from(pid).is_ok_and(|pid| pid == std::process::id());
            let command = command_of(pid).filter(|_| !is_ours && !members.has(pid))?;
            Some(named(pid, &command))
        });
        found.await.unwrap_or_default()
    }
}

/// A process whose descriptors this program may not see.
const HIDDEN: &str =
    "a process of another user or PID namespace listens there, which is none of its processes";

fn named(pid: i32, command: &str) -> String {
    format!("process {pid} (`{command}`) listens there, which is none of its processes")
}

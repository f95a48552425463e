//! The members of a process's set that are left after the process itself has ended.
//!
//! The owner of the process has the set counted and its members watched, and tells this what came of it. This knows the
//! members, sends them the signals that have not reached them, and answers what to do next.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rootward_core::Straggler;

use super::stragglers::Stragglers;
use crate::Signal;
use crate::group::Member;
use crate::group::{MemberList, ProcessTime, group_of};
use crate::set::ProcessSet;
use crate::sys;

/// What is left of a set.
#[derive(Debug, Default)]
pub(super) struct MemberTracker {
    /// The members at the last list of members. There are none if they could not be counted.
    there: Vec<WatchedMember>,
    /// What is told of them, for readers on any thread.
    stragglers: Arc<Mutex<Stragglers>>,
    /// The last signal that the set has got, and when.
    told: Option<(Signal, Option<ProcessTime>)>,
    /// Whether the list of members has found no member, and the group has got SIGKILL after it.
    swept: bool,
    /// Whether the last list of members found a new member. The kernel's lists may pass over one while others come and
    /// go, so that members are counted until no new one is found.
    unsure: bool,
}

/// A member that was there at the last list of members.
#[derive(Debug)]
struct WatchedMember {
    pid: i32,
    /// Tells its end. Without it the only way is to count again.
    pidfd: Option<Arc<OwnedFd>>,
}

/// What follows from the list of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No member is left.
    Empty,
    /// There are members. They are to be watched.
    Members,
    /// There are zombies, whose end the set tells by itself. They are to be waited for.
    Zombies,
    /// It is not certain. The members are to be counted again.
    Unsure,
}

impl MemberTracker {
    pub(super) fn new(stragglers: Arc<Mutex<Stragglers>>) -> Self {
        Self { stragglers, ..Self::default() }
    }

    /// Notes that the set is about to get a signal, and sends it to the members that the group's signal does not reach.
    pub(super) fn about_to_signal(&mut self, signal: Signal, set: &ProcessSet) {
        self.told = Some((signal, ProcessTime::now()));
        if signal == Signal::KILL {
            let alive: Vec<i32> =
                self.there.iter().filter(|member| !member.has_ended()).map(|member| member.pid).collect();
            self.stragglers().about_to_kill(|pid| alive.contains(&pid));
        }
        for WatchedMember { pid, pidfd } in &self.there {
            if let Some(pidfd) = pidfd.as_ref().filter(|_| !set.is_within_reach(*pid)) {
                self.tell(*pid, pidfd, signal);
            }
        }
    }

    /// Notes that the process has ended.
    pub(super) fn left_alone(&self) {
        self.stragglers().left_alone();
    }

    /// Takes the result of the list of members.
    pub(super) fn counted(&mut self, listed: MemberList, set: &ProcessSet) -> Found {
        self.dismiss(set);
        let Some(members) = listed else {
            // They could not be counted, so that there may be some.
            self.there.clear();
            self.note_members();
            return Found::Members;
        };
        if members.is_empty() {
            return self.found_none(set);
        }
        self.swept = false;
        let is_new = |member: &Member| !self.there.iter().any(|known| known.pid == member.pid);
        // A group is counted among all processes, and not by the lists of the members.
        self.unsure = !set.can_be_counted_out() && members.iter().any(is_new);
        self.there = members.into_iter().map(|member| self.meet(member, set)).collect();
        self.note_members();
        Found::Members
    }

    /// Only zombies are left in the group, or a member was missed that has just come into being. After SIGKILL no new
    /// member comes into being in a group, and SIGKILL does nothing to a zombie.
    fn found_none(&mut self, set: &ProcessSet) -> Found {
        if !set.can_be_counted_out() {
            self.there.clear();
            self.note_members();
            return Found::Zombies;
        }
        if self.swept {
            return Found::Empty;
        }
        // If it fails, the next list of members tells.
        let _ = set.signal(Signal::KILL);
        self.swept = true;
        Found::Unsure
    }

    /// Takes note of a member, and sends it the signal that it was too young for.
    fn meet(&self, member: Member, set: &ProcessSet) -> WatchedMember {
        let Member { pid, command, began } = member;
        self.stragglers().meet(pid, command);
        // The process id is certain only while a descriptor holds it.
        let pidfd = sys::open(pid).ok().filter(|_| set.has(pid)).map(Arc::new);
        if let (Some((signal, told_at)), Some(pidfd)) = (self.told, &pidfd) {
            let is_too_young =
                told_at.zip(began).is_some_and(|(told_at, began)| told_at.is_before(pid, began));
            if is_too_young || !set.is_within_reach(pid) {
                self.tell(pid, pidfd, signal);
            }
        }
        WatchedMember { pid, pidfd }
    }

    /// Sends a signal to one member alone, unless it has got it alone before.
    fn tell(&self, pid: i32, pidfd: &OwnedFd, signal: Signal) {
        let is_new = self.stragglers().tell(pid, signal);
        if is_new {
            // If it has ended meanwhile, all the better. One that has changed its user may be out of reach.
            let _ = sys::send(pidfd.as_fd(), signal.number());
            let _ = sys::send(pidfd.as_fd(), Signal::CONT.number());
        }
    }

    /// Looks which members are still there. `true` says that it is time for another list of members.
    pub(super) fn look(&mut self, set: &ProcessSet) -> bool {
        self.dismiss(set);
        self.note_members();
        // Those that cannot be watched are shown by another list of members only.
        self.unsure || self.there.iter().all(|member| member.pidfd.is_none())
    }

    /// Strikes off the members that have ended, and those that have left the set, which are not taken for ended ones.
    pub(super) fn dismiss(&mut self, set: &ProcessSet) {
        let mut moved = Vec::new();
        self.there.retain(|member| {
            let has_ended = member.has_ended() || group_of(member.pid).is_none();
            // No member leaves a tree.
            let has_moved = !has_ended && set.can_be_counted_out() && !set.has(member.pid);
            if has_moved {
                moved.push(member.pid);
            }
            !has_ended && !has_moved
        });
        // Out of reach at this level of containment, and not ours to speak about any more.
        moved.into_iter().for_each(|pid| self.stragglers().forget(pid));
    }

    /// The descriptors through which the members can be watched.
    pub(super) fn pidfds(&self) -> Vec<Arc<OwnedFd>> {
        self.there.iter().filter_map(|member| member.pidfd.clone()).collect()
    }

    /// Says whether a readiness check of this name is still there.
    pub(super) fn note_check(&self, name: Option<String>) {
        self.stragglers().note_check(name);
    }

    /// The members that were left behind, and what became of them.
    pub(super) fn report(&self) -> Vec<Straggler> {
        self.stragglers().report()
    }

    fn note_members(&self) {
        self.stragglers().note(|pid| self.there.iter().any(|member| member.pid == pid));
    }

    /// Held for as long as it takes to write something down.
    fn stragglers(&self) -> MutexGuard<'_, Stragglers> {
        self.stragglers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WatchedMember {
    fn has_ended(&self) -> bool {
        self.pidfd.as_ref().is_some_and(sys::has_ended)
    }
}

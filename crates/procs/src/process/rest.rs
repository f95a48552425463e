//! Who is left of a process's set after the process itself has ended, and when nobody is.

use std::sync::Arc;
use std::time::Duration;

use rootward_core::Straggler;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::stragglers::Stragglers;
use crate::Signal;
use crate::group::{Census, Group, Member, Moment, census, group_of};
use crate::policy::Input;
use crate::sys::{self, Watched};

/// How long until a group is looked at again. The end of a member is an event, but that one leaves the group is not.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Watches the rest of a set until it is empty.
#[derive(Debug, Default)]
pub(super) struct Rest {
    state: State,
    /// Those who were there at the last census. Nobody is among them if they could not be counted.
    there: Vec<Neighbour>,
    stragglers: Stragglers,
    /// The last signal that the set has got, and when.
    told: Option<(Signal, Option<Moment>)>,
    /// Whether a census has found nobody, and the group has got SIGKILL after it.
    swept: bool,
}

#[derive(Debug, Default)]
enum State {
    /// The process has not ended.
    #[default]
    Waiting,
    /// The group is to be looked at.
    Due,
    Counting(oneshot::Receiver<Census>),
    /// Those who are there are watched, until this time at the latest.
    Watching(Instant),
    Empty,
}

/// A member that was there the last time.
#[derive(Debug)]
struct Neighbour {
    pid: i32,
    /// Tells its end. Without it the only way is to look again.
    pidfd: Option<Watched>,
}

impl Rest {
    /// Notes that the set is about to get a signal.
    pub(super) fn about_to_signal(&mut self, signal: Signal) {
        self.told = Some((signal, Moment::now()));
        if signal == Signal::KILL {
            let alive = |pid| self.there.iter().any(|member| member.pid == pid && !member.has_ended());
            self.stragglers.about_to_kill(alive);
        }
    }

    /// Begins to look, because the process has ended.
    pub(super) fn survey(&mut self) {
        self.stragglers.left_alone();
        self.state = State::Due;
    }

    /// Waits for news: that somebody is there, or that nobody is any more. Waits for ever when there can be no more news.
    ///
    /// Cancel safe.
    pub(super) async fn news(&mut self, group: &Group) -> Input {
        loop {
            match &mut self.state {
                State::Waiting | State::Empty => return std::future::pending().await,
                State::Due => match group.is_empty() {
                    Some(true) => return self.empty(),
                    Some(false) | None => self.state = State::Counting(census(group.pid())),
                },
                State::Counting(census) => {
                    let census = census.await.ok().flatten();
                    if let Some(news) = self.counted(census, group) {
                        return news;
                    }
                }
                State::Watching(until) => {
                    // That time has come is as good as that all have ended: the next look shows.
                    let _ = timeout_at(*until, all_have_ended(&self.there)).await;
                    if self.look_around(group) {
                        self.state = State::Due;
                    }
                }
            }
        }
    }

    /// Those who were left behind, and what became of them.
    pub(super) fn stragglers(self) -> Vec<Straggler> {
        self.stragglers.into_report()
    }

    fn counted(&mut self, census: Census, group: &Group) -> Option<Input> {
        let Some(members) = census else {
            // Somebody is there, for all we know.
            self.there.clear();
            return Some(self.inhabited());
        };
        if members.is_empty() {
            return self.found_nobody(group);
        }
        self.swept = false;
        self.there = members.into_iter().map(|member| self.meet(member, group)).collect();
        Some(self.inhabited())
    }

    /// Only zombies are left in the group, or somebody was missed who has just come into being. After SIGKILL nobody comes
    /// into being in a group any more, and a zombie does not mind it.
    fn found_nobody(&mut self, group: &Group) -> Option<Input> {
        if self.swept {
            return Some(self.empty());
        }
        // Should it fail, the next census tells.
        let _ = group.signal(Signal::KILL);
        self.swept = true;
        self.state = State::Due;
        None
    }

    /// Takes note of a member, and sends it the signal that it was too young for.
    fn meet(&mut self, member: Member, group: &Group) -> Neighbour {
        let Member { pid, command, began } = member;
        self.stragglers.meet(pid, command);
        // Only when the descriptor holds it is it certain who this is.
        let pidfd = sys::open(pid).ok().filter(|_| group_of(pid) == Some(group.pid()));
        if let (Some((signal, Some(moment))), Some(began), Some(pidfd)) = (self.told, began, &pidfd) {
            if moment.is_before(pid, began) && self.stragglers.tell(pid, signal) {
                // If it has ended meanwhile, all the better.
                let _ = sys::send(pidfd, signal.number());
                let _ = sys::send(pidfd, Signal::CONT.number());
            }
        }
        let pidfd = pidfd.and_then(|pidfd| sys::watch(Arc::new(pidfd)).ok());
        Neighbour { pid, pidfd }
    }

    /// Looks who is still there. `true` says that it is time for another census.
    fn look_around(&mut self, group: &Group) -> bool {
        self.state = State::Watching(Instant::now() + LOOK_AGAIN);
        self.there.retain(|member| {
            let now_in = group_of(member.pid);
            let ended = member.has_ended() || now_in.is_none();
            let moved = !ended && now_in != Some(group.pid());
            if moved {
                // Out of reach at this level of containment, and not ours to speak about any more.
                self.stragglers.forget(member.pid);
            }
            !ended && !moved
        });
        // Whoever cannot be watched is shown by another census only.
        self.there.iter().all(|member| member.pidfd.is_none())
    }

    fn inhabited(&mut self) -> Input {
        self.state = State::Watching(Instant::now() + LOOK_AGAIN);
        Input::Inhabited
    }

    fn empty(&mut self) -> Input {
        self.state = State::Empty;
        Input::Empty
    }
}

impl Neighbour {
    fn has_ended(&self) -> bool {
        self.pidfd.as_ref().is_some_and(sys::has_ended)
    }

    async fn end(&self) {
        match &self.pidfd {
            Some(pidfd) if pidfd.readable().await.is_ok() => {}
            Some(_) | None => std::future::pending().await,
        }
    }
}

/// Waits for ever if there is nobody: that cannot be seen from here.
async fn all_have_ended(there: &[Neighbour]) {
    for member in there {
        member.end().await;
    }
    if there.is_empty() {
        std::future::pending().await
    }
}

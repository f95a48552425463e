//! Who is left of a process's set after the process itself has ended, and when nobody is.

use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rootward_core::Straggler;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::stragglers::Stragglers;
use crate::Signal;
use crate::group::{Census, Member, Moment, group_of};
use crate::policy::Input;
use crate::set::Set;
use crate::sys::{self, Watched};

/// How long until a group is looked at again. The end of a member is an event, but that one leaves the group is not.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Watches the rest of a set until it is empty.
#[derive(Debug, Default)]
pub(super) struct Rest {
    state: State,
    /// Those who were there at the last census. Nobody is among them if they could not be counted.
    there: Vec<Neighbour>,
    /// Whoever asks about them need not wait for this.
    stragglers: Arc<Mutex<Stragglers>>,
    /// The last signal that the set has got, and when.
    told: Option<(Signal, Option<Moment>)>,
    /// Whether a census has found nobody, and the group has got SIGKILL after it.
    swept: bool,
    /// Whether the last census found somebody new. The kernel's lists may pass over somebody while others come and go, so that
    /// whoever is to be asked and named is counted until nobody new is found.
    unsure: bool,
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
    pub(super) fn new(stragglers: Arc<Mutex<Stragglers>>) -> Self {
        Self { stragglers, ..Self::default() }
    }

    /// Notes that the set is about to get a signal, and sends it to those whom the group's signal does not reach.
    pub(super) fn about_to_signal(&mut self, signal: Signal, set: &Set) {
        self.told = Some((signal, Moment::now()));
        let mut stragglers = lock(&self.stragglers);
        if signal == Signal::KILL {
            let alive = |pid| self.there.iter().any(|member| member.pid == pid && !member.has_ended());
            stragglers.about_to_kill(alive);
        }
        for Neighbour { pid, pidfd } in &self.there {
            if let Some(pidfd) = pidfd.as_ref().filter(|_| !set.is_within_reach(*pid)) {
                if stragglers.tell(*pid, signal) {
                    send(pidfd, signal);
                }
            }
        }
    }

    /// Begins to look, because the process has ended.
    pub(super) fn survey(&mut self) {
        lock(&self.stragglers).left_alone();
        self.state = State::Due;
    }

    /// Waits for news: that somebody is there, or that nobody is any more. Waits for ever when there can be no more news.
    ///
    /// Cancel safe.
    pub(super) async fn news(&mut self, set: &Set, bell: &Watched) -> Input {
        loop {
            match &mut self.state {
                State::Waiting | State::Empty => return std::future::pending().await,
                State::Due => match set.is_empty() {
                    Some(true) => return self.empty(set),
                    Some(false) | None => self.state = State::Counting(set.census()),
                },
                State::Counting(census) => {
                    let census = tokio::select! {
                        biased;
                        () = emptied(set, bell) => return self.empty(set),
                        census = census => census.ok().flatten(),
                    };
                    if let Some(news) = self.counted(census, set) {
                        return news;
                    }
                }
                State::Watching(until) => {
                    // That time has come is as good as that all have ended: the next look shows.
                    let ended = timeout_at(*until, all_have_ended(&self.there));
                    tokio::select! {
                        biased;
                        () = emptied(set, bell) => return self.empty(set),
                        _ = ended => {}
                    }
                    if self.look_around(set) || self.unsure {
                        self.state = State::Due;
                    }
                }
            }
        }
    }

    /// Those who were left behind, and what became of them.
    pub(super) fn stragglers(&self) -> Vec<Straggler> {
        lock(&self.stragglers).report()
    }

    fn counted(&mut self, census: Census, set: &Set) -> Option<Input> {
        self.dismiss(set);
        let Some(members) = census else {
            // Somebody is there, for all we know.
            self.there.clear();
            self.note_who_is_there();
            return Some(self.inhabited());
        };
        if members.is_empty() {
            return self.found_nobody(set);
        }
        self.swept = false;
        let is_new = |member: &Member| !self.there.iter().any(|known| known.pid == member.pid);
        // A group is counted among all processes, and not by anybody's list.
        self.unsure = !set.can_be_counted_out() && members.iter().any(is_new);
        self.there = members.into_iter().map(|member| self.meet(member, set)).collect();
        self.note_who_is_there();
        Some(self.inhabited())
    }

    /// Only zombies are left in the group, or somebody was missed who has just come into being. After SIGKILL nobody comes
    /// into being in a group any more, and a zombie does not mind it.
    fn found_nobody(&mut self, set: &Set) -> Option<Input> {
        if !set.can_be_counted_out() {
            // Whoever is left is about to be reaped, and the set says so itself.
            self.there.clear();
            self.note_who_is_there();
            self.state = State::Watching(Instant::now() + LOOK_AGAIN);
            return None;
        }
        if self.swept {
            return Some(self.empty(set));
        }
        // Should it fail, the next census tells.
        let _ = set.signal(Signal::KILL);
        self.swept = true;
        self.state = State::Due;
        None
    }

    /// Takes note of a member, and sends it the signal that it was too young for.
    fn meet(&mut self, member: Member, set: &Set) -> Neighbour {
        let Member { pid, command, began } = member;
        lock(&self.stragglers).meet(pid, command);
        // Only when the descriptor holds it is it certain who this is.
        let pidfd = sys::open(pid).ok().filter(|_| set.has(pid));
        if let (Some((signal, moment)), Some(pidfd)) = (self.told, &pidfd) {
            let is_too_young = moment.zip(began).is_some_and(|(moment, began)| moment.is_before(pid, began));
            let was_missed = is_too_young || !set.is_within_reach(pid);
            if was_missed && lock(&self.stragglers).tell(pid, signal) {
                send(pidfd, signal);
            }
        }
        let pidfd = pidfd.and_then(|pidfd| sys::watch(Arc::new(pidfd)).ok());
        Neighbour { pid, pidfd }
    }

    /// Looks who is still there. `true` says that it is time for another census.
    fn look_around(&mut self, set: &Set) -> bool {
        self.state = State::Watching(Instant::now() + LOOK_AGAIN);
        self.dismiss(set);
        self.note_who_is_there();
        // Whoever cannot be watched is shown by another census only.
        self.there.iter().all(|member| member.pidfd.is_none())
    }

    /// Strikes off those who have ended, and those who have left the set, so that nobody of these is taken for one who has ended.
    fn dismiss(&mut self, set: &Set) {
        self.there.retain(|member| {
            let ended = member.has_ended() || group_of(member.pid).is_none();
            // A tree is left by nobody.
            let moved = !ended && set.can_be_counted_out() && !set.has(member.pid);
            if moved {
                // Out of reach at this level of containment, and not ours to speak about any more.
                lock(&self.stragglers).forget(member.pid);
            }
            !ended && !moved
        });
    }

    fn note_who_is_there(&self) {
        lock(&self.stragglers).note(|pid| self.there.iter().any(|member| member.pid == pid));
    }

    fn inhabited(&mut self) -> Input {
        self.state = State::Watching(Instant::now() + LOOK_AGAIN);
        Input::Inhabited
    }

    fn empty(&mut self, set: &Set) -> Input {
        self.dismiss(set);
        self.state = State::Empty;
        Input::Empty
    }
}

fn lock(stragglers: &Mutex<Stragglers>) -> MutexGuard<'_, Stragglers> {
    stragglers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends a signal to one alone, and sees to it that it notices.
fn send(pidfd: impl AsFd, signal: Signal) {
    // If it has ended meanwhile, all the better. One that has changed its user may be out of reach.
    let _ = sys::send(pidfd.as_fd(), signal.number());
    let _ = sys::send(pidfd.as_fd(), Signal::CONT.number());
}

/// Waits until a set that rings for it says that it is empty.
async fn emptied(set: &Set, bell: &Watched) {
    loop {
        if set.is_empty() == Some(true) {
            return;
        }
        if !set.will_ring() {
            return std::future::pending().await;
        }
        match bell.readable().await {
            // What there was to hear is heard first, so that nothing new is missed.
            Ok(mut rung) => {
                if set.is_empty() != Some(true) && set.will_ring() {
                    rung.clear_ready();
                }
            }
            Err(_) => return std::future::pending().await,
        }
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

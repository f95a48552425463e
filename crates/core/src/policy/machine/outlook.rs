//! What the machine is going to do about a child, and what has to happen before: a copy of the machine is played on.
//!
//! So nothing is decided here, and what is said is what the machine that decides would do. In one play everything that
//! is under way comes to its end at once, and time passes only when there is nothing else to wait for. In the other
//! nothing comes to its end, and time passes. It holds from a moment on in which there are no facts and no actions
//! left, up to the next fact.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::child::{ChildKey, FIRST, State};
use super::{Action, Actions, Input, Machine, Phase};
use crate::child::ExitClass;
use crate::policy::Intensity;

#[cfg(test)]
thread_local! {
    /// How often it has been asked what is under way of a child.
    pub(super) static LOOKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A play is over after so many steps, whatever there is to come.
const STEPS: usize = 100_000;

/// What is going to be done about one child.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Prospects {
    /// What is waited for now, before the next step about this child.
    pub(crate) waits_for: Option<AwaitedKey>,
    /// How many things more are waited for after that, one after the other.
    pub(crate) before: usize,
    /// What is done then.
    pub(crate) next: Option<NextStep>,
    /// And not before this time.
    pub(crate) due: Option<Instant>,
    /// What is done if what is under way takes too long.
    pub(crate) limit: Option<(PatienceLimit, Instant)>,
    pub(crate) on_failure: Option<Consequence>,
    pub(crate) on_success: Option<Consequence>,
}

/// Something that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AwaitedKey {
    Start(ChildKey),
    End(ChildKey),
}

/// What a supervisor does next about a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NextStep {
    /// Starts it: for the first time, or again because a sibling has ended.
    Start,
    /// Starts it again because it has ended, or because the last attempt to do so has failed.
    Restart {
        /// Counts from 1 since the child last ran well.
        attempt: u32,
    },
    /// Asks it to stop, or ends it at once if that is how it is stopped.
    Stop,
    /// Gives up: to start the child again would be one restart too many.
    GiveUp,
}

/// What a supervisor does about a child for which it has waited long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PatienceLimit {
    /// Ends it against its wish.
    Force,
    /// Gives up its start.
    GiveUpStart,
    /// Goes on with its siblings: it was forced, and does not go.
    PassOver,
}

/// What would follow if a child that runs ended now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Consequence {
    /// It is started again.
    Restart {
        /// Counts from 1 since the child last ran well.
        attempt: u32,
        /// How long the start is put off.
        delay: Duration,
        /// How many siblings that run are stopped for it, and started again.
        siblings: usize,
    },
    /// It stays down.
    StaysDown,
    /// It stays down, and its supervisor forgets it.
    IsForgotten,
    /// That is one restart too many: the supervisor gives up.
    GivesUp,
    /// The supervisor stops, because the child is significant.
    StopsSupervisor,
}

/// The restarts that count at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CountedRestarts {
    pub(crate) restarts: u32,
    pub(crate) limit: Intensity,
    /// When the first of them counts no more.
    pub(crate) until: Option<Instant>,
}

impl Machine {
    /// What is going to be done about a child.
    pub(crate) fn prospects(&self, key: ChildKey, now: Instant) -> Prospects {
        let own = self.awaited_of(key);
        let is_stopping = matches!(self.phase, Phase::WindingDown(_));
        // In a stop of everything that is the last that is done about a child.
        let was_asked =
            is_stopping && !matches!(self.children.state(key), State::Starting { .. } | State::Running);
        let mut prospects = Prospects::default();
        if !was_asked {
            prospects = MachinePlay::new(self, now).next(key);
        }
        if prospects.next.is_none() {
            prospects.waits_for = own;
        }
        if own.is_some() || is_stopping && self.children.state(key).is_live() {
            prospects.limit = MachinePlay::new(self, now).limit(key);
        }
        if matches!(self.phase, Phase::Idle) && !self.held && self.children.state(key) == State::Running {
            let consequence = |class| MachinePlay::new(self, now).consequence(key, class);
            prospects.on_failure = Some(consequence(ExitClass::Abnormal));
            prospects.on_success = Some(consequence(ExitClass::Normal));
        }
        prospects
    }

    /// What has to happen before the machine goes on with what it has in hand.
    pub(crate) fn in_hand(&self) -> Option<AwaitedKey> {
        let any = || self.children.range(FIRST, None).rev().find_map(|key| self.awaited_of(key));
        match self.phase {
            Phase::New | Phase::Idle | Phase::GivingUp | Phase::Finished => None,
            Phase::Working(round) => match round.waiting_for() {
                Some(key) => self.awaited_of(key),
                // One that is stuck in its stop.
                None => any(),
            },
            Phase::WindingDown(down) => {
                let next =
                    down.waiting_for().filter(|key| !down.is_forced() && !self.children.is_stuck(*key));
                next.and_then(|key| self.awaited_of(key)).or_else(any)
            }
        }
    }

    /// The restarts that count for the intensity.
    pub(crate) fn counted(&self, now: Instant) -> CountedRestarts {
        let (restarts, until) = self.window.counted(now);
        CountedRestarts { restarts, limit: self.window.limit(), until }
    }

    /// What is under way of a child.
    fn awaited_of(&self, key: ChildKey) -> Option<AwaitedKey> {
        #[cfg(test)]
        LOOKS.set(LOOKS.get() + 1);
        match self.children.state(key) {
            State::Starting { .. } => Some(AwaitedKey::Start(key)),
            State::Abandoned | State::Stopping { .. } | State::Killed { .. } => Some(AwaitedKey::End(key)),
            State::Down
            | State::Running
            | State::Ended(_)
            | State::Failed { .. }
            | State::Restarting { .. } => None,
        }
    }

    /// Which attempt it is for which a child waits, if it does.
    fn attempt_of(&self, key: ChildKey) -> Option<u32> {
        self.children.get(key).filter(|child| child.state.is_restarting()).map(|child| child.attempt)
    }
}

/// A copy of a machine that is played on.
struct MachinePlay {
    machine: Machine,
    now: Instant,
    /// What has been done in the last step.
    done: Vec<Action>,
    /// The children of which something may be under way, once that has been asked. So not all of them are looked at in
    /// every step, of which there are as many as children.
    under_way: Option<BTreeSet<ChildKey>>,
}

/// One step of a play.
enum PlayStep {
    /// What the machine had in hand, or what is under way of the child in question, has come.
    Came(AwaitedKey),
    /// Something else that was under way has come.
    Aside,
    Time,
}

impl MachinePlay {
    fn new(machine: &Machine, now: Instant) -> Self {
        Self { machine: machine.clone(), now, done: Vec::new(), under_way: None }
    }

    /// What is done first about a child if everything comes to its end.
    fn next(mut self, key: ChildKey) -> Prospects {
        let mut prospects = Prospects::default();
        let mut attempt = self.machine.attempt_of(key);
        let mut waited = 0_usize;
        for _ in 0..STEPS {
            match self.step(key) {
                Some(PlayStep::Came(awaited)) => {
                    prospects.waits_for.get_or_insert(awaited);
                    waited += 1;
                }
                Some(PlayStep::Aside) => {}
                Some(PlayStep::Time) => prospects.due = Some(self.now),
                None => break,
            }
            for action in std::mem::take(&mut self.done) {
                attempt = restart_of(action, key).map(|(attempt, _)| attempt).or(attempt);
                prospects.next = if action == Action::Start(key) {
                    Some(attempt.map_or(NextStep::Start, |attempt| NextStep::Restart { attempt }))
                } else if is_stop_of(action, key) {
                    Some(NextStep::Stop)
                } else if matches!(action, Action::GaveUp(_)) && self.machine.blamed() == Some(key) {
                    Some(NextStep::GiveUp)
                } else {
                    None
                };
                if prospects.next.is_some() {
                    return Prospects { before: waited.saturating_sub(1), ..prospects };
                }
            }
        }
        Prospects::default()
    }

    /// What is done to a child if nothing comes to its end, and when.
    fn limit(mut self, key: ChildKey) -> Option<(PatienceLimit, Instant)> {
        if self.machine.children.is_stuck(key) {
            return None;
        }
        for _ in 0..STEPS {
            self.time_passes()?;
            let done = std::mem::take(&mut self.done);
            if done.contains(&Action::AbandonStart(key)) {
                return Some((PatienceLimit::GiveUpStart, self.now));
            }
            if done.iter().any(|action| matches!(action, Action::Force { key: other, .. } if *other == key)) {
                return Some((PatienceLimit::Force, self.now));
            }
            if self.machine.children.is_stuck(key) {
                return Some((PatienceLimit::PassOver, self.now));
            }
        }
        None
    }

    /// What follows if a child ends now.
    fn consequence(mut self, key: ChildKey, class: ExitClass) -> Consequence {
        self.tell(Input::Ended(key, class));
        let (mut restart, mut siblings) = (None, 0);
        for _ in 0..STEPS {
            let done = std::mem::take(&mut self.done);
            if done.iter().any(|action| matches!(action, Action::GaveUp(_))) {
                return Consequence::GivesUp;
            }
            if done.iter().any(|action| matches!(action, Action::Stopping(_))) {
                return Consequence::StopsSupervisor;
            }
            if done.contains(&Action::Forget(key)) {
                return Consequence::IsForgotten;
            }
            restart = restart.or(done.iter().find_map(|action| restart_of(*action, key)));
            let is_stop = |action: &&Action| matches!(action, Action::Stop { .. } | Action::Kill { .. });
            siblings += done.iter().filter(is_stop).count();
            let Some((attempt, delay)) = restart else { return Consequence::StaysDown };
            // Its siblings are stopped before time passes, and before anything is started.
            if !matches!(self.machine.in_hand(), Some(AwaitedKey::End(_))) {
                return Consequence::Restart { attempt, delay, siblings };
            }
            self.step(key);
        }
        Consequence::StaysDown
    }

    /// One thing more happens.
    fn step(&mut self, key: ChildKey) -> Option<PlayStep> {
        if let Some(awaited) = self.machine.in_hand().or_else(|| self.machine.awaited_of(key)) {
            self.comes(awaited);
            return Some(PlayStep::Came(awaited));
        }
        if let Some(aside) = self.aside() {
            self.comes(aside);
            return Some(PlayStep::Aside);
        }
        self.time_passes().map(|()| PlayStep::Time)
    }

    /// What is under way of the first child of which anything is.
    fn aside(&mut self) -> Option<AwaitedKey> {
        let machine = &self.machine;
        let all = || machine.children.range(FIRST, None).filter(|key| machine.awaited_of(*key).is_some());
        let under_way = self.under_way.get_or_insert_with(|| all().collect());
        while let Some(key) = under_way.first() {
            if let Some(awaited) = machine.awaited_of(*key) {
                return Some(awaited);
            }
            under_way.pop_first();
        }
        None
    }

    fn comes(&mut self, awaited: AwaitedKey) {
        self.tell(match awaited {
            AwaitedKey::Start(key) => Input::Started(key),
            AwaitedKey::End(key) if self.machine.children.state(key) == State::Abandoned => {
                Input::StartFailed(key)
            }
            AwaitedKey::End(key) => Input::Ended(key, ExitClass::Normal),
        });
    }

    fn time_passes(&mut self) -> Option<()> {
        self.now = self.now.max(self.machine.next_alarm()?);
        self.tell(Input::Alarm);
        Some(())
    }

    /// Tells the machine a fact, and what follows from it at once.
    fn tell(&mut self, fact: Input) {
        let mut facts = vec![fact];
        loop {
            let mut out = Actions::new();
            self.machine.step(facts.drain(..), self.now, &mut out);
            for action in out.drain() {
                if let Action::Restarting { key, .. } = action {
                    facts.push(Input::Announced(key));
                }
                if let Action::GaveUp(_) = action {
                    facts.push(Input::GaveUp);
                }
                if let (Some(under_way), Some(key)) = (&mut self.under_way, begun_by(action)) {
                    under_way.insert(key);
                }
                self.done.push(action);
            }
            if facts.is_empty() && !self.machine.goes_on() {
                return;
            }
        }
    }
}

/// The child of which something is under way from this action on, if there is one.
fn begun_by(action: Action) -> Option<ChildKey> {
    match action {
        Action::Start(key)
        | Action::StartCleanUp(key)
        | Action::AbandonStart(key)
        | Action::Stop { key, .. }
        | Action::Kill { key, .. }
        | Action::Force { key, .. } => Some(key),
        Action::SaySlow { .. }
        | Action::Keep(_)
        | Action::Decline(_)
        | Action::Refuse(_)
        | Action::Forget(_)
        | Action::Reply { .. }
        | Action::Restarting { .. }
        | Action::GaveUp(_)
        | Action::Ready
        | Action::Stopping(_)
        | Action::Stuck
        | Action::Finish(_) => None,
    }
}

/// Whether a child is asked to stop, or ended at once because that is how it is stopped.
fn is_stop_of(action: Action, key: ChildKey) -> bool {
    matches!(action, Action::Stop { key: other, .. } | Action::Kill { key: other, .. } if other == key)
}

/// Which attempt it is to restart a child, and how long it is put off.
fn restart_of(action: Action, key: ChildKey) -> Option<(u32, Duration)> {
    let Action::Restarting { key: other, attempt, delay } = action else { return None };
    (other == key).then_some((attempt, delay))
}

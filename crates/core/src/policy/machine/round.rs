//! A round of stops and starts: how a supervisor starts its children, and how it restarts them.

use std::time::{Duration, Instant};

use super::child::{ChildKey, FIRST, State};
use super::wind_down::Why;
use super::{Action, Actions, End, Machine, Phase, Progress};
use crate::child::StopCause;
use crate::policy::Strategy;

/// First some children are stopped, the last one first, and then some are started, the first one first. At any time at
/// most one child is waited for, but for those that are stuck.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    purpose: Purpose,
    stops: Stops,
    starts: Starts,
    waiting_for: Option<ChildKey>,
    /// Whether it may begin: no sibling is stopped because of a restart that is not written down.
    announced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// The supervisor itself is being started.
    Init,
    /// This child is restarted, possibly with siblings.
    Restart(ChildKey),
    /// The restart of this child has been called off: only its siblings are started again.
    Resume(ChildKey),
}

/// Which children are still to be stopped.
#[derive(Clone, Copy, Debug)]
enum Stops {
    None,
    /// All from one key on that are below the other, if there is one.
    Range {
        from: ChildKey,
        below: Option<ChildKey>,
    },
}

/// Which children are still to be started.
#[derive(Clone, Copy, Debug)]
enum Starts {
    None,
    One(ChildKey),
    From(ChildKey),
}

impl Round {
    /// All children are started: OTP rule 1.
    pub(super) fn init() -> Self {
        Self::new(Purpose::Init, Stops::None, Starts::From(FIRST))
    }

    /// Only the child itself is started again: OTP rule 22.
    pub(super) fn restart_one(key: ChildKey) -> Self {
        Self::new(Purpose::Restart(key), Stops::None, Starts::One(key))
    }

    /// All others are stopped, and then all are started: OTP rule 23.
    pub(super) fn restart_all(key: ChildKey) -> Self {
        Self::restart_from(FIRST, key)
    }

    /// Those after the child are stopped, and then it and they are started: OTP rule 23.
    pub(super) fn restart_rest(key: ChildKey) -> Self {
        Self::restart_from(key, key)
    }

    fn restart_from(from: ChildKey, trigger: ChildKey) -> Self {
        Self::new(Purpose::Restart(trigger), Stops::Range { from, below: None }, Starts::From(from))
    }

    /// The same, to begin when the shell has written down that the child is restarted. A start is not carried out if
    /// that could not be written down, so that only stops have to wait for it.
    pub(super) fn once_announced(self) -> Self {
        let announced = match self.stops {
            Stops::None => true,
            Stops::Range { .. } => false,
        };
        Self { announced, ..self }
    }

    /// Those from this key on are started that are down, but for one child whose restart has been called off.
    fn resume(from: ChildKey, without: ChildKey) -> Self {
        Self::new(Purpose::Resume(without), Stops::None, Starts::From(from))
    }

    fn new(purpose: Purpose, stops: Stops, starts: Starts) -> Self {
        Self { purpose, stops, starts, waiting_for: None, announced: true }
    }

    /// The child that ended, and because of which others are restarted.
    fn trigger(&self) -> Option<ChildKey> {
        match self.purpose {
            Purpose::Init | Purpose::Resume(_) => None,
            Purpose::Restart(key) => Some(key),
        }
    }

    /// Whether this child is among those that are still to be started.
    fn will_start(&self, key: ChildKey) -> bool {
        match self.starts {
            // A child that is restarted alone is told to start at once.
            Starts::None | Starts::One(_) => false,
            Starts::From(from) => key >= from,
        }
    }
}

/// After this time it is said of a child that has not started that it is slow.
pub(super) const SLOW: Duration = Duration::from_secs(10);

impl Machine {
    pub(super) fn begin(&mut self) {
        match self.phase {
            Phase::New if self.held => self.phase = Phase::Idle,
            Phase::New => self.phase = Phase::Working(Round::init()),
            Phase::Idle | Phase::Working(_) | Phase::GivingUp | Phase::WindingDown(_) | Phase::Finished => {}
        }
    }

    pub(super) fn started(&mut self, key: ChildKey, now: Instant, out: &mut Actions) {
        // A child that was asked to stop while it started may still say that it has.
        if self.children.state(key).is_starting() {
            self.children.set(key, State::Running).running_since = Some(now);
            self.answer(key, false, out);
        }
    }

    /// Does the next step of a round.
    pub(super) fn work(&mut self, mut round: Round, now: Instant, out: &mut Actions) -> Progress {
        if !round.announced {
            return Progress::Wait;
        }
        if let Some(key) = round.waiting_for {
            match self.children.state(key) {
                State::Starting { .. } | State::Abandoned | State::Failed { doubted_until: Some(_) } => {
                    return Progress::Wait;
                }
                State::Stopping { .. } | State::Killed { .. } if !self.children.is_stuck(key) => {
                    return Progress::Wait;
                }
                State::Failed { doubted_until: None } => {
                    self.start_failed(key, round.purpose, out);
                    return Progress::GoOn;
                }
                // A restarted child that had nothing to run is down, and the round goes on: OTP rule 34.
                State::Down
                | State::Running
                | State::Ended(_)
                | State::Restarting { .. }
                | State::Stopping { .. }
                | State::Killed { .. } => {}
            }
            round.waiting_for = None;
        }
        if let Some(key) = self.next_to_stop(&mut round) {
            round.waiting_for = Some(key);
            self.phase = Phase::Working(round);
            self.ask(key, Why { cause: StopCause::Sibling, deadline: None }, now, out);
        } else if self.is_for_later(&round) {
            // The siblings that share its end have been stopped by now, and start together with it when the delay is
            // over.
            self.phase = Phase::Idle;
        } else if self.awaits_stuck(&round) {
            self.phase = Phase::Working(round);
            return Progress::Wait;
        } else if let Some(key) = self.next_to_start(&mut round) {
            round.waiting_for = Some(key);
            self.phase = Phase::Working(round);
            self.start(key, now, out);
        } else {
            self.phase = Phase::Idle;
            match round.purpose {
                Purpose::Init => out.push_back(Action::Ready),
                Purpose::Restart(_) | Purpose::Resume(_) => {}
            }
        }
        Progress::GoOn
    }

    /// The shell has written down that this child is restarted.
    pub(super) fn announced(&mut self, key: ChildKey) {
        match &mut self.phase {
            Phase::Working(round) if round.trigger() == Some(key) => round.announced = true,
            Phase::New
            | Phase::Idle
            | Phase::Working(_)
            | Phase::GivingUp
            | Phase::WindingDown(_)
            | Phase::Finished => {}
        }
    }

    /// Whether the child, which is down, is started as soon as its turn comes.
    pub(super) fn is_about_to_start(&self, key: ChildKey) -> bool {
        match self.phase {
            Phase::Working(round) => round.will_start(key) && !self.is_for_later(&round),
            Phase::New | Phase::Idle | Phase::GivingUp | Phase::WindingDown(_) | Phase::Finished => false,
        }
    }

    /// Whether it is this child's restart that is in hand.
    pub(super) fn is_in_hand(&self, key: ChildKey) -> bool {
        match self.phase {
            Phase::Working(round) => round.trigger() == Some(key),
            Phase::New | Phase::Idle | Phase::GivingUp | Phase::WindingDown(_) | Phase::Finished => false,
        }
    }

    /// The restart of a child that was put off has been called off. Siblings that are down on its account come back.
    pub(super) fn resume_siblings(&mut self, key: ChildKey) {
        let from = match self.policy.strategy {
            Strategy::OneForOne => return,
            Strategy::OneForAll => FIRST,
            Strategy::RestForOne => key,
        };
        self.phase = Phase::Working(Round::resume(from, key));
    }

    /// Whether one of those that are still to be started is stuck in its stop. None of them starts before it is gone.
    fn awaits_stuck(&self, round: &Round) -> bool {
        match round.starts {
            Starts::From(from) => self.children.any_stuck_from(from),
            Starts::None | Starts::One(_) => false,
        }
    }

    /// Whether the round stops children now and starts them later, when the delay of a restart is over.
    fn is_for_later(&self, round: &Round) -> bool {
        let state = round.trigger().map(|key| self.children.state(key));
        matches!(state, Some(State::Restarting { due: Some(_) }))
    }

    /// A child could not be started: when the supervisor itself is being started that is its end (OTP rule 4), and
    /// otherwise it is tried again (OTP rules 31 to 32).
    fn start_failed(&mut self, key: ChildKey, purpose: Purpose, out: &mut Actions) {
        match purpose {
            Purpose::Init => {
                self.children.set(key, State::Down);
                self.stop_by_itself(End::StartFailed(key), StopCause::StartFailed, out);
            }
            Purpose::Restart(_) | Purpose::Resume(_) => self.try_again(key),
        }
    }

    fn next_to_stop(&self, round: &mut Round) -> Option<ChildKey> {
        let Stops::Range { from, below } = round.stops else { return None };
        let trigger = round.trigger();
        let next = self.children.range(from, below).rev().find(|key| trigger != Some(*key));
        round.stops = match next {
            Some(key) => Stops::Range { from, below: Some(key) },
            None => Stops::None,
        };
        next
    }

    fn next_to_start(&self, round: &mut Round) -> Option<ChildKey> {
        let (next, rest) = match round.starts {
            Starts::None => (None, Starts::None),
            Starts::One(key) => (Some(key), Starts::None),
            Starts::From(key) => match self.first_to_start(key, round.purpose) {
                Some(key) => (Some(key), Starts::From(ChildKey(key.0 + 1))),
                None => (None, Starts::None),
            },
        };
        round.starts = rest;
        next
    }

    fn first_to_start(&self, from: ChildKey, purpose: Purpose) -> Option<ChildKey> {
        match purpose {
            // Children that were down too: OTP rule 24.
            Purpose::Init | Purpose::Restart(_) => self.children.first_from(from),
            Purpose::Resume(without) => self
                .children
                .range(from, None)
                .find(|key| *key != without && self.children.state(*key) == State::Down),
        }
    }

    pub(super) fn start(&mut self, key: ChildKey, now: Instant, out: &mut Actions) {
        self.start_by(key, Action::Start(key), now, out);
    }

    pub(super) fn start_by(&mut self, key: ChildKey, start: Action, now: Instant, out: &mut Actions) {
        let timeout = self.children.get(key).and_then(|child| child.traits.start_timeout());
        let first = timeout.map_or(SLOW, |timeout| timeout.min(SLOW));
        let child = self.children.set(key, State::Starting { next: now.checked_add(first) });
        child.slow = false;
        child.generation = child.generation.wrapping_add(1);
        out.push_back(start);
    }
}

//! A round of stops and starts: how a supervisor starts its children, and how it restarts them.

use std::time::{Duration, Instant};

use super::child::{ChildKey, FIRST, State};
use super::wind_down::StopTerms;
use super::{Action, Actions, Advance, Machine, Phase, SupervisorEnd};
use crate::child::StopCause;
use crate::policy::Strategy;

/// First some children are stopped, the last one first, and then some are started, the first one first. At any time at
/// most one child is waited for, but for those that are stuck.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    purpose: RoundPurpose,
    stops: RoundStops,
    starts: RoundStarts,
    waiting_for: Option<ChildKey>,
    /// Whether it may begin: no sibling is stopped because of a restart that is not written down.
    announced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RoundPurpose {
    /// The supervisor itself is being started.
    Init,
    /// This child is restarted, possibly with siblings.
    Restart(ChildKey),
    /// The restart of this child has been called off: only its siblings are started again.
    Resume(ChildKey),
}

/// Which children are still to be stopped.
#[derive(Clone, Copy, Debug)]
enum RoundStops {
    None,
    /// All from one key on that are below the other, if there is one.
    Range {
        from: ChildKey,
        below: Option<ChildKey>,
    },
}

/// Which children are still to be started.
#[derive(Clone, Copy, Debug)]
enum RoundStarts {
    None,
    One(ChildKey),
    From(ChildKey),
}

impl Round {
    /// All children are started: OTP rule 1.
    pub(super) fn init() -> Self {
        Self::new(RoundPurpose::Init, RoundStops::None, RoundStarts::From(FIRST))
    }

    /// Only the child itself is started again: OTP rule 22.
    pub(super) fn restart_one(key: ChildKey) -> Self {
        Self::new(RoundPurpose::Restart(key), RoundStops::None, RoundStarts::One(key))
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
        Self::new(
            RoundPurpose::Restart(trigger),
            RoundStops::Range { from, below: None },
            RoundStarts::From(from),
        )
    }

    /// The same, to begin when the shell has written down that the child is restarted. A start is not carried out if
    /// that could not be written down, so that only stops have to wait for it.
    pub(super) fn once_announced(self) -> Self {
        let announced = match self.stops {
            RoundStops::None => true,
            RoundStops::Range { .. } => false,
        };
        Self { announced, ..self }
    }

    /// Those from this key on are started that are down, but for one child whose restart has been called off.
    fn resume(from: ChildKey, without: ChildKey) -> Self {
        Self::new(RoundPurpose::Resume(without), RoundStops::None, RoundStarts::From(from))
    }

    fn new(purpose: RoundPurpose, stops: RoundStops, starts: RoundStarts) -> Self {
        Self { purpose, stops, starts, waiting_for: None, announced: true }
    }

    /// The child for whose start or end it waits.
    pub(super) fn waiting_for(&self) -> Option<ChildKey> {
        self.waiting_for
    }

    /// The child that ended, and because of which others are restarted.
    fn trigger(&self) -> Option<ChildKey> {
        match self.purpose {
            RoundPurpose::Init | RoundPurpose::Resume(_) => None,
            RoundPurpose::Restart(key) => Some(key),
        }
    }

    /// Whether this child is among those that are still to be started.
    fn will_start(&self, key: ChildKey) -> bool {
        match self.starts {
            // A child that is restarted alone is told to start at once.
            RoundStarts::None | RoundStarts::One(_) => false,
            RoundStarts::From(from) => key >= from,
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
    pub(super) fn work(&mut self, mut round: Round, now: Instant, out: &mut Actions) -> Advance {
        if !round.announced {
            return Advance::Wait;
        }
        if let Some(key) = round.waiting_for {
            match self.children.state(key) {
                State::Starting { .. } | State::Abandoned | State::Failed { deferred_until: Some(_) } => {
                    return Advance::Wait;
                }
                State::Stopping { .. } | State::Killed { .. } if !self.children.is_stuck(key) => {
                    return Advance::Wait;
                }
                State::Failed { deferred_until: None } => {
                    self.start_failed(key, round.purpose, out);
                    return Advance::GoOn;
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
            self.ask(key, StopTerms { cause: StopCause::Sibling, deadline: None }, now, out);
        } else if self.is_for_later(&round) {
            // The siblings that share its end have been stopped by now, and start together with it when the delay is
            // over.
            self.phase = Phase::Idle;
        } else if self.awaits_stuck(&round) {
            self.phase = Phase::Working(round);
            return Advance::Wait;
        } else if let Some(key) = self.next_to_start(&mut round) {
            round.waiting_for = Some(key);
            self.phase = Phase::Working(round);
            self.start(key, now, out);
        } else {
            self.phase = Phase::Idle;
            match round.purpose {
                RoundPurpose::Init => out.push_back(Action::Ready),
                RoundPurpose::Restart(_) | RoundPurpose::Resume(_) => {}
            }
        }
        Advance::GoOn
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
            RoundStarts::From(from) => self.children.any_stuck_from(from),
            RoundStarts::None | RoundStarts::One(_) => false,
        }
    }

    /// Whether the round stops children now and starts them later, when the delay of a restart is over.
    fn is_for_later(&self, round: &Round) -> bool {
        let state = round.trigger().map(|key| self.children.state(key));
        matches!(state, Some(State::Restarting { due: Some(_) }))
    }

    /// A child could not be started: when the supervisor itself is being started that is its end (OTP rule 4), and
    /// otherwise it is tried again (OTP rules 31 to 32).
    fn start_failed(&mut self, key: ChildKey, purpose: RoundPurpose, out: &mut Actions) {
        match purpose {
            RoundPurpose::Init => {
                self.children.set(key, State::Down);
                self.stop_by_itself(SupervisorEnd::StartFailed(key), StopCause::StartFailed, out);
            }
            RoundPurpose::Restart(_) | RoundPurpose::Resume(_) => self.try_again(key),
        }
    }

    fn next_to_stop(&self, round: &mut Round) -> Option<ChildKey> {
        let RoundStops::Range { from, below } = round.stops else { return None };
        let trigger = round.trigger();
        let next = self.children.range(from, below).rev().find(|key| trigger != Some(*key));
        round.stops = match next {
            Some(key) => RoundStops::Range { from, below: Some(key) },
            None => RoundStops::None,
        };
        next
    }

    fn next_to_start(&self, round: &mut Round) -> Option<ChildKey> {
        let (next, rest) = match round.starts {
            RoundStarts::None => (None, RoundStarts::None),
            RoundStarts::One(key) => (Some(key), RoundStarts::None),
            RoundStarts::From(key) => match self.first_to_start(key, round.purpose) {
                Some(key) => (Some(key), RoundStarts::From(ChildKey(key.0 + 1))),
                None => (None, RoundStarts::None),
            },
        };
        round.starts = rest;
        next
    }

    fn first_to_start(&self, from: ChildKey, purpose: RoundPurpose) -> Option<ChildKey> {
        match purpose {
            // Children that were down too: OTP rule 24.
            RoundPurpose::Init | RoundPurpose::Restart(_) => self.children.first_from(from),
            RoundPurpose::Resume(without) => self
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

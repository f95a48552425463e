//! The life of one process child, from the wish to start it until nothing of it is left.
//!
//! A process child is a set: the program, and what it has started. The machine is told facts ([`Input`]) and answers with what is
//! to be done ([`Action`]). It knows three things that are easily taken for one: that the program has ended, that
//! somebody of its set is still there, and that the set is empty. Only the last is the end.
//!
//! Absent on purpose: the grace of a stop. The supervisor ends it, as it does for every kind of child, with
//! [`Input::Force`]. The machine has a clock of its own only for what happens without a supervisor's request: a start
//! that does not get ready, and leftovers of a program that ended by itself.

use std::time::{Duration, Instant};

use super::Ladder;
use super::ladder::Rung;
use crate::Signal;

/// What a process's user chose.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) ladder: Ladder,
    /// How long the program may take to get ready, if it has a way to say so.
    pub(crate) ready_within: Option<Duration>,
    /// How long what is stopped without a supervisor's request may take to go.
    pub(crate) own_grace: Duration,
}

/// A fact that the machine is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Start the program.
    Begin,
    /// The program runs.
    Launched,
    /// The program could not be started. Nothing is left of the attempt.
    LaunchFailed,
    /// The program is ready.
    Ready,
    /// The program will never be ready.
    NeverReady,
    /// The supervisor asks it to stop.
    Stop,
    /// The supervisor's patience is over.
    Force,
    /// Time has passed.
    Timer,
    /// The program has ended.
    Exited,
    /// The program has ended, and somebody of its set is there.
    Inhabited,
    /// The program has ended, and nobody of its set is there any more.
    Empty,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start the program, and say how it went.
    Launch,
    /// Find out whether the program is ready, and say so.
    AwaitReady,
    /// Tell the supervisor that the child has started.
    ReportStarted,
    /// Send this to everybody in the set, once, and see to it that stopped processes notice. Who comes into being
    /// after it and is seen later gets it then.
    Signal(Signal),
    /// Say when this time has come. A later word replaces an earlier one.
    WakeAt(Instant),
    /// The program has ended: look who else is there, and say so until nobody is.
    Survey,
    /// Nothing is left. Tell the supervisor.
    Finish(Verdict),
}

/// What a life comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The program never ran.
    NotLaunched,
    /// The program ran, and was ended because it did not get ready.
    NotReady,
    /// The program ran and ended.
    Ended,
}

/// How far a life has come, as it looks from outside the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The start has not been answered.
    Launching,
    /// The program runs.
    Alive,
    /// The program has ended, its set may not be empty.
    Left,
}

/// The state of one process child.
#[derive(Debug)]
pub(crate) struct Life {
    rules: Rules,
    phase: Phase,
    /// What the end will come down to.
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    New,
    /// The start is under way. What was asked of it meanwhile is done when it is over.
    Launching(Wish),
    /// The program runs and has not said that it is ready.
    Unready {
        until: Option<Instant>,
    },
    /// The program runs.
    Alive(Pressure),
    /// The program has ended, and its set may not be empty.
    Left(Pressure),
    Gone,
}

#[derive(Clone, Copy, Debug)]
enum Wish {
    Run,
    Stop,
    Kill,
}

/// How hard the set has been pressed to go.
#[derive(Clone, Copy, Debug)]
enum Pressure {
    None,
    /// Asked, up to this rung. `kill_at` is when that is enough, unless it is the supervisor's to say.
    Asked {
        rung: Rung,
        kill_at: Option<Instant>,
    },
    Killed {
        again_at: Option<Instant>,
    },
}

/// How long after one SIGKILL another follows. One suffices for what the kernel lets us kill; a process that had
/// other rights at the time may be within reach later.
const KILL_AGAIN: Duration = Duration::from_secs(1);

impl Life {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, phase: Phase::New, verdict: Verdict::Ended }
    }

    /// A machine for a life whose first machine is lost: everything has to go, at once.
    pub(crate) fn salvaged(rules: Rules, stage: Stage, now: Instant) -> (Self, Vec<Action>) {
        let mut life = Self::new(rules);
        life.phase = match stage {
            Stage::Launching => Phase::Launching(Wish::Run),
            Stage::Alive => Phase::Alive(Pressure::None),
            Stage::Left => Phase::Left(Pressure::None),
        };
        let mut actions = life.step(Input::Force, now);
        if stage == Stage::Left {
            actions.push(Action::Survey);
        }
        (life, actions)
    }

    /// Takes a fact and says what follows from it.
    pub(crate) fn step(&mut self, input: Input, now: Instant) -> Vec<Action> {
        use {Action as A, Input as I, Phase as P, Pressure as Pr};
        match (self.phase, input) {
            (P::New, I::Begin) => self.enter(P::Launching(Wish::Run), [A::Launch]),

            // A start cannot be called back. What is asked meanwhile is remembered, the stronger wish winning.
            (P::Launching(Wish::Run), I::Stop) => self.enter(P::Launching(Wish::Stop), []),
            (P::Launching(_), I::Force) => self.enter(P::Launching(Wish::Kill), []),
            (P::Launching(_), I::LaunchFailed) => {
                self.verdict = Verdict::NotLaunched;
                self.enter(P::Gone, [A::Finish(self.verdict)])
            }
            (P::Launching(Wish::Run), I::Launched) => self.launched(now),
            (P::Launching(Wish::Stop), I::Launched) => self.ask(P::Alive, None, now),
            (P::Launching(Wish::Kill), I::Launched) => self.kill(P::Alive, now),

            (P::Unready { .. }, I::Ready) => self.enter(P::Alive(Pr::None), [A::ReportStarted]),
            (P::Unready { .. }, I::NeverReady) => self.not_ready(now),
            (P::Unready { until: Some(until) }, I::Timer) if now >= until => self.not_ready(now),
            (P::Unready { .. } | P::Alive(Pr::None), I::Stop) => self.ask(P::Alive, None, now),
            (P::Unready { .. } | P::Alive(Pr::None | Pr::Asked { .. }), I::Force) => self.kill(P::Alive, now),
            (P::Unready { .. }, I::Exited) => self.enter(P::Left(Pr::None), [A::Survey]),
            (P::Alive(pressure), I::Exited) => self.enter(P::Left(pressure), [A::Survey]),
            (P::Alive(pressure), I::Timer) => self.timer(P::Alive, pressure, now),

            // Leftovers that nobody has asked to go: they get the stop signal, too, and a grace of their own.
            (P::Left(Pr::None), I::Inhabited) => self.ask(P::Left, self.own_deadline(now), now),
            (P::Left(Pr::Killed { .. }), I::Inhabited) => self.kill(P::Left, now),
            (P::Left(Pr::None | Pr::Asked { .. }), I::Force) => self.kill(P::Left, now),
            (P::Left(pressure), I::Timer) => self.timer(P::Left, pressure, now),
            (P::Left(_), I::Empty) => self.enter(P::Gone, [A::Finish(self.verdict)]),

            // The same again, too late, or not meant for this phase.
            (P::New | P::Launching(_) | P::Unready { .. } | P::Alive(_) | P::Left(_) | P::Gone, _) => {
                Vec::new()
            }
        }
    }

    fn enter<const N: usize>(&mut self, phase: Phase, actions: [Action; N]) -> Vec<Action> {
        self.phase = phase;
        actions.into()
    }

    fn launched(&mut self, now: Instant) -> Vec<Action> {
        match self.rules.ready_within {
            None => self.enter(Phase::Alive(Pressure::None), [Action::ReportStarted]),
            Some(within) => {
                let until = now.checked_add(within);
                self.phase = Phase::Unready { until };
                [Action::AwaitReady].into_iter().chain(until.map(Action::WakeAt)).collect()
            }
        }
    }

    fn not_ready(&mut self, now: Instant) -> Vec<Action> {
        self.verdict = Verdict::NotReady;
        self.ask(Phase::Alive, self.own_deadline(now), now)
    }

    /// Sends the first signal of the ladder. `kill_at` is when that was enough, if it is ours to say.
    fn ask(&mut self, phase: fn(Pressure) -> Phase, kill_at: Option<Instant>, now: Instant) -> Vec<Action> {
        let rung = self.rules.ladder.begin(now);
        self.asked(phase, self.rules.ladder.first(), (rung, kill_at))
    }

    fn asked(
        &mut self,
        phase: fn(Pressure) -> Phase,
        signal: Signal,
        (rung, kill_at): (Rung, Option<Instant>),
    ) -> Vec<Action> {
        self.phase = phase(Pressure::Asked { rung, kill_at });
        let wake_at = rung.due().into_iter().chain(kill_at).min();
        [Action::Signal(signal)].into_iter().chain(wake_at.map(Action::WakeAt)).collect()
    }

    fn kill(&mut self, phase: fn(Pressure) -> Phase, now: Instant) -> Vec<Action> {
        let again_at = now.checked_add(KILL_AGAIN);
        self.phase = phase(Pressure::Killed { again_at });
        [Action::Signal(Signal::KILL)].into_iter().chain(again_at.map(Action::WakeAt)).collect()
    }

    fn timer(&mut self, phase: fn(Pressure) -> Phase, pressure: Pressure, now: Instant) -> Vec<Action> {
        let due = |at: Option<Instant>| at.is_some_and(|at| now >= at);
        match pressure {
            Pressure::Asked { kill_at, .. } if due(kill_at) => self.kill(phase, now),
            Pressure::Asked { rung, kill_at } => match self.rules.ladder.climb(rung, now) {
                Some((signal, rung)) => self.asked(phase, signal, (rung, kill_at)),
                None => Vec::new(),
            },
            Pressure::Killed { again_at } if due(again_at) => self.kill(phase, now),
            Pressure::None | Pressure::Killed { .. } => Vec::new(),
        }
    }

    fn own_deadline(&self, now: Instant) -> Option<Instant> {
        now.checked_add(self.rules.own_grace)
    }
}

#[cfg(test)]
#[path = "life_tests.rs"]
mod tests;

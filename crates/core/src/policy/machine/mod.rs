//! The supervisor's machine: what to start, whom to stop, when to give up.
//!
//! The machine knows children by their keys and how far each has come. It is told facts ([`Input`]) and answers with what
//! is to be done ([`Action`]). Only one thing is in hand at a time, as in OTP: while children are stopped and started, what
//! else happens waits in a queue. A stop does not wait: it ends whatever is in hand.
//!
//! Facts change what is known of a child; then [`Machine::advance`] goes on with what is in hand until there is something to
//! wait for. A fact that comes late or twice changes nothing.

mod child;
mod exits;
mod round;
mod wind_down;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use self::child::{Children, State};
use self::exits::Pending;
use self::round::Round;
use self::wind_down::WindDown;
use super::intensity::RestartWindow;
use super::{AutoShutdown, Intensity, Strategy};
use crate::child::ExitClass;
use crate::event::StopCause;

pub(crate) use self::child::{ChildKey, Traits};

/// What a supervisor's user chose.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Policy {
    pub(crate) strategy: Strategy,
    pub(crate) intensity: Intensity,
    pub(crate) auto_shutdown: AutoShutdown,
}

/// A fact that the machine is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Start the children.
    Begin,
    /// The child runs.
    Started(ChildKey),
    /// The child had nothing to run.
    Ignored(ChildKey),
    /// The child could not be started, and nothing is left of the attempt.
    StartFailed(ChildKey),
    /// The child is gone.
    Ended(ChildKey, ExitClass),
    /// Stop everything in order, by this time.
    Stop { cause: StopCause, deadline: Option<Instant> },
    /// Every grace ends now.
    Force,
    /// The supervisor's actor failed: stop what is left.
    Fail,
    /// Time has passed.
    Alarm,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start the child and say how it went.
    Start(ChildKey),
    /// Ask the child to stop; it will be forced at the deadline.
    Stop { key: ChildKey, cause: StopCause, deadline: Option<Instant> },
    /// End the child at once, as its spec wants it.
    Kill { key: ChildKey, cause: StopCause },
    /// The child's grace is over: end it now. The cause is for a child that was never asked.
    Force { key: ChildKey, cause: StopCause },
    /// The child has been deleted.
    Forget(ChildKey),
    /// The child is about to be started again.
    Restarting { key: ChildKey, attempt: u32, delay: Duration },
    /// The restart intensity is used up.
    GaveUp,
    /// All children have been started.
    Ready,
    /// The supervisor has begun to stop of its own accord.
    Stopping(StopCause),
    /// All children are gone.
    Finish(End),
}

/// Why a supervisor has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It was asked to.
    Stopped,
    /// It used up its restart intensity.
    GaveUp,
    /// Its significant children have ended.
    AutoShutdown,
    /// This child could not be started when the supervisor itself was.
    StartFailed(ChildKey),
    /// Its actor failed.
    Failed,
}

/// The state of one supervisor.
#[derive(Debug)]
pub(crate) struct Machine {
    policy: Policy,
    window: RestartWindow,
    children: Children,
    /// What has happened while something else was in hand, in order.
    pending: VecDeque<Pending>,
    phase: Phase,
}

/// What the supervisor has in hand.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Nothing has been started yet.
    New,
    /// Nothing is in hand.
    Idle,
    /// Children are being stopped, then started.
    Working(Round),
    /// All children are being stopped, and nothing is started any more.
    WindingDown(WindDown),
    /// All children are gone.
    Finished,
}

/// Whether the machine can go on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    GoOn,
    Wait,
}

impl Machine {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            window: RestartWindow::new(policy.intensity),
            children: Children::default(),
            pending: VecDeque::new(),
            phase: Phase::New,
        }
    }

    /// Adds a child behind all others, without starting it.
    pub(crate) fn add(&mut self, key: ChildKey, traits: Traits) {
        self.children.insert(key, traits);
    }

    /// Adds a child that is running already, for a machine that takes over.
    pub(crate) fn adopt(&mut self, key: ChildKey, traits: Traits) {
        self.children.insert(key, traits);
        self.children.set(key, State::Running);
    }

    /// Takes a fact and says what follows from it.
    pub(crate) fn step(&mut self, input: Input, now: Instant) -> Vec<Action> {
        let mut out = Vec::new();
        match input {
            Input::Begin => self.begin(),
            Input::Started(key) => self.started(key, now),
            Input::Ignored(key) => self.over(key, State::Down),
            Input::StartFailed(key) => self.over(key, State::Failed),
            Input::Ended(key, class) => self.over(key, State::Ended(class)),
            Input::Stop { cause, deadline } => self.stop(cause, deadline, &mut out),
            Input::Force => self.force(None, &mut out),
            Input::Fail => self.fail(&mut out),
            Input::Alarm => self.alarm(now, &mut out),
        }
        self.advance(now, &mut out);
        out
    }

    /// When the machine next wants an [`Input::Alarm`].
    pub(crate) fn next_alarm(&self) -> Option<Instant> {
        let graces = self.children.graces().map(|(_, kill_at)| kill_at);
        graces.chain(self.deadline()).min()
    }

    /// Whether there is anything to do that does not hang on a child that is there.
    pub(crate) fn is_restarting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether this child waits for another attempt to restart it.
    pub(crate) fn awaits_restart(&self, key: ChildKey) -> bool {
        self.children.state(key) == State::Restarting
    }

    fn begin(&mut self) {
        match self.phase {
            Phase::New => self.phase = Phase::Working(Round::init()),
            Phase::Idle | Phase::Working(_) | Phase::WindingDown(_) | Phase::Finished => {}
        }
    }

    fn started(&mut self, key: ChildKey, now: Instant) {
        // A child that was asked to stop while it started may still say that it has.
        if self.children.state(key) == State::Starting {
            self.children.set(key, State::Running);
            if let Some(child) = self.children.get_mut(key) {
                child.running_since = Some(now);
            }
        }
    }

    /// A child is gone, or never came to be. `state` is what that means if nobody asked it to go.
    fn over(&mut self, key: ChildKey, state: State) {
        let Some(child) = self.children.get(key) else { return };
        match (child.state, state) {
            (State::Stopping { .. } | State::Killed, _) => self.children.set(key, State::Down),
            (State::Starting | State::Running, State::Ended(_)) => {
                self.pending.push_back(Pending::Exit { key, generation: child.generation });
                self.children.set(key, state);
            }
            (State::Starting, _) => self.children.set(key, state),
            // Nothing else can be said of a child that runs, and nothing at all of one that is gone.
            (State::Running | State::Down | State::Ended(_) | State::Failed | State::Restarting, _) => {}
        }
    }

    /// Goes on until there is something to wait for.
    fn advance(&mut self, now: Instant, out: &mut Vec<Action>) {
        loop {
            let progress = match self.phase {
                Phase::New | Phase::Finished => Progress::Wait,
                Phase::Idle => self.take_up_next(now, out),
                Phase::Working(round) => self.work(round, now, out),
                Phase::WindingDown(down) => self.unwind(down, now, out),
            };
            if progress == Progress::Wait {
                return;
            }
        }
    }
}

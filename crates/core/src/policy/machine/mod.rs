//! The supervisor's machine: what to start, whom to stop, when to give up.
//!
//! The machine knows children by their keys and how far each has come. It is told facts ([`Input`]) and answers with what
//! is to be done ([`Action`]). Only one thing is in hand at a time, as in OTP: while children are stopped and started, what
//! else happens waits in a queue. A stop does not wait: it ends whatever is in hand.
//!
//! Facts change what is known of a child; then [`Machine::advance`] goes on with what is in hand until there is something to
//! wait for. All facts that are there come first: what has happened before a decision has its place before what follows from
//! the decision. A fact that comes late or twice changes nothing.

mod calls;
mod child;
mod exits;
mod round;
mod wind_down;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use self::calls::Waiter;
use self::child::{Children, State};
use self::exits::Pending;
use self::round::Round;
use self::wind_down::WindDown;
use super::intensity::RestartWindow;
use super::{AutoShutdown, Intensity, Queue, StopOrder, Strategy};
use crate::child::{ChildId, ExitClass};
use crate::event::StopCause;

pub(crate) use self::calls::{CallId, Reply, Request};
pub(crate) use self::child::{ChildKey, Traits, Tuning};

/// What a supervisor's user chose.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Policy {
    pub(crate) strategy: Strategy,
    pub(crate) intensity: Intensity,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) stop_order: StopOrder,
    pub(crate) keeping: Keeping,
    pub(crate) closing: Closing,
}

impl Policy {
    /// Whether the children come and go: those of a dynamic supervisor, and those of a task.
    pub(crate) fn is_dynamic(&self) -> bool {
        self.closing == Closing::WhenTold || self.keeping != Keeping::Specs
    }
}

/// When a supervisor that stops has come to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Closing {
    /// When its last child is gone.
    #[default]
    WhenEmpty,
    /// When it has been told as well that nobody brings anything in any more: the supervisor of a task's children, which takes
    /// in clean-up work while it stops.
    WhenTold,
}

/// Which children a supervisor keeps once they are down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// All but temporary ones, so that they can be started again: a static supervisor.
    #[default]
    Specs,
    /// None, and never more than this many altogether: a dynamic supervisor.
    Nothing { max_children: usize },
}

/// A fact that the machine is told.
#[derive(Clone, Debug, PartialEq)]
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
    /// Somebody wants something of one child.
    Call { call: CallId, request: Request },
    /// A stop is on its way, and the child has not been started.
    Cancelled(ChildKey),
    /// Nobody brings anything in any more.
    Close,
    /// End all children at once, because that is how this supervisor is stopped.
    Kill,
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
    /// Start the child, although a stop is under way.
    StartCleanUp(ChildKey),
    /// Ask the child to stop; it will be forced at the deadline.
    Stop { key: ChildKey, cause: StopCause, deadline: Option<Instant> },
    /// End the child at once, as its spec wants it.
    Kill { key: ChildKey, cause: StopCause },
    /// The child's grace is over: end it now. The cause is for a child that was never asked.
    Force { key: ChildKey, cause: StopCause },
    /// The child did not start in time: end the attempt, and say that the start failed once nothing is left of it.
    AbandonStart(ChildKey),
    /// The child that was offered belongs to the supervisor from now on.
    Keep(ChildKey),
    /// The child that was offered is not wanted.
    Decline(ChildKey),
    /// The child that was offered is not started, because the supervisor stops.
    Refuse(ChildKey),
    /// The child has been deleted.
    Forget(ChildKey),
    /// What somebody wanted has been done, or cannot be.
    Reply { call: CallId, reply: Reply },
    /// The child is about to be started again.
    Restarting { key: ChildKey, attempt: u32, delay: Duration },
    /// This restart intensity is used up, the supervisor's or a child's own.
    GaveUp(Intensity),
    /// All children have been started.
    Ready,
    /// The supervisor has begun to stop of its own accord.
    Stopping(StopCause),
    /// All children are gone.
    Finish(End),
}

/// What is to be done, in order. Kept by the caller, so that a step needs no memory of its own.
pub(crate) type Actions = Queue<Action>;

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
    /// Who waits for which child to start or to be gone.
    waiting: BTreeMap<ChildKey, Vec<Waiter>>,
    /// Where the noise in delays comes from.
    noise: Noise,
    phase: Phase,
    /// Whether a stop ends with the last child.
    closed: bool,
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
    /// A machine without children. The seed decides what noise there is in delays, and nothing else.
    pub(crate) fn new(policy: Policy, seed: u64) -> Self {
        Self {
            policy,
            window: RestartWindow::new(policy.intensity),
            children: Children::new(),
            pending: VecDeque::new(),
            waiting: BTreeMap::new(),
            noise: Noise(seed),
            phase: Phase::New,
            closed: policy.closing == Closing::WhenEmpty,
        }
    }

    /// Makes room for so many more children.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.children.reserve(additional);
    }

    /// Adds a child behind all others, without starting it.
    pub(crate) fn add(&mut self, key: ChildKey, id: ChildId, traits: Traits) {
        self.children.insert(key, id, traits);
    }

    /// Adds a child that is running already, for a machine that takes over.
    pub(crate) fn adopt(&mut self, key: ChildKey, id: ChildId, traits: Traits) {
        self.children.insert(key, id, traits);
        self.children.set(key, State::Running);
    }

    /// Takes all facts that there are, and adds what follows from them to what is to be done.
    pub(crate) fn step(&mut self, inputs: impl IntoIterator<Item = Input>, now: Instant, out: &mut Actions) {
        for input in inputs {
            self.hear(input, now, out);
        }
        self.advance(now, out);
    }

    fn hear(&mut self, input: Input, now: Instant, out: &mut Actions) {
        match input {
            Input::Begin => self.begin(),
            Input::Started(key) => self.started(key, now, out),
            Input::Ignored(key) => self.over(key, State::Down, now, out),
            Input::StartFailed(key) => self.over(key, State::Failed, now, out),
            Input::Ended(key, class) => self.over(key, State::Ended(class), now, out),
            Input::Call { call, request } => self.call(call, request, now, out),
            Input::Stop { cause, deadline } => self.stop(cause, deadline, out),
            Input::Cancelled(key) => self.cancelled(key, out),
            Input::Close => self.closed = true,
            Input::Kill => self.kill(out),
            Input::Force => self.force(None, out),
            Input::Fail => self.fail(out),
            Input::Alarm => self.alarm(now, out),
        }
    }

    /// Whether the machine goes on in its next step, even if there are no new facts.
    pub(crate) fn goes_on(&self) -> bool {
        matches!(self.phase, Phase::Idle) && !self.pending.is_empty()
    }

    /// When the machine next wants an [`Input::Alarm`].
    pub(crate) fn next_alarm(&self) -> Option<Instant> {
        child::earlier(self.children.next_timer(), self.deadline())
    }

    /// Whether nobody brings anything in any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether there is neither a child that lives nor one that is going to, nor anybody who wants one.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.children.any_live() && !self.is_restarting()
    }

    /// Whether there are children that are down and are going to be started.
    pub(crate) fn is_restarting(&self) -> bool {
        let is_working = matches!(self.phase, Phase::Working(_));
        is_working || self.children.any_restarting() || !self.pending.is_empty()
    }

    /// Whether this child waits for another attempt to restart it.
    pub(crate) fn awaits_restart(&self, key: ChildKey) -> bool {
        matches!(self.children.state(key), State::Restarting { .. })
    }

    /// The child with this id.
    pub(crate) fn key(&self, id: &ChildId) -> Option<ChildKey> {
        self.children.key(id)
    }

    fn begin(&mut self) {
        match self.phase {
            Phase::New => self.phase = Phase::Working(Round::init()),
            Phase::Idle | Phase::Working(_) | Phase::WindingDown(_) | Phase::Finished => {}
        }
    }

    fn started(&mut self, key: ChildKey, now: Instant, out: &mut Actions) {
        // A child that was asked to stop while it started may still say that it has.
        if matches!(self.children.state(key), State::Starting { .. }) {
            self.children.set(key, State::Running).running_since = Some(now);
            self.answer(key, false, out);
        }
    }

    /// A child has not been started after all.
    fn cancelled(&mut self, key: ChildKey, out: &mut Actions) {
        if self.children.state(key).is_live() {
            self.children.set(key, State::Down);
            self.answer(key, true, out);
        }
    }

    /// A child is gone, or never came to be. `state` is what that means if nobody asked it to go.
    fn over(&mut self, key: ChildKey, state: State, now: Instant, out: &mut Actions) {
        let Some(child) = self.children.get(key) else { return };
        let was_stopped = matches!(child.state, State::Stopping { .. } | State::Killed);
        match (child.state, state) {
            (State::Stopping { .. } | State::Killed, _) => {
                self.children.set(key, State::Down);
            }
            (State::Starting { .. } | State::Running, State::Ended(_)) => {
                self.pending.push_back(Pending::Exit { key, generation: child.generation });
                self.children.set(key, state);
            }
            (State::Starting { .. }, _) => {
                self.children.set(key, state);
            }
            // Nothing else can be said of a child that runs, and nothing at all of one that is gone.
            (
                State::Running | State::Down | State::Ended(_) | State::Failed | State::Restarting { .. },
                _,
            ) => return,
        }
        self.note_run(key, now);
        self.answer(key, was_stopped, out);
    }

    /// Goes on until there is something to wait for.
    fn advance(&mut self, now: Instant, out: &mut Actions) {
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

/// A source of noise that depends on nothing but its seed (SplitMix64).
#[derive(Debug)]
struct Noise(u64);

impl Noise {
    /// A number from 0 up to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exactly what a double can hold")]
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

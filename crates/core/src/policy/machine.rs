//! The supervisor's machine: what to start, whom to stop, when to give up.
//!
//! The machine knows children by their keys and how far each has come. It is told facts ([`Input`]) and answers with what is to be
//! done ([`Action`]). Only one thing is in hand at a time, as in OTP: while children are stopped and started, what
//! else happens waits in a queue. A stop does not wait: it ends whatever is in hand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::time::{Duration, Instant};

use super::intensity::RestartWindow;
use super::restart::is_restarted;
use super::{AutoShutdown, Intensity, Strategy};
use crate::child::{ChildSpec, ExitClass, Restart, Shutdown};
use crate::event::StopCause;

/// Names a child to the machine. Keys grow in start order and are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ChildKey(pub(crate) u64);

/// What a supervisor's user chose.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Policy {
    pub(crate) strategy: Strategy,
    pub(crate) intensity: Intensity,
    pub(crate) auto_shutdown: AutoShutdown,
}

/// What the machine needs to know of a child's spec.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
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
    children: BTreeMap<ChildKey, Child>,
    /// What has happened while something else was in hand, in order.
    pending: VecDeque<Pending>,
    phase: Phase,
    /// The children that have been asked to stop and are still there.
    asked: BTreeSet<ChildKey>,
    /// How many children are starting, running or stopping.
    live: usize,
}

#[derive(Debug)]
struct Child {
    traits: Traits,
    state: State,
    /// Counts the starts, so that what waits in the queue can be told from what has happened since.
    generation: u32,
    /// When it last came to run, if it did since its last start.
    running_since: Option<Instant>,
    /// How many restarts in a row, since it last ran well.
    attempt: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// OTP's `undefined`.
    Down,
    Starting,
    Running,
    /// Gone by itself; what follows from it has not been decided yet.
    Ended(ExitClass),
    /// Its start failed; what follows from it has not been decided yet.
    Failed,
    /// OTP's `restarting`: a new attempt waits in the queue.
    Restarting,
    /// Asked to stop. `kill_at` is `None` if it may take for ever.
    Stopping {
        kill_at: Option<Instant>,
    },
    /// Killed as its spec wants it, or forced: there is nothing more to be done than to wait.
    Killed,
}

#[derive(Clone, Copy, Debug)]
enum Pending {
    /// A child has ended by itself.
    Exit { key: ChildKey, generation: u32 },
    /// A restart has failed and is to be tried again.
    Retry { key: ChildKey, generation: u32 },
}

#[derive(Debug)]
enum Phase {
    /// Nothing has been started yet.
    New,
    /// Nothing is in hand.
    Idle,
    /// Children are being stopped, then started.
    Working(Operation),
    /// All children are being stopped, and nothing is started any more.
    WindingDown(WindDown),
    /// All children are gone.
    Finished,
}

/// A round of stops and starts. At any time at most one child is waited for.
#[derive(Clone, Copy, Debug)]
struct Operation {
    purpose: Purpose,
    /// Children from here on are still to be stopped, the last one first.
    stop_from: Option<ChildKey>,
    /// All children below this key that are above `stop_from` are still to be stopped. `None` means there is no bound.
    stop_below: Option<ChildKey>,
    /// The next child to start is the first one from here on.
    starts: Starts,
    waiting_for: Option<ChildKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// The supervisor itself is being started.
    Init,
    /// This child is restarted, possibly with siblings.
    Restart(ChildKey),
}

#[derive(Clone, Copy, Debug)]
enum Starts {
    One(ChildKey),
    From(ChildKey),
    Done,
}

#[derive(Clone, Copy, Debug)]
struct WindDown {
    end: End,
    /// Why the children have to stop.
    cause: StopCause,
    deadline: Option<Instant>,
    /// Children below this key are still to be stopped.
    below: Option<ChildKey>,
    waiting_for: Option<ChildKey>,
    forced: bool,
}

const FIRST: ChildKey = ChildKey(0);

impl Machine {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            window: RestartWindow::new(policy.intensity),
            children: BTreeMap::new(),
            pending: VecDeque::new(),
            phase: Phase::New,
            asked: BTreeSet::new(),
            live: 0,
        }
    }

    /// Adds a child behind all others, without starting it.
    pub(crate) fn add(&mut self, key: ChildKey, traits: Traits) {
        let child = Child { traits, state: State::Down, generation: 0, running_since: None, attempt: 0 };
        self.children.insert(key, child);
    }

    /// Adds a child that is running already, for a machine that takes over.
    pub(crate) fn adopt(&mut self, key: ChildKey, traits: Traits) {
        self.add(key, traits);
        self.set(key, State::Running);
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
        let graces = self.asked.iter().filter_map(|key| match self.children[key].state {
            State::Stopping { kill_at } => kill_at,
            State::Down
            | State::Starting
            | State::Running
            | State::Ended(_)
            | State::Failed
            | State::Restarting
            | State::Killed => None,
        });
        let deadline = match &self.phase {
            Phase::WindingDown(WindDown { forced: false, deadline, .. }) => *deadline,
            Phase::WindingDown(_) | Phase::New | Phase::Idle | Phase::Working(_) | Phase::Finished => None,
        };
        graces.chain(deadline).min()
    }

    /// Whether a child that is down is going to be started again.
    pub(crate) fn is_restarting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether this child waits for another attempt to restart it.
    pub(crate) fn awaits_restart(&self, key: ChildKey) -> bool {
        self.children.get(&key).is_some_and(|child| child.state == State::Restarting)
    }

    // --- facts ---

    fn begin(&mut self) {
        if matches!(self.phase, Phase::New) {
            self.phase = Phase::Working(Operation::start(Purpose::Init, Starts::From(FIRST)));
        }
    }

    fn started(&mut self, key: ChildKey, now: Instant) {
        let Some(child) = self.children.get_mut(&key) else { return };
        // A child that was asked to stop while it started may still say that it has.
        if child.state == State::Starting {
            child.state = State::Running;
            child.running_since = Some(now);
        }
    }

    /// A child is gone, or never came to be. `state` is what that means if nobody asked it to go.
    fn over(&mut self, key: ChildKey, state: State) {
        let Some(child) = self.children.get(&key) else { return };
        match (child.state, state) {
            (State::Stopping { .. } | State::Killed, _) => self.set(key, State::Down),
            (State::Starting | State::Running, State::Ended(_)) => {
                let generation = child.generation;
                self.pending.push_back(Pending::Exit { key, generation });
                self.set(key, state);
            }
            (State::Starting, _) => self.set(key, state),
            // Nothing else can be said of a child that runs, and nothing at all of one that is gone.
            (State::Running | State::Down | State::Ended(_) | State::Failed | State::Restarting, _) => {}
        }
    }

    // --- requests ---

    fn stop(&mut self, cause: StopCause, deadline: Option<Instant>, out: &mut Vec<Action>) {
        match &mut self.phase {
            Phase::New => self.finish(End::Stopped, out),
            Phase::Idle | Phase::Working(_) => self.wind_down(End::Stopped, cause, deadline),
            // It stops already. A tighter deadline counts all the same.
            Phase::WindingDown(down) => {
                down.deadline = earlier(down.deadline, deadline);
                self.tighten(deadline);
            }
            Phase::Finished => {}
        }
    }

    fn force(&mut self, cause: Option<StopCause>, out: &mut Vec<Action>) {
        self.stop(StopCause::Parent, None, out);
        let Phase::WindingDown(down) = &mut self.phase else { return };
        let cause = cause.unwrap_or(down.cause);
        if !std::mem::replace(&mut down.forced, true) {
            // All at once: one child that will not go must not protect the others.
            let all: Vec<ChildKey> = self.children.keys().rev().copied().collect();
            for key in all {
                self.force_child(key, cause, out);
            }
        }
    }

    fn fail(&mut self, out: &mut Vec<Action>) {
        match self.phase {
            Phase::New | Phase::Idle | Phase::Working(_) => {
                self.stop_by_itself(End::Failed, StopCause::Failed, out);
            }
            Phase::WindingDown(_) | Phase::Finished => {}
        }
    }

    fn alarm(&mut self, now: Instant, out: &mut Vec<Action>) {
        if let Phase::WindingDown(WindDown { deadline: Some(deadline), .. }) = self.phase {
            if now >= deadline {
                return self.force(Some(StopCause::Deadline), out);
            }
        }
        let due = |state| matches!(state, State::Stopping { kill_at: Some(kill_at) } if now >= kill_at);
        let over: Vec<ChildKey> =
            self.asked.iter().rev().filter(|key| due(self.children[key].state)).copied().collect();
        for key in over {
            self.force_child(key, StopCause::Deadline, out);
        }
    }

    // --- what follows ---

    /// Goes on until there is something to wait for.
    fn advance(&mut self, now: Instant, out: &mut Vec<Action>) {
        loop {
            let goes_on = match self.phase {
                Phase::New | Phase::Finished => false,
                Phase::Idle => match self.pending.pop_front() {
                    Some(pending) => {
                        self.take_up(pending, now, out);
                        true
                    }
                    None => false,
                },
                Phase::Working(operation) => self.work(operation, now, out),
                Phase::WindingDown(down) => self.unwind(down, now, out),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Decides what follows from something that has waited its turn.
    fn take_up(&mut self, pending: Pending, now: Instant, out: &mut Vec<Action>) {
        let (Pending::Exit { key, generation } | Pending::Retry { key, generation }) = pending;
        let Some(child) = self.children.get(&key) else { return };
        if child.generation != generation {
            return;
        }
        match (pending, child.state) {
            (Pending::Exit { .. }, State::Ended(class)) if is_restarted(child.traits.restart, class) => {
                self.restart(key, now, out);
            }
            (Pending::Exit { .. }, State::Ended(_)) => self.lay_down(key, out),
            (Pending::Retry { .. }, State::Restarting) => self.restart(key, now, out),
            // Somebody has stopped, deleted or restarted it in the meantime, so that nothing follows any more.
            (
                Pending::Exit { .. } | Pending::Retry { .. },
                State::Down
                | State::Starting
                | State::Running
                | State::Ended(_)
                | State::Failed
                | State::Restarting
                | State::Stopping { .. }
                | State::Killed,
            ) => {}
        }
    }

    /// A child has ended for good.
    fn lay_down(&mut self, key: ChildKey, out: &mut Vec<Action>) {
        let significant = self.children[&key].traits.significant;
        self.put_down(key, out);
        let stops = significant
            && match self.policy.auto_shutdown {
                AutoShutdown::Never => false,
                AutoShutdown::AnySignificant => true,
                AutoShutdown::AllSignificant => !self
                    .children
                    .values()
                    .any(|child| child.traits.significant && child.state != State::Down),
            };
        if stops {
            self.stop_by_itself(End::AutoShutdown, StopCause::AutoShutdown, out);
        }
    }

    /// Restarts a child, and whoever shares its fate, unless that is one restart too many.
    fn restart(&mut self, key: ChildKey, now: Instant, out: &mut Vec<Action>) {
        if !self.window.record(now) {
            self.put_down(key, out);
            out.push(Action::GaveUp);
            self.stop_by_itself(End::GaveUp, StopCause::GaveUp, out);
            return;
        }
        let within = self.window.limit().within;
        let child = self.children.get_mut(&key).expect("only a child that is there is restarted");
        let ran_well =
            child.running_since.is_some_and(|since| now.saturating_duration_since(since) >= within);
        child.attempt = if ran_well { 1 } else { child.attempt.saturating_add(1) };
        child.state = State::Down;
        out.push(Action::Restarting { key, attempt: child.attempt, delay: Duration::ZERO });
        let purpose = Purpose::Restart(key);
        self.phase = Phase::Working(match self.policy.strategy {
            Strategy::OneForOne => Operation::start(purpose, Starts::One(key)),
            Strategy::OneForAll => Operation::group(purpose, FIRST),
            Strategy::RestForOne => Operation::group(purpose, key),
        });
    }

    /// Does the next step of a round. `false` says that there is something to wait for.
    fn work(&mut self, mut operation: Operation, now: Instant, out: &mut Vec<Action>) -> bool {
        if let Some(key) = operation.waiting_for {
            match self.children[&key].state {
                State::Starting | State::Stopping { .. } | State::Killed => return false,
                State::Failed => {
                    self.start_failed(key, operation.purpose, out);
                    return true;
                }
                State::Down | State::Running | State::Ended(_) | State::Restarting => {
                    operation.waiting_for = None;
                    self.settle(key, operation, out);
                }
            }
        }
        if let Some(key) = self.next_to_stop(&operation) {
            operation.stop_below = Some(key);
            operation.waiting_for = Some(key);
            self.phase = Phase::Working(operation);
            self.ask(key, StopCause::Sibling, None, now, out);
            return true;
        }
        operation.stop_from = None;
        if let Some(key) = self.next_to_start(&mut operation) {
            operation.waiting_for = Some(key);
            self.phase = Phase::Working(operation);
            self.start(key, out);
            return true;
        }
        self.phase = Phase::Idle;
        if operation.purpose == Purpose::Init {
            out.push(Action::Ready);
        }
        true
    }

    /// The child that a round waited for has stopped or started.
    fn settle(&mut self, key: ChildKey, operation: Operation, out: &mut Vec<Action>) {
        let child = &self.children[&key];
        let is_gone = child.state == State::Down;
        // A temporary sibling does not survive a group restart, and one that had nothing to run is not kept either.
        if is_gone && child.traits.restart == Restart::Temporary && operation.trigger() != Some(key) {
            self.forget(key, out);
        }
    }

    /// A child could not be started in the course of a round.
    fn start_failed(&mut self, key: ChildKey, purpose: Purpose, out: &mut Vec<Action>) {
        match purpose {
            Purpose::Init => {
                self.set(key, State::Down);
                self.stop_by_itself(End::StartFailed(key), StopCause::StartFailed, out);
            }
            Purpose::Restart(_) => {
                // Behind everything that waits already, so that a stop or an exit can come in between.
                self.set(key, State::Restarting);
                let generation = self.children[&key].generation;
                self.pending.push_back(Pending::Retry { key, generation });
                self.phase = Phase::Idle;
            }
        }
    }

    fn next_to_stop(&self, operation: &Operation) -> Option<ChildKey> {
        let from = operation.stop_from?;
        let below = operation.stop_below.map_or(Bound::Unbounded, Bound::Excluded);
        if operation.stop_below.is_some_and(|below| below <= from) {
            return None;
        }
        self.children
            .range((Bound::Included(from), below))
            .rev()
            .map(|(key, _)| *key)
            .find(|key| operation.trigger() != Some(*key))
    }

    fn next_to_start(&self, operation: &mut Operation) -> Option<ChildKey> {
        match operation.starts {
            Starts::One(key) => {
                operation.starts = Starts::Done;
                Some(key)
            }
            Starts::From(key) => {
                let next = self.children.range(key..).next().map(|(key, _)| *key);
                operation.starts = next.map_or(Starts::Done, |key| Starts::From(ChildKey(key.0 + 1)));
                next
            }
            Starts::Done => None,
        }
    }

    fn start(&mut self, key: ChildKey, out: &mut Vec<Action>) {
        self.set(key, State::Starting);
        let child = self.children.get_mut(&key).expect("only a child that is there is started");
        child.generation = child.generation.wrapping_add(1);
        child.running_since = None;
        out.push(Action::Start(key));
    }

    // --- the end ---

    fn stop_by_itself(&mut self, end: End, cause: StopCause, out: &mut Vec<Action>) {
        out.push(Action::Stopping(cause));
        self.wind_down(end, cause, None);
    }

    fn wind_down(&mut self, end: End, cause: StopCause, deadline: Option<Instant>) {
        self.pending.clear();
        self.tighten(deadline);
        let down = WindDown { end, cause, deadline, below: None, waiting_for: None, forced: false };
        self.phase = Phase::WindingDown(down);
    }

    /// Stops the next child. `false` says that there is something to wait for.
    fn unwind(&mut self, mut down: WindDown, now: Instant, out: &mut Vec<Action>) -> bool {
        if down.forced {
            if self.live > 0 {
                return false;
            }
        } else {
            if let Some(key) = down.waiting_for {
                // A temporary child that had ended by itself has been deleted on the way.
                if self.children.get(&key).is_some_and(|child| child.state != State::Down) {
                    return false;
                }
            }
            let below = down.below.map_or(Bound::Unbounded, Bound::Excluded);
            let next = self.children.range((Bound::Unbounded, below)).next_back().map(|(key, _)| *key);
            if let Some(key) = next {
                down.below = Some(key);
                down.waiting_for = Some(key);
                self.phase = Phase::WindingDown(down);
                self.ask(key, down.cause, down.deadline, now, out);
                return true;
            }
        }
        self.finish(down.end, out);
        false
    }

    fn finish(&mut self, end: End, out: &mut Vec<Action>) {
        self.phase = Phase::Finished;
        out.push(Action::Finish(end));
    }

    // --- single children ---

    /// Has a child stopped in the way its spec wants it. One that is gone already is laid down.
    fn ask(
        &mut self,
        key: ChildKey,
        cause: StopCause,
        deadline: Option<Instant>,
        now: Instant,
        out: &mut Vec<Action>,
    ) {
        let child = &self.children[&key];
        match (child.state, child.traits.shutdown) {
            (State::Down | State::Stopping { .. } | State::Killed, _) => {}
            // It has gone before it was asked: its end is absorbed, and counts for nothing.
            (State::Ended(_) | State::Failed | State::Restarting, _) => {
                if self.is_winding_down() {
                    self.put_down(key, out);
                } else {
                    self.set(key, State::Down);
                }
            }
            (State::Starting | State::Running, Shutdown::Kill) => {
                self.set(key, State::Killed);
                out.push(Action::Kill { key, cause });
            }
            (State::Starting | State::Running, Shutdown::Grace(grace)) => {
                // A grace too long for the clock is no limit.
                let kill_at = earlier(now.checked_add(grace), deadline);
                self.set(key, State::Stopping { kill_at });
                out.push(Action::Stop { key, cause, deadline: kill_at });
            }
            (State::Starting | State::Running, Shutdown::Infinity) => {
                self.set(key, State::Stopping { kill_at: deadline });
                out.push(Action::Stop { key, cause, deadline });
            }
        }
    }

    fn force_child(&mut self, key: ChildKey, cause: StopCause, out: &mut Vec<Action>) {
        match self.children[&key].state {
            State::Starting | State::Running | State::Stopping { .. } => {
                self.set(key, State::Killed);
                out.push(Action::Force { key, cause });
            }
            State::Ended(_) | State::Failed | State::Restarting => self.put_down(key, out),
            State::Down | State::Killed => {}
        }
    }

    /// Cuts every grace that goes beyond the deadline.
    fn tighten(&mut self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return };
        for key in &self.asked {
            let child = self.children.get_mut(key).expect("a child that was asked to stop is there");
            if let State::Stopping { kill_at } = &mut child.state {
                *kill_at = earlier(*kill_at, Some(deadline));
            }
        }
    }

    /// Lets a child stay down. A temporary one is deleted.
    fn put_down(&mut self, key: ChildKey, out: &mut Vec<Action>) {
        self.set(key, State::Down);
        if self.children[&key].traits.restart == Restart::Temporary {
            self.forget(key, out);
        }
    }

    fn forget(&mut self, key: ChildKey, out: &mut Vec<Action>) {
        self.children.remove(&key);
        out.push(Action::Forget(key));
    }

    fn set(&mut self, key: ChildKey, state: State) {
        let child = self.children.get_mut(&key).expect("the state of a child that is there");
        let was_live = child.state.is_live();
        if matches!(child.state, State::Stopping { .. }) {
            self.asked.remove(&key);
        }
        child.state = state;
        if matches!(state, State::Stopping { .. }) {
            self.asked.insert(key);
        }
        match (was_live, state.is_live()) {
            (false, true) => self.live += 1,
            (true, false) => self.live -= 1,
            (false, false) | (true, true) => {}
        }
    }

    fn is_winding_down(&self) -> bool {
        matches!(self.phase, Phase::WindingDown(_))
    }
}

impl Operation {
    /// Only starts.
    fn start(purpose: Purpose, starts: Starts) -> Self {
        Self { purpose, stop_from: None, stop_below: None, starts, waiting_for: None }
    }

    /// Stops all from this child on, the last one first, and then starts all from it on.
    fn group(purpose: Purpose, from: ChildKey) -> Self {
        Self {
            purpose,
            stop_from: Some(from),
            stop_below: None,
            starts: Starts::From(from),
            waiting_for: None,
        }
    }

    fn trigger(&self) -> Option<ChildKey> {
        match self.purpose {
            Purpose::Init => None,
            Purpose::Restart(key) => Some(key),
        }
    }
}

impl State {
    fn is_live(self) -> bool {
        match self {
            Self::Starting | Self::Running | Self::Stopping { .. } | Self::Killed => true,
            Self::Down | Self::Ended(_) | Self::Failed | Self::Restarting => false,
        }
    }
}

impl Traits {
    pub(crate) fn of(spec: &ChildSpec) -> Self {
        Self {
            restart: spec.get_restart(),
            shutdown: spec.get_shutdown(),
            significant: spec.is_significant(),
        }
    }
}

/// The earlier of two moments, where none means never.
fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (at, None) | (None, at) => at,
    }
}

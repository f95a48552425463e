//! How a tree comes to be.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::error::TreeStartError;
use super::handle::Tree;
use super::launch::launch;
use super::options::{OnDeadline, TreeOptions};
use crate::child::{ChildId, ChildPath, SpecError};
use crate::clock::require_timers;
use crate::context::{Provisions, StopReach, TreeContext};
use crate::early_signals;
use crate::event::{Capacity, Events, Record, TreeLog};
use crate::supervisor::Supervisor;

/// A record keeps room for as many events as a reader may be behind, so that there has to be a limit.
const MOST_EVENTS: usize = 1 << 24;

/// Makes a tree of a root supervisor.
///
/// | property | default |
/// | --- | --- |
/// | [`deadline`](Self::deadline) | 25 s, below the 30 s that Kubernetes grants |
/// | [`drain_delay`](Self::drain_delay) | none |
/// | [`stop_when_idle`](Self::stop_when_idle) | `false` |
/// | [`stall_threshold`](Self::stall_threshold) | one second |
/// | [`on_deadline`](Self::on_deadline) | [`OnDeadline::Report`] |
/// | [`stop_on`](Self::stop_on) | no token |
/// | [`stop_reach`](Self::stop_reach) | [`StopReach::Subtree`] |
/// | [`task_runtime`](Self::task_runtime) | the runtime in which the tree is started |
/// | [`event_capacity`](Self::event_capacity) | 16 384 events |
/// | [`event_bytes`](Self::event_bytes) | 16 MiB of text |
/// | [`log`](Self::log) | `false` |
/// | [`refuse_degraded`](Self::refuse_degraded) | `false` |
#[derive(Debug)]
#[must_use = "a tree builder does nothing until it is started"]
pub struct TreeBuilder {
    path: ChildPath,
    root: Arc<Supervisor>,
    options: TreeOptions,
    stop_reach: StopReach,
    task_runtime: Option<Handle>,
    capacity: Capacity,
    log: bool,
    keeps_early_signals: bool,
    containment: Option<&'static str>,
    provisions: Provisions,
    record: Option<Arc<Record>>,
}

impl Supervisor {
    /// Makes this supervisor the root of a tree that is still to be started.
    ///
    /// # Errors
    ///
    /// [`SpecError`] if anything in the description of the tree makes no sense. Nothing has been started then.
    pub fn into_tree(self) -> Result<TreeBuilder, SpecError> {
        self.check()?;
        let id = ChildId::new(self.id()).map_err(|invalid| SpecError::new(self.id(), invalid.into()))?;
        Ok(TreeBuilder::new(ChildPath::root(&id), Arc::new(self)))
    }

    /// Starts a tree with this supervisor as its root, and waits until all of it has started.
    ///
    /// # Errors
    ///
    /// [`TreeStartError`] if the description makes no sense or a child could not be started. Whatever had been started
    /// before that is gone again.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime, or in one whose timers are not enabled.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the tree is stopped in the background.
    pub async fn start(self) -> Result<Tree, TreeStartError> {
        self.into_tree()?.start().await
    }
}

impl TreeBuilder {
    fn new(path: ChildPath, root: Arc<Supervisor>) -> Self {
        Self {
            path,
            root,
            options: TreeOptions::default(),
            stop_reach: StopReach::default(),
            task_runtime: None,
            capacity: Capacity::default(),
            log: false,
            keeps_early_signals: false,
            containment: None,
            provisions: Provisions::default(),
            record: None,
        }
    }

    /// Says by when a stop must be over, counted from its beginning. `None` means never.
    ///
    /// Every child's grace is cut so that it fits. Shortly before the deadline, by a tenth of it but at most a second,
    /// whatever is left is forced; what is still there at the deadline is reported as [`Outcome::Unreapable`]. A
    /// runtime of which tasks have taken every thread does not keep that report back: see [`Tree::stop`].
    ///
    /// [`Outcome::Unreapable`]: crate::Outcome::Unreapable
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.options.deadline = deadline.into();
        self
    }

    /// Says how long the tree goes on as it is after a stop has been accepted, so that what sends work to it learns
    /// that it is about to go: a load balancer, the endpoints of a Kubernetes service. The default is no time at all.
    ///
    /// The event [`Draining`](crate::EventKind::Draining) says that it has begun, and [`Tree::stop_requested`] is
    /// `true` from there. Children run, are restarted and start children as before; [`Tree::stopping`],
    /// [`Tree::token`] and [`Tree::is_stopping`] speak of what comes after it.
    ///
    /// The deadline is counted from the beginning of the drain, and the children have what the drain leaves of it. A
    /// delay of more than half of the deadline is cut to that half.
    ///
    /// A stop that the program, a signal or a token asks for is put off, and no other one: not that of a tree that has
    /// not started yet, that has nothing left to run, gives up, or has lost its last handle. [`Tree::force`], as a
    /// second signal calls it, ends the drain at once, and every grace with it.
    pub fn drain_delay(mut self, delay: Duration) -> Self {
        self.options.drain_delay = delay;
        self
    }

    /// Says whether the tree stops when nothing in it runs or could be restarted.
    pub fn stop_when_idle(mut self, stop: bool) -> Self {
        self.options.stop_when_idle = stop;
        self
    }

    /// Says how long a task or an actor may run without yielding before a [`Stalled`](crate::EventKind::Stalled) event
    /// names it. `None` means that there is no such event.
    ///
    /// Looked after by a thread of the library's own, in steps of 50 ms by the system's clock: it works also when all
    /// threads of the runtime are taken.
    pub fn stall_threshold(mut self, threshold: impl Into<Option<Duration>>) -> Self {
        self.options.stall_threshold = threshold.into();
        self
    }

    /// Says what a stop does at its deadline about children that cannot be brought down.
    pub fn on_deadline(mut self, policy: OnDeadline) -> Self {
        self.options.on_deadline = policy;
        self
    }

    /// Has the tree stop when this token is cancelled, for a program that stops all its parts by one.
    ///
    /// The tree stops as for any other reason, in order and within its deadline; that it has is said by
    /// [`Tree::wait`]. The tree never cancels the token: for the other direction there is [`Tree::token`].
    pub fn stop_on(mut self, token: CancellationToken) -> Self {
        self.options.stop_on = token;
        self
    }

    /// Says what a stop means for supervisors further down that have not been asked yet: whether they still restart
    /// their children.
    pub fn stop_reach(mut self, reach: StopReach) -> Self {
        self.stop_reach = reach;
        self
    }

    /// Says on which runtime task children and actors run.
    ///
    /// Tasks that never yield can bring a runtime to a standstill. With a runtime of their own they cannot keep the
    /// supervisors from stopping everything else. The library never shuts down a runtime: shut this one down in the
    /// background (`shutdown_background`) when tasks may be stuck in it, because dropping it waits for them.
    pub fn task_runtime(mut self, runtime: Handle) -> Self {
        self.task_runtime = Some(runtime);
        self
    }

    /// Says how many events a reader may be behind before it loses the oldest: at least one and at most 16 777 216.
    /// Lines that were read from a process at once are kept or lost together. Events are held until every reader has
    /// taken them, and only then take memory. Without effect after the first [`subscribe`](Self::subscribe).
    pub fn event_capacity(mut self, events: usize) -> Self {
        self.capacity.events = events.clamp(1, MOST_EVENTS);
        self
    }

    /// Says how much text a reader may be behind before it loses the oldest events, in bytes: what processes write,
    /// errors and panics. 16 MiB by default.
    ///
    /// What is held for a reader that never reads takes this much memory, and some 200 bytes for each event. The newest
    /// event is held in any case, and so are lines that were read from a process at once, 64 KiB at most. Without
    /// effect after the first [`subscribe`](Self::subscribe).
    pub fn event_bytes(mut self, bytes: usize) -> Self {
        self.capacity.bytes = bytes;
        self
    }

    /// Says whether the tree's events become log lines: events of [`tracing`](https://docs.rs/tracing) with the target
    /// `rootward`. Off by default in an embedded tree; a whole program under `rootward::run` logs.
    ///
    /// A thread of the library's own, `rootward-log`, reads the events and calls the program's subscriber: the global
    /// one, or, if there is none, the one that is the default where the tree is launched. Without a subscriber at that
    /// time, or if the system has no thread left, nothing is logged. A subscriber that blocks, is slow, panics, or
    /// looks at the tree costs log lines and nothing else. The log is then a [reader](Events) that has fallen behind:
    /// it loses the oldest events, a warning says how many, and [`Tree::unlogged`] counts them. [`Tree::logged`] waits
    /// until the log is complete.
    ///
    /// | level | what |
    /// | --- | --- |
    /// | `error` | a supervisor gives up, a start fails |
    /// | `warn` | a child ends abnormally, also while it stops, leaves processes, is restarted or forced |
    /// | `warn` | a child is not ready for long, does not yield, or does not go; something weaker is in force |
    /// | `info` | what else a tree does: children start, are asked to stop and are gone, signals come |
    /// | `debug` | a child ends as it should, a process writes a line; of dynamic children also what else is `info` |
    ///
    /// Dynamic children are those that come and go: below a dynamic supervisor, or below a task.
    ///
    /// Apart from that, what a child's code does is done inside a span `child` with the fields `path`, `incarnation`
    /// and `kind`, of the level `info`. It is made and entered where the child's own code runs, and a subscriber that
    /// blocks there blocks the child. ractor has a span of its own for every actor, `Actor` with the target
    /// `ractor::actor`, and enters it on the runtime of the supervisors. Under `rootward::run` a subscriber does not
    /// get to see it. In an embedded tree it does: one that may block or panic in a span should leave that target out.
    pub fn log(mut self, log: bool) -> Self {
        self.log = log;
        self
    }

    pub(crate) fn keep_early_signals(mut self) -> Self {
        self.keeps_early_signals = true;
        self
    }

    pub(crate) fn note_containment(mut self, level: &'static str) -> Self {
        self.containment = Some(level);
        self
    }

    /// Says whether the tree refuses to start where something weaker than usual would be in force, such as containment
    /// without a warden. Then the start fails, and the error says what it was and why. By default the tree starts, and
    /// its first event, [`Degraded`](crate::EventKind::Degraded), says so. Where it is found out only when the first
    /// process starts, that start fails, or the event stands before that process has started.
    pub fn refuse_degraded(mut self, refuse: bool) -> Self {
        self.options.refuse_degraded = refuse;
        self
    }

    pub(crate) fn note_degraded(mut self, what: &'static str, reason: Option<String>) -> Self {
        match reason {
            Some(reason) => self.options.degraded.insert(what, reason),
            None => self.options.degraded.remove(what),
        };
        self
    }

    /// Gives all children something that only the program can give, such as the means to start a certain kind of them.
    ///
    /// A kind of child finds it by its type with [`StartContext::provided`](crate::StartContext::provided), a task with
    /// [`TaskContext::provided`](crate::TaskContext::provided), and blocking work with
    /// [`BlockingContext::provided`](crate::BlockingContext::provided). Something of the same type that was given
    /// before is replaced.
    pub fn provide<T: Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        self.provisions.insert(value);
        self
    }

    /// Subscribes to the tree's events, from the first one on.
    pub fn subscribe(&mut self) -> Events {
        self.record().subscribe()
    }

    /// Begins to start the tree, and returns at once.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime, or in one whose timers are not enabled.
    pub fn launch(mut self) -> Tree {
        if !self.keeps_early_signals {
            early_signals::give_back();
        }
        let record = Arc::clone(self.record());
        let log = self.log.then(|| TreeLog::start(&record)).flatten();
        let control = Handle::current();
        // Panics without timers. Now is better than when the first grace is to be counted.
        require_timers();
        let tasks = self.task_runtime.unwrap_or_else(|| control.clone());
        let context = TreeContext::new(record, control, tasks, self.provisions, self.stop_reach);
        if let Some(level) = self.containment {
            context.note_containment(level);
        }
        if self.options.refuse_degraded {
            context.refuse_degraded();
        }
        launch(self.path, &self.root, self.options, context, log)
    }

    /// Starts the tree, and waits until all of it has started.
    ///
    /// # Errors
    ///
    /// [`TreeStartError::Start`] if a child could not be started. Whatever had been started before is gone again.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime, or in one whose timers are not enabled.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the tree is stopped in the background.
    pub async fn start(self) -> Result<Tree, TreeStartError> {
        let tree = self.launch();
        tree.started().await?;
        Ok(tree)
    }

    fn record(&mut self) -> &Arc<Record> {
        let capacity = self.capacity;
        self.record.get_or_insert_with(|| Arc::new(Record::new(capacity)))
    }
}

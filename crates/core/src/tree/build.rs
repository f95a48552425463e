//! How a tree comes to be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::context::{Provisions, TreeContext};
use super::guardian::Plan;
use super::handle::Tree;
use crate::child::ChildPath;
use crate::event::{Events, Record};
use crate::port::StartError;
use crate::report::StopReport;
use crate::supervisor::{SpecError, Supervisor};

/// A record keeps room for as many events as a reader may be behind, so that there has to be a limit.
const MOST_EVENTS: usize = 1 << 24;

/// Makes a tree of a root supervisor.
///
/// | property | default |
/// | --- | --- |
/// | [`deadline`](Self::deadline) | 25 s, below the 30 s that Kubernetes grants |
/// | [`stop_when_idle`](Self::stop_when_idle) | `false` |
/// | [`stall_threshold`](Self::stall_threshold) | one second |
/// | [`unreapable`](Self::unreapable) | [`Unreapable::Report`] |
/// | [`stop_on`](Self::stop_on) | no token |
/// | [`task_runtime`](Self::task_runtime) | the runtime in which the tree is started |
/// | [`event_capacity`](Self::event_capacity) | 16 384 events |
#[derive(Debug)]
#[must_use = "a tree builder does nothing until it is started"]
pub struct TreeBuilder {
    path: ChildPath,
    root: Arc<Supervisor>,
    deadline: Option<Duration>,
    stop_when_idle: bool,
    stall_threshold: Option<Duration>,
    unreapable: Unreapable,
    stop_on: CancellationToken,
    task_runtime: Option<Handle>,
    event_capacity: usize,
    containment: Option<&'static str>,
    degraded: BTreeMap<&'static str, String>,
    provisions: Provisions,
    record: Option<Arc<Record>>,
}

/// What a stop does at its deadline about children that cannot be brought down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreapable {
    /// It names them in its report and is over. They are still waited for in the background:
    /// [`Tree::wait_gone`](crate::Tree::wait_gone) has the completed report.
    #[default]
    Report,
    /// It goes on until they are gone, however long that takes.
    Wait,
}

/// Says why a tree is not there.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeStartError {
    /// The description of the tree makes no sense. Nothing was started.
    #[error("the tree's description makes no sense: {0}")]
    Spec(#[from] SpecError),
    /// A child could not be started, or the tree was stopped before it had started. Everything is gone again, or the
    /// report says what is not.
    #[error("the tree could not be started")]
    Start {
        /// What failed.
        #[source]
        error: StartError,
        /// How the part that had been started came down.
        report: Arc<StopReport>,
    },
}

impl TreeBuilder {
    pub(crate) fn new(path: ChildPath, root: Arc<Supervisor>) -> Self {
        Self {
            path,
            root,
            deadline: Some(Duration::from_secs(25)),
            stop_when_idle: false,
            stall_threshold: Some(Duration::from_secs(1)),
            unreapable: Unreapable::default(),
            stop_on: CancellationToken::new(),
            task_runtime: None,
            event_capacity: crate::event::DEFAULT_CAPACITY,
            containment: None,
            degraded: BTreeMap::new(),
            provisions: Provisions::default(),
            record: None,
        }
    }

    /// Says by when a stop must be over, counted from its beginning. `None` means never.
    ///
    /// Every child's grace is cut so that it fits. Shortly before the deadline, by a tenth of it but at most a second,
    /// whatever is left is forced; what is still there at the deadline is reported as [`Outcome::Unreapable`]. A runtime of which
    /// tasks have taken every thread does not keep that report back: see [`Tree::stop`].
    ///
    /// [`Outcome::Unreapable`]: crate::Outcome::Unreapable
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// Says whether the tree stops when nothing in it runs or could be restarted.
    pub fn stop_when_idle(mut self, stop: bool) -> Self {
        self.stop_when_idle = stop;
        self
    }

    /// Says how long a task or an actor may run without yielding before a [`Stalled`](crate::EventKind::Stalled) event names it.
    /// `None` means that nobody is warned.
    ///
    /// Looked after by a thread of the library's own, in steps of 50 ms by the system's clock: it works also when all threads of the
    /// runtime are taken.
    pub fn stall_threshold(mut self, threshold: impl Into<Option<Duration>>) -> Self {
        self.stall_threshold = threshold.into();
        self
    }

    /// Says what a stop does at its deadline about children that cannot be brought down.
    pub fn unreapable(mut self, policy: Unreapable) -> Self {
        self.unreapable = policy;
        self
    }

    /// Has the tree stop when this token is cancelled, for a program that stops all its parts by one.
    ///
    /// The tree stops as for any other reason, in order and within its deadline; that it has is said by
    /// [`Tree::wait`]. The tree never cancels the token: for the other direction there is [`Tree::token`].
    pub fn stop_on(mut self, token: CancellationToken) -> Self {
        self.stop_on = token;
        self
    }

    /// Says on which runtime task children and actors run.
    ///
    /// Tasks that never yield can bring a runtime to a standstill. With a runtime of their own they cannot keep the
    /// supervisors from stopping everything else. The library never shuts down a runtime: shut this one down in the background
    /// (`shutdown_background`) when tasks may be stuck in it, because dropping it waits for them.
    pub fn task_runtime(mut self, runtime: Handle) -> Self {
        self.task_runtime = Some(runtime);
        self
    }

    /// Says how many events a reader may be behind before it loses the oldest: at least one and at most 16 777 216. Lines that
    /// were read from a process at once are kept or lost together. Events are held until every reader has taken them, and only then
    /// take memory. Without effect after the first [`subscribe`](Self::subscribe).
    pub fn event_capacity(mut self, events: usize) -> Self {
        self.event_capacity = events.clamp(1, MOST_EVENTS);
        self
    }

    /// Notes how far process children are followed, for snapshots and reports. The part of the program that starts
    /// processes does this.
    pub fn containment(mut self, level: &'static str) -> Self {
        self.containment = Some(level);
        self
    }

    /// Notes that something weaker than what was asked for or usual is in force, and why; or that nothing of that
    /// kind is. An event says so at the start.
    #[doc(hidden)]
    pub fn degraded(mut self, what: &'static str, reason: Option<String>) -> Self {
        match reason {
            Some(reason) => self.degraded.insert(what, reason),
            None => self.degraded.remove(what),
        };
        self
    }

    /// Gives all children something that only the program can give, such as the means to start a certain kind of them.
    ///
    /// A kind of child finds it by its type with [`StartContext::provided`](crate::StartContext::provided). Something of the
    /// same type that was given before is replaced.
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
        let record = Arc::clone(self.record());
        let control = Handle::current();
        // Panics without timers. Now is better than when the first grace is to be counted.
        drop(tokio::time::sleep_until(tokio::time::Instant::now()));
        let tasks = self.task_runtime.unwrap_or_else(|| control.clone());
        let context = TreeContext::new(record, control, tasks, self.provisions);
        if let Some(level) = self.containment {
            context.note_containment(level);
        }
        let plan = Plan {
            path: self.path,
            deadline: self.deadline,
            stop_when_idle: self.stop_when_idle,
            stop_on: self.stop_on,
            stall_threshold: self.stall_threshold,
            unreapable: self.unreapable,
            degraded: self.degraded,
        };
        Tree::launch(context, plan, Supervisor::clone(&self.root))
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
        let capacity = self.event_capacity;
        self.record.get_or_insert_with(|| Arc::new(Record::new(capacity)))
    }
}

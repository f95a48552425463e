//! What is known of one child, and may be seen by others: plain data, and what the child itself answers at once.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::call::StartedChild;
use crate::child::{ChildId, ChildKind, ChildPath, Exit, Outcome, Straggler};
use crate::child_kind::{CompactEnd, Ended, Inspect};
use crate::policy::Traits;
use crate::report::{Below, NodeReport};
use crate::snapshot::{ChildState, NodeSnapshot};
use crate::spec::ChildSpec;

/// One child: its spec, what is known of its latest incarnation, and how that ended.
pub(super) struct ChildEntry {
    /// Taken when the supervisor comes to its end.
    spec: Option<ChildSpec>,
    pub(super) path: ChildPath,
    kind: ChildKind,
    pub(super) incarnation: u32,
    pub(super) restarts: u32,
    /// Whether the child is down and is going to be started.
    pub(super) awaits_restart: bool,
    latest: LatestIncarnation,
}

/// The latest incarnation. When it is gone, what is known of its end takes the place of what was known while it lived.
pub(super) enum LatestIncarnation {
    /// There has never been one.
    None,
    Live(LiveIncarnation),
    Gone(GoneIncarnation),
}

/// An incarnation that is starting, running or stopping.
pub(super) struct LiveIncarnation {
    pub(super) inspect: Option<Arc<dyn Inspect>>,
    pub(super) pid: Option<u32>,
    pub(super) start: StartProgress,
    /// When it came into its present state.
    pub(super) since: Instant,
    pub(super) stop: Option<ChildStop>,
}

/// How far the start of one incarnation has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StartProgress {
    Begun,
    Done,
    /// It took this long until it was given up.
    TimedOut(Duration),
}

/// A stop that has begun.
#[derive(Clone, Copy)]
pub(super) struct ChildStop {
    pub(super) since: Instant,
    pub(super) stage: StopStage,
}

/// How far the stop of one child has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StopStage {
    Asked,
    /// Killed at once, as its spec wants it.
    Killed,
    /// Ended against its wish.
    Forced,
}

/// How an incarnation ended.
pub(super) struct GoneIncarnation {
    end: CompactEnd,
    /// Whether its exit is shown.
    has_status: bool,
    pid: Option<u32>,
    stop: Option<ChildStop>,
    at: Instant,
    refused: u32,
}

/// Which child an event is about.
#[derive(Clone)]
pub(super) struct Tag {
    pub(super) path: ChildPath,
    pub(super) kind: ChildKind,
    pub(super) incarnation: u32,
}

/// What is seen of a child, and what it answers itself once no lock is held any more.
pub(super) struct SeenChild<N> {
    pub(super) node: N,
    pub(super) inspect: Option<Arc<dyn Inspect>>,
}

impl LiveIncarnation {
    /// An incarnation whose start has begun.
    pub(super) fn starting(now: Instant) -> Self {
        Self { inspect: None, pid: None, start: StartProgress::Begun, since: now, stop: None }
    }
}

impl GoneIncarnation {
    fn status(&self) -> Option<Exit> {
        self.has_status.then(|| self.end.exit())
    }
}

impl ChildEntry {
    pub(super) fn new(spec: ChildSpec, path: ChildPath) -> Self {
        let kind = spec.kind();
        let latest = LatestIncarnation::None;
        let spec = Some(spec);
        Self { spec, path, kind, incarnation: 0, restarts: 0, awaits_restart: false, latest }
    }

    pub(super) fn kind(&self) -> ChildKind {
        self.kind
    }

    pub(super) fn id(&self) -> ChildId {
        self.path.child_id().clone()
    }

    pub(super) fn tag(&self) -> Tag {
        Tag { path: self.path.clone(), kind: self.kind, incarnation: self.incarnation }
    }

    /// The incarnation that is starting, running or stopping, if there is one.
    pub(super) fn live(&self) -> Option<&LiveIncarnation> {
        match &self.latest {
            LatestIncarnation::Live(live) => Some(live),
            LatestIncarnation::None | LatestIncarnation::Gone(_) => None,
        }
    }

    /// Whether it is this incarnation that is there.
    pub(super) fn is_live_as(&self, incarnation: u32) -> bool {
        self.incarnation == incarnation && self.live().is_some()
    }

    pub(super) fn live_mut(&mut self) -> Option<&mut LiveIncarnation> {
        match &mut self.latest {
            LatestIncarnation::Live(live) => Some(live),
            LatestIncarnation::None | LatestIncarnation::Gone(_) => None,
        }
    }

    fn last(&self) -> Option<&GoneIncarnation> {
        match &self.latest {
            LatestIncarnation::Gone(gone) => Some(gone),
            LatestIncarnation::None | LatestIncarnation::Live(_) => None,
        }
    }

    pub(super) fn started_child(&self) -> StartedChild {
        let pid = self.live().and_then(|live| live.pid);
        StartedChild { path: self.path.clone(), incarnation: self.incarnation, pid }
    }

    /// The spec, unless the supervisor has come to its end.
    pub(super) fn spec(&self) -> Option<&ChildSpec> {
        self.spec.as_ref()
    }

    pub(super) fn traits(&self) -> Traits {
        self.spec.as_ref().expect("a spec is there until all children are gone").traits()
    }

    /// Takes out the spec, which holds what a user's closures have captured.
    pub(super) fn take_spec(&mut self) -> Option<ChildSpec> {
        self.spec.take()
    }

    /// Begins the next incarnation. What is known of the one before comes back, to be dropped when no lock is held.
    pub(super) fn begin(&mut self, now: Instant) -> LatestIncarnation {
        self.incarnation += 1;
        self.awaits_restart = false;
        std::mem::replace(&mut self.latest, LatestIncarnation::Live(LiveIncarnation::starting(now)))
    }

    /// Notes that the incarnation is gone, and says whether its stop had begun. What was known of it comes back, to
    /// be dropped when no lock is held.
    pub(super) fn gone(&mut self, end: CompactEnd, now: Instant) -> (Option<ChildStop>, LatestIncarnation) {
        let has_status = self.kind() != ChildKind::Supervisor;
        self.is_gone(end, has_status, now)
    }

    /// Notes that the incarnation never came to run, and how what had been started of it came down.
    pub(super) fn not_started(
        &mut self,
        children: Option<Below>,
        now: Instant,
    ) -> (Option<ChildStop>, LatestIncarnation) {
        let ended = Ended::new(Exit::Unknown).with_children(children.unwrap_or_default());
        self.is_gone(ended.into(), false, now)
    }

    fn is_gone(
        &mut self,
        end: CompactEnd,
        has_status: bool,
        now: Instant,
    ) -> (Option<ChildStop>, LatestIncarnation) {
        let live = self.live();
        let (stop, pid) = (live.and_then(|live| live.stop), live.and_then(|live| live.pid));
        let refused = live.and_then(|live| live.inspect.as_ref()).map_or(0, |inspect| inspect.refused());
        let refused = u32::try_from(refused).unwrap_or(u32::MAX);
        let gone = GoneIncarnation { end, has_status, pid, stop, at: now, refused };
        (stop, std::mem::replace(&mut self.latest, LatestIncarnation::Gone(gone)))
    }

    /// How the last incarnation ended, as events and reports show it, and what it left behind. A supervisor's exit is
    /// told by its children.
    pub(super) fn end(&self) -> (Option<Exit>, Vec<Straggler>) {
        self.last().map(|gone| (gone.status(), gone.end.stragglers().to_vec())).unwrap_or_default()
    }

    /// What it is doing.
    pub(super) fn snapshot(&self, now: Instant) -> SeenChild<NodeSnapshot> {
        let live = self.live();
        let state = match live {
            Some(LiveIncarnation { stop: Some(_), .. }) => ChildState::Stopping,
            Some(LiveIncarnation { start: StartProgress::Done, .. }) => ChildState::Running,
            Some(LiveIncarnation { start: StartProgress::Begun | StartProgress::TimedOut(_), .. }) => {
                ChildState::Starting
            }
            None if self.awaits_restart => ChildState::Restarting,
            None => ChildState::Down,
        };
        let node = NodeSnapshot {
            path: self.path.clone(),
            kind: self.kind(),
            state,
            incarnation: self.incarnation,
            pid: live.and_then(|live| live.pid),
            restarts: self.restarts,
            since: live.map(|live| now.saturating_duration_since(live.since)),
            forced: is_forced(live.and_then(|live| live.stop)),
            details: None,
            usage: None,
            children: Vec::new(),
        };
        SeenChild { node, inspect: live.and_then(|live| live.inspect.clone()) }
    }

    /// How the child came down, once and for all.
    pub(super) fn take_report(&mut self, now: Instant) -> Option<NodeReport> {
        // Moved and not copied: every level of a deep tree would copy everything below it.
        let children = match &mut self.latest {
            LatestIncarnation::Gone(gone) => gone.end.children().take(),
            LatestIncarnation::None | LatestIncarnation::Live(_) => Vec::new(),
        };
        let mut report = self.report(now)?.node;
        if self.live().is_none() {
            report.children = children;
        }
        Some(report)
    }

    /// How the child came down, as far as that can be said now. `None` if it was never started.
    pub(super) fn report(&self, now: Instant) -> Option<SeenChild<NodeReport>> {
        let mut inspect = None;
        let mut report = NodeReport::new(self.path.clone(), self.kind());
        report.incarnation = self.incarnation;
        report.restarts = self.restarts;
        match &self.latest {
            LatestIncarnation::Live(live) => {
                report.pid = live.pid;
                report.was_asked = live.stop.is_some();
                report.outcome = Outcome::Unreapable;
                report.forced = is_forced(live.stop);
                report.elapsed = now.saturating_duration_since(live.stop.map_or(now, |stop| stop.since));
                inspect.clone_from(&live.inspect);
            }
            LatestIncarnation::Gone(gone) => {
                report.pid = gone.pid;
                report.was_asked = gone.stop.is_some();
                report.outcome = outcome(gone.stop);
                report.forced = is_forced(gone.stop);
                report.elapsed =
                    gone.at.saturating_duration_since(gone.stop.map_or(gone.at, |stop| stop.since));
                report.status = gone.status();
                report.refused = gone.refused.into();
                report.steps = gone.end.steps().to_vec();
                report.stragglers = gone.end.stragglers().to_vec();
                report.children = gone.end.children().copy();
            }
            LatestIncarnation::None => return None,
        }
        Some(SeenChild { node: report, inspect })
    }
}

impl<N> SeenChild<N> {
    /// The supervisor that the child is, or that looks after its children.
    pub(super) fn supervisor(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.inspect.clone()?.supervisor()
    }
}

impl SeenChild<NodeSnapshot> {
    /// Adds what the child answers itself.
    pub(super) fn with_details(mut self) -> Self {
        self.node.details = self.inspect.as_ref().and_then(|inspect| inspect.details());
        self
    }
}

impl SeenChild<NodeReport> {
    pub(super) fn of_what_is_gone(node: NodeReport) -> Self {
        Self { node, inspect: None }
    }

    /// Adds what the child answers itself, if it is still there.
    pub(super) fn ask(&mut self) {
        if let Some(inspect) = &self.inspect {
            self.node.refused = inspect.refused();
            self.node.stuck = inspect.stuck();
            self.node.steps = inspect.steps();
            self.node.stragglers = inspect.stragglers();
        }
    }
}

fn is_forced(stop: Option<ChildStop>) -> bool {
    stop.is_some_and(|stop| stop.stage == StopStage::Forced)
}

/// What it means that a child is gone, given how it was asked.
pub(super) fn outcome(stop: Option<ChildStop>) -> Outcome {
    match stop {
        None => Outcome::AlreadyGone,
        Some(ChildStop { stage: StopStage::Asked, .. }) => Outcome::Graceful,
        Some(ChildStop { stage: StopStage::Killed | StopStage::Forced, .. }) => Outcome::Killed,
    }
}

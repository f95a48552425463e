//! What a supervisor holds of one child.

use std::time::{Duration, Instant};

use super::call::StartedChild;
use super::survey::Seen;
use crate::child::{ChildId, ChildKind, ChildPath, ChildSpec, Exit};
use crate::panics::{catch, drop_quietly};
use crate::policy::Traits;
use crate::port::{Ended, Fate, Running, RunningChild, StartError};
use crate::report::{NodeReport, Outcome, Straggler};
use crate::snapshot::{ChildState, NodeSnapshot};
use crate::stuck::Stuck;

/// One child: its spec, what runs of it, and how that ended.
pub(super) struct Entry {
    pub(super) spec: ChildSpec,
    pub(super) path: ChildPath,
    kind: ChildKind,
    pub(super) incarnation: u32,
    pub(super) restarts: u32,
    /// Why the last start failed, for whoever asked for it.
    pub(super) start_error: Option<Box<StartError>>,
    latest: Latest,
}

/// The latest incarnation. What is known of one that is gone lies where what was held of it has lain.
enum Latest {
    /// There has never been one.
    None,
    Live(Live),
    Gone(Gone),
}

/// An incarnation that is starting, running or stopping.
pub(super) struct Live {
    pub(super) child: Box<dyn RunningChild>,
    pub(super) pid: Option<u32>,
    pub(super) started: bool,
    /// When it came into its present state.
    pub(super) since: Instant,
    pub(super) stop: Option<Stop>,
    /// How long its start took until it was given up.
    pub(super) timed_out: Option<Duration>,
}

/// How far an incarnation that is gone had come.
pub(super) struct Was {
    pub(super) stop: Option<Stop>,
    pub(super) timed_out: Option<Duration>,
}

/// A stop that has begun.
#[derive(Clone, Copy)]
pub(super) struct Stop {
    pub(super) since: Instant,
    /// How hard it has been pressed.
    pub(super) press: Press,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Press {
    Asked,
    /// Killed at once, as its spec wants it.
    Killed,
    /// Ended against its wish.
    Forced,
}

/// How an incarnation ended.
struct Gone {
    fate: Fate,
    /// Whether its exit is shown.
    has_status: bool,
    pid: Option<u32>,
    stop: Option<Stop>,
    at: Instant,
    refused: u64,
}

impl Live {
    /// What it is stuck in, as far as that can be seen.
    pub(super) fn stuck(&self) -> Option<Stuck> {
        catch(|| self.child.stuck()).unwrap_or_default()
    }

    fn stragglers(&self) -> Vec<Straggler> {
        catch(|| self.child.stragglers()).unwrap_or_default()
    }

    /// How many starts it has refused, as far as it can still say.
    fn refused(&self) -> u64 {
        catch(|| self.child.refused()).unwrap_or_default()
    }
}

impl Gone {
    fn status(&self) -> Option<Exit> {
        self.has_status.then(|| self.fate.exit())
    }
}

impl Entry {
    pub(super) fn new(spec: ChildSpec, path: ChildPath) -> Self {
        let kind = spec.kind();
        Self { spec, path, kind, incarnation: 0, restarts: 0, start_error: None, latest: Latest::None }
    }

    pub(super) fn kind(&self) -> ChildKind {
        self.kind
    }

    pub(super) fn id(&self) -> ChildId {
        self.path.child_id().clone()
    }

    /// The incarnation that is starting, running or stopping, if there is one.
    pub(super) fn live(&self) -> Option<&Live> {
        match &self.latest {
            Latest::Live(live) => Some(live),
            Latest::None | Latest::Gone(_) => None,
        }
    }

    pub(super) fn live_mut(&mut self) -> Option<&mut Live> {
        match &mut self.latest {
            Latest::Live(live) => Some(live),
            Latest::None | Latest::Gone(_) => None,
        }
    }

    fn last(&self) -> Option<&Gone> {
        match &self.latest {
            Latest::Gone(gone) => Some(gone),
            Latest::None | Latest::Live(_) => None,
        }
    }

    pub(super) fn started_child(&self) -> StartedChild {
        let pid = self.live().and_then(|live| live.pid);
        StartedChild { path: self.path.clone(), incarnation: self.incarnation, pid }
    }

    pub(super) fn traits(&self) -> Traits {
        Traits::of(&self.spec)
    }

    pub(super) fn launched(&mut self, running: Running, started: bool, now: Instant) {
        let Running { child, pid } = running;
        self.latest = Latest::Live(Live { child, pid, started, since: now, stop: None, timed_out: None });
    }

    /// Notes that the incarnation is gone, and says how far it had come.
    pub(super) fn gone(&mut self, fate: Fate, now: Instant) -> Option<Was> {
        let has_status = self.kind() != ChildKind::Supervisor;
        self.is_gone(fate, has_status, now)
    }

    /// Notes that the incarnation never came to run, and how what had been started of it came down.
    pub(super) fn not_started(&mut self, children: Vec<NodeReport>, now: Instant) -> Option<Was> {
        self.is_gone(Ended::new(Exit::Unknown).with_children(children).into(), false, now)
    }

    fn is_gone(&mut self, fate: Fate, has_status: bool, now: Instant) -> Option<Was> {
        let live = self.live();
        let (stop, pid) = (live.and_then(|live| live.stop), live.and_then(|live| live.pid));
        let was = live.map(|live| Was { stop, timed_out: live.timed_out });
        let refused = live.map_or(0, Live::refused);
        let gone = Gone { fate, has_status, pid, stop, at: now, refused };
        drop_quietly(std::mem::replace(&mut self.latest, Latest::Gone(gone)));
        was
    }

    /// How the last incarnation ended, as events and reports show it, and what it left behind. A supervisor's exit is told by its children.
    pub(super) fn end(&self) -> (Option<Exit>, Vec<Straggler>) {
        self.last().map(|gone| (gone.status(), gone.fate.stragglers().to_vec())).unwrap_or_default()
    }

    /// What it is doing, and where to ask for what is below it if it is a supervisor.
    pub(super) fn snapshot(&self, awaits_restart: bool, now: Instant) -> Seen<NodeSnapshot> {
        let live = self.live();
        let supervisor = live.and_then(|live| live.child.supervisor());
        let alone = live.filter(|_| supervisor.is_none());
        let state = match live {
            Some(Live { stop: Some(_), .. }) => ChildState::Stopping,
            Some(Live { started: true, .. }) => ChildState::Running,
            Some(Live { started: false, .. }) => ChildState::Starting,
            None if awaits_restart => ChildState::Restarting,
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
            children: alone.map(|live| live.child.children()).unwrap_or_default(),
        };
        (node, supervisor)
    }

    /// How the child came down, once and for all.
    pub(super) fn take_report(&mut self, now: Instant) -> Option<NodeReport> {
        // Moved and not copied: every level of a deep tree would copy everything below it.
        let children = match &mut self.latest {
            Latest::Gone(gone) => gone.fate.take_children(),
            Latest::None | Latest::Live(_) => Vec::new(),
        };
        let (mut report, _) = self.report(now)?;
        if self.live().is_none() {
            report.children = children;
        }
        Some(report)
    }

    /// How the child came down, as far as that can be said now, and where to ask for what is below it if it is a supervisor
    /// that is still there. `None` if it was never started.
    pub(super) fn report(&self, now: Instant) -> Option<Seen<NodeReport>> {
        let mut supervisor = None;
        let mut report = NodeReport::new(self.path.clone(), self.kind());
        report.incarnation = self.incarnation;
        report.restarts = self.restarts;
        match &self.latest {
            Latest::Live(live) => {
                report.pid = live.pid;
                report.was_asked = live.stop.is_some();
                report.refused = live.refused();
                report.stuck = live.stuck();
                report.stragglers = live.stragglers();
                report.outcome = Outcome::Unreapable;
                report.forced = is_forced(live.stop);
                report.elapsed = now.saturating_duration_since(live.stop.map_or(now, |stop| stop.since));
                supervisor = live.child.supervisor();
                if supervisor.is_none() {
                    report.children = live.child.reports();
                }
            }
            Latest::Gone(gone) => {
                report.pid = gone.pid;
                report.was_asked = gone.stop.is_some();
                report.outcome = outcome(gone.stop);
                report.forced = is_forced(gone.stop);
                report.elapsed =
                    gone.at.saturating_duration_since(gone.stop.map_or(gone.at, |stop| stop.since));
                report.status = gone.status();
                report.refused = gone.refused;
                report.stragglers = gone.fate.stragglers().to_vec();
                report.children = gone.fate.children().to_vec();
            }
            Latest::None => return None,
        }
        Some((report, supervisor))
    }
}

fn is_forced(stop: Option<Stop>) -> bool {
    stop.is_some_and(|stop| stop.press == Press::Forced)
}

/// What it means that a child is gone, given how it was asked.
pub(super) fn outcome(stop: Option<Stop>) -> Outcome {
    match stop {
        None => Outcome::AlreadyGone,
        Some(Stop { press: Press::Asked, .. }) => Outcome::Graceful,
        Some(Stop { press: Press::Killed | Press::Forced, .. }) => Outcome::Killed,
    }
}

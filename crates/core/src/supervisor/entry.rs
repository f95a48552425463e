//! What a supervisor holds of one child.

use std::time::{Duration, Instant};

use super::call::StartedChild;
use super::survey::Seen;
use crate::child::{ChildId, ChildKind, ChildPath, ChildSpec, Exit};
use crate::panics::{catch, drop_quietly};
use crate::policy::Traits;
use crate::port::{Ended, Running, RunningChild, StartError};
use crate::report::{NodeReport, Outcome, Straggler};
use crate::snapshot::{ChildState, NodeSnapshot};
use crate::stuck::Stuck;

/// One child: its spec, what runs of it, and how that ended.
pub(super) struct Entry {
    pub(super) spec: ChildSpec,
    pub(super) path: ChildPath,
    pub(super) incarnation: u32,
    pub(super) restarts: u32,
    pub(super) live: Option<Live>,
    /// Why the last start failed, for whoever asked for it.
    pub(super) start_error: Option<Box<StartError>>,
    last: Option<Box<Last>>,
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

/// How the last incarnation ended.
struct Last {
    exit: Option<Exit>,
    pid: Option<u32>,
    stop: Option<Stop>,
    at: Instant,
    stragglers: Vec<Straggler>,
    children: Vec<NodeReport>,
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

impl Entry {
    pub(super) fn new(spec: ChildSpec, path: ChildPath) -> Self {
        Self { spec, path, incarnation: 0, restarts: 0, live: None, start_error: None, last: None }
    }

    pub(super) fn kind(&self) -> ChildKind {
        self.spec.kind()
    }

    pub(super) fn id(&self) -> ChildId {
        self.path.child_id().clone()
    }

    pub(super) fn started_child(&self) -> StartedChild {
        let pid = self.live.as_ref().and_then(|live| live.pid);
        StartedChild { path: self.path.clone(), incarnation: self.incarnation, pid }
    }

    pub(super) fn traits(&self) -> Traits {
        Traits::of(&self.spec)
    }

    pub(super) fn launched(&mut self, running: Running, started: bool, now: Instant) {
        let Running { child, pid } = running;
        self.live = Some(Live { child, pid, started, since: now, stop: None, timed_out: None });
    }

    /// Notes that the incarnation is gone, and says how far it had come.
    pub(super) fn gone(&mut self, ended: Option<Ended>, now: Instant) -> Option<Was> {
        let live = self.live.take();
        let stop = live.as_ref().and_then(|live| live.stop);
        let pid = live.as_ref().and_then(|live| live.pid);
        let (exit, stragglers, children) = match ended {
            Some(Ended { exit, stragglers, children }) => (Some(exit), stragglers, children),
            None => (None, Vec::new(), Vec::new()),
        };
        let refused = live.as_ref().map_or(0, Live::refused);
        let exit = self.status(exit);
        self.last = Some(Box::new(Last { exit, pid, stop, at: now, stragglers, children, refused }));
        let was = live.as_ref().map(|live| Was { stop, timed_out: live.timed_out });
        drop_quietly(live);
        was
    }

    /// Notes that the incarnation never came to run, and how what had been started of it came down.
    pub(super) fn not_started(&mut self, children: Vec<NodeReport>, now: Instant) {
        self.gone(None, now);
        if let Some(last) = &mut self.last {
            last.children = children;
        }
    }

    /// How the last incarnation ended, and what it left behind.
    pub(super) fn end(&self) -> (Option<Exit>, Vec<Straggler>) {
        let last = self.last.as_ref();
        last.map(|last| (last.exit.clone(), last.stragglers.clone())).unwrap_or_default()
    }

    /// The exit as events and reports show it: a supervisor's is told by its children.
    pub(super) fn status(&self, exit: Option<Exit>) -> Option<Exit> {
        exit.filter(|_| self.kind() != ChildKind::Supervisor)
    }

    /// What it is doing, and where to ask for what is below it if it is a supervisor.
    pub(super) fn snapshot(&self, awaits_restart: bool, now: Instant) -> Seen<NodeSnapshot> {
        let live = self.live.as_ref();
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
            forced: live.and_then(|live| live.stop).is_some_and(|stop| stop.press == Press::Forced),
            children: alone.map(|live| live.child.children()).unwrap_or_default(),
        };
        (node, supervisor)
    }

    /// How the child came down, once and for all.
    pub(super) fn take_report(&mut self, now: Instant) -> Option<NodeReport> {
        // Moved and not copied: every level of a deep tree would copy everything below it.
        let children = self.last.as_mut().map(|last| std::mem::take(&mut last.children)).unwrap_or_default();
        let (mut report, _) = self.report(now)?;
        if self.live.is_none() {
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
        let stop = self.live.as_ref().map_or(self.last.as_ref().and_then(|last| last.stop), |live| live.stop);
        report.was_asked = stop.is_some();
        match (&self.live, &self.last) {
            (Some(live), _) => {
                report.pid = live.pid;
                report.refused = live.refused();
                report.stuck = live.stuck();
                report.stragglers = live.stragglers();
                report.outcome = Outcome::Unreapable;
                report.forced = live.stop.is_some_and(|stop| stop.press == Press::Forced);
                report.elapsed = now.saturating_duration_since(live.stop.map_or(now, |stop| stop.since));
                supervisor = live.child.supervisor();
                if supervisor.is_none() {
                    report.children = live.child.reports();
                }
            }
            (None, Some(last)) => {
                report.pid = last.pid;
                report.outcome = outcome(last.stop);
                report.forced = last.stop.is_some_and(|stop| stop.press == Press::Forced);
                report.elapsed =
                    last.at.saturating_duration_since(last.stop.map_or(last.at, |stop| stop.since));
                report.status.clone_from(&last.exit);
                report.refused = last.refused;
                report.stragglers.clone_from(&last.stragglers);
                report.children.clone_from(&last.children);
            }
            (None, None) => return None,
        }
        Some((report, supervisor))
    }
}

/// What it means that a child is gone, given how it was asked.
pub(super) fn outcome(stop: Option<Stop>) -> Outcome {
    match stop {
        None => Outcome::AlreadyGone,
        Some(Stop { press: Press::Asked, .. }) => Outcome::Graceful,
        Some(Stop { press: Press::Killed | Press::Forced, .. }) => Outcome::Killed,
    }
}

//! How a tree came down: the record that a stop returns.

mod step;
mod text;

use std::sync::Arc;
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::blame::Blame;
use crate::child::{ChildKind, ChildPath, Exit, Outcome, StartError, StopCause, Straggler};
use crate::clock::whole_millis;
use crate::failure::StartFailure;
use crate::stuck::Stuck;
use crate::sync::{Mutex, PoisonError};

pub use step::StopStep;

/// Says how a tree stopped: what ended how, and whether anything had to be forced.
///
/// It serialises as the document that `rootward-demo --report` writes, which adds the version of the format, and
/// displays as a line for each child. To serialise, compare or debug-print one goes down its levels by recursion: on a
/// stack of 2 MiB that is good for some two thousand levels without optimisation, and [`walk`](NodeReport::walk) is
/// good for any number.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
#[must_use = "a stop report says whether everything is really gone"]
pub struct StopReport {
    /// Whether the tree came down as it should: [`ending`](Self::ending) is [`Ending::Clean`].
    pub clean: bool,
    /// How far process children were followed, if the tree had a level in force.
    pub containment: Option<&'static str>,
    /// Why the tree stopped.
    pub cause: StopCause,
    /// How it came out.
    pub ending: Ending,
    /// From the request to the last acknowledgement.
    #[serde(rename = "elapsed_ms", serialize_with = "millis")]
    pub elapsed: Duration,
    /// How many starts were refused altogether, because the supervisor or the task that was to have the child was
    /// stopping.
    #[serde(skip_serializing_if = "is_zero")]
    pub refused: u64,
    /// How many of [`failed_while_stopping`](Self::failed_while_stopping) there are.
    #[serde(rename = "failed_while_stopping", skip_serializing_if = "is_zero")]
    failures: u64,
    /// Which failure brought the tree down, if it stopped by itself because of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
    /// Why the tree could not be started, if it could not.
    #[serde(skip)]
    pub start_error: Option<StartError>,
    /// The same as text, written down when it happened: an error of a user's is not asked for its text again.
    #[serde(rename = "start_error", skip_serializing_if = "Option::is_none")]
    start_failure: Option<Arc<str>>,
    /// The root and everything below it.
    pub root: NodeReport,
}

/// How a stop came out, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// Everything is gone and nothing had to be forced. Exit status 0.
    Clean,
    /// Everything is gone, and something had to be forced. Exit status 3.
    Forced,
    /// The tree failed: its start failed, it gave up, a failure brought about its end, or a task or an actor failed
    /// while it stopped. Everything is gone. Exit status 1.
    Failed,
    /// Something could not be brought down before the deadline. Exit status 4.
    Incomplete,
}

impl Ending {
    fn of(root: &NodeReport, cause: StopCause, blame: Option<&Blame>) -> Self {
        if root.nodes().any(|node| node.outcome == Outcome::Unreapable) {
            return Ending::Incomplete;
        }
        match cause {
            StopCause::GaveUp | StopCause::StartFailed | StopCause::Failed | StopCause::Uncontained => {
                Ending::Failed
            }
            StopCause::Signal(_)
            | StopCause::Api
            | StopCause::Parent
            | StopCause::Sibling
            | StopCause::Deadline
            | StopCause::AutoShutdown
            | StopCause::Idle
            | StopCause::Dropped
            | StopCause::Token => {
                let (mut has_failed, mut was_forced) = (blame.is_some(), false);
                for node in root.nodes_of_stop(cause) {
                    has_failed |= node.failed_while_stopping();
                    was_forced |= node.was_forced();
                }
                match (has_failed, was_forced) {
                    (true, _) => Ending::Failed,
                    (false, true) => Ending::Forced,
                    (false, false) => Ending::Clean,
                }
            }
        }
    }

    /// The exit status with which a program reports this ending.
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Failed => 1,
            Self::Forced => 3,
            Self::Incomplete => 4,
        }
    }
}

/// How one child came down.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeReport {
    /// Where it stood.
    pub path: ChildPath,
    /// What it was.
    pub kind: ChildKind,
    /// Which start of it this was, from 1.
    pub incarnation: u32,
    /// Its last process id, if it was a process.
    pub pid: Option<u32>,
    /// Whether it went, and how.
    pub outcome: Outcome,
    /// How it ended. Supervisors have none, and neither has what is not gone.
    pub status: Option<Exit>,
    /// From the request to the acknowledgement. For what is not gone: how long it has been waited for.
    pub elapsed: Duration,
    /// How many restarts of it had been decided on: as many as it has `restarting` events, one that was still put off
    /// included.
    pub restarts: u32,
    /// Whether it was ended against its declared wish: killed after its grace, aborted, or forced.
    ///
    /// A child whose spec says [`Shutdown::Kill`](crate::Shutdown::Kill) is killed, but not forced.
    pub forced: bool,
    /// What it is stuck in, if it could not be brought down and that is known.
    pub stuck: Option<Stuck>,
    /// How many children were refused because this one was stopping.
    pub refused: u64,
    /// The steps of a process's stop, in order, SIGKILL included. Empty if there was no more than one.
    pub steps: Vec<StopStep>,
    /// What a process left behind and what became of that.
    pub stragglers: Vec<Straggler>,
    /// What stood below it, in start order.
    pub children: Vec<NodeReport>,
    /// Whether it had been asked to stop.
    pub(crate) was_asked: bool,
}

/// How the children of a supervisor came down. The view of a supervisor that is over and the report of its end on the
/// way up share one of these, so that a stop report that is written meanwhile finds it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Below(Option<Arc<Mutex<Vec<NodeReport>>>>);

impl Below {
    pub(crate) fn new(children: Vec<NodeReport>) -> Self {
        Self((!children.is_empty()).then(|| Arc::new(Mutex::new(children))))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// A copy for a caller that only looks.
    pub(crate) fn copy(&self) -> Vec<NodeReport> {
        self.with(|children| children.clone())
    }

    /// Corrects what is said of each child.
    pub(crate) fn each(&self, correct: impl FnMut(&mut NodeReport)) {
        self.with(|children| {
            children.iter_mut().for_each(correct);
            Vec::new()
        });
    }

    /// Takes the children out, for the level above, which shows them itself from then on.
    pub(crate) fn take(&self) -> Vec<NodeReport> {
        self.with(std::mem::take)
    }

    fn with(&self, look: impl FnOnce(&mut Vec<NodeReport>) -> Vec<NodeReport>) -> Vec<NodeReport> {
        let Some(children) = &self.0 else { return Vec::new() };
        look(&mut children.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl StopReport {
    pub(crate) fn new(
        root: NodeReport,
        cause: StopCause,
        failure: Option<StartFailure>,
        containment: Option<&'static str>,
    ) -> Self {
        let start_failure = failure.as_ref().map(|failure| failure.text().into());
        let start_error = failure.map(StartFailure::into_error);
        let ending = Ending::of(&root, cause, None);
        let blame = None;
        let clean = ending == Ending::Clean;
        let refused = root.nodes().map(|node| node.refused).sum();
        let failures = root.nodes().map(|node| u64::from(node.failed_while_stopping())).sum();
        let elapsed = root.elapsed;
        Self {
            clean,
            containment,
            cause,
            ending,
            elapsed,
            refused,
            failures,
            blame,
            start_error,
            start_failure,
            root,
        }
    }

    /// This failure has brought the tree down.
    pub(crate) fn is_to_blame(&mut self, blame: Option<Blame>) {
        if blame.is_some() {
            self.ending = Ending::of(&self.root, self.cause, blame.as_ref());
            self.clean = self.ending == Ending::Clean;
        }
        self.blame = blame;
    }

    /// Why the tree could not be started, if it could not, on one line from the outside in.
    ///
    /// It was written down when the start failed. [`StartError::describe`] asks the error for its text again.
    pub fn start_failure(&self) -> Option<&str> {
        self.start_failure.as_deref()
    }

    /// Everything that is still there, deepest first: the children that did not go before the deadline.
    pub fn unreapable(&self) -> Vec<&NodeReport> {
        let mut found: Vec<_> =
            self.root.walk().into_iter().filter(|node| node.outcome == Outcome::Unreapable).collect();
        found.reverse();
        found
    }

    /// Tasks and actors that failed while they stopped, in start order: they returned an error, or panicked, after
    /// they had been asked to stop. What stood below a supervisor that had gone long before is left out. As JSON the
    /// report has their number as `failed_while_stopping`, and each of them has `"failed_while_stopping": true`.
    pub fn failed_while_stopping(&self) -> Vec<&NodeReport> {
        self.root.nodes_of_stop(self.cause).filter(|node| node.failed_while_stopping()).collect()
    }

    /// Everything that had to be forced, in start order. What stood below a supervisor that had gone long before is
    /// left out.
    pub fn forced(&self) -> Vec<&NodeReport> {
        self.root.nodes_of_stop(self.cause).filter(|node| node.was_forced()).collect()
    }

    /// The child with this path, such as `root/workers/a`.
    pub fn find(&self, path: &str) -> Option<&NodeReport> {
        self.root.walk().into_iter().find(|node| node.path == *path)
    }
}

impl NodeReport {
    /// A child that had gone before the stop came to it.
    pub(crate) fn new(path: ChildPath, kind: ChildKind) -> Self {
        Self {
            path,
            kind,
            incarnation: 1,
            pid: None,
            outcome: Outcome::AlreadyGone,
            status: None,
            elapsed: Duration::ZERO,
            restarts: 0,
            forced: false,
            stuck: None,
            refused: 0,
            steps: Vec::new(),
            stragglers: Vec::new(),
            children: Vec::new(),
            was_asked: false,
        }
    }

    fn with_children(&self, children: Vec<Self>) -> Self {
        Self {
            path: self.path.clone(),
            kind: self.kind,
            incarnation: self.incarnation,
            pid: self.pid,
            outcome: self.outcome,
            status: self.status.clone(),
            elapsed: self.elapsed,
            restarts: self.restarts,
            forced: self.forced,
            stuck: self.stuck.clone(),
            refused: self.refused,
            steps: self.steps.clone(),
            stragglers: self.stragglers.clone(),
            children,
            was_asked: self.was_asked,
        }
    }

    /// This child and everything below it, each before its children, in start order.
    pub fn walk(&self) -> Vec<&NodeReport> {
        self.nodes().collect()
    }

    /// The same, one after the other.
    fn nodes(&self) -> impl Iterator<Item = &NodeReport> {
        self.nodes_below(|_| true)
    }

    /// Those that the stop with this cause is about. A supervisor that had gone before it has brought down its children
    /// by itself, and how it did is no part of this stop, unless its end is what the tree stops for.
    fn nodes_of_stop(&self, cause: StopCause) -> impl Iterator<Item = &NodeReport> {
        let is_about_ends = cause == StopCause::AutoShutdown;
        self.nodes_below(move |node| is_about_ends || node.outcome != Outcome::AlreadyGone)
    }

    /// This child, and everything below it that stands below such a one.
    fn nodes_below(&self, goes_down: impl Fn(&NodeReport) -> bool) -> impl Iterator<Item = &NodeReport> {
        // A stack and not recursion: a tree may be thousands of levels deep.
        let mut stack = vec![std::slice::from_ref(self).iter()];
        std::iter::from_fn(move || {
            while let Some(level) = stack.last_mut() {
                match level.next() {
                    Some(node) if node.children.is_empty() || !goes_down(node) => return Some(node),
                    Some(node) => {
                        stack.push(node.children.iter());
                        return Some(node);
                    }
                    None => stack.pop(),
                };
            }
            None
        })
    }

    /// Whether it is a task or an actor that failed after it had been asked to stop. A process may end as it likes
    /// within its grace: OTP rule 12.
    fn failed_while_stopping(&self) -> bool {
        let is_code = match self.kind {
            ChildKind::Task | ChildKind::Actor => true,
            ChildKind::Process | ChildKind::Supervisor => false,
        };
        let has_failed = matches!(self.status, Some(Exit::Failed { .. } | Exit::Panicked(_)));
        is_code && self.was_asked && has_failed
    }

    /// Whether this child, or something that it left behind, was ended against its wish in the stop. What a child left
    /// behind that had ended by itself was dealt with before.
    pub(crate) fn was_forced(&self) -> bool {
        let was_there = self.outcome != Outcome::AlreadyGone;
        let killed = |straggler: &Straggler| straggler.outcome != Outcome::Graceful;
        self.forced || was_there && self.stragglers.iter().any(killed)
    }
}

/// Not by recursion: a tree may be thousands of levels deep.
impl Clone for NodeReport {
    fn clone(&self) -> Self {
        let mut copies: Vec<Self> = Vec::new();
        // From behind, every child stands before the one that it is below, and the first child last of all.
        for node in self.walk().into_iter().rev() {
            let below = copies.len() - node.children.len();
            let children = copies.drain(below..).rev().collect();
            copies.push(node.with_children(children));
        }
        copies.pop().expect("a walk begins with the report itself")
    }
}

impl Serialize for NodeReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("kind", &self.kind)?;
        map.serialize_entry("incarnation", &self.incarnation)?;
        if let Some(pid) = self.pid {
            map.serialize_entry("pid", &pid)?;
        }
        map.serialize_entry("outcome", &self.outcome)?;
        if let Some(status) = &self.status {
            map.serialize_entry("status", status)?;
        }
        map.serialize_entry("elapsed_ms", &whole_millis(self.elapsed))?;
        map.serialize_entry("restarts", &self.restarts)?;
        if self.failed_while_stopping() {
            map.serialize_entry("failed_while_stopping", &true)?;
        }
        if let Some(stuck) = &self.stuck {
            map.serialize_entry("stuck", stuck)?;
        }
        if !is_zero(&self.refused) {
            map.serialize_entry("refused", &self.refused)?;
        }
        if !self.steps.is_empty() {
            map.serialize_entry("steps", &self.steps)?;
        }
        if self.kind == ChildKind::Process {
            map.serialize_entry("stragglers", &self.stragglers)?;
        }
        if self.kind == ChildKind::Supervisor || !self.children.is_empty() {
            map.serialize_entry("children", &self.children)?;
        }
        map.end()
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(whole_millis(*duration))
}

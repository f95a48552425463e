//! What the model knows of one child, and of the tree as a whole.

use std::sync::Arc;

use super::Model;
use crate::wire::{Child, Kind, State, Tree};

/// What is known of the tree beside its children.
#[derive(Clone, Debug, Default)]
pub(super) struct TreeFacts {
    pub(super) containment: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) degraded: Vec<String>,
    pub(super) signal: Option<EventMark>,
}

/// A child, and what led to its state.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) child: Child,
    /// The newest event that is in `child`. Those up to it change nothing.
    pub(super) as_of: u64,
    /// As of which event all children that there are stand in `children`.
    pub(super) children_as_of: u64,
    /// The paths of those below it.
    pub(super) children: Vec<Arc<str>>,
    pub(super) marks: EventMarks,
}

/// An event that led somewhere.
#[derive(Clone, Debug)]
pub(super) struct EventMark {
    pub(super) seq: u64,
    pub(super) at: f64,
    pub(super) event: &'static str,
    /// What it says, in a few words.
    pub(super) says: String,
}

/// A start that failed and is tried again.
#[derive(Clone, Debug)]
pub(super) struct PendingRetry {
    pub(super) mark: EventMark,
    /// When the next attempt is due, in seconds after the root began.
    pub(super) due: f64,
}

/// The events of a child that led to its state.
#[derive(Clone, Debug, Default)]
pub(super) struct EventMarks {
    /// How the incarnation before ended, or this one.
    pub(super) end: Option<EventMark>,
    /// Why the one that ended had been asked to stop.
    pub(super) end_asked: Option<EventMark>,
    /// By what it had been made to crash.
    pub(super) end_made: Option<EventMark>,
    /// By what the one that is there is made to crash.
    pub(super) crashed: Option<EventMark>,
    pub(super) restarting: Option<EventMark>,
    pub(super) starting: Option<EventMark>,
    pub(super) retrying: Option<PendingRetry>,
    pub(super) started: Option<EventMark>,
    pub(super) gave_up: Option<EventMark>,
    /// The request of a stop that is put off, or was.
    pub(super) draining: Option<EventMark>,
    pub(super) stopping: Option<EventMark>,
    pub(super) escalated: Option<EventMark>,
}

impl Node {
    /// A child of which nothing is known.
    pub(super) fn unknown(path: &str, kind: Kind) -> Self {
        let child = Child {
            path: path.to_owned(),
            kind,
            state: State::Down,
            incarnation: 0,
            pid: None,
            restarts: 0,
            since: None,
            forced: false,
            stop: None,
            draining: None,
            restart: None,
            last_end: None,
            readiness: None,
            health: None,
            said: None,
            reloading: false,
            stop_step: None,
            usage: None,
        };
        Self { child, as_of: 0, children_as_of: 0, children: Vec::new(), marks: EventMarks::default() }
    }
}

impl Model {
    /// What is said of the tree as a whole.
    pub fn tree(&self) -> Tree {
        let root = self.root.as_ref().and_then(|root| self.find(root));
        Tree {
            state: root.map_or(State::Down, |root| root.state),
            containment: self.facts.containment.clone(),
            cause: self.facts.cause.clone(),
            degraded: self.facts.degraded.clone(),
        }
    }

    /// Takes out everything below a child.
    pub(super) fn clear_below(&mut self, path: &str) {
        let mut left = match self.nodes.get_mut(path) {
            Some(node) => std::mem::take(&mut node.children),
            None => return,
        };
        while let Some(below) = left.pop() {
            left.extend(self.nodes.remove(&below).into_iter().flat_map(|node| node.children));
        }
    }
}

/// The path of the child above.
pub(super) fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

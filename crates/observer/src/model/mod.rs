//! The tree as it is shown: a fold of what was seen at one moment and of the events since.
//!
//! Pure: it reads no clock and no tree. Events and documents go in, documents come out.
//!
//! What both tell is the same in both: which children there are that start, run or stop, their incarnations, process
//! ids and restarts, since when, and whether they were forced. Beyond that
//!
//! - *a look at the tree* tells which children there are that never ran or are down, in which order, which of those
//!   that are down are to be started again together with a sibling, and which have been forgotten;
//! - *the events* tell why a child stops, when its restart is due, and how it last ended.

mod apply;
mod details;
mod see;
mod tree;
mod why;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::wire::{Child, Event, Snapshot, Version};
use tree::{Node, TreeFacts};

pub use see::Seen;

/// The tree as it is shown.
///
/// # Examples
///
/// A watcher begins with the document of `GET /snapshot`, and applies every event that comes after it.
///
/// ```
/// use rootward_observer::model::Model;
/// use rootward_observer::wire::{EventMessage, Snapshot};
///
/// fn follow(snapshot: &str, events: &[&str]) -> serde_json::Result<Snapshot> {
///     let mut model = Model::from_snapshot(&serde_json::from_str(snapshot)?);
///     for line in events {
///         model.apply(&serde_json::from_str::<EventMessage>(line)?.event);
///     }
///     Ok(model.snapshot())
/// }
/// # let snapshot = r#"{"schema":1,"as_of":1,"at":0.0,"tree":{"state":"starting"},"children":[],"newest":[]}"#;
/// # assert_eq!(follow(snapshot, &[]).unwrap().as_of, 1);
/// ```
#[derive(Clone, Debug)]
pub struct Model {
    /// The newest event that has been applied, or that was in what was seen.
    as_of: u64,
    /// What was seen was not seen at once: everything up to this event has to be applied before it fits together.
    whole_at: u64,
    /// Whether something was seen that could not be looked into.
    needs_look: bool,
    at: f64,
    facts: TreeFacts,
    nodes: HashMap<Arc<str>, Node>,
    root: Option<Arc<str>>,
    newest: VecDeque<Arc<Event>>,
    /// How many of the newest events are kept.
    keep: usize,
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// How many of the newest events are kept unless something else is said.
    pub const NEWEST: usize = 64;

    /// A tree of which nothing is known: before its first event.
    pub fn new() -> Self {
        Self {
            as_of: 0,
            whole_at: 0,
            needs_look: false,
            at: 0.0,
            facts: TreeFacts::default(),
            nodes: HashMap::new(),
            root: None,
            newest: VecDeque::new(),
            keep: Self::NEWEST,
        }
    }

    /// The tree as a document tells it.
    pub fn from_snapshot(snapshot: &Snapshot) -> Self {
        let mut model = Self::new();
        let seen = |child: &Child| Seen::at_once(child.clone(), snapshot.as_of, snapshot.at);
        model.see(snapshot.children.iter().map(seen).collect(), snapshot.tree.containment.clone());
        (model.as_of, model.at) = (snapshot.as_of, snapshot.at);
        model.facts.cause.clone_from(&snapshot.tree.cause);
        model.facts.degraded.clone_from(&snapshot.tree.degraded);
        model.newest.extend(snapshot.newest.iter().cloned().map(Arc::new));
        model.keep_newest();
        model
    }

    /// Says how many of the newest events are kept.
    #[must_use]
    pub fn keep(mut self, events: usize) -> Self {
        self.keep = events;
        self.keep_newest();
        self
    }

    fn keep_newest(&mut self) {
        let surplus = self.newest.len().saturating_sub(self.keep);
        self.newest.drain(..surplus);
    }

    /// The number of the newest event that is in it.
    pub fn as_of(&self) -> u64 {
        self.as_of
    }

    /// The newest moment of which it is known, in seconds after the root began.
    pub fn at(&self) -> f64 {
        self.at
    }

    /// Whether all parts of it are as of the same event. What was seen of a tree while it changed fits
    /// together once the events of that time have been applied.
    pub fn is_whole(&self) -> bool {
        self.as_of >= self.whole_at && !self.needs_look
    }

    /// Whether it has to be looked again: a supervisor was just being launched and could not be looked into.
    pub fn needs_look(&self) -> bool {
        self.needs_look
    }

    /// The number of the newest event that has changed a child; 0 if there is no such child.
    pub fn changed_as_of(&self, path: &str) -> u64 {
        self.nodes.get(path).map_or(0, |node| node.as_of)
    }

    /// What is known of a child.
    pub fn find(&self, path: &str) -> Option<&Child> {
        self.nodes.get(path).map(|node| &node.child)
    }

    /// Every child, each before its children, in start order as far as that was seen.
    pub fn children(&self) -> impl Iterator<Item = &Child> {
        let mut stack: Vec<&Arc<str>> = self.root.iter().collect();
        std::iter::from_fn(move || {
            let node = self.nodes.get(stack.pop()?)?;
            stack.extend(node.children.iter().rev());
            Some(&node.child)
        })
    }

    /// How many children are in it, and how many of them are down.
    pub fn count(&self) -> (usize, usize) {
        let down = self.nodes.values().filter(|node| !node.child.state.is_live()).count();
        (self.nodes.len(), down)
    }

    /// The newest events, the oldest first.
    pub fn newest(&self) -> impl Iterator<Item = &Event> {
        self.newest.iter().map(|event| &**event)
    }

    /// The document that says all of it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            schema: Version,
            as_of: self.as_of,
            at: self.at,
            tree: self.tree(),
            children: self.children().cloned().collect(),
            newest: self.newest().cloned().collect(),
            door: None,
        }
    }
}

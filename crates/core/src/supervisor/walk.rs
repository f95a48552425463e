//! Looks at a supervisor and at everything below it, by the views alone.
//!
//! Level by level and not by recursion, because a tree may be thousands of levels deep, and with no more than one view
//! locked at a time. Nothing here waits for an actor.

use std::any::Any;
use std::sync::Arc;

use super::entry::SeenChild;
use super::mailbox::SharedSupervisor;
use crate::child::ChildKind;
use crate::child_kind::Inspect;
use crate::detector::Stall;
use crate::event::EventKind;
use crate::report::NodeReport;
use crate::sighting::{NumberedNode, SeenList, Sightings};
use crate::snapshot::{ChildState, NodeSnapshot};
use crate::stuck::{Stuck, StuckIn};

/// Whether children are asked what they can answer themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskChildren {
    Children,
    /// Only views are read: the caller holds a lock that a child may want.
    Nothing,
}

/// References that a look has taken, and that may be the last ones. The caller drops them where it holds no lock.
#[derive(Default)]
pub(crate) struct KeptAlive(Vec<Arc<dyn Any + Send + Sync>>, Vec<Arc<dyn Inspect>>);

/// A description of a child and of all children below it.
pub(super) trait WalkNode: Sized {
    /// What is known of all children of one supervisor together.
    type Together: Default;

    /// The children as a supervisor's view shows them, with what they answer themselves, if they are asked.
    fn seen_by(supervisor: &SharedSupervisor, ask: AskChildren) -> (Vec<SeenChild<Self>>, Self::Together);

    fn set_children(&mut self, children: Vec<Self>, together: Self::Together);
}

impl WalkNode for NodeSnapshot {
    type Together = ();

    fn seen_by(supervisor: &SharedSupervisor, _: AskChildren) -> (Vec<SeenChild<Self>>, ()) {
        (
            supervisor
                .view
                .snapshots(supervisor.tree.awake_now())
                .into_iter()
                .map(SeenChild::<Self>::with_details)
                .collect(),
            (),
        )
    }

    fn set_children(&mut self, children: Vec<Self>, (): ()) {
        self.children = children;
    }
}

/// Seen in a section of the record, in which nothing of it changes.
impl WalkNode for NumberedNode {
    type Together = SeenList;

    fn seen_by(supervisor: &SharedSupervisor, _: AskChildren) -> (Vec<SeenChild<Self>>, SeenList) {
        let (children, is_over, seen) = supervisor.tree.record().section(|writer| {
            (
                supervisor.view.snapshots(supervisor.tree.awake_now()),
                supervisor.view.is_over(),
                writer.position(),
            )
        });
        let numbered = |seen_child: SeenChild<NodeSnapshot>| {
            let SeenChild { node, inspect } = seen_child.with_details();
            let may_have_children = matches!(node.kind, ChildKind::Supervisor | ChildKind::Task);
            let is_launching = node.state == ChildState::Starting && inspect.is_none() && may_have_children;
            SeenChild { node: Self { node, seen, is_launching, below: Sightings::none() }, inspect }
        };
        let list = if is_over { SeenList::Over(seen.as_of) } else { SeenList::Complete(seen.as_of) };
        (children.into_iter().map(numbered).collect(), list)
    }

    fn set_children(&mut self, children: Vec<Self>, list: SeenList) {
        self.below = Sightings { children, list };
    }
}

impl WalkNode for NodeReport {
    type Together = ();

    fn seen_by(supervisor: &SharedSupervisor, ask: AskChildren) -> (Vec<SeenChild<Self>>, ()) {
        let mut reports = supervisor.view.reports(supervisor.tree.awake_now());
        if ask == AskChildren::Children {
            reports.iter_mut().for_each(SeenChild::ask);
        }
        (reports, ())
    }

    fn set_children(&mut self, children: Vec<Self>, (): ()) {
        self.children = children;
    }
}

/// Describes the children of a supervisor, each with all that is below it.
pub(super) fn walk<N: WalkNode>(
    supervisor: &SharedSupervisor,
    ask: AskChildren,
    kept_alive: &mut KeptAlive,
) -> (Vec<N>, N::Together) {
    let mut lists = vec![List::<N>::of(supervisor, (0, 0), ask, kept_alive)];
    let mut next = 0;
    while let Some(List { below, .. }) = lists.get_mut(next) {
        for (position, supervisor) in std::mem::take(below) {
            lists.push(List::of(&supervisor, (next, position), ask, kept_alive));
            kept_alive.0.push(supervisor);
        }
        next += 1;
    }
    // Every list stands after the list that holds its parent.
    while let Some(List { parent: (list, position), nodes, together, .. }) = lists.pop() {
        match lists.get_mut(list).and_then(|parent| parent.nodes.get_mut(position)) {
            Some(parent) => parent.set_children(nodes, together),
            None => return (nodes, together),
        }
    }
    Default::default()
}

/// Writes down which child a thread is at work on, if that is one of those below the supervisor.
pub(super) fn note_stall(supervisor: Arc<SharedSupervisor>, stall: &Stall) {
    let mut all = vec![supervisor];
    while let Some(supervisor) = all.pop() {
        let mut seen = Vec::new();
        supervisor.view.for_each(|_, entry| {
            let inspect = entry.live().and_then(|live| live.inspect.clone());
            seen.extend(inspect.map(|inspect| (entry.tag(), inspect)));
        });
        for (tag, inspect) in seen {
            let stuck = inspect.stuck();
            all.extend(inspect.supervisor().and_then(|below| below.downcast().ok()));
            let Some(Stuck { why: StuckIn::Poll | StuckIn::Drop, elapsed: Some(elapsed), thread }) = stuck
            else {
                continue;
            };
            if thread.as_deref() == Some(&*stall.thread) {
                let what = EventKind::Stalled { elapsed, thread: stall.thread.clone() };
                supervisor.tree.record().emit(&tag.path, tag.kind, tag.incarnation, what);
            }
        }
    }
}

/// The children of one supervisor.
struct List<N: WalkNode> {
    /// Their parent: the number of its list, and its position there. The first list has none.
    parent: (usize, usize),
    nodes: Vec<N>,
    together: N::Together,
    /// Those that are supervisors themselves, or have one, and run.
    below: Vec<(usize, Arc<SharedSupervisor>)>,
}

impl<N: WalkNode> List<N> {
    fn of(
        supervisor: &SharedSupervisor,
        parent: (usize, usize),
        ask: AskChildren,
        kept_alive: &mut KeptAlive,
    ) -> Self {
        let (seen, together) = N::seen_by(supervisor, ask);
        let mut nodes = Vec::with_capacity(seen.len());
        let mut below = Vec::new();
        for (position, seen) in seen.into_iter().enumerate() {
            let supervisor = seen.supervisor().and_then(|below| below.downcast().ok());
            below.extend(supervisor.map(|supervisor| (position, supervisor)));
            nodes.push(seen.node);
            kept_alive.1.extend(seen.inspect);
        }
        Self { parent, nodes, together, below }
    }
}

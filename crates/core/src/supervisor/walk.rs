//! Looks at a supervisor and at everything below it, by the views alone.
//!
//! Level by level and not by recursion, because a tree may be thousands of levels deep, and with no more than one view
//! locked at a time. Nothing here waits for an actor.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::entry::SeenChild;
use super::mailbox::SharedSupervisor;
use crate::child::ChildKind;
use crate::child_kind::Inspect;
use crate::clock::now;
use crate::detector::Stall;
use crate::event::EventKind;
use crate::report::NodeReport;
use crate::sighting::{NumberedNode, SeenList, Sightings};
use crate::snapshot::{ChildState, NodeSnapshot};
use crate::stuck::{Stuck, StuckIn};

/// For how long it is looked up what processes use, before the rest of them is left out.
const USAGE_PATIENCE: Duration = Duration::from_secs(1);

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
    joined(lists(supervisor, ask, kept_alive), kept_alive)
}

/// The same with what the processes use, and how many of them were left out. That is looked up when all views have been
/// read: the tree is seen as at one moment, and a process that takes long to be read locks nothing.
pub(super) fn walk_with_usage(
    supervisor: &SharedSupervisor,
    kept_alive: &mut KeptAlive,
) -> (Vec<NodeSnapshot>, usize) {
    let mut lists = lists::<NodeSnapshot>(supervisor, AskChildren::Nothing, kept_alive);
    let processes = lists.iter_mut().flat_map(List::processes);
    let left_out = look_up(processes, now() + USAGE_PATIENCE, now);
    (joined(lists, kept_alive).0, left_out)
}

/// Looks up what processes use, one after the other, until the time is over. Answers for how many it was over.
fn look_up<'a>(
    processes: impl Iterator<Item = (&'a mut NodeSnapshot, &'a dyn Inspect)>,
    until: Instant,
    now: impl Fn() -> Instant,
) -> usize {
    let mut left_out = 0;
    for (node, inspect) in processes {
        if now() < until {
            node.usage = inspect.usage().map(Box::new);
        } else {
            left_out += 1;
        }
    }
    left_out
}

fn lists<N: WalkNode>(
    supervisor: &SharedSupervisor,
    ask: AskChildren,
    kept_alive: &mut KeptAlive,
) -> Vec<List<N>> {
    let mut lists = vec![List::<N>::of(supervisor, (0, 0), ask)];
    let mut next = 0;
    while let Some(List { below, .. }) = lists.get_mut(next) {
        for (position, supervisor) in std::mem::take(below) {
            lists.push(List::of(&supervisor, (next, position), ask));
            kept_alive.0.push(supervisor);
        }
        next += 1;
    }
    lists
}

fn joined<N: WalkNode>(mut lists: Vec<List<N>>, kept_alive: &mut KeptAlive) -> (Vec<N>, N::Together) {
    // Every list stands after the list that holds its parent.
    while let Some(List { parent: (list, position), nodes, together, inspects, .. }) = lists.pop() {
        kept_alive.1.extend(inspects.into_iter().flatten());
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
    /// What each of them answers itself, if it is there.
    inspects: Vec<Option<Arc<dyn Inspect>>>,
}

impl<N: WalkNode> List<N> {
    fn of(supervisor: &SharedSupervisor, parent: (usize, usize), ask: AskChildren) -> Self {
        let (seen, together) = N::seen_by(supervisor, ask);
        let mut nodes = Vec::with_capacity(seen.len());
        let mut inspects = Vec::with_capacity(seen.len());
        let mut below = Vec::new();
        for (position, seen) in seen.into_iter().enumerate() {
            let supervisor = seen.supervisor().and_then(|below| below.downcast().ok());
            below.extend(supervisor.map(|supervisor| (position, supervisor)));
            nodes.push(seen.node);
            inspects.push(seen.inspect);
        }
        Self { parent, nodes, together, below, inspects }
    }
}

impl List<NodeSnapshot> {
    /// The processes among them that are there.
    fn processes(&mut self) -> impl Iterator<Item = (&mut NodeSnapshot, &dyn Inspect)> {
        let children = self.nodes.iter_mut().zip(&self.inspects);
        let processes = children.filter(|(node, _)| node.kind == ChildKind::Process);
        processes.filter_map(|(node, inspect)| Some((node, inspect.as_deref()? as &dyn Inspect)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::child::{ChildId, ChildPath};
    use crate::usage::Usage;

    /// A clock that goes on by 400 ms whenever a process is looked at, and processes that use something.
    #[derive(Default)]
    struct SlowSystem(AtomicU64);

    impl Inspect for SlowSystem {
        fn usage(&self) -> Option<Usage> {
            self.0.fetch_add(400, Ordering::Relaxed);
            Some(Usage::default())
        }
    }

    fn process() -> NodeSnapshot {
        NodeSnapshot {
            path: ChildPath::root(&ChildId::new("process").unwrap()),
            kind: ChildKind::Process,
            state: ChildState::Running,
            incarnation: 1,
            pid: Some(7),
            restarts: 0,
            since: None,
            forced: false,
            details: None,
            usage: None,
            children: Vec::new(),
        }
    }

    #[test]
    fn a_process_that_was_looked_at_is_written_with_what_it_uses_and_any_other_without() {
        let mut looked_at = process();
        looked_at.usage = SlowSystem::default().usage().map(Box::new);

        let written = |node: &NodeSnapshot| serde_json::to_value(node).unwrap().get("usage").cloned();

        assert_eq!(written(&looked_at), serde_json::to_value(Usage::default()).ok());
        assert_eq!(written(&process()), None);
    }

    #[test]
    fn processes_whose_turn_does_not_come_within_the_time_are_left_out_and_counted() {
        let (system, begin) = (SlowSystem::default(), now());
        let clock = || begin + Duration::from_millis(system.0.load(Ordering::Relaxed));
        let mut nodes = [process(), process(), process(), process(), process()];

        let processes = nodes.iter_mut().map(|node| (node, &system as &dyn Inspect));
        let left_out = look_up(processes, begin + USAGE_PATIENCE, clock);

        let has_usage = nodes.map(|node| node.usage.is_some());
        assert_eq!((has_usage, left_out), ([true, true, true, false, false], 2));
    }
}

//! Looks at a supervisor and at everything below it.
//!
//! Level by level and not by recursion, because a tree may be thousands of levels deep, and with no more than one supervisor's
//! state locked at a time, so that nobody who looks at a tree holds it up.

use std::sync::MutexGuard;

use super::keeper::Shared;
use super::{SupervisorHandle, engine::Engine};
use crate::report::NodeReport;
use crate::snapshot::NodeSnapshot;

/// What a supervisor says of one child, and where to ask for what is below it.
pub(super) type Seen<N> = (N, Option<SupervisorHandle>);

/// Something that is said of a child and of all children below it.
pub(super) trait Node: Sized {
    /// What the supervisor says of its children.
    fn seen_by(engine: &Engine) -> Vec<Seen<Self>>;

    fn children(&mut self) -> &mut Vec<Self>;
}

impl Node for NodeSnapshot {
    fn seen_by(engine: &Engine) -> Vec<Seen<Self>> {
        engine.snapshots()
    }

    fn children(&mut self) -> &mut Vec<Self> {
        &mut self.children
    }
}

impl Node for NodeReport {
    fn seen_by(engine: &Engine) -> Vec<Seen<Self>> {
        engine.reports()
    }

    fn children(&mut self) -> &mut Vec<Self> {
        &mut self.children
    }
}

/// What is said of the children of a supervisor, each with what is below it.
pub(super) fn survey<N: Node>(supervisor: &Shared) -> Vec<N> {
    survey_with(supervisor, |supervisor| Some(supervisor.engine()))
}

/// The same for a thread that must not wait: a supervisor in which somebody's code stands still is passed over.
pub(super) fn survey_soon<N: Node>(supervisor: &Shared) -> Vec<N> {
    survey_with(supervisor, Shared::engine_soon)
}

type Enter = fn(&Shared) -> Option<MutexGuard<'_, Engine>>;

fn survey_with<N: Node>(supervisor: &Shared, enter: Enter) -> Vec<N> {
    let mut lists = vec![List::<N>::of(supervisor, (0, 0), enter)];
    let mut next = 0;
    while let Some(List { below, .. }) = lists.get_mut(next) {
        for (position, handle) in std::mem::take(below) {
            lists.push(List::of(handle.shared(), (next, position), enter));
        }
        next += 1;
    }
    // Every list stands behind the one that it belongs to.
    while let Some(List { parent: (list, position), nodes, .. }) = lists.pop() {
        match lists.get_mut(list).and_then(|parent| parent.nodes.get_mut(position)) {
            Some(parent) => *parent.children() = nodes,
            None => return nodes,
        }
    }
    Vec::new()
}

/// Writes down which child this thread is at work on, if that is one of those below the supervisor.
pub(super) fn note_stall(supervisor: SupervisorHandle, thread: &str) {
    let mut all = vec![supervisor];
    while let Some(supervisor) = all.pop() {
        // A supervisor in which somebody's code stands still is passed over: nobody is warned, and nobody waits.
        if let Some(engine) = supervisor.shared().engine_soon() {
            all.extend(engine.note_stall(thread));
        }
    }
}

/// The children of one supervisor.
struct List<N> {
    /// Which child of which list they are below. Of no list, for the first.
    parent: (usize, usize),
    nodes: Vec<N>,
    /// Those that are supervisors themselves, and run.
    below: Vec<(usize, SupervisorHandle)>,
}

impl<N: Node> List<N> {
    fn of(supervisor: &Shared, parent: (usize, usize), enter: Enter) -> Self {
        let seen = enter(supervisor).map(|engine| N::seen_by(&engine)).unwrap_or_default();
        let mut nodes = Vec::with_capacity(seen.len());
        let mut below = Vec::new();
        for (position, (node, handle)) in seen.into_iter().enumerate() {
            nodes.push(node);
            below.extend(handle.map(|handle| (position, handle)));
        }
        Self { parent, nodes, below }
    }
}

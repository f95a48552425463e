//! What is printed.

use std::fmt::Write as _;
use std::sync::Arc;

use rootward::snapshot::{ChildKind, ChildState, NodeSnapshot};

use crate::answer;
use crate::log::{Entry, Happened};
use crate::scenario::Id;
use crate::stage::Stage;
use crate::world::World;

/// What has been printed of one scenario.
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn of(scenario: &str) -> Self {
        Self(format!("SCENARIO {scenario}\n"))
    }

    /// Writes down a step: its result, what happened, and what the tree looks like now.
    pub(crate) fn write(&mut self, stage: &Stage, step: &str, result: &str, mut entries: Vec<Entry>) {
        self.line(format_args!("{step}"));
        self.line(format_args!("RES {result}"));
        sort_stops(&stage.world, &mut entries);
        for entry in &entries {
            self.line(format_args!("EV {entry}"));
        }
        match stage.look() {
            Some(root) => self.tree(&stage.world, stage.root(), root),
            None => {
                let reason = stage.root_reason().unwrap_or("not_started");
                self.line(format_args!("SUP {} dead {reason}", stage.root()));
                for (id, incarnation) in stage.alive() {
                    self.line(format_args!("LEAK {id} {incarnation}"));
                }
            }
        }
    }

    pub(crate) fn end(mut self) -> String {
        self.line(format_args!("END"));
        self.0
    }

    /// A supervisor and its children, and then the supervisors among them.
    fn tree(&mut self, world: &World, root: &Id, node: NodeSnapshot) {
        // A stack and not recursion: a tree may be thousands of levels deep.
        let mut stack = vec![(Arc::clone(root), node)];
        while let Some((id, node)) = stack.pop() {
            self.line(format_args!("SUP {id} alive"));
            let children = world.in_order(&id, node.children);
            for (child, node) in &children {
                let (state, incarnation) = (answer::state(node.state), world.incarnation(child));
                self.line(format_args!("CH {id} {child} {state} {incarnation}"));
            }
            let is_supervisor =
                |node: &NodeSnapshot| node.kind == ChildKind::Supervisor && node.state == ChildState::Running;
            stack.extend(children.into_iter().rev().filter(|(_, node)| is_supervisor(node)));
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.0, "{line}");
    }
}

/// Sorts what has no order: adjacent ends of instances of one `simple_one_for_one` supervisor.
fn sort_stops(world: &World, entries: &mut [Entry]) {
    let supervisor = |entry: &Entry| match entry.what {
        Happened::Stopped(..) => world.spawned_by(&entry.id),
        Happened::Started(_) | Happened::StartFailed | Happened::Ignored => None,
    };
    for run in entries.chunk_by_mut(|a, b| supervisor(a).is_some_and(|it| supervisor(b) == Some(it))) {
        run.sort_by(|a, b| (&a.id, a.what).cmp(&(&b.id, b.what)));
    }
}

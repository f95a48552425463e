//! What a record says, event by event: how far each child has come, and what goes on in each supervisor.
//!
//! The ledger believes what it is told and judges nothing. It knows the tree's description and its record, and whether
//! anything was asked of a supervisor while it ran; what exactly was asked it does not know.

mod node;
mod note;
mod supervision;

use std::collections::BTreeMap;
use std::time::Duration;

use rootward::event::SignalAction;
use rootward::spec::StopReach;
use rootward::{Event, Strategy};

pub(crate) use node::{Asked, End, How, Node, Origin, Stage};
pub(crate) use supervision::{Round, Supervision};

use crate::story::Story;

/// What a record says, up to some event.
pub(crate) struct Ledger<'a> {
    story: &'a Story,
    nodes: BTreeMap<&'a str, Node<'a>>,
    /// The signals, and what they asked for.
    signals: Vec<(&'a str, SignalAction)>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn new(story: &'a Story) -> Self {
        Self { story, nodes: BTreeMap::new(), signals: Vec::new() }
    }

    pub(crate) fn story(&self) -> &'a Story {
        self.story
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Node<'a>> {
        self.nodes.get(path)
    }

    pub(crate) fn parent(&self, path: &str) -> Option<&Node<'a>> {
        self.get(parent(path)?)
    }

    /// A child, its supervisor, the supervisor of that, and so on.
    pub(crate) fn way_up<'b>(&'b self, child: &'b Node<'a>) -> impl Iterator<Item = &'b Node<'a>> {
        std::iter::successors(Some(child), |node| self.parent(node.path))
    }

    /// Whether the stop of an ancestor has begun: until the supervisor is asked itself, it starts, restarts and gives
    /// up nothing.
    pub(crate) fn is_held(&self, supervisor: &Node<'a>) -> bool {
        let mut above = self.way_up(supervisor).skip(1);
        self.story.plan.stop_reach == StopReach::Subtree && above.any(|node| node.supervision.stop_is_written)
    }

    /// Whether nothing is started, restarted or given up here any more: the supervisor stops or is held.
    pub(crate) fn starts_nothing(&self, supervisor: &Node<'a>) -> bool {
        supervisor.supervision.stops || self.is_held(supervisor)
    }

    /// The signals that have been written, and what they asked for.
    pub(crate) fn signals(&self) -> &[(&'a str, SignalAction)] {
        &self.signals
    }

    /// All children of which the record has said anything.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node<'a>> {
        self.nodes.values()
    }

    /// Whether any child below this path, on any level, is still there.
    pub(crate) fn has_any_below(&self, path: &str) -> bool {
        let prefix = format!("{path}/");
        let rest = self.nodes.range(prefix.as_str()..).map(|(_, node)| node);
        rest.take_while(|node| node.path.starts_with(&prefix)).any(Node::is_live)
    }

    /// The children of a supervisor, in start order.
    pub(crate) fn children<'b>(&'b self, supervisor: &'b Node<'a>) -> impl Iterator<Item = &'b Node<'a>> {
        supervisor.supervision.children.iter().filter_map(|child| self.get(child))
    }

    /// The children of a supervisor, and those that it may have forgotten.
    pub(crate) fn all_children<'b>(&'b self, supervisor: &'b Node<'a>) -> impl Iterator<Item = &'b Node<'a>> {
        let supervision = &supervisor.supervision;
        supervision.children.iter().chain(&supervision.left).filter_map(|child| self.get(child))
    }

    /// Those of the children that are there, also if their spec has been forgotten.
    pub(crate) fn live_children<'b>(
        &'b self,
        supervisor: &'b Node<'a>,
    ) -> impl Iterator<Item = &'b Node<'a>> {
        self.children(supervisor).filter(|child| child.is_live())
    }

    /// Whether anything was asked of this supervisor while it ran.
    pub(crate) fn was_called(&self, supervisor: &Node<'_>) -> bool {
        self.story.called.contains(supervisor.path)
    }

    /// Whether this start makes a new child of its supervisor's, and not another incarnation of an old one.
    pub(crate) fn is_new(&self, event: &Event) -> bool {
        event.incarnation == 1
    }

    /// A time until which something may have become due that is seen in an event at this time. In real time, in which a
    /// moment in the record is never exactly that of the decision, everything that can become due at all may have.
    pub(crate) fn may_be_due_by(&self, at: Duration) -> Duration {
        if self.story.timing.is_exact() { at } else { Duration::MAX }
    }

    /// Why a child is started by this event.
    pub(crate) fn origin(&self, event: &Event) -> Origin {
        let path = event.path.as_str();
        let Some(supervisor) = self.parent(path) else { return Origin::Init };
        let Some(group) = supervisor.member.group() else { return Origin::Call };
        if supervisor.supervision.initiated < group.children().len() {
            return Origin::Init;
        }
        if self.is_new(event) {
            return Origin::Call;
        }
        match (group.strategy(), supervisor.supervision.round) {
            (Strategy::OneForOne, _) => match self.get(path).and_then(|node| node.due) {
                Some(due) if due > self.may_be_due_by(event.at) => Origin::Call,
                Some(_) if self.is_vague(supervisor, path) => Origin::Unclear,
                Some(_) => Origin::Restart,
                None => Origin::Call,
            },
            (Strategy::OneForAll | Strategy::RestForOne, Some(round))
                if round.due <= self.may_be_due_by(event.at) =>
            {
                let place = supervisor.supervision.place(path);
                let started = round.started.and_then(|started| supervisor.supervision.place(started));
                match place > started || started.is_none() {
                    true if self.is_vague(supervisor, round.trigger) => Origin::Unclear,
                    true => Origin::Restart,
                    false => Origin::Call,
                }
            }
            (Strategy::OneForAll | Strategy::RestForOne, Some(round))
                if self.is_vague(supervisor, round.trigger) =>
            {
                Origin::Unclear
            }
            // A round that was put off, before which a call has brought about another one.
            (Strategy::OneForAll | Strategy::RestForOne, _) => match self.overdue(supervisor, event.at) {
                Some(_) => Origin::Unclear,
                None => Origin::Call,
            },
        }
    }

    /// A child whose restart was put off until now.
    fn overdue<'b>(&'b self, supervisor: &'b Node<'a>, now: Duration) -> Option<&'b Node<'a>> {
        let by = self.may_be_due_by(now);
        self.children(supervisor).find(|child| child.due.is_some_and(|due| due <= by))
    }

    /// While a restart is put off, a call may have cancelled it and brought its siblings back, and the record does not
    /// say so.
    fn is_vague(&self, supervisor: &Node<'_>, trigger: &str) -> bool {
        self.was_called(supervisor) && self.get(trigger).is_none_or(|node| node.member.backoff.is_some())
    }
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

//! What a record says, event by event: how far each child has come, and what goes on in each supervisor.
//!
//! The ledger believes what it is told and judges nothing. It knows the tree's description and its record, and whether anything
//! was asked of a supervisor while it ran; what exactly was asked it does not know.

mod house;
mod node;

use std::collections::BTreeMap;
use std::time::Duration;

use rootward::{Event, EventKind, Restart, StopCause, Strategy};

pub(crate) use house::{House, Round};
pub(crate) use node::{End, How, Node, Origin, Stage};

use crate::describe::Group;
use crate::story::Story;

/// What a record says, up to some event.
pub(crate) struct Ledger<'a> {
    story: &'a Story,
    nodes: BTreeMap<&'a str, Node<'a>>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn new(story: &'a Story) -> Self {
        Self { story, nodes: BTreeMap::new() }
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

    /// Everybody of whom anything has been said.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node<'a>> {
        self.nodes.values()
    }

    /// Whether anybody below this path, on any level, is still there.
    pub(crate) fn has_any_below(&self, path: &str) -> bool {
        let prefix = format!("{path}/");
        let rest = self.nodes.range(prefix.as_str()..).map(|(_, node)| node);
        rest.take_while(|node| node.path.starts_with(&prefix)).any(Node::is_live)
    }

    /// The children of a supervisor, in start order.
    pub(crate) fn children<'b>(&'b self, supervisor: &'b Node<'a>) -> impl Iterator<Item = &'b Node<'a>> {
        supervisor.house.children.iter().filter_map(|child| self.get(child))
    }

    /// The children of a supervisor, and those that it may have forgotten.
    pub(crate) fn all_children<'b>(&'b self, supervisor: &'b Node<'a>) -> impl Iterator<Item = &'b Node<'a>> {
        let house = &supervisor.house;
        house.children.iter().chain(&house.left).filter_map(|child| self.get(child))
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

    /// Why a child is started by this event.
    pub(crate) fn origin(&self, event: &Event) -> Origin {
        let path = event.path.as_str();
        let Some(supervisor) = self.parent(path) else { return Origin::Init };
        let Some(group) = supervisor.member.group() else { return Origin::Call };
        if supervisor.house.initiated < group.children().len() {
            return Origin::Init;
        }
        if self.is_new(event) {
            return Origin::Call;
        }
        match (group.strategy(), supervisor.house.round) {
            (Strategy::OneForOne, _) => match self.get(path).and_then(|node| node.due) {
                Some(due) if due > event.at => Origin::Call,
                Some(_) if self.is_vague(supervisor, path) => Origin::Unclear,
                Some(_) => Origin::Restart,
                None => Origin::Call,
            },
            (Strategy::OneForAll | Strategy::RestForOne, Some(round)) if round.due <= event.at => {
                let place = supervisor.house.place(path);
                let started = round.started.and_then(|started| supervisor.house.place(started));
                match place > started || started.is_none() {
                    true if self.is_vague(supervisor, round.trigger) => Origin::Unclear,
                    true => Origin::Restart,
                    false => Origin::Call,
                }
            }
            (Strategy::OneForAll | Strategy::RestForOne, _) => Origin::Call,
        }
    }

    /// While a restart is put off, a call may have cancelled it, and the record does not say so.
    fn is_vague(&self, supervisor: &Node<'_>, trigger: &str) -> bool {
        self.was_called(supervisor) && self.get(trigger).is_none_or(|node| node.member.backoff.is_some())
    }

    /// Takes note of an event.
    pub(crate) fn note(&mut self, event: &'a Event) {
        let path = event.path.as_str();
        match &event.what {
            EventKind::Starting => self.starting(event),
            EventKind::Started { .. } => self.with(path, |node| {
                node.stage = Stage::Up;
                node.up_at = Some(event.at);
            }),
            EventKind::Stopping { cause, .. } => self.stopping(event, *cause),
            EventKind::Escalated { .. } => self.with(path, |node| node.escalated_at = Some(event.at)),
            EventKind::Restarting { attempt, delay } => self.restarting(event, *attempt, *delay),
            EventKind::GaveUp { .. } => self.with(path, |node| {
                node.house.stops = true;
                node.house.gave_up = true;
            }),
            EventKind::StartFailed { .. } => self.start_failed(event),
            EventKind::Ignored => self.end(event, How::Ignored),
            EventKind::Exited { status, .. } => self.end(event, How::Exited { status: status.as_ref() }),
            EventKind::Stopped { outcome, status, elapsed, .. } => {
                let (outcome, elapsed) = (*outcome, *elapsed);
                self.end(event, How::Stopped { outcome, status: status.as_ref(), elapsed });
            }
            _ => {}
        }
    }

    fn starting(&mut self, event: &'a Event) {
        let path = event.path.as_str();
        let origin = self.origin(event);
        let is_new = self.is_new(event);
        let Some(member) = self.story.member(path) else { return };
        let node = self.nodes.entry(path).or_insert_with(|| Node::new(path, member));
        if is_new {
            *node = Node::new(path, member);
        }
        node.stage = Stage::Starting;
        node.incarnation = event.incarnation;
        node.origin = origin;
        node.starting_at = event.at;
        (node.up_at, node.asked, node.escalated_at, node.due) = (None, None, None, None);
        node.house = House::default();
        self.forget_below(path);
        self.with_parent(path, |supervisor| {
            let house = &mut supervisor.house;
            house.initiated += usize::from(origin == Origin::Init);
            if is_new {
                house.add(path);
            }
            match origin {
                Origin::Restart | Origin::Unclear => {
                    let is_last = house.children.last() == Some(&path);
                    house.round = house.round.map(|round| Round { started: Some(path), ..round });
                    house.round = house.round.filter(|_| !is_last);
                }
                Origin::Call if house.round.is_some_and(|round| round.started.is_some()) => {
                    house.round = None
                }
                Origin::Call | Origin::Init => {}
            }
        });
    }

    /// Whatever was below a supervisor before it was started again is of no account any more.
    fn forget_below(&mut self, path: &str) {
        let below = format!("{path}/");
        let rest = self.nodes.range(below.as_str()..).map(|(path, _)| *path);
        let gone: Vec<_> = rest.take_while(|path| path.starts_with(&below)).collect();
        for path in gone {
            self.nodes.remove(path);
        }
    }

    fn stopping(&mut self, event: &'a Event, cause: StopCause) {
        let path = event.path.as_str();
        self.with(path, |node| {
            node.stage = Stage::Stopping;
            node.asked = Some((event.at, cause));
            node.house.stops = true;
        });
        if !matches!(cause, StopCause::Api | StopCause::Sibling) {
            self.with_parent(path, |supervisor| supervisor.house.stops = true);
        }
    }

    fn restarting(&mut self, event: &'a Event, attempt: u32, delay: Duration) {
        let path = event.path.as_str();
        let due = event.at.saturating_add(delay);
        self.with(path, |node| {
            node.due = Some(due);
            node.restarts.push(event.at);
            node.attempts = attempt;
        });
        self.with_parent(path, |supervisor| {
            supervisor.house.restarts.push(event.at);
            let strategy = supervisor.member.group().map(Group::strategy);
            if strategy.is_some_and(|strategy| strategy != Strategy::OneForOne) {
                supervisor.house.round = Some(Round { trigger: path, due, started: None });
            }
        });
    }

    fn start_failed(&mut self, event: &'a Event) {
        let path = event.path.as_str();
        let was_root = self.get(path).is_some_and(|node| node.is_root() && node.stage == Stage::Stopping);
        if was_root {
            // The root has a last word in every case.
            return;
        }
        let origin = self.get(path).map(|node| node.origin);
        self.end(event, How::StartFailed);
        self.with_parent(path, |supervisor| match origin {
            // The supervisor cannot start without it.
            Some(Origin::Init) => supervisor.house.stops = true,
            // The whole round is tried again, or what is left of it, once this has been announced.
            Some(Origin::Restart | Origin::Unclear) => supervisor.house.round = None,
            Some(Origin::Call) | None => {}
        });
    }

    /// An incarnation has ended.
    fn end(&mut self, event: &'a Event, how: How<'a>) {
        let path = event.path.as_str();
        let keeps_it = self.parent(path).is_none_or(|supervisor| {
            let is_dynamic = supervisor.member.group().is_some_and(Group::is_dynamic);
            !is_dynamic && self.get(path).is_none_or(|node| node.member.restart != Restart::Temporary)
        });
        let healthy = self.healthy(path);
        let mut is_left = false;
        self.with(path, |node| {
            node.stage = Stage::Down;
            if node.up_at.is_some_and(|up_at| event.at - up_at >= healthy) {
                node.attempts = 0;
            }
            node.end = Some(End { seq: event.seq, how });
            is_left = match how {
                How::Ignored => !keeps_it,
                How::Exited { .. } => !keeps_it && node.has_ended_for_good(),
                // Nobody but the caller wanted a child that could not be started the first time.
                How::StartFailed => !keeps_it || (node.origin == Origin::Call && node.incarnation == 1),
                How::Stopped { .. } => !keeps_it && node.was_asked_alone(),
            };
        });
        if is_left {
            self.with_parent(path, |supervisor| supervisor.house.leave(path));
        }
    }

    /// How long a child has to run to have run well.
    fn healthy(&self, path: &str) -> Duration {
        let of_child = self.get(path).and_then(|node| node.member.backoff?.reset_after);
        let group = self.parent(path).and_then(|supervisor| supervisor.member.group());
        of_child.or(group.map(|group| group.intensity.within)).unwrap_or_default()
    }

    fn with(&mut self, path: &str, change: impl FnOnce(&mut Node<'a>)) {
        if let Some(node) = self.nodes.get_mut(path) {
            change(node);
        }
    }

    fn with_parent(&mut self, path: &str, change: impl FnOnce(&mut Node<'a>)) {
        if let Some(parent) = parent(path) {
            self.with(parent, change);
        }
    }
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

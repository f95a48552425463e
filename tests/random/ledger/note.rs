//! How the ledger takes note of an event.

use std::time::Duration;

use rootward::event::StopCause;
use rootward::{Event, EventKind, Restart};

use super::{Asked, End, How, Ledger, Node, Origin, Round, Stage, Supervision, parent};
use crate::describe::Group;

impl<'a> Ledger<'a> {
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
                node.supervision.begin_stop();
                node.supervision.gave_up = true;
            }),
            EventKind::StartFailed { .. } => self.start_failed(event),
            EventKind::Signal { signal, action } => self.signals.push((signal.as_str(), *action)),
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
        let overdue = self.parent(path).and_then(|supervisor| self.overdue(supervisor, event.at));
        let overdue = overdue.and_then(|trigger| Some(Round::begin(trigger.path, trigger.due?)));
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
        node.absorbed = false;
        node.supervision = Supervision::default();
        self.forget_below(path);
        self.with_parent(path, |supervisor| {
            let is_group = supervisor.shares_fates();
            let supervision = &mut supervisor.supervision;
            supervision.initiated += usize::from(origin == Origin::Init);
            if is_new {
                supervision.add(path);
            }
            match origin {
                // The round may be still to come.
                Origin::Unclear if supervision.round.is_some_and(|round| round.due > event.at) => {}
                Origin::Restart | Origin::Unclear => {
                    supervision.round = supervision.round.or(overdue.filter(|_| is_group));
                    let is_last = supervision.children.last() == Some(&path);
                    supervision.round = supervision.round.map(|round| Round { started: Some(path), ..round });
                    supervision.round = supervision.round.filter(|_| !is_last);
                }
                Origin::Call if supervision.round.is_some_and(|round| round.started.is_some()) => {
                    supervision.round = None
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
            node.asked = Some(Asked { at: event.at, cause });
            node.supervision.begin_stop();
        });
        if !matches!(cause, StopCause::Api | StopCause::Sibling) {
            self.with_parent(path, |supervisor| supervisor.supervision.begin_stop());
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
        let mut siblings = Vec::new();
        self.with_parent(path, |supervisor| {
            supervisor.supervision.restarts.push(event.at);
            if supervisor.shares_fates() {
                supervisor.supervision.round = Some(Round::begin(path, due));
                siblings.extend(
                    supervisor.supervision.children.iter().chain(&supervisor.supervision.left).copied(),
                );
            }
        });
        for sibling in siblings {
            self.with(sibling, |sibling| sibling.absorbed = !sibling.is_live());
        }
    }

    fn start_failed(&mut self, event: &'a Event) {
        let path = event.path.as_str();
        let was_root = self.get(path).is_some_and(|node| node.is_root() && node.stage == Stage::Stopping);
        if was_root {
            // The root reports its end in every case.
            return;
        }
        let origin = self.get(path).map(|node| node.origin);
        self.end(event, How::StartFailed);
        let held = self.parent_is_held(path);
        self.with_parent(path, |supervisor| match origin {
            // The supervisor cannot start without it, and that is its end, unless it waits to be asked.
            Some(Origin::Init) => supervisor.supervision.stops |= !held,
            // The whole round is tried again, or what is left of it, once this has been announced.
            Some(Origin::Restart | Origin::Unclear) => {
                // If it has not begun yet, this was a call's start after all.
                supervisor.supervision.round =
                    supervisor.supervision.round.filter(|round| round.due > event.at);
            }
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
        let absorbed = self.parent(path).is_some_and(|supervisor| supervisor.supervision.round.is_some());
        let held = self.parent_is_held(path);
        let mut is_left = false;
        self.with(path, |node| {
            node.stage = Stage::Down;
            if node.up_at.is_some_and(|up_at| event.at - up_at >= healthy) {
                node.attempts = 0;
            }
            node.end = Some(End { seq: event.seq, how, held });
            node.absorbed = absorbed;
            is_left = match how {
                How::Ignored => !keeps_it,
                How::Exited { .. } => !keeps_it && node.has_ended_for_good(),
                // Only the caller wanted a child that could not be started the first time.
                How::StartFailed => !keeps_it || (node.origin == Origin::Call && node.incarnation == 1),
                How::Stopped { .. } => !keeps_it && node.was_asked_alone(),
            };
        });
        if is_left {
            self.with_parent(path, |supervisor| supervisor.supervision.leave(path));
        }
    }

    fn parent_is_held(&self, path: &str) -> bool {
        self.parent(path).is_some_and(|supervisor| self.is_held(supervisor))
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

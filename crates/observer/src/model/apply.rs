//! One event more.

use std::sync::Arc;

use super::Model;
use super::tree::{EventMark, Node, PendingRetry, parent};
use crate::wire::{Draining, Due, End, Event, State, Stop, What};

impl Model {
    /// Applies the next event. One that is in the model already changes nothing.
    pub fn apply(&mut self, event: &Event) {
        self.apply_shared(&Arc::new(event.clone()));
    }

    /// The same, without a copy of the event.
    pub fn apply_shared(&mut self, event: &Arc<Event>) {
        if event.seq > self.as_of {
            self.as_of = event.seq;
        }
        if event.at > self.at {
            self.at = event.at;
        }
        self.remember(event);
        match &event.what {
            What::Signal { .. } => self.facts.signal = Some(EventMark::of(event)),
            What::Degraded { what, reason } => {
                let line = format!("{what}: {reason}");
                if !self.facts.degraded.contains(&line) {
                    self.facts.degraded.push(line);
                }
            }
            What::Output { .. }
            | What::NotReady { .. }
            | What::Stalled { .. }
            | What::HandlerFailed { .. }
            | What::GuestPanicked { .. }
            | What::Unknown => {}
            What::Notified { .. }
            | What::Unhealthy { .. }
            | What::Asked { .. }
            | What::Healthy
            | What::MadeToCrash { .. } => {
                if let Some(node) = self.nodes.get_mut(&*event.path).filter(|node| node.as_of < event.seq) {
                    node.as_of = event.seq;
                    node.child.tells(&event.what);
                    if let What::MadeToCrash { .. } = event.what {
                        node.marks.crashed = Some(EventMark::of(event));
                    }
                }
            }
            What::Starting
            | What::Retrying { .. }
            | What::Started { .. }
            | What::StartFailed { .. }
            | What::Ignored
            | What::Exited { .. }
            | What::Restarting { .. }
            | What::GaveUp { .. }
            | What::Draining { .. }
            | What::Stopping { .. }
            | What::Escalated { .. }
            | What::Stopped { .. } => self.change(event),
        }
    }

    fn remember(&mut self, event: &Arc<Event>) {
        if self.keep > 0 && self.newest.back().is_none_or(|newest| newest.seq < event.seq) {
            self.newest.push_back(Arc::clone(event));
            self.keep_newest();
        }
    }

    fn change(&mut self, event: &Event) {
        let Some(path) = self.place(event) else { return };
        if matches!(event.what, What::Starting) {
            self.clear_below(&path);
            self.order_anew(&path, event);
        }
        if let (true, What::Stopping { cause, .. }) = (self.root.as_ref() == Some(&path), &event.what) {
            self.facts.cause = Some(cause.clone());
        }
        let Some(node) = self.nodes.get_mut(&path) else { return };
        node.as_of = event.seq;
        node.children_as_of = node.children_as_of.max(event.seq);
        node.child.kind = event.kind;
        node.happens(event);
    }

    /// Finds the child of an event, and makes it and what is missing above it if it is a new one. `None` if what was
    /// seen has the event already.
    fn place(&mut self, event: &Event) -> Option<Arc<str>> {
        let mut missing = Vec::new();
        let mut path = event.path.as_str();
        // The nearest child that is known.
        let known = loop {
            if let Some((known, node)) = self.nodes.get_key_value(path) {
                let as_of = if missing.is_empty() { node.as_of } else { node.children_as_of };
                if event.seq <= as_of {
                    return None;
                }
                break Some(Arc::clone(known));
            }
            missing.push(path);
            match parent(path) {
                Some(above) => path = above,
                None => break None,
            }
        };
        let mut above = known;
        for path in missing.into_iter().rev() {
            let path = Arc::<str>::from(path);
            self.nodes.insert(Arc::clone(&path), Node::unknown(&path, event.kind));
            match above.and_then(|above| self.nodes.get_mut(&above)) {
                Some(above) => above.children.push(Arc::clone(&path)),
                None => self.root = Some(Arc::clone(&path)),
            }
            above = Some(path);
        }
        above
    }

    /// A child that was down and is another one now, because its incarnations begin anew, stands behind its siblings.
    fn order_anew(&mut self, path: &Arc<str>, event: &Event) {
        let was_there = self.nodes.get(path).is_some_and(|node| node.child.incarnation > 0);
        if event.incarnation > 1 || !was_there {
            return;
        }
        let above = parent(path).and_then(|above| self.nodes.get_mut(above));
        if let Some(above) = above {
            above.children.retain(|child| child != path);
            above.children.push(Arc::clone(path));
        }
    }
}

impl Node {
    /// What an event says of this child.
    fn happens(&mut self, event: &Event) {
        let mark = EventMark::of(event);
        let child = &mut self.child;
        match &event.what {
            What::Starting => {
                if event.incarnation <= 1 {
                    child.restarts = 0;
                    (child.last_end, self.marks) = (None, super::tree::EventMarks::default());
                }
                let marks = &mut self.marks;
                (marks.started, marks.stopping, marks.escalated, marks.gave_up) = (None, None, None, None);
                marks.draining = None;
                (marks.starting, marks.retrying, marks.crashed) = (Some(mark), None, None);
                child.incarnation = event.incarnation;
                (child.pid, child.stop, child.restart, child.forced) = (None, None, None, false);
                child.draining = None;
                child.has_nothing_to_tell();
                child.turn(State::Starting, event.at);
            }
            What::Started { pid } => {
                (self.marks.started, self.marks.retrying) = (Some(mark), None);
                (child.incarnation, child.pid, child.readiness) = (event.incarnation, *pid, None);
                // Not that of a start that had been called off.
                if child.state != State::Stopping {
                    child.turn(State::Running, event.at);
                }
            }
            What::Restarting { attempt, delay_ms } => {
                self.marks.restarting = Some(mark);
                child.restarts += 1;
                let due = after(event.at, *delay_ms);
                child.restart = Some(Due { seq: event.seq, at: due, attempt: *attempt });
                child.state = State::Restarting;
            }
            What::Retrying { delay_ms, .. } => {
                self.marks.retrying = Some(PendingRetry { mark, due: after(event.at, *delay_ms) });
            }
            What::GaveUp { .. } => self.marks.gave_up = Some(mark),
            What::Draining { cause, delay_ms } => {
                self.marks.draining = Some(mark);
                let until = after(event.at, *delay_ms);
                child.draining = Some(Box::new(Draining { cause: cause.clone(), until }));
            }
            What::Stopping { cause, signal, grace_ms } => {
                self.marks.stopping = Some(mark);
                child.draining = None;
                child.stop = Some(Stop {
                    seq: event.seq,
                    at: event.at,
                    cause: cause.clone(),
                    signal: signal.clone(),
                    due: grace_ms.map(|grace| after(event.at, grace)),
                    escalated: None,
                });
                child.readiness = None;
                child.turn(State::Stopping, event.at);
            }
            What::Escalated { to } => {
                self.marks.escalated = Some(mark);
                child.forced = true;
                if let Some(stop) = &mut child.stop {
                    stop.escalated = Some(to.clone());
                }
            }
            What::Exited { status, .. } => {
                self.ends(event, mark, |end| end.status.clone_from(status));
            }
            What::Stopped { outcome, status, .. } => self.ends(event, mark, |end| {
                end.status.clone_from(status);
                end.outcome = Some(*outcome);
            }),
            // The root's end is told by itself, after this.
            What::StartFailed { .. } if parent(&child.path).is_none() => {}
            What::StartFailed { error, .. } => self.ends(event, mark, |end| end.error = Some(error.clone())),
            What::Ignored => self.ends(event, mark, |_| {}),
            What::Signal { .. }
            | What::NotReady { .. }
            | What::Stalled { .. }
            | What::Unhealthy { .. }
            | What::Asked { .. }
            | What::Healthy
            | What::MadeToCrash { .. }
            | What::Degraded { .. }
            | What::HandlerFailed { .. }
            | What::GuestPanicked { .. }
            | What::Notified { .. }
            | What::Output { .. }
            | What::Unknown => {}
        }
    }

    fn ends(&mut self, event: &Event, mark: EventMark, add: impl FnOnce(&mut End)) {
        let child = &mut self.child;
        let mut end = End {
            seq: event.seq,
            at: event.at,
            incarnation: event.incarnation,
            event: event.what.name().to_owned(),
            status: None,
            outcome: None,
            error: None,
            cause: child.stop.take().map(|stop| stop.cause),
        };
        add(&mut end);
        child.last_end = Some(end);
        child.incarnation = event.incarnation;
        (child.pid, child.restart, child.forced) = (None, None, false);
        child.draining = None;
        child.has_nothing_to_tell();
        child.turn(State::Down, event.at);
        self.marks.end = Some(mark);
        self.marks.end_asked = self.marks.stopping.take();
        self.marks.end_made = self.marks.crashed.take();
    }
}

#[expect(clippy::cast_precision_loss, reason = "a delay of years")]
fn after(at: f64, delay_ms: u64) -> f64 {
    at + delay_ms as f64 / 1e3
}

impl crate::wire::Child {
    fn turn(&mut self, state: State, at: f64) {
        self.state = state;
        self.since = Some(at);
    }
}

impl EventMark {
    pub(super) fn of(event: &Event) -> Self {
        let says = match &event.what {
            What::Started { pid: Some(pid) } => format!("pid {pid}"),
            What::StartFailed { error, .. } => error.clone(),
            What::Exited { status, .. } => status.as_ref().map(ToString::to_string).unwrap_or_default(),
            What::Restarting { attempt, delay_ms } => format!("attempt {attempt}, in {delay_ms} ms"),
            What::GaveUp { restarts, within_ms } => {
                format!("more than {restarts} restarts in {within_ms} ms")
            }
            What::Signal { signal, action } => format!("{signal}: {action}"),
            What::Draining { cause, delay_ms } => format!("cause: {cause}, for {delay_ms} ms"),
            What::Stopping { cause, signal: None, .. } => format!("cause: {cause}"),
            What::Stopping { cause, signal: Some(signal), .. } => format!("cause: {cause}, by {signal}"),
            What::Asked { with, .. } => format!("with {with}"),
            What::Escalated { to } => to.clone(),
            What::GuestPanicked { panic, .. } => panic.clone(),
            What::MadeToCrash { by } => format!("by {by}"),
            What::Retrying { error, .. } => error.clone(),
            What::HandlerFailed { handler, error } => format!("{handler}: {error}"),
            What::Stopped { status, elapsed_ms, .. } => match status {
                Some(status) => format!("{status}, after {elapsed_ms} ms"),
                None => format!("after {elapsed_ms} ms"),
            },
            What::Starting
            | What::Started { pid: None }
            | What::Ignored
            | What::NotReady { .. }
            | What::Stalled { .. }
            | What::Unhealthy { .. }
            | What::Healthy
            | What::Degraded { .. }
            | What::Notified { .. }
            | What::Output { .. }
            | What::Unknown => String::new(),
        };
        Self { seq: event.seq, at: event.at, event: event.what.name(), says }
    }
}

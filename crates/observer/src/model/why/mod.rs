//! Why a child is in its state: the chain of events that led there, as far as they were seen, what it waits for, and
//! what would bring it into another state.

mod decided;
mod outlook;
#[cfg(test)]
mod tests;

use self::outlook::Outlook;
use super::Model;
use super::tree::{EventMark, Node, parent};
use crate::wire::{Reason, State, Version, Why};

impl Model {
    /// What a child is doing, and why. `None` if there is no such child.
    pub fn why(&self, path: &str) -> Option<Why> {
        let node = self.nodes.get(path)?;
        let mut chain = Chain { model: self, because: Vec::new() };
        chain.state_of(node);
        let (as_of, at, child) = (self.as_of, self.at, node.child.clone());
        let outlook = Outlook { model: self, node };
        let (waits_for, changed_by) = (outlook.waits(), outlook.changes());
        Some(Why {
            schema: Version,
            as_of,
            at,
            child,
            because: chain.because,
            waits_for,
            changed_by,
            decided: None,
            now: None,
        })
    }
}

struct Chain<'a> {
    model: &'a Model,
    because: Vec<Reason>,
}

impl<'a> Chain<'a> {
    fn state_of(&mut self, node: &'a Node) {
        let marks = &node.marks;
        match node.child.state {
            State::Starting | State::Running => {
                // A stop that is put off is the newest that there is to say.
                if let Some(draining) = marks.draining.as_ref().filter(|_| node.child.draining.is_some()) {
                    self.push(node, Some(draining));
                    self.cause_of(node, draining);
                }
                self.push(node, marks.started.as_ref());
                self.push(node, marks.retrying.as_ref().map(|retry| &retry.mark));
                self.push(node, marks.starting.as_ref());
                // Not that of an earlier incarnation, if this one was started by a call.
                let ended = marks.end.as_ref().map_or(0, |end| end.seq);
                self.push(node, marks.restarting.as_ref().filter(|restarting| restarting.seq > ended));
                self.end_of(node);
            }
            State::Restarting => {
                self.push(node, marks.restarting.as_ref());
                self.end_of(node);
            }
            State::Stopping => self.stop_of(node),
            State::Down | State::Unknown => self.end_of(node),
        }
    }

    /// Why the incarnation that is gone is gone.
    fn end_of(&mut self, node: &'a Node) {
        if !self.push(node, node.marks.end.as_ref()) {
            return;
        }
        self.push(node, node.marks.end_made.as_ref());
        if let Some(asked) = &node.marks.end_asked {
            self.push(node, Some(asked));
            self.cause_of(node, asked);
        }
    }

    /// Why a child stops.
    fn stop_of(&mut self, node: &'a Node) {
        self.push(node, node.marks.escalated.as_ref());
        if let Some(asked) = &node.marks.stopping {
            self.push(node, Some(asked));
            self.cause_of(node, asked);
        }
    }

    /// What led to a request to stop.
    fn cause_of(&mut self, node: &'a Node, asked: &EventMark) {
        // A stop that was put off began with another request than its own.
        self.push(node, node.marks.draining.as_ref().filter(|draining| draining.seq < asked.seq));
        let above = parent(&node.child.path).and_then(|above| self.model.nodes.get(above));
        let cause = asked.says.strip_prefix("cause: ").unwrap_or_default();
        match cause.split(',').next().unwrap_or_default() {
            "parent" => {
                let Some(above) = above else { return };
                let marks = &above.marks;
                if let Some(stop) = marks.stopping.as_ref().or(marks.end_asked.as_ref()) {
                    if self.push(above, Some(stop)) {
                        self.cause_of(above, stop);
                    }
                } else {
                    self.surrender_of(above, asked.seq);
                }
            }
            "sibling" => {
                let Some(above) = above else { return };
                self.failure_below(above, asked.seq);
            }
            "signal" => {
                if let (Some(root), Some(signal)) = (&self.model.root, &self.model.facts.signal) {
                    if let Some(root) = self.model.nodes.get(root) {
                        self.push(root, Some(signal));
                    }
                }
            }
            "gave_up" | "auto_shutdown" | "start_failed" => {
                // Either the supervisor itself, or the one above it.
                let is_own = node.marks.gave_up.is_some() || !node.children.is_empty();
                if let Some(supervisor) = Some(node).filter(|_| is_own).or(above) {
                    self.surrender_of(supervisor, asked.seq);
                }
            }
            _ => {}
        }
    }

    /// Why a supervisor stops by itself.
    fn surrender_of(&mut self, supervisor: &'a Node, before: u64) {
        self.push(supervisor, supervisor.marks.gave_up.as_ref());
        self.failure_below(supervisor, before);
    }

    /// The last child of a supervisor that ended by itself before an event.
    fn failure_below(&mut self, supervisor: &'a Node, before: u64) {
        let nodes = supervisor.children.iter().filter_map(|child| self.model.nodes.get(child));
        let ends = nodes.filter_map(|node| Some((node.marks.end.as_ref()?, node)));
        let by_itself = ends.filter(|(end, _)| matches!(end.event, "exited" | "start_failed"));
        let last = by_itself.filter(|(end, _)| end.seq < before).max_by_key(|(end, _)| end.seq);
        if let Some((end, node)) = last {
            self.push(node, Some(end));
            self.push(node, node.marks.end_made.as_ref());
        }
    }

    /// Adds an event, unless it came after the one before it in the chain.
    fn push(&mut self, node: &Node, mark: Option<&EventMark>) -> bool {
        let Some(EventMark { seq, at, event, says }) = mark else { return false };
        if self.because.last().is_some_and(|later| later.seq <= *seq) {
            return false;
        }
        let (path, event) = (node.child.path.clone(), (*event).to_owned());
        self.because.push(Reason { seq: *seq, at: *at, path, event, says: says.clone() });
        true
    }
}

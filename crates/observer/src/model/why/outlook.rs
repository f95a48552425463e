//! What a child waits for, and what would bring it into another state, as far as the events tell.
//!
//! The events do not tell how long a grace or a readiness timeout is, nor what a spec wants of an end: nothing is said
//! of that here.

use super::super::Model;
use super::super::tree::{Node, parent};
use crate::wire::{Change, Kind, State, Wait};

/// What is to be said of a child.
pub(super) struct Outlook<'a> {
    pub(super) model: &'a Model,
    pub(super) node: &'a Node,
}

impl Outlook<'_> {
    /// What it waits for.
    pub(super) fn waits(&self) -> Vec<Wait> {
        match self.node.child.state {
            State::Starting => self.start(),
            State::Stopping => self.stop(),
            State::Restarting => self.restart(),
            State::Down => self.down(),
            State::Running => {
                let draining = self.node.child.draining.iter();
                draining.map(|draining| wait("drain", Some(draining.until), DRAINED)).collect()
            }
            State::Unknown => Vec::new(),
        }
    }

    fn start(&self) -> Vec<Wait> {
        if let Some(below) = self.last_below(self.node, State::Starting) {
            return vec![of_another("start_of", below)];
        }
        if let Some(below) = self.last_below(self.node, State::Restarting) {
            return vec![of_another("start_of", below)];
        }
        let marks = &self.node.marks;
        if let Some(retry) = &marks.retrying {
            return vec![wait("attempt", Some(retry.due), "the next attempt to start it")];
        }
        let says = match self.node.child.kind {
            Kind::Process => "its being ready, which the program has to show",
            Kind::Supervisor => "its next child",
            Kind::Task | Kind::Actor | Kind::Unknown => "its start",
        };
        vec![wait("ready", None, says)]
    }

    fn stop(&self) -> Vec<Wait> {
        match self.last_below(self.node, State::Stopping) {
            Some(below) => vec![of_another("end_of", below)],
            None if self.node.child.forced => vec![wait("end", None, "its end, which has been forced")],
            None => {
                let due = self.node.child.stop.as_ref().and_then(|stop| stop.due);
                let says = if due.is_some() {
                    "its own end, or the end of its grace"
                } else {
                    "its own end, for which it has no limit"
                };
                vec![wait("end", due, says)]
            }
        }
    }

    fn restart(&self) -> Vec<Wait> {
        let mut waits: Vec<Wait> = Vec::new();
        if let Some(due) = &self.node.child.restart {
            let says = format!("its restart, attempt {} since it last ran well", due.attempt);
            waits.push(wait("restart", Some(due.at), &says));
        }
        waits.extend(self.siblings(State::Stopping).map(|sibling| of_another("end_of", sibling)));
        waits
    }

    fn down(&self) -> Vec<Wait> {
        let child = &self.node.child;
        let never_ran = child.incarnation == 0;
        let goes_along = child.last_end.as_ref().is_some_and(|end| end.cause.as_deref() == Some("sibling"));
        let is_above_at_work =
            self.above().is_some_and(|above| matches!(above.child.state, State::Starting | State::Running));
        if !is_above_at_work || !(never_ran || goes_along) {
            return Vec::new();
        }
        let stops = self.siblings(State::Stopping).map(|sibling| of_another("end_of", sibling));
        let starts = self.siblings(State::Starting).chain(self.siblings(State::Restarting));
        stops.chain(starts.map(|sibling| of_another("start_of", sibling))).collect()
    }

    /// What would bring it into another state.
    pub(super) fn changes(&self) -> Vec<Change> {
        let path = &self.node.child.path;
        let mut changes = match self.node.child.state {
            State::Starting => vec![
                change("ready", "its start: it runs then"),
                change("terminate", "a request to terminate it: it is down then"),
            ],
            State::Running => vec![
                change("end", "its end"),
                change("restart", "a request to restart it"),
                change("terminate", "a request to terminate it: it is left down then"),
            ],
            State::Restarting => vec![
                change("due", "its restart"),
                change("terminate", "a request to terminate it: the restart is called off then"),
            ],
            State::Stopping => {
                let has_limit = self.node.child.stop.as_ref().is_some_and(|stop| stop.due.is_some());
                let due = has_limit && !self.node.child.forced;
                let mut changes = vec![change("end", "its end")];
                changes.extend(due.then(|| change("due", "the end of its grace: it is forced then")));
                changes.push(change("force", "a request to force the tree: every grace ends then"));
                changes
            }
            State::Down if self.above().is_some_and(|above| above.child.state == State::Running) => {
                vec![change("start", "a request to start it, or a restart together with a sibling")]
            }
            State::Down => match self.above() {
                Some(above) => vec![change("start_of", &format!("a start of {}", above.child.path))],
                None => Vec::new(),
            },
            State::Unknown => Vec::new(),
        };
        if parent(path).is_none() {
            // A root has no supervisor that could do that.
            changes.retain(|change| !["terminate", "restart", "start"].contains(&&*change.what));
        }
        if let Some(draining) = &self.node.child.draining {
            changes.push(Change { at: Some(draining.until), ..change("drain", DRAINED) });
            let again = if draining.cause == "signal" { "the signal again, or " } else { "" };
            let says = format!("{again}a request to force the tree: it stops at once, and every grace ends");
            changes.push(change("force", &says));
        } else if matches!(self.node.child.state, State::Starting | State::Running | State::Restarting) {
            let stops = match parent(path) {
                Some(above) => format!("a stop of {above}"),
                None => "a stop of the tree".to_owned(),
            };
            changes.push(change("stop", &stops));
        }
        changes
    }

    fn above(&self) -> Option<&Node> {
        parent(&self.node.child.path).and_then(|above| self.model.nodes.get(above))
    }

    fn siblings(&self, state: State) -> impl Iterator<Item = &Node> {
        let all = self.above().into_iter().flat_map(|above| &above.children);
        all.filter_map(|path| self.model.nodes.get(path))
            .filter(move |node| node.child.state == state && node.child.path != self.node.child.path)
            .map(move |node| self.last_below(node, state).unwrap_or(node))
    }

    /// The child below for which all others wait: in this state, and nothing below it is.
    fn last_below<'b>(&'b self, node: &'b Node, state: State) -> Option<&'b Node> {
        let mut found = None;
        let mut node = node;
        loop {
            let mut below = node.children.iter().filter_map(|path| self.model.nodes.get(path));
            match below.rfind(|below| below.child.state == state) {
                Some(below) => (found, node) = (Some(below), below),
                None => return found,
            }
        }
    }
}

/// What ends a drain by itself.
const DRAINED: &str = "the end of its drain: its stop begins then";

fn wait(what: &str, at: Option<f64>, says: &str) -> Wait {
    Wait { what: what.to_owned(), path: None, at, says: says.to_owned() }
}

fn of_another(what: &str, node: &Node) -> Wait {
    let path = node.child.path.clone();
    let (verb, at) = match (what, node.child.state) {
        ("start_of", State::Restarting) => ("restart", node.child.restart.as_ref().map(|due| due.at)),
        ("start_of", _) => ("start", None),
        _ => ("end", None),
    };
    let says = format!("the {verb} of {path}");
    Wait { what: what.to_owned(), path: Some(path), at, says }
}

fn change(what: &str, says: &str) -> Change {
    Change { what: what.to_owned(), at: None, says: says.to_owned() }
}

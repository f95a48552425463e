//! What a look at the tree tells.

use std::collections::HashMap;
use std::sync::Arc;

use super::Model;
use super::tree::{EventMarks, Node, parent};
use crate::wire::Child;

/// A child as it was seen at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// What was seen.
    pub child: Child,
    /// The newest event that is in it.
    pub as_of: u64,
    /// When it was seen, in seconds after the root began.
    pub at: f64,
    /// As of which event the list of its children is complete.
    pub children_as_of: u64,
    /// As of which event all of it has been told.
    pub whole_at: u64,
    /// Whether it is just being launched: it may have children that could not be seen.
    pub is_launching: bool,
}

impl Seen {
    /// A child that was seen together with all others: as of this event, and so many seconds after the root began.
    pub fn at_once(child: Child, as_of: u64, at: f64) -> Self {
        Self { child, as_of, at, children_as_of: as_of, whole_at: as_of, is_launching: false }
    }
}

impl Model {
    /// Takes what was seen of the tree, each child before its children, in place of what was known before. What only
    /// events tell is kept of the incarnations that are still there.
    pub fn see(&mut self, seen: Vec<Seen>, containment: Option<String>) {
        let mut before = std::mem::take(&mut self.nodes);
        self.facts.containment = containment;
        self.root = None;
        let (mut oldest, mut newest, mut needs_look) = (u64::MAX, 0, false);
        for seen in seen {
            oldest = oldest.min(seen.as_of).min(seen.children_as_of);
            newest = newest.max(seen.as_of).max(seen.children_as_of).max(seen.whole_at);
            needs_look |= seen.is_launching;
            self.at = self.at.max(seen.at);
            let path = Arc::<str>::from(seen.child.path.as_str());
            match parent(&path).and_then(|above| self.nodes.get_mut(above)) {
                Some(above) => above.children.push(Arc::clone(&path)),
                None => self.root = Some(Arc::clone(&path)),
            }
            self.nodes.insert(path, Node::seen(seen, &mut before));
        }
        if oldest == newest {
            self.as_of = self.as_of.max(newest);
        }
        self.whole_at = newest;
        self.needs_look = needs_look;
    }
}

impl Node {
    fn seen(seen: Seen, before: &mut HashMap<Arc<str>, Self>) -> Self {
        let Seen { child, as_of, children_as_of, .. } = seen;
        let (children, marks) = (Vec::new(), EventMarks::default());
        let mut node = Self { child, as_of, children_as_of, children, marks };
        let Some(known) = before.remove(node.child.path.as_str()) else { return node };
        if known.as_of >= as_of {
            // Nothing has happened since.
            let mut child = Child { state: node.child.state, ..known.child };
            child.take_details(&node.child);
            return Self { child, as_of: known.as_of, marks: known.marks, ..node };
        }
        if known.child.incarnation == node.child.incarnation {
            let child = &mut node.child;
            child.last_end = child.last_end.take().or(known.child.last_end);
            if known.child.state == child.state {
                child.stop = child.stop.take().or(known.child.stop);
                child.restart = child.restart.take().or(known.child.restart);
            }
            node.marks = known.marks;
        }
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Kind;

    #[test]
    fn a_look_tells_when_it_was_and_so_does_the_document() {
        let mut model = Model::new();
        let root = Node::unknown("root", Kind::Supervisor).child;

        model.see(vec![Seen::at_once(root, 3, 7.5)], None);

        assert_eq!((model.at(), model.snapshot().at), (7.5, 7.5));
        let copy = Model::from_snapshot(&model.snapshot());
        assert_eq!((copy.at(), copy.as_of()), (7.5, 3));
    }
}

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
    /// events tell is kept of the incarnations that are still there. So is what is newer than what was seen: events
    /// may have come while the tree was looked at.
    pub fn see(&mut self, seen: Vec<Seen>, containment: Option<String>) {
        let mut before = std::mem::take(&mut self.nodes);
        let mut lists: HashMap<Arc<str>, Option<u64>> = HashMap::new();
        self.facts.containment = containment;
        self.root = None;
        let (mut oldest, mut newest, mut needs_look) = (u64::MAX, 0, false);
        for seen in seen {
            oldest = oldest.min(seen.as_of).min(seen.children_as_of);
            newest = newest.max(seen.as_of).max(seen.children_as_of).max(seen.whole_at);
            needs_look |= seen.is_launching;
            self.at = self.at.max(seen.at);
            let path = Arc::<str>::from(seen.child.path.as_str());
            let list = (!seen.is_before(before.get(&path))).then_some(seen.children_as_of);
            match parent(&path).map(|above| (lists.get(above), self.nodes.get_mut(above))) {
                // Those below are of an incarnation that is gone.
                Some((Some(None) | None, Some(_))) => {
                    lists.insert(path, None);
                    continue;
                }
                Some((_, Some(above))) => above.children.push(Arc::clone(&path)),
                Some((_, None)) if self.root.is_some() => continue,
                _ => self.root = Some(Arc::clone(&path)),
            }
            lists.insert(Arc::clone(&path), list);
            self.nodes.insert(path, Node::seen(seen, &mut before));
        }
        self.keep_newer(before, &lists);
        if oldest == newest {
            self.as_of = self.as_of.max(newest);
        }
        self.whole_at = newest;
        self.needs_look = needs_look;
    }

    /// Takes back the children that have come since the list of those beside them was made: as of these events, or
    /// before all of what is known.
    fn keep_newer(&mut self, before: HashMap<Arc<str>, Node>, lists: &HashMap<Arc<str>, Option<u64>>) {
        let mut left: Vec<_> = before.into_iter().collect();
        // What stands above comes first, and siblings stand in the order in which they came.
        left.sort_by_key(|(path, node)| (path.matches('/').count(), node.as_of));
        for (path, mut node) in left {
            let Some(above) = parent(&path).filter(|above| self.nodes.contains_key(*above)) else { continue };
            if lists.get(above).copied().flatten().is_some_and(|list| node.as_of <= list) {
                continue;
            }
            node.children.clear();
            if let Some(above) = self.nodes.get_mut(above) {
                above.children.push(Arc::clone(&path));
            }
            self.nodes.insert(path, node);
        }
    }
}

impl Seen {
    /// Whether another incarnation is known than the one that was seen, and which came later.
    fn is_before(&self, known: Option<&Node>) -> bool {
        let is_newer =
            |known: &Node| known.as_of > self.as_of && known.child.incarnation > self.child.incarnation;
        known.is_some_and(is_newer)
    }
}

impl Node {
    fn seen(seen: Seen, before: &mut HashMap<Arc<str>, Self>) -> Self {
        let Seen { mut child, as_of, children_as_of, .. } = seen;
        // It is of that moment, and no event would keep it up to date.
        child.usage = None;
        let (children, marks) = (Vec::new(), EventMarks::default());
        let mut node = Self { child, as_of, children_as_of, children, marks };
        let Some(known) = before.remove(node.child.path.as_str()) else { return node };
        if known.as_of > as_of {
            let children_as_of = known.children_as_of.max(children_as_of);
            return Self { children_as_of, children: Vec::new(), ..known };
        }
        if known.as_of == as_of {
            // Nothing has happened since.
            let mut child = Child { state: node.child.state, ..known.child };
            child.take_details(&node.child);
            return Self { child, marks: known.marks, ..node };
        }
        if known.child.incarnation == node.child.incarnation {
            let child = &mut node.child;
            child.last_end = child.last_end.take().or(known.child.last_end);
            if known.child.state == child.state {
                child.stop = child.stop.take().or(known.child.stop);
                // The moment of the event, which a look tells to the microsecond.
                child.draining = child.draining.take().map(|seen| known.child.draining.unwrap_or(seen));
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
    use crate::wire::{Event, Kind, State, What};

    /// A model in which these have happened, from the first event on.
    fn told(events: &[(&str, u32, What)]) -> Model {
        let mut model = Model::new();
        for (seq, (path, incarnation, what)) in (1..).zip(events) {
            let (path, time, what) = ((*path).to_owned(), String::new(), what.clone());
            let kind = if path == "root/a/b" { Kind::Task } else { Kind::Supervisor };
            model.apply(&Event { seq, at: 0.0, time, what, path, incarnation: *incarnation, kind });
        }
        model
    }

    /// What a look at this model tells.
    fn look(model: &Model) -> Vec<Seen> {
        let as_of = model.as_of();
        model.children().map(|child| Seen::at_once(child.clone(), as_of, 0.0)).collect()
    }

    fn shown(model: &Model) -> Vec<(&str, State)> {
        model.children().map(|child| (child.path.as_str(), child.state)).collect()
    }

    fn up(path: &str, incarnation: u32) -> [(&str, u32, What); 2] {
        [(path, incarnation, What::Starting), (path, incarnation, What::Started { pid: None })]
    }

    fn ended() -> What {
        What::Exited { status: None, stragglers: Vec::new(), hint: None }
    }

    /// Whatever happens while the tree is looked at.
    #[test]
    fn an_event_that_came_before_an_older_look_was_taken_is_still_known() {
        let start = [up("root", 1), up("root/a", 1), up("root/a/b", 1)].concat();
        let again = [up("root/a", 2), up("root/a/b", 1)].concat();
        let since = [
            vec![("root/a/b", 1, ended())],
            up("root/c", 1).to_vec(),
            vec![("root/a/b", 1, ended()), ("root/a", 1, ended())],
            [vec![("root/a", 1, ended())], up("root/a", 2).to_vec()].concat(),
            [vec![("root/a", 1, ended())], again].concat(),
        ];
        for since in since {
            let all = [start.clone(), since.clone()].concat();
            let expected = told(&all);
            for seen_at in 1..=all.len() {
                let mut model = told(&all);
                let look = look(&told(&all[..seen_at]));

                model.see(look, None);

                assert_eq!(shown(&model), shown(&expected), "seen at {seen_at} of {all:?}");
                assert_eq!(model.as_of(), expected.as_of());
            }
        }
    }

    #[test]
    fn a_look_tells_of_a_drain_and_what_is_known_of_it_stays_as_exact_as_it_was() {
        let drains = ("root", 1, What::Draining { cause: "api".to_owned(), delay_ms: 3000 });
        let told = told(&[up("root", 1).to_vec(), vec![drains]].concat());
        let mut root = told.find("root").unwrap().clone();
        // Of a later moment, and rounded in another way.
        root.draining.as_mut().unwrap().until += 1e-6;
        let look = |root: &Child| vec![Seen::at_once(root.clone(), 9, 1.0)];
        let until =
            |model: &Model| model.find("root").unwrap().draining.as_ref().map(|draining| draining.until);

        let (mut knows, mut learns) = (told.clone(), Model::new());
        knows.see(look(&root), None);
        learns.see(look(&root), None);
        let before = (until(&knows), until(&learns));
        root.draining = None;
        knows.see(vec![Seen::at_once(root, 10, 2.0)], None);

        assert_eq!(before, (Some(3.0), Some(3.000_001)));
        assert_eq!(until(&knows), None, "it was called off or is over: a look says so");
    }

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

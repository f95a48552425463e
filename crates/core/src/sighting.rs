//! What a tree looks like, with the moment of the record at which each part of it was seen.

use crate::event::Moment;
use crate::snapshot::NodeSnapshot;

/// A child as it was seen at one moment of the record: all events up to [`Moment::as_of`] are in it, and none after it.
///
/// The children of one supervisor are seen at one moment, those of another one at another.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Sighting {
    /// The child, without what stands below it.
    pub node: NodeSnapshot,
    /// When it was seen.
    pub seen: Moment,
    /// As of which event the list of its children, which follow it, is complete.
    pub children_as_of: u64,
}

/// Children that were seen together.
#[derive(Debug, Default)]
pub(crate) struct Sightings {
    pub(crate) children: Vec<NumberedNode>,
    /// As of which event there were no others. `None` if their supervisor was over.
    pub(crate) as_of: Option<u64>,
}

/// A child that was seen, and what was seen below it.
#[derive(Debug)]
pub(crate) struct NumberedNode {
    pub(crate) node: NodeSnapshot,
    pub(crate) seen: Moment,
    pub(crate) below: Sightings,
}

impl NumberedNode {
    /// This child and everything below it, each before its children, in start order.
    pub(crate) fn flat(self) -> Vec<Sighting> {
        let mut flat = Vec::new();
        let mut stack = vec![self];
        while let Some(Self { node, seen, below }) = stack.pop() {
            let children_as_of = below.as_of.unwrap_or(seen.as_of);
            flat.push(Sighting { node, seen, children_as_of });
            stack.extend(below.children.into_iter().rev());
        }
        flat
    }
}

//! What a tree looks like, with the moment of the record at which each part of it was seen.

use std::time::Duration;

use crate::child::StopCause;
use crate::event::RecordPosition;
use crate::snapshot::NodeSnapshot;

/// A child as it was seen at one position of the record: all events up to [`RecordPosition::as_of`] are in it, and none
/// after it.
///
/// The children of one supervisor are seen at one position, those of another one at another.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Sighting {
    /// The child, without what stands below it.
    pub node: NodeSnapshot,
    /// When it was seen.
    pub seen: RecordPosition,
    /// As of which event the list of its children, which follow it, is complete.
    pub children_as_of: u64,
    /// As of which event what follows from the last two has been told: if its supervisor was over when it was asked for
    /// its children, they may have been there in between.
    pub whole_at: u64,
    /// Whether it is just being launched, so that it could not be asked for its children, which may be there.
    pub is_launching: bool,
    /// The stop of the tree that a drain delay puts off. Of the root alone.
    pub pending: Option<PendingStop>,
}

/// A stop that was accepted and has not begun.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct PendingStop {
    /// Why.
    pub cause: StopCause,
    /// In what time it begins.
    pub left: Duration,
}

/// Children that were seen together.
#[derive(Debug)]
pub(crate) struct Sightings {
    pub(crate) children: Vec<NumberedNode>,
    pub(crate) list: SeenList,
}

/// What is known of a list of children.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SeenList {
    /// There was no supervisor to ask.
    #[default]
    None,
    /// As of this event there were no others.
    Complete(u64),
    /// As of this event the supervisor was over.
    Over(u64),
}

/// A child that was seen, and what was seen below it.
#[derive(Debug)]
pub(crate) struct NumberedNode {
    pub(crate) node: NodeSnapshot,
    pub(crate) seen: RecordPosition,
    pub(crate) is_launching: bool,
    pub(crate) below: Sightings,
}

impl Sightings {
    /// There was no supervisor to ask.
    pub(crate) fn none() -> Self {
        Self { children: Vec::new(), list: SeenList::None }
    }
}

impl NumberedNode {
    /// This child and everything below it, each before its children, in start order.
    pub(crate) fn flat(self) -> Vec<Sighting> {
        let mut flat = Vec::new();
        let mut stack = vec![self];
        while let Some(Self { node, seen, is_launching, below }) = stack.pop() {
            let (children_as_of, whole_at) = match below.list {
                SeenList::None => (seen.as_of, seen.as_of),
                SeenList::Complete(as_of) => (as_of, as_of),
                SeenList::Over(as_of) => (seen.as_of, as_of),
            };
            flat.push(Sighting { node, seen, children_as_of, whole_at, is_launching, pending: None });
            stack.extend(below.children.into_iter().rev());
        }
        flat
    }
}

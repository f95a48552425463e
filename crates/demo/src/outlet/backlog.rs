//! What waits to be written: bounded, and clear about what gives way first.
//!
//! Pure: no thread, no lock, no file.

use std::collections::VecDeque;
use std::sync::Arc;

use rootward::{Event, EventKind};

/// Something to be written.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Event(Arc<Event>),
    Text(String),
}

/// What waits to be written, oldest first.
///
/// Lines that processes wrote give way first: there may be any number of them, and the story of the tree can be told
/// without. What is lost shows as a gap in the events' numbers.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    items: VecDeque<Item>,
    bytes: usize,
}

/// How much may wait before output gives way.
const OUTPUT_LIMIT: usize = 8 * 1024 * 1024;

/// How much may wait before everything gives way.
const LIMIT: usize = 2 * OUTPUT_LIMIT;

/// What an event takes up apart from its texts, more or less.
const EVENT: usize = 256;

impl Backlog {
    /// Adds an item, if there is room for it.
    pub(super) fn push(&mut self, item: Item) {
        let bytes = item.bytes();
        let limit = if item.gives_way() { OUTPUT_LIMIT } else { LIMIT };
        if self.bytes + bytes <= limit {
            self.bytes += bytes;
            self.items.push_back(item);
        }
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.bytes -= item.bytes();
        Some(item)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Item {
    fn gives_way(&self) -> bool {
        self.output().is_some()
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Event(_) => EVENT + self.output().map_or(0, str::len),
            Self::Text(text) => text.len(),
        }
    }

    /// The line that a process wrote, if this is one.
    fn output(&self) -> Option<&str> {
        let Self::Event(event) = self else { return None };
        let EventKind::Output { line, .. } = &event.what else { return None };
        Some(line)
    }
}

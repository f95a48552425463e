//! What waits to be written: bounded, and clear about what gives way first.
//!
//! Pure: no thread, no lock, no file.

use std::collections::VecDeque;

/// What waits to be written, oldest first.
#[derive(Debug)]
pub(super) struct Backlog<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
}

/// How much an item is worth when there is no room for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// A line that a process wrote. There may be any number of them, and the story of the tree can be told
    /// without.
    Output,
    /// A part of that story.
    Story,
}

/// How many bytes may wait before output gives way: enough for a burst that is faster than any reader.
const OUTPUT_LIMIT: usize = 64 * 1024 * 1024;

/// How many bytes may wait before everything gives way.
const LIMIT: usize = OUTPUT_LIMIT + 16 * 1024 * 1024;

impl<T> Backlog<T> {
    /// Adds an item of this size, if there is room for one of this worth, and says whether there was. What is lost
    /// shows as a gap in the events' numbers.
    pub(super) fn push(&mut self, item: T, bytes: usize, worth: Worth) -> bool {
        let limit = match worth {
            Worth::Output => OUTPUT_LIMIT,
            Worth::Story => LIMIT,
        };
        let has_room = self.bytes.saturating_add(bytes) <= limit;
        if has_room {
            self.bytes += bytes;
            self.items.push_back((item, bytes));
        }
        has_room
    }

    /// How much waits, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let (item, bytes) = self.items.pop_front()?;
        self.bytes -= bytes;
        Some(item)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl<T> Default for Backlog<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), bytes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pushed_first_is_written_first() {
        let mut backlog = Backlog::default();
        backlog.push("a", 1, Worth::Output);
        backlog.push("b", 1, Worth::Story);

        assert_eq!([backlog.pop(), backlog.pop(), backlog.pop()], [Some("a"), Some("b"), None]);
    }

    #[test]
    fn output_gives_way_before_the_story_does() {
        let mut backlog = Backlog::default();
        backlog.push("long output", OUTPUT_LIMIT, Worth::Output);
        backlog.push("more output", 1, Worth::Output);
        backlog.push("story", LIMIT - OUTPUT_LIMIT, Worth::Story);
        backlog.push("more story", 1, Worth::Story);

        assert_eq!([backlog.pop(), backlog.pop(), backlog.pop()], [Some("long output"), Some("story"), None]);
    }

    #[test]
    fn there_is_room_again_for_what_has_been_written() {
        let mut backlog = Backlog::default();
        for round in 0..3 {
            backlog.push(round, OUTPUT_LIMIT, Worth::Output);

            assert_eq!(backlog.pop(), Some(round));
        }
        assert!(backlog.is_empty());
    }
}

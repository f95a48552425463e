//! Lines that were written at once, held as one text until a reader wants them one by one.
//!
//! A process may write millions of lines a second. One lock, one clock and one piece of memory for all that was read at
//! once make that cheap; each reader makes the events, on its own thread. No parsing: every line is taken as it is.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use memchr::memchr;

use super::{Event, EventKind, OutputStream};
use crate::child::{ChildKind, ChildPath};

/// The `output` events of lines that were written at once.
#[derive(Clone, Debug)]
pub(super) struct OutputBatch {
    /// The number of the first line's event.
    pub(super) first: u64,
    pub(super) at: Duration,
    pub(super) time: SystemTime,
    pub(super) path: ChildPath,
    pub(super) incarnation: u32,
    pub(super) kind: ChildKind,
    pub(super) stream: OutputStream,
    /// Whole lines, each with its end, which is `\n` or `\r\n`.
    pub(super) lines: Box<str>,
}

/// How many lines a text of whole lines has.
pub(super) fn count(lines: &str) -> u64 {
    memchr::memchr_iter(b'\n', lines.as_bytes()).count() as u64
}

/// Makes the lines of a text events, one after the other.
#[derive(Debug)]
pub(super) struct BatchedEvents {
    text: Arc<OutputBatch>,
    seq: u64,
    offset: usize,
}

impl BatchedEvents {
    pub(super) fn new(text: Arc<OutputBatch>) -> Self {
        Self { seq: text.first, offset: 0, text }
    }
}

impl Iterator for BatchedEvents {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let OutputBatch { first: _, at, time, ref path, incarnation, kind, stream, ref lines } = *self.text;
        let rest = &lines[self.offset..];
        let end = memchr(b'\n', rest.as_bytes())?;
        let line = &rest[..end];
        let what = EventKind::Output {
            stream,
            line: line.strip_suffix('\r').unwrap_or(line).to_owned(),
            truncated: false,
            lossy: false,
            continued: false,
        };
        let path = path.clone();
        let event = Event { seq: self.seq, at, time, path, incarnation, child_kind: kind, what };
        self.seq += 1;
        self.offset += end + 1;
        Some(event)
    }
}

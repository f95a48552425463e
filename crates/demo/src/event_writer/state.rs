//! What an event writer and its thread have in common, and how each waits for the other.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rootward::{Event, EventKind};

use super::backlog::{Backlog, Worth};

/// Something to be written.
pub(super) enum Item {
    Event(Arc<Event>),
    Text(String),
}

pub(super) struct SharedWriter {
    /// Whether a file is written to, which is never slow for long, and has no reader.
    is_file: bool,
    state: Mutex<WriterState>,
    changed: Condvar,
}

#[derive(Default)]
struct WriterState {
    backlog: Backlog<Item>,
    /// Nothing more will come.
    closed: bool,
    /// Nothing more will be written: all of it has been, or the reader has gone.
    done: bool,
    /// Counts successful writes, so that a slow reader can be told from none.
    writes: u64,
    /// How many writes there had been when one that waited for room gave that up. It is not waited for again before
    /// there is another.
    given_up_at: Option<u64>,
    /// Why there is no room at present.
    full: Option<String>,
    /// How many items were left out while there was no room, and why there was none.
    left_out: Option<(u64, String)>,
    /// Why nothing can be written any more.
    broken: Option<String>,
}

/// What has become of all that was to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WriteOutcome {
    /// It is written, or the reader has gone, as it may.
    All,
    /// A reader that is there, or that may come, has not taken all of it.
    Unread,
    /// It could not be written, for this reason.
    Not(String),
}

/// How long the end of the program waits for those that take what it writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReaderTimeout {
    /// For a reader.
    pub(super) reader: Patience,
    /// For a file, and for the events on their way to it. There is an end of them, and what keeps it off is a machine
    /// that is busy.
    pub(super) file: Patience,
}

/// How long something is waited for that may be slow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How long it may take nothing at all.
    pub(super) still: Duration,
    /// How many times it may make use of that.
    pub(super) rounds: u32,
}

impl ReaderTimeout {
    /// For an end in good order: the reader may be slow, but not for ever.
    pub(crate) const ORDERLY: Self = Self {
        reader: Patience { still: Duration::from_secs(1), rounds: 5 },
        file: Patience { still: Duration::from_secs(5), rounds: u32::MAX },
    };
    /// For a tree that could not be brought down, and may still have events.
    pub(crate) const INCOMPLETE: Self = Self { file: Self::ORDERLY.reader, ..Self::ORDERLY };
    /// For a program that has been told to leave at once.
    pub(crate) const LEAVING: Self = {
        let patience = Patience { still: Duration::from_millis(100), rounds: 1 };
        Self { reader: patience, file: patience }
    };
}

/// What an event takes up apart from its texts, more or less.
const EVENT: usize = 256;

/// How much may wait for a file before the processes that write it are held up.
const AHEAD: usize = 8 * 1024 * 1024;

/// How long a file may take nothing before it is not waited for.
const STILL: Duration = Duration::from_secs(1);

/// How long it takes until a place that was full is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// How many items are taken from the backlog at a time.
const BATCH: usize = 256;

impl Item {
    fn size(&self) -> (usize, Worth) {
        match self {
            Self::Text(text) => (text.len(), Worth::Story),
            Self::Event(event) => {
                // Whatever else an event says is short.
                if let EventKind::Output { line, .. } = &event.what {
                    (EVENT + line.len(), Worth::Output)
                } else {
                    (EVENT, Worth::Story)
                }
            }
        }
    }
}

impl SharedWriter {
    pub(super) fn new(is_file: bool) -> Self {
        Self { is_file, state: Mutex::default(), changed: Condvar::new() }
    }

    pub(super) fn is_file(&self) -> bool {
        self.is_file
    }

    // --- for those who have something to write ---

    pub(super) fn push(&self, item: Item) {
        let (bytes, worth) = item.size();
        let mut state = self.state();
        if state.closed || state.done {
            return;
        }
        // The writer waits only when there is nothing to write. To wake it is dear, and this is called often.
        let may_wait = state.backlog.is_empty();
        let is_kept = state.backlog.push(item, bytes, worth);
        let reason = if is_kept { None } else { state.full.clone() };
        if let Some(reason) = reason {
            state.left_out.get_or_insert((0, reason)).0 += 1;
        }
        drop(state);
        if may_wait {
            self.changed.notify_all();
        }
    }

    /// Waits while a lot is to be written and some of it is being written.
    pub(super) fn wait_for_room(&self) {
        let mut state = self.state();
        while state.is_far_behind() {
            let before = state.writes;
            let waited = self.changed.wait_timeout(state, STILL);
            let (now, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = now;
            if timeout.timed_out() && state.writes == before {
                state.given_up_at = Some(before);
            }
        }
    }

    /// Says that nothing more will come, and waits until all of it is written or the reader takes no more.
    pub(super) fn finish(&self, timeout: ReaderTimeout) -> WriteOutcome {
        let mut state = self.state();
        state.closed = true;
        self.changed.notify_all();
        // Rounds so far, and those of them, one after the other, in which a file was full.
        let (mut rounds, mut full_rounds) = (0, 0);
        loop {
            // A file that is full may take the beginning of a line again and again, which is taken back.
            let (patience, so_far) = match (self.is_file, state.full.is_some()) {
                (true, true) => (timeout.reader, full_rounds),
                (true, false) => (timeout.file, rounds),
                (false, _) => (timeout.reader, rounds),
            };
            if so_far >= patience.rounds {
                break;
            }
            let before = state.writes;
            let waited = self.changed.wait_timeout_while(state, patience.still, |state| !state.done);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.done || state.writes == before {
                break;
            }
            rounds += 1;
            full_rounds = if state.full.is_some() { full_rounds + 1 } else { 0 };
        }
        let outcome = state.written();
        // A file has no reader.
        if self.is_file && outcome == WriteOutcome::Unread {
            return WriteOutcome::Not("the file takes nothing any more".to_owned());
        }
        outcome
    }

    // --- for the thread that writes ---

    /// Waits for something to write. `None` says that nothing more will come.
    pub(super) fn next(&self) -> Option<Vec<Item>> {
        let idle = |state: &mut WriterState| state.backlog.is_empty() && !state.closed;
        let mut state = self.changed.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner);
        let items: Vec<_> = std::iter::from_fn(|| state.backlog.pop()).take(BATCH).collect();
        (!items.is_empty()).then_some(items)
    }

    /// Some of it is written, up to the end of a line or not. The beginning of a line does not make up for a lack of
    /// room.
    pub(super) fn wrote(&self, whole: bool) {
        let mut state = self.state();
        state.writes += 1;
        if whole {
            state.full = None;
        }
        drop(state);
        self.changed.notify_all();
    }

    /// There is no room, for this reason. Says whether there had been some.
    pub(super) fn is_full(&self, reason: &str) -> bool {
        let mut state = self.state();
        let is_new = state.full.is_none();
        state.full = Some(reason.to_owned());
        drop(state);
        // The pump may wait for room.
        self.changed.notify_all();
        is_new
    }

    /// Waits until it is time to try again.
    pub(super) fn rest(&self) {
        let waited = self.changed.wait_timeout_while(self.state(), RETRY, |_| true);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Nothing more will be written.
    pub(super) fn end(&self, broken: Option<String>) {
        let mut state = self.state();
        state.done = true;
        state.broken = broken;
        state.backlog.clear();
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, WriterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WriterState {
    fn is_far_behind(&self) -> bool {
        self.backlog.bytes() > AHEAD
            && !self.closed
            && !self.done
            && self.full.is_none()
            && self.given_up_at != Some(self.writes)
    }

    fn written(&self) -> WriteOutcome {
        let reason = self.broken.as_ref().or(self.full.as_ref());
        match (reason, &self.left_out) {
            (Some(reason), _) => WriteOutcome::Not(reason.clone()),
            (None, Some((items, reason))) => WriteOutcome::Not(format!("{items} left out: {reason}")),
            (None, None) if self.done => WriteOutcome::All,
            (None, None) => WriteOutcome::Unread,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_for_a_reader_that_has_gone() {
        let shared = SharedWriter::new(false);

        shared.end(None);
        shared.push(Item::Text("lost".into()));

        assert!(shared.state().backlog.is_empty());
        assert_eq!(shared.finish(ReaderTimeout::LEAVING), WriteOutcome::All);
    }

    #[test]
    fn what_was_left_out_for_want_of_room_is_counted_until_the_end() {
        let shared = SharedWriter::new(false);
        assert!(shared.is_full("no space"));

        let more_than_fits = "x".repeat(100 * 1024 * 1024);
        shared.push(Item::Text(more_than_fits));
        shared.wrote(true);
        shared.end(None);

        let WriteOutcome::Not(reason) = shared.finish(ReaderTimeout::LEAVING) else {
            panic!("it is not written")
        };
        assert_eq!(reason, "1 left out: no space");
    }

    #[test]
    fn a_file_that_takes_nothing_at_the_end_is_not_written_and_a_reader_that_does_is_slow() {
        let end = |is_file| {
            let shared = SharedWriter::new(is_file);
            shared.push(Item::Text("text".into()));
            shared.finish(ReaderTimeout::LEAVING)
        };

        assert_eq!(end(true), WriteOutcome::Not("the file takes nothing any more".into()));
        assert_eq!(end(false), WriteOutcome::Unread);
    }

    #[test]
    fn a_file_that_takes_nothing_is_waited_for_once() {
        let shared = SharedWriter::new(true);
        shared.push(Item::Text("x".repeat(AHEAD + 1)));

        shared.wait_for_room();
        let begun = Some(shared.state().writes);
        assert_eq!(shared.state().given_up_at, begun);
        assert!(!shared.state().is_far_behind());

        shared.wrote(true);
        assert!(shared.state().is_far_behind(), "it takes something again");
    }
}

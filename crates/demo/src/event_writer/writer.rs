//! The thread that writes, and the bounded time it is given at the end.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rootward::{Event, EventKind};

use super::Sink;
use super::backlog::{Backlog, Worth};
use crate::tell;

/// Writes events and texts, in order, on a thread of its own.
#[derive(Clone)]
pub(crate) struct EventWriter(Arc<Shared>);

/// How an event is written: appends its text, or nothing if it is not shown.
pub(crate) type Format = Box<dyn FnMut(&Event, &mut Vec<u8>) + Send>;

/// Something to be written.
enum Item {
    Event(Arc<Event>),
    Text(String),
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    backlog: Backlog<Item>,
    /// Nothing more will come.
    closed: bool,
    /// Nothing more will be written: all of it has been, or the reader has gone.
    done: bool,
    /// Counts successful writes, so that a slow reader can be told from none.
    writes: u64,
}

/// What an event takes up apart from its texts, more or less.
const EVENT: usize = 256;

/// How much is written at a time: little enough for a slow reader to show that it is there, and no more than the system
/// puts into a pipe as a whole or not at all. So what a reader gets ends with a whole line, also if the writer gives it
/// up.
const CHUNK: usize = libc::PIPE_BUF;

/// How long the end of the program waits for a reader.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How long a reader may take nothing at all.
    pub(super) still: Duration,
    /// How many times it may make use of that.
    rounds: u32,
}

impl Patience {
    /// For an end in good order: the reader may be slow, but not for ever.
    pub(crate) const ORDERLY: Self = Self { still: Duration::from_secs(1), rounds: 5 };
    /// For a program that has been told to leave at once.
    pub(crate) const LEAVING: Self = Self { still: Duration::from_millis(100), rounds: 1 };
}

impl EventWriter {
    /// Starts the thread that writes to this sink.
    ///
    /// # Errors
    ///
    /// If the system has no thread left.
    pub(crate) fn start(name: &str, sink: Sink, format: Format) -> io::Result<Self> {
        let label = name.to_owned();
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let writer = Self(Arc::clone(&shared));
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            if let Err(error) = write_all(&shared, sink, format) {
                // A reader may go at any time. The user hears of every other error.
                if error.kind() != io::ErrorKind::BrokenPipe {
                    tell::error(format_args!("cannot write the {label}: {error}"));
                }
            }
            shared.end();
        })?;
        Ok(writer)
    }

    pub(crate) fn event(&self, event: &Arc<Event>) {
        // Whatever else an event says is short.
        let (text, worth) = if let EventKind::Output { line, .. } = &event.what {
            (line.len(), Worth::Output)
        } else {
            (0, Worth::Story)
        };
        self.push(Item::Event(Arc::clone(event)), EVENT + text, worth);
    }

    pub(crate) fn text(&self, text: String) {
        let bytes = text.len();
        self.push(Item::Text(text), bytes, Worth::Story);
    }

    /// Says that nothing more will come, and waits until all of it is written or the reader takes no more.
    pub(crate) fn finish(&self, patience: Patience) {
        let mut state = self.0.state();
        state.closed = true;
        self.0.changed.notify_all();
        for _ in 0..patience.rounds {
            let before = state.writes;
            let waited = self.0.changed.wait_timeout_while(state, patience.still, |state| !state.done);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.done || state.writes == before {
                return;
            }
        }
    }

    fn push(&self, item: Item, bytes: usize, worth: Worth) {
        let mut state = self.0.state();
        if !state.closed && !state.done {
            // The writer waits only when there is nothing to write. To wake it is dear, and this is
            // called often.
            let may_wait = state.backlog.is_empty();
            state.backlog.push(item, bytes, worth);
            drop(state);
            if may_wait {
                self.0.changed.notify_all();
            }
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to write, and puts it into the buffer. `false` says that nothing more will come.
    fn next(&self, format: &mut Format, buffer: &mut Vec<u8>) -> bool {
        let idle = |state: &mut State| state.backlog.is_empty() && !state.closed;
        let mut state = self.changed.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner);
        let items: Vec<_> = std::iter::from_fn(|| state.backlog.pop()).take(BATCH).collect();
        let ended = items.is_empty() && state.closed;
        drop(state);
        for item in items {
            match item {
                Item::Event(event) => format(&event, buffer),
                Item::Text(text) => buffer.extend_from_slice(text.as_bytes()),
            }
        }
        !ended
    }

    fn wrote(&self) {
        self.state().writes += 1;
        self.changed.notify_all();
    }

    fn end(&self) {
        let mut state = self.state();
        state.done = true;
        state.backlog.clear();
        self.changed.notify_all();
    }
}

/// How many items are taken from the backlog at a time.
const BATCH: usize = 256;

fn write_all(shared: &Shared, sink: Sink, mut format: Format) -> io::Result<()> {
    let mut writer = sink.writer()?;
    let mut buffer = Vec::new();
    while shared.next(&mut format, &mut buffer) {
        for chunk in chunks(&buffer) {
            writer.write_all(chunk)?;
            writer.flush()?;
            shared.wrote();
        }
        buffer.clear();
    }
    Ok(())
}

/// Cuts a text into chunks of whole lines, and only lines that are longer than a chunk.
fn chunks(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let most = rest.len().min(CHUNK);
        let lines = rest.get(..most)?.iter().rposition(|byte| *byte == b'\n').map_or(most, |end| end + 1);
        // What fits as a whole needs no line's end.
        let length = if rest.len() <= CHUNK { rest.len() } else { lines };
        let (chunk, others) = rest.split_at(length);
        rest = others;
        (!chunk.is_empty()).then_some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Hands every write to the test, and ends with an error when the test no longer reads.
    struct Reader(mpsc::SyncSender<String>);

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.0.send(text).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn given_writer() -> (EventWriter, mpsc::Receiver<String>) {
        let (sender, written) = mpsc::sync_channel(0);
        let sink = Sink::Open(Box::new(Reader(sender)));
        (EventWriter::start("test", sink, Box::new(|_, _| {})).unwrap(), written)
    }

    #[test]
    fn what_is_written_is_there_at_once_and_in_order() {
        let (writer, written) = given_writer();

        writer.text("one\n".into());
        assert_eq!(written.recv().unwrap(), "one\n");
        writer.text("two\n".into());
        assert_eq!(written.recv().unwrap(), "two\n");
    }

    #[test]
    fn the_end_waits_until_everything_is_written() {
        let (writer, written) = given_writer();
        let reader = thread::spawn(move || written.iter().collect::<String>());

        for n in 0..1000 {
            writer.text(format!("{n} "));
        }
        writer.finish(Patience::ORDERLY);

        let expected: String = (0..1000).map(|n| format!("{n} ")).collect();
        assert_eq!(reader.join().unwrap(), expected);
    }

    #[test]
    fn the_end_does_not_wait_for_a_reader_that_takes_nothing() {
        let (writer, _unread) = given_writer();

        writer.text("never read".into());
        writer.finish(Patience::ORDERLY);
    }

    #[test]
    fn chunks_are_whole_lines_unless_a_line_is_longer_than_a_chunk() {
        let long = format!("{}\n", "x".repeat(CHUNK + 10));
        let text = [&"a line\n".repeat(2000), long.as_str(), "short\n", "no end"].concat();

        let chunks: Vec<&[u8]> = chunks(text.as_bytes()).collect();

        assert_eq!(chunks.concat(), text.as_bytes());
        assert!(chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= CHUNK));
        let cut = chunks.iter().filter(|chunk| chunk.last() != Some(&b'\n')).count();
        assert_eq!(cut, 2, "the long line and the last one");
    }

    #[test]
    fn nothing_is_kept_for_a_reader_that_has_gone() {
        let (writer, written) = given_writer();
        drop(written);

        writer.text("lost".into());
        writer.finish(Patience::ORDERLY);
        writer.text("lost as well".into());

        assert!(writer.0.state().done && writer.0.state().backlog.is_empty());
    }
}

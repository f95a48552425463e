//! The thread that writes: whole lines, as long as there is room for them.

use std::io;
use std::sync::{Arc, PoisonError};
use std::thread;

use rootward::{Event, EventKind};

use super::Sink;
use super::destination::{Destination, WriteRefusal};
use super::state::{Item, ReaderTimeout, SharedWriter, WriteOutcome};
use crate::descriptor::CHUNK;
use crate::messages;

/// Writes events and texts, in order, on a thread of its own.
#[derive(Clone)]
pub(crate) struct EventWriter {
    shared: Arc<SharedWriter>,
}

/// How an event is written: appends its text, or nothing if it is not shown.
pub(crate) type EventFormatter = Box<dyn FnMut(&Event, &mut Vec<u8>) + Send>;

impl EventWriter {
    /// Starts the thread that writes to this sink.
    ///
    /// # Errors
    ///
    /// If the system has no thread left.
    pub(crate) fn start(name: &str, sink: Sink, format: EventFormatter) -> io::Result<Self> {
        let label = name.to_owned();
        let shared = Arc::new(SharedWriter::new(sink.is_file()));
        let writer = Self { shared: Arc::clone(&shared) };
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            // The end of the program says what could not be written.
            shared.end(write_all(&label, &shared, sink, format).err());
        })?;
        Ok(writer)
    }

    pub(crate) fn event(&self, event: &Arc<Event>) {
        if self.loses_nothing() && matches!(event.what, EventKind::Output { .. }) {
            self.shared.wait_for_room();
        }
        self.shared.push(Item::Event(Arc::clone(event)));
    }

    pub(crate) fn text(&self, text: String) {
        self.shared.push(Item::Text(text));
    }

    /// Whether processes are to be held up for it rather than their lines lost.
    pub(crate) fn loses_nothing(&self) -> bool {
        self.shared.is_file()
    }

    /// Says that nothing more will come, and waits until all of it is written or the reader takes no more.
    pub(crate) fn finish(&self, patience: ReaderTimeout) -> WriteOutcome {
        self.shared.finish(patience)
    }
}

/// Writes everything, or says why not. A reader that has gone is no error.
fn write_all(
    label: &str,
    shared: &SharedWriter,
    sink: Sink,
    mut format: EventFormatter,
) -> Result<(), String> {
    let mut place = sink.place().map_err(|error| format!("{error}{}", messages::limit_behind(&error)))?;
    let mut buffer = Vec::new();
    while let Some(items) = shared.next() {
        for item in items {
            match item {
                Item::Event(event) => format(&event, &mut buffer),
                Item::Text(text) => buffer.extend_from_slice(text.as_bytes()),
            }
        }
        match write_lines(label, shared, place.as_mut(), &buffer) {
            Ok(()) => buffer.clear(),
            Err(WriteRefusal::Broken(error)) => return Err(error.to_string()),
            Err(WriteRefusal::Gone | WriteRefusal::Full(_)) => break,
        }
    }
    Ok(())
}

/// Writes all of the text. Another writer of the same place waits until a line is complete. Where there is no room for
/// the rest of a line, its beginning is taken back if that is possible.
fn write_lines(
    label: &str,
    shared: &SharedWriter,
    place: &mut dyn Destination,
    text: &[u8],
) -> Result<(), WriteRefusal> {
    let turn = place.turn();
    let mut has_turn = None;
    let mut written = 0;
    while let Some(chunk) = chunk(&text[written..]) {
        has_turn.get_or_insert_with(|| turn.lock().unwrap_or_else(PoisonError::into_inner));
        let refusal = match place.write(chunk) {
            Ok(bytes) if bytes > 0 => {
                written += bytes;
                let is_whole = text[written - 1] == b'\n';
                shared.wrote(is_whole || written == text.len());
                if is_whole {
                    has_turn = None;
                }
                continue;
            }
            Ok(_) => io::ErrorKind::WriteZero.into(),
            Err(error) => error,
        };
        match WriteRefusal::new(refusal, place) {
            WriteRefusal::Full(error) => {
                let line = text[..written].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                if line < written && place.take_back(written - line) {
                    written = line;
                    has_turn = None;
                }
                // There is no room for a message in the same place, and the end says it.
                if shared.is_full(&error.to_string()) && !place.has_messages() {
                    messages::warning(format_args!(
                        "cannot write the {label} now: {error}; it goes on when it can"
                    ));
                }
                shared.rest();
            }
            refusal @ (WriteRefusal::Gone | WriteRefusal::Broken(_)) => return Err(refusal),
        }
    }
    Ok(())
}

/// The next part of a text: as many whole lines as fit, and a part of a line only of one that is longer than that.
///
/// It is little enough for a slow reader to show that it is there, and no more than the system puts into a pipe as a
/// whole or not at all. So what a reader gets ends with a whole line, also if the writer gives it up.
fn chunk(text: &[u8]) -> Option<&[u8]> {
    let most = text.len().min(CHUNK);
    // What fits as a whole needs no line's end.
    let length = if text.len() <= CHUNK {
        most
    } else {
        text[..most].iter().rposition(|byte| *byte == b'\n').map_or(most, |end| end + 1)
    };
    (length > 0).then(|| &text[..length])
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Mutex, mpsc};

    use rootward::event::OutputStream;

    use super::super::state::Patience;
    use super::super::target::SinkKind;
    use super::*;
    use crate::view::{EventLines, Style, any_run};

    /// Hands every write to the test, and ends with an error when the test no longer reads.
    struct Reader(mpsc::SyncSender<String>);

    impl Destination for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.0.send(text).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }
    }

    /// The same as a file.
    struct SlowFile(Reader);

    impl Destination for SlowFile {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }

        fn is_file(&self) -> bool {
            true
        }
    }

    /// A disk with so much room, and more after each time that it was full.
    struct Disk {
        text: Vec<u8>,
        room: usize,
        can_take_back: bool,
        seen: mpsc::Sender<String>,
    }

    impl Destination for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.room);
            if fits == 0 {
                let _ = self.seen.send(String::from_utf8(self.text.clone()).unwrap());
                self.room = 25;
                return Err(io::Error::from_raw_os_error(libc::ENOSPC));
            }
            self.text.extend_from_slice(&bytes[..fits]);
            self.room -= fits;
            Ok(fits)
        }

        fn take_back(&mut self, bytes: usize) -> bool {
            if self.can_take_back {
                self.room += bytes;
                self.text.truncate(self.text.len() - bytes);
            }
            self.can_take_back
        }
    }

    impl Drop for Disk {
        fn drop(&mut self) {
            let _ = self.seen.send(String::from_utf8(self.text.clone()).unwrap());
        }
    }

    fn given_writer_to(place: impl Destination + 'static) -> EventWriter {
        EventWriter::start("test", Sink(SinkKind::Open(Box::new(place))), Box::new(|_, _| {})).unwrap()
    }

    fn given_writer() -> (EventWriter, mpsc::Receiver<String>) {
        let (sender, written) = mpsc::sync_channel(0);
        (given_writer_to(Reader(sender)), written)
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
        assert_eq!(writer.finish(ReaderTimeout::ORDERLY), WriteOutcome::All);

        let expected: String = (0..1000).map(|n| format!("{n} ")).collect();
        assert_eq!(reader.join().unwrap(), expected);
    }

    /// On a busy machine the end of a record was not written: it got five seconds in all, as a reader does.
    #[test]
    fn the_end_waits_for_a_file_that_is_being_written_without_limit_and_for_a_reader_with_one() {
        // None for a reader.
        let timeout = ReaderTimeout { reader: Patience { rounds: 0, ..PATIENT }, file: PATIENT };
        let given = |writer: &EventWriter| (0..1000).for_each(|n| writer.text(format!("{n} ")));

        let (sender, written) = mpsc::sync_channel(0);
        let file = given_writer_to(SlowFile(Reader(sender)));
        given(&file);
        let takes_all = thread::spawn(move || written.iter().collect::<String>());
        assert_eq!(file.finish(timeout), WriteOutcome::All);
        assert!(takes_all.join().unwrap().ends_with(" 999 "));

        // It is there until the end, and takes nothing.
        let (reader, _unread) = given_writer();
        given(&reader);
        assert_eq!(reader.finish(timeout), WriteOutcome::Unread);
    }

    /// Longer than any test takes.
    const PATIENT: Patience = Patience { still: std::time::Duration::from_secs(60), rounds: 1 };

    #[test]
    fn an_end_in_good_order_has_no_limit_for_files_and_that_of_a_tree_that_is_still_there_has_one() {
        assert_eq!(ReaderTimeout::ORDERLY.file.rounds, u32::MAX);
        assert_eq!(ReaderTimeout::INCOMPLETE.file.rounds, ReaderTimeout::ORDERLY.reader.rounds);
    }

    #[test]
    fn the_end_does_not_wait_for_a_reader_that_takes_nothing() {
        let (writer, _unread) = given_writer();

        writer.text("never read".into());

        assert_eq!(writer.finish(ReaderTimeout::ORDERLY), WriteOutcome::Unread);
    }

    /// R9: what is written goes on when there is room again, and at no time does a file end within a line.
    #[test]
    fn on_a_full_disk_nothing_is_lost_and_no_line_is_cut() {
        for can_take_back in [true, false] {
            let (seen, states) = mpsc::channel();
            let text: String = (1000..1020).map(|n| format!("line {n}\n")).collect();
            let writer = given_writer_to(Disk { text: Vec::new(), room: 17, can_take_back, seen });

            writer.text(text.clone());
            assert_eq!(writer.finish(ReaderTimeout::ORDERLY), WriteOutcome::All);

            let states: Vec<String> = states.iter().collect();
            assert_eq!(states.last(), Some(&text), "take back: {can_take_back}");
            // The first state is that of the refusal, before the beginning of the line is taken back.
            assert!(states.len() > 5);
        }
    }

    /// A disk that has no room until it is told, and says when it was asked for some.
    struct ClosedDisk {
        is_open: Arc<AtomicBool>,
        asked: mpsc::Sender<()>,
        text: Arc<Mutex<Vec<u8>>>,
    }

    impl Destination for ClosedDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !self.is_open.load(Ordering::SeqCst) {
                let _ = self.asked.send(());
                return Err(io::Error::from_raw_os_error(libc::ENOSPC));
            }
            self.text.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn is_file(&self) -> bool {
            true
        }
    }

    #[test]
    fn events_for_which_there_was_no_room_are_counted_where_they_are_missing_in_the_view() {
        let (sender, asked) = mpsc::channel();
        let (is_open, text) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<u8>>>::default());
        let disk = ClosedDisk { is_open: Arc::clone(&is_open), asked: sender, text: Arc::clone(&text) };
        let mut lines = EventLines::new(Style::Plain);
        // The lines are long for the one that counts what waits, and short for the one that writes.
        let format: EventFormatter = Box::new(move |event, buffer| {
            let mut event = event.clone();
            if let EventKind::Output { line, .. } = &mut event.what {
                line.truncate(1);
            }
            lines.write(&event, buffer);
        });
        let writer = EventWriter::start("test", Sink(SinkKind::Open(Box::new(disk))), format).unwrap();
        let (any, _) = any_run();
        let push = |seq, what: EventKind| {
            let mut event = any.clone();
            (event.seq, event.what) = (seq, what);
            writer.event(&Arc::new(event));
        };
        let output = || EventKind::Output {
            stream: OutputStream::Stdout,
            line: "x".repeat(1 << 20),
            truncated: false,
            lossy: false,
            continued: false,
        };

        push(1, EventKind::Starting);
        // The second time it is known that there is none.
        (0..2).for_each(|_| asked.recv().unwrap());
        (2..=101).for_each(|seq| push(seq, output()));
        push(102, EventKind::Healthy);
        is_open.store(true, Ordering::SeqCst);
        let outcome = writer.finish(ReaderTimeout::ORDERLY);

        // 64 MiB of output are kept, and each line takes a little more than its length.
        assert_eq!(outcome, WriteOutcome::Not("37 left out: No space left on device (os error 28)".into()));
        let text = String::from_utf8(text.lock().unwrap().clone()).unwrap();
        let missing = text.lines().position(|line| line.contains("37 events are missing here"));
        assert_eq!((missing, text.lines().count()), (Some(64), 66), "{text}");
    }

    #[test]
    fn what_does_not_fit_until_the_end_is_said() {
        let writer = given_writer_to(Full);

        writer.text("a report\n".into());

        assert!(
            matches!(writer.finish(ReaderTimeout::ORDERLY), WriteOutcome::Not(reason) if reason.contains("space"))
        );
    }

    /// A disk without any room.
    struct Full;

    impl Destination for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(libc::ENOSPC))
        }
    }

    #[test]
    fn chunks_are_whole_lines_unless_a_line_is_longer_than_a_chunk() {
        let long = format!("{}\n", "x".repeat(CHUNK + 10));
        let text = [&"a line\n".repeat(2000), long.as_str(), "short\n", "no end"].concat();
        let mut rest = text.as_bytes();

        let chunks: Vec<&[u8]> = std::iter::from_fn(|| {
            let next = chunk(rest)?;
            rest = &rest[next.len()..];
            Some(next)
        })
        .collect();

        assert_eq!(chunks.concat(), text.as_bytes());
        assert!(chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= CHUNK));
        let cut = chunks.iter().filter(|chunk| chunk.last() != Some(&b'\n')).count();
        assert_eq!(cut, 2, "the long line and the last one");
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        let (writer, written) = given_writer();
        drop(written);

        writer.text("lost".into());

        assert_eq!(writer.finish(ReaderTimeout::ORDERLY), WriteOutcome::All);
    }
}

//! The outputs of one process: makes lines events, and looks among them for the one that says that the process is
//! ready.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rootward_core::{OutputStream, ProcessEvents};
use tokio::time::{Instant, sleep_until};

use super::output_pump::{OutputPump, OutputSource, WrittenOutput};
use super::panics::catch;
use super::start_log::StartLog;
use crate::log_writer::LogWriter;
use crate::policy::visible_text;
use crate::spec::LinePattern;

/// Our ends of what a process writes to.
#[derive(Debug)]
pub(super) struct Outputs {
    pumps: [Option<OutputPump>; 2],
    /// Which is read next if there is something in both, so that neither has to wait for the other's end.
    turn: usize,
    lines: LineSinks,
    log: Option<Box<LogOutput>>,
}

/// The file to which all outputs are written.
#[derive(Debug)]
pub(super) struct LogOutput {
    pub(super) writer: Arc<LogWriter>,
    /// Where it is said that the file cannot be written.
    pub(super) sink: ProcessEvents,
}

/// Where lines go.
#[derive(Debug)]
pub(super) struct LineSinks {
    /// Makes them events.
    sink: Option<ProcessEvents>,
    /// Looks at them as long as there is something to find out.
    looking: Option<Box<Looking>>,
    /// Has their bytes written into a file.
    log: Option<Box<LogOutput>>,
}

/// What lines are looked at for.
#[derive(Debug)]
struct Looking {
    /// A line that matches says that the process is ready. Looked for until it has come.
    ready: Option<LinePattern>,
    /// Keeps the last of them until the start is over.
    log: Option<Arc<StartLog>>,
    /// What has been written of the last line of each stream.
    begun: [String; 2],
}

/// How much of a line that comes in pieces is looked at, in bytes.
const LONGEST_LOOKED_AT: usize = 128 * 1024;

impl Outputs {
    /// Standard output and standard error, as far as they are captured, or a terminal.
    pub(super) fn new(
        [stdout, stderr]: [Option<OwnedFd>; 2],
        is_terminal: bool,
        mut lines: LineSinks,
    ) -> io::Result<Self> {
        let log = lines.log.take();
        let writer = || log.as_ref().map(|log| Arc::clone(&log.writer));
        let source = if is_terminal { OutputSource::Terminal } else { OutputSource::Pipe };
        let pump = |fd: Option<OwnedFd>, stream| {
            fd.map(|fd| OutputPump::new(fd, source, stream, writer())).transpose()
        };
        let pumps = [pump(stdout, OutputStream::Stdout)?, pump(stderr, OutputStream::Stderr)?];
        Ok(Self { pumps, turn: 0, lines, log })
    }

    /// Waits until there may be something to read, and says in which. Waits for ever once both have ended. Cancel safe.
    pub(super) async fn readable(&self) -> usize {
        let output = self.either_readable().await;
        if let Some(pump) = &self.pumps[output] {
            if let Some(sink) = &self.lines.sink {
                pump.room(sink).await;
            }
            pump.room_in_log().await;
        }
        output
    }

    /// Reads some of an output. `true` says that the process is ready.
    pub(super) fn read(&mut self, output: usize) -> bool {
        let Self { pumps, turn, lines, log } = self;
        *turn = 1 - output;
        let mut ready = false;
        if let Some(pump) = &mut pumps[output] {
            pump.read(|written| ready |= lines.write(written));
            pumps[output].take_if(|pump| pump.has_ended());
        }
        log.iter().for_each(|log| log.tell());
        ready
    }

    /// Waits until the log file has what was read, for a second at most.
    pub(super) async fn flush(&self) {
        if let Some(log) = &self.log {
            log.finish().await;
        }
    }

    /// Waits until a stream has been silent after the beginning of a line, and says which. Cancel safe.
    pub(super) async fn settled(&self) -> usize {
        let show_at = |output: usize| self.pumps[output].as_ref().and_then(OutputPump::show_at);
        let first: Option<(Instant, usize)> =
            [0, 1].into_iter().filter_map(|output| Some((show_at(output)?, output))).min();
        match first {
            Some((at, output)) => {
                // In a box, because it is rare and every process would have to carry it.
                Box::pin(sleep_until(at)).await;
                output
            }
            None => std::future::pending().await,
        }
    }

    /// Shows the beginning of a line. `true` says that the process is ready.
    pub(super) fn show(&mut self, output: usize) -> bool {
        let Self { pumps, lines, .. } = self;
        let mut ready = false;
        if let Some(pump) = &mut pumps[output] {
            pump.show(|written| ready |= lines.write(written));
        }
        ready
    }

    /// Reads all that the outputs hold. `true` says that the process is ready.
    pub(super) fn read_what_is_there(&mut self) -> bool {
        let Self { pumps, lines, .. } = self;
        let mut ready = false;
        for output in pumps {
            if let Some(pump) = output {
                pump.read_what_is_there(|written| ready |= lines.write(written));
            }
            output.take_if(|pump| pump.has_ended());
        }
        ready
    }

    /// Whether one of them has not ended.
    pub(super) fn are_open(&self) -> bool {
        self.pumps.iter().any(Option::is_some)
    }

    /// Reads on after the process has gone: a process that has left the set may still hold the pipes. What its lines
    /// lack in a log file is not told any more: the end of the process has been told.
    pub(super) async fn read_to_the_end(self) {
        let Self { pumps: [stdout, stderr], lines: LineSinks { sink, .. }, log, .. } = self;
        tokio::join!(read_to_the_end(stdout, sink.as_ref()), read_to_the_end(stderr, sink.as_ref()));
        if let Some(log) = log {
            log.writer.flushed().await;
            log.tell();
        }
    }

    async fn either_readable(&self) -> usize {
        let (first, second) = (self.turn, 1 - self.turn);
        tokio::select! {
            biased;
            () = readable(&self.pumps[first]) => first,
            () = readable(&self.pumps[second]) => second,
        }
    }
}

impl LineSinks {
    /// Lines become events, and one that matches says that the process is ready. The log keeps the last of them.
    pub(super) fn new(
        sink: Option<ProcessEvents>,
        ready: Option<LinePattern>,
        log: Option<Arc<StartLog>>,
    ) -> Self {
        let looking =
            (ready.is_some() || log.is_some()).then(|| Looking { ready, log, begun: Default::default() });
        Self { sink, looking: looking.map(Box::new), log: None }
    }

    /// The same, with a file for the bytes.
    pub(super) fn with_log(self, log: Option<LogOutput>) -> Self {
        Self { log: log.map(Box::new), ..self }
    }

    /// Makes lines events. `true` says that the process is ready.
    fn write(&mut self, written: WrittenOutput<'_>) -> bool {
        let ready = self.looking.as_mut().is_some_and(|looking| looking.look_at(&written));
        self.looking.take_if(|looking| looking.is_over());
        written.to(self.sink.as_ref());
        ready
    }
}

impl LogOutput {
    /// Waits until the file has what was read, for a second at most, and says what it lacks then.
    async fn finish(&self) {
        self.writer.flushed().await;
        self.tell();
        if let Some(missing) = self.writer.take_missing() {
            self.sink.degraded("log file", missing);
        }
    }

    /// Says what has gone wrong, if that has not been said.
    fn tell(&self) {
        if let Some(trouble) = self.writer.take_trouble() {
            self.sink.degraded("log file", trouble);
        }
    }
}

impl Looking {
    /// Whether there is nothing more to find out.
    fn is_over(&mut self) -> bool {
        self.log.take_if(|log| log.is_closed());
        self.ready.is_none() && self.log.is_none()
    }

    /// Looks at lines as a person sees them. `true` says that one is the line that was looked for.
    fn look_at(&mut self, written: &WrittenOutput<'_>) -> bool {
        let found = self.has_found(written);
        if found {
            self.ready = None;
        }
        found
    }

    fn has_found(&mut self, written: &WrittenOutput<'_>) -> bool {
        match written {
            WrittenOutput::Lines(_, lines) => lines.lines().any(|line| self.look_at_line(line, line, false)),
            WrittenOutput::Line(line) => {
                let begun = &mut self.begun[line.stream as usize];
                if !line.continued || begun.len() > LONGEST_LOOKED_AT {
                    begun.clear();
                }
                begun.push_str(&line.line);
                let whole = std::mem::take(begun);
                let found = self.look_at_line(&whole, &line.line, line.continued);
                self.begun[line.stream as usize] = whole;
                found
            }
        }
    }

    /// Looks at a whole line, of which this is new.
    fn look_at_line(&self, whole: &str, new: &str, continued: bool) -> bool {
        if let Some(log) = &self.log {
            log.note_line(&visible_text(new), continued);
        }
        self.ready.as_ref().is_some_and(|pattern| matches(pattern, &visible_text(whole)))
    }
}

/// A search that panics has found nothing.
fn matches(pattern: &LinePattern, line: &str) -> bool {
    catch(|| pattern.matches(line)).unwrap_or(false)
}

async fn readable(output: &Option<OutputPump>) {
    match output {
        Some(pump) => pump.readable().await,
        None => std::future::pending().await,
    }
}

async fn read_to_the_end(output: Option<OutputPump>, sink: Option<&ProcessEvents>) {
    if let Some(pump) = output {
        pump.read_to_the_end(sink).await;
    }
}

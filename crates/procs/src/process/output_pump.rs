//! Reads one stream that a process writes, line by line.
//!
//! Nothing waits for the end of a stream: it comes when every process that holds the pipe has closed it, and one of
//! them may have been left behind.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use rootward_core::{OutputLine, OutputStream, ProcessEvents};
use tokio::io::Interest;
use tokio::time::{Instant, timeout_at};

use crate::log_writer::LogWriter;
use crate::policy::{Line, LineSplitter, Piece};
use crate::sys::{self, Watched};

/// How much is read at once of a stream that brings little, onto the stack: a process that is silent costs no memory.
const CHUNK: usize = 8 * 1024;

/// How much is read at once of a stream that has just filled a [`CHUNK`], into memory that is given back at once. It is
/// what a pipe holds, and all that is done for one chatty process before another task gets its turn.
const LARGE_CHUNK: usize = 64 * 1024;

/// How long a line that has no end yet is waited for before it is shown. Programs that prompt write no end.
const PROMPT: Duration = Duration::from_millis(100);

/// How long a stream that outlives its process may be silent before it is closed.
const IDLE: Duration = Duration::from_secs(1);

/// How long a stream that outlives its process is read at all.
const LONGEST_LAST_READ: Duration = Duration::from_secs(30);

/// Our end of a stream that a process writes to.
#[derive(Debug)]
pub(super) struct OutputPump {
    pipe: Watched,
    source: OutputSource,
    stream: OutputStream,
    lines: LineSplitter,
    /// When what has come of a line is shown without its end, unless more comes.
    show_at: Option<Instant>,
    /// Where the next [`LARGE_CHUNK`] is read to, if the last read has filled a [`CHUNK`]. A stream that falls silent
    /// has none: it counts as readable until a read finds nothing, and that read gives the memory back.
    large: Option<Box<[u8; LARGE_CHUNK]>>,
    ended: bool,
    /// Where all bytes go as well.
    log: Option<Arc<LogWriter>>,
}

/// What a process writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputSource {
    Pipe,
    Terminal,
}

/// How much a terminal holds at most. It says how much only of what it has made ready to be read.
const TERMINAL_HOLDS: usize = 128 * 1024;

/// What a process has written.
pub(super) enum WrittenOutput<'a> {
    /// Whole lines, each with its end.
    Lines(OutputStream, &'a str),
    Line(OutputLine),
}

impl OutputPump {
    /// The descriptor must be non-blocking.
    pub(super) fn new(
        fd: OwnedFd,
        source: OutputSource,
        stream: OutputStream,
        log: Option<Arc<LogWriter>>,
    ) -> io::Result<Self> {
        let pipe = sys::watch(Arc::new(fd))?;
        Ok(Self {
            pipe,
            source,
            stream,
            lines: LineSplitter::default(),
            show_at: None,
            large: None,
            ended: false,
            log,
        })
    }

    /// Waits until there may be something to read. Waits for ever once the stream has ended. Cancel safe.
    pub(super) async fn readable(&self) {
        if self.ended || self.pipe.readable().await.is_err() {
            std::future::pending().await
        }
    }

    /// If a lot is likely to be read, waits until the readers of the events have had a chance to take what came before.
    /// Cancel safe.
    pub(super) async fn room(&self, sink: &ProcessEvents) {
        if self.large.is_some() {
            sink.room().await;
        }
    }

    /// Waits until the log file has taken most of what came before, for a second at most. Cancel safe.
    pub(super) async fn room_in_log(&self) {
        if let Some(log) = &self.log {
            log.room().await;
        }
    }

    /// Reads some of what there is.
    pub(super) fn read(&mut self, mut write: impl FnMut(WrittenOutput<'_>)) {
        let mut large = self.large.take();
        let bytes = match &mut large {
            None => self.read_into(&mut [0; CHUNK], &mut write),
            Some(large) => self.read_into(&mut large[..], &mut write),
        };
        if bytes >= CHUNK {
            self.large = large.or_else(|| vec![0; LARGE_CHUNK].try_into().ok());
        }
    }

    fn read_into(&mut self, chunk: &mut [u8], write: &mut impl FnMut(WrittenOutput<'_>)) -> usize {
        let result = self.pipe.try_io(Interest::READABLE, |pipe| read(pipe, chunk));
        let bytes = *result.as_ref().unwrap_or(&0);
        self.take(result.map(|bytes| &chunk[..bytes]), write);
        if bytes > 0 {
            self.show_at = self.lines.has_rest().then(|| Instant::now() + PROMPT);
        }
        bytes
    }

    /// When [`show`](Self::show) is to be called, if there is something to show.
    pub(super) fn show_at(&self) -> Option<Instant> {
        self.show_at
    }

    /// Shows what has come of a line: nothing more of it has come for a while.
    pub(super) fn show(&mut self, write: impl FnOnce(WrittenOutput<'_>)) {
        self.show_at = None;
        let stream = self.stream;
        self.lines.show(|line| write(output(stream, line)));
    }

    /// Reads what the pipe holds now and no more, and ends the last line.
    ///
    /// When a process has ended, this is all that it has written, however much others are still writing.
    pub(super) fn read_what_is_there(&mut self, mut write: impl FnMut(WrittenOutput<'_>)) {
        let held = match self.source {
            OutputSource::Pipe => sys::readable_bytes(&self.pipe).unwrap_or(0),
            OutputSource::Terminal => TERMINAL_HOLDS,
        };
        if held > CHUNK {
            self.read_held_into(&mut vec![0; LARGE_CHUNK], held, &mut write);
        } else {
            self.read_held_into(&mut [0; CHUNK], held, &mut write);
        }
        self.show_at = None;
        self.lines.flush(|line| write(output(self.stream, line)));
    }

    fn read_held_into(
        &mut self,
        chunk: &mut [u8],
        mut held: usize,
        write: &mut impl FnMut(WrittenOutput<'_>),
    ) {
        while !self.ended {
            let result = read(self.pipe.get_ref(), chunk);
            let bytes = *result.as_ref().unwrap_or(&0);
            self.take(result.map(|bytes| &chunk[..bytes]), write);
            // The last read finds the end of the stream, if that is what is left.
            if held == 0 || bytes == 0 {
                break;
            }
            held = held.saturating_sub(bytes);
        }
    }

    /// Reads on after the process has gone, until the stream ends, falls silent, or has been read for long enough.
    pub(super) async fn read_to_the_end(mut self, sink: Option<&ProcessEvents>) {
        let latest = Instant::now() + LONGEST_LAST_READ;
        while !self.ended {
            let silent = latest.min(Instant::now() + IDLE);
            if timeout_at(silent, self.readable()).await.is_err() {
                break;
            }
            if let Some(sink) = sink {
                self.room(sink).await;
            }
            self.room_in_log().await;
            self.read(|written| written.to(sink));
            // However much there is to read, another task gets its turn now.
            tokio::task::yield_now().await;
        }
        self.lines.flush(|line| output(self.stream, line).to(sink));
    }

    fn take(&mut self, read: io::Result<&[u8]>, write: &mut impl FnMut(WrittenOutput<'_>)) {
        let stream = self.stream;
        if let (Some(log), Ok(bytes)) = (&self.log, &read) {
            log.push(bytes);
        }
        match read {
            Ok(&[]) => {
                self.ended = true;
                self.lines.flush(|line| write(output(stream, line)));
            }
            Ok(bytes) => self.lines.feed(bytes, |piece| match piece {
                Piece::Lines(lines) => write(WrittenOutput::Lines(stream, lines)),
                Piece::Line(line) => write(output(stream, line)),
            }),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.ended = true,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }
}

impl WrittenOutput<'_> {
    /// Makes the lines events, if they are to be.
    pub(super) fn to(self, sink: Option<&ProcessEvents>) {
        let Some(sink) = sink else { return };
        match self {
            Self::Lines(stream, lines) => sink.write_lines(stream, lines),
            Self::Line(line) => sink.write(line),
        }
    }
}

fn read(pipe: &OwnedFd, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match nix::unistd::read(pipe, into) {
            Err(Errno::EINTR) => {}
            // No process has the terminal open: that is its end.
            Err(Errno::EIO) => return Ok(0),
            other => return Ok(other?),
        }
    }
}

fn output(stream: OutputStream, line: Line) -> WrittenOutput<'static> {
    let Line { text, truncated, lossy, continued } = line;
    WrittenOutput::Line(OutputLine { stream, line: text, truncated, lossy, continued })
}

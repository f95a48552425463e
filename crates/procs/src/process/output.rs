//! What a process writes, line by line.
//!
//! Nothing waits for the end of a stream: it comes when everybody who holds the pipe has closed it, and that may be somebody
//! the process has left behind.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use rootward_core::{OutputLine, OutputSink, Stream};
use tokio::io::Interest;
use tokio::time::{Instant, timeout_at};

use crate::policy::{Line, Lines};
use crate::sys::{self, Watched};

/// How much is read at once, onto the stack: a process that is silent costs no memory. It is also all that is done for one
/// chatty process before it is somebody else's turn.
const CHUNK: usize = 8 * 1024;

/// How long a stream that outlives its process may be silent before it is closed.
const IDLE: Duration = Duration::from_secs(1);

/// How long a stream that outlives its process is read at all.
const LONGEST_DRAIN: Duration = Duration::from_secs(30);

/// Our end of a stream that a process writes to.
#[derive(Debug)]
pub(super) struct Pump {
    pipe: Watched,
    stream: Stream,
    lines: Lines,
    ended: bool,
}

impl Pump {
    /// `pipe` must be non-blocking.
    pub(super) fn new(pipe: OwnedFd, stream: Stream) -> io::Result<Self> {
        let pipe = sys::watch(Arc::new(pipe))?;
        Ok(Self { pipe, stream, lines: Lines::default(), ended: false })
    }

    /// Waits until there may be something to read. Waits for ever once the stream has ended. Cancel safe.
    pub(super) async fn readable(&self) {
        if self.ended || self.pipe.readable().await.is_err() {
            std::future::pending().await
        }
    }

    /// Reads some of what there is.
    pub(super) fn read(&mut self, mut write: impl FnMut(OutputLine)) {
        let mut chunk = [0; CHUNK];
        let result = self.pipe.try_io(Interest::READABLE, |pipe| read(pipe, &mut chunk));
        self.take(result.map(|bytes| &chunk[..bytes]), &mut write);
    }

    /// Reads what the pipe holds now and no more, and ends the last line.
    ///
    /// When a process has ended, this is all that it has written, however much others are still writing.
    pub(super) fn drain(&mut self, mut write: impl FnMut(OutputLine)) {
        let mut held = sys::readable_bytes(&self.pipe).unwrap_or(0);
        let mut chunk = [0; CHUNK];
        while !self.ended {
            let result = read(self.pipe.get_ref(), &mut chunk);
            let bytes = *result.as_ref().unwrap_or(&0);
            self.take(result.map(|bytes| &chunk[..bytes]), &mut write);
            // The last read finds the end of the stream, if that is what is left.
            if held == 0 || bytes == 0 {
                break;
            }
            held = held.saturating_sub(bytes);
        }
        self.lines.flush(|line| write(output(self.stream, line)));
    }

    /// Reads on after the process has gone, until the stream ends, falls silent, or has been read for long enough.
    pub(super) async fn drain_on(mut self, sink: OutputSink) {
        let latest = Instant::now() + LONGEST_DRAIN;
        while !self.ended {
            let silent = latest.min(Instant::now() + IDLE);
            if timeout_at(silent, self.readable()).await.is_err() {
                break;
            }
            self.read(|line| sink.write(line));
            // However much there is to read, it is somebody else's turn now.
            tokio::task::yield_now().await;
        }
        self.lines.flush(|line| sink.write(output(self.stream, line)));
    }

    fn take(&mut self, read: io::Result<&[u8]>, write: &mut impl FnMut(OutputLine)) {
        let stream = self.stream;
        match read {
            Ok(&[]) => {
                self.ended = true;
                self.lines.flush(|line| write(output(stream, line)));
            }
            Ok(bytes) => self.lines.feed(bytes, |line| write(output(stream, line))),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.ended = true,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }
}

fn read(pipe: &OwnedFd, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match nix::unistd::read(pipe, into) {
            Err(Errno::EINTR) => {}
            other => return Ok(other?),
        }
    }
}

fn output(stream: Stream, line: Line) -> OutputLine {
    let Line { text, truncated, lossy } = line;
    OutputLine { stream, line: text, truncated, lossy }
}

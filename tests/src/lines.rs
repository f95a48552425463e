//! The lines of a program, read as a test asks for them. Nothing is read ahead: a program that is not read may wait.

use std::io::{BufRead as _, BufReader, Read};
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::until::BoundedWait;

/// What comes from a pipe or a terminal.
#[derive(Debug)]
pub struct Lines<R> {
    source: BufReader<R>,
    seen: String,
}

impl<R: Read + AsFd> Lines<R> {
    /// Reads nothing yet.
    pub fn of(source: R) -> Self {
        Self { source: BufReader::new(source), seen: String::new() }
    }

    /// Reads on until a line holds this text, and returns that line.
    ///
    /// # Panics
    ///
    /// If no such line comes.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let wait = BoundedWait::begin();
        loop {
            match self.line_within(wait) {
                Some(line) if line.contains(text) => return line,
                Some(_) => {}
                None => panic!("the program ended before it wrote {text:?}, and this is all:\n{}", self.seen),
            }
        }
    }

    /// Reads the next line. `None` says that there is no more.
    ///
    /// # Panics
    ///
    /// If nothing comes.
    #[track_caller]
    pub fn next_line(&mut self) -> Option<String> {
        self.line_within(BoundedWait::begin())
    }

    #[track_caller]
    fn line_within(&mut self, wait: BoundedWait) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\n") && self.has_more(&line, wait) {
            let buffered = self.source.buffer();
            let end = buffered.iter().position(|byte| *byte == b'\n').map_or(buffered.len(), |at| at + 1);
            line.extend_from_slice(&buffered[..end]);
            self.source.consume(end);
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        self.seen.push_str(&line);
        (!line.is_empty()).then_some(line)
    }

    /// All that has been read.
    pub fn seen(&self) -> &str {
        &self.seen
    }

    /// Reads what is left.
    ///
    /// # Panics
    ///
    /// If the end does not come.
    #[track_caller]
    pub fn rest(mut self) -> String {
        let mut rest = String::new();
        let wait = BoundedWait::begin();
        while let Some(line) = self.line_within(wait) {
            rest.push_str(&line);
        }
        rest
    }

    /// Waits until there is something to read. `false` says that there never will be.
    #[track_caller]
    fn has_more(&mut self, begun: &[u8], wait: BoundedWait) -> bool {
        if self.source.buffer().is_empty() {
            let comes = comes_in_time(self.source.get_ref().as_fd(), wait);
            let begun = String::from_utf8_lossy(begun);
            assert!(comes, "nothing comes any more, and this is all:\n{}{begun}", self.seen);
        }
        // The end of a terminal is an error.
        self.source.fill_buf().is_ok_and(|more| !more.is_empty())
    }
}

/// Whether something comes before the backstop: bytes, or the end.
fn comes_in_time(source: BorrowedFd<'_>, wait: BoundedWait) -> bool {
    let mut place = [PollFd::new(source, PollFlags::POLLIN)];
    loop {
        let left = wait.left();
        // Also of a program that writes something else again and again.
        if left.is_zero() {
            return false;
        }
        match poll(&mut place, PollTimeout::try_from(left).expect("it is a minute at most")) {
            Err(Errno::EINTR) => {}
            polled => return polled.expect("it is open") > 0,
        }
    }
}

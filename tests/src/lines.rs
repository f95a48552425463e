//! The lines of a program, read as a test asks for them. Nothing is read ahead: a program that is not read may wait.

use std::io::{BufRead as _, BufReader, Read};
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::BACKSTOP;

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
        loop {
            match self.next_line() {
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
        let mut line = Vec::new();
        while !line.ends_with(b"\n") && self.has_more(&line) {
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
        while let Some(line) = self.next_line() {
            rest.push_str(&line);
        }
        rest
    }

    /// Waits until there is something to read. `false` says that there never will be.
    #[track_caller]
    fn has_more(&mut self, begun: &[u8]) -> bool {
        if self.source.buffer().is_empty() {
            let comes = comes_in_time(self.source.get_ref().as_fd());
            let begun = String::from_utf8_lossy(begun);
            assert!(comes, "nothing comes any more, and this is all:\n{}{begun}", self.seen);
        }
        // The end of a terminal is an error.
        self.source.fill_buf().is_ok_and(|more| !more.is_empty())
    }
}

/// Whether something comes before the backstop: bytes, or the end.
fn comes_in_time(source: BorrowedFd<'_>) -> bool {
    let backstop = PollTimeout::try_from(BACKSTOP).expect("it is a minute");
    let mut place = [PollFd::new(source, PollFlags::POLLIN)];
    loop {
        match poll(&mut place, backstop) {
            Err(Errno::EINTR) => {}
            polled => return polled.expect("it is open") > 0,
        }
    }
}

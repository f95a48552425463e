//! What a program says to the test that runs it.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::until::BoundedWait;

/// How long a test waits for something that has to happen. Only a test that fails waits that long.
pub const BACKSTOP: Duration = Duration::from_secs(60);

/// The lines of a program, as they come.
#[derive(Debug)]
pub struct Heard {
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Heard {
    /// Begins to listen.
    pub fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { lines, said: Vec::new() }
    }

    /// Waits for the next line. `None` says that there will be no more.
    ///
    /// # Panics
    ///
    /// If nothing comes.
    pub fn next_line(&mut self) -> Option<&str> {
        self.line_within(BoundedWait::begin())
    }

    fn line_within(&mut self, wait: BoundedWait) -> Option<&str> {
        let left = wait.left();
        // Also for one that says something else again and again.
        let next =
            if left.is_zero() { Err(RecvTimeoutError::Timeout) } else { self.lines.recv_timeout(left) };
        match next {
            Ok(line) => {
                self.said.push(line);
                self.said.last().map(String::as_str)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("it says nothing any more, and this is all it said: {:#?}", self.said)
            }
        }
    }

    /// Waits for a line that begins like this, and returns the rest of it.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn wait_for(&mut self, beginning: &str) -> String {
        let wait = BoundedWait::begin();
        loop {
            match self.line_within(wait) {
                Some(line) => {
                    if let Some(rest) = line.strip_prefix(beginning) {
                        return rest.to_owned();
                    }
                }
                None => panic!("it said nothing that begins with {beginning:?}, only {:#?}", self.said),
            }
        }
    }

    /// Waits for its last line.
    ///
    /// # Panics
    ///
    /// If that does not come.
    pub fn wait_for_the_end(&mut self) {
        while self.next_line().is_some() {}
    }

    /// Takes what there is by now, and waits for nothing.
    pub fn take_what_is_there(&mut self) {
        self.said.extend(self.lines.try_iter());
    }

    /// All that was heard.
    pub fn said(&self) -> &[String] {
        &self.said
    }

    /// The rest of every line that begins like this, of all that was heard.
    pub fn lines_after(&self, beginning: &str) -> Vec<&str> {
        self.said.iter().filter_map(|line| line.strip_prefix(beginning)).collect()
    }
}

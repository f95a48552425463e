//! The lines that a program writes, read as they come.

use std::io::{BufRead, BufReader, Read};

pub(crate) struct Lines<R>(BufReader<R>);

impl<R: Read> Lines<R> {
    pub(crate) fn of(source: R) -> Self {
        Self(BufReader::new(source))
    }

    /// Reads on until a line holds this text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            let read = self.0.read_line(&mut line).expect("the program writes UTF-8");
            assert_ne!(read, 0, "the program ended before it wrote {text:?}");
        }
    }

    /// Reads what is left.
    pub(crate) fn rest(mut self) -> String {
        let mut text = String::new();
        self.0.read_to_string(&mut text).expect("the program writes UTF-8");
        text
    }
}

//! Cuts what a process writes into lines.

/// How many bytes of a line are kept.
pub(crate) const LONGEST: usize = 64 * 1024;

/// One line, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// Whether the line went on and was cut.
    pub(crate) truncated: bool,
    /// Whether bytes that are not UTF-8 were replaced.
    pub(crate) lossy: bool,
}

/// The part of a stream that has not become a line yet.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// Holds no memory between lines.
    partial: Vec<u8>,
    /// Whether the current line has been cut already, so that the rest of it is thrown away.
    skipping: bool,
}

impl Lines {
    /// Takes the next bytes of the stream, and emits every line that is complete.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut emit: impl FnMut(Line)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            self.take_in(line, &mut emit);
            if !std::mem::take(&mut self.skipping) {
                let mut line = std::mem::take(&mut self.partial);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                emit(Line::new(line, false));
            }
        }
        self.take_in(bytes, &mut emit);
    }

    /// Emits what has been written since the last end of a line. What follows counts as a line of its own.
    pub(crate) fn flush(&mut self, emit: impl FnOnce(Line)) {
        let partial = std::mem::take(&mut self.partial);
        if !partial.is_empty() {
            emit(Line::new(partial, false));
        }
    }

    /// Takes in bytes of one line, and cuts the line if it gets too long.
    fn take_in(&mut self, bytes: &[u8], emit: &mut impl FnMut(Line)) {
        if self.skipping {
            return;
        }
        let room = LONGEST - self.partial.len();
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            self.skipping = true;
            emit(Line::new(std::mem::take(&mut self.partial), true));
        }
    }
}

impl Line {
    fn new(mut bytes: Vec<u8>, truncated: bool) -> Self {
        if truncated {
            bytes.truncate(bytes.len() - cut_character(&bytes));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self { text, truncated, lossy: false },
            Err(error) => {
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                Self { text, truncated, lossy: true }
            }
        }
    }
}

/// How many bytes at the end are the beginning of a character whose rest was cut off, which is no fault of the writer's.
fn cut_character(bytes: &[u8]) -> usize {
    (1..=3.min(bytes.len()))
        .find(|length| {
            let end = &bytes[bytes.len() - length..];
            std::str::from_utf8(end)
                .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_may_come_in_any_number_of_pieces() {
        assert_eq!(texts(&["on", "e\ntw", "", "o\n\nthr"]), ["one", "two", ""]);
    }

    #[test]
    fn the_end_of_a_line_is_not_part_of_it() {
        assert_eq!(texts(&["dos\r", "\nbar 10%\rbar 20%\n"]), ["dos", "bar 10%\rbar 20%"]);
    }

    #[test]
    fn a_last_line_without_an_end_is_flushed_once() {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        lines.feed(b"whole\npart", |line| seen.push(line.text));

        lines.flush(|line| seen.push(line.text));
        lines.flush(|line| seen.push(line.text));

        assert_eq!(seen, ["whole", "part"]);
    }

    #[test]
    fn a_long_line_is_cut_and_its_rest_thrown_away() {
        let long = "x".repeat(3 * LONGEST);
        let lines = lines(&[&long, "y\nnext\n"]);

        assert_eq!(lines.iter().map(|line| line.text.len()).collect::<Vec<_>>(), [LONGEST, 4]);
        assert_eq!(lines.iter().map(|line| line.truncated).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn a_line_of_just_the_longest_length_is_whole() {
        let lines = lines(&[&"x".repeat(LONGEST), "\n"]);

        assert_eq!(lines.len(), 1);
        assert!(!lines[0].truncated);
    }

    #[test]
    fn a_cut_through_a_character_is_not_held_against_the_writer() {
        let long = format!("x{}", "ü".repeat(LONGEST));
        let line = &lines(&[&long])[0];

        assert_eq!((line.text.len(), line.truncated, line.lossy), (LONGEST - 1, true, false));
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_and_said_to_be() {
        let mut seen = Vec::new();
        Lines::default().feed(b"a\xffb\n", |line| seen.push(line));

        assert_eq!(seen, [Line { text: "a\u{fffd}b".into(), truncated: false, lossy: true }]);
    }

    proptest! {
        #[test]
        fn how_a_stream_is_split_into_reads_does_not_matter(text in "[a-c\\r\\n]{0,40}", cut in 0_usize..40) {
            let cut = cut.min(text.len());

            let lines = texts(&[&text[..cut], &text[cut..]]);

            prop_assert_eq!(lines, texts(&[&text]));
        }
    }

    fn lines(pieces: &[&str]) -> Vec<Line> {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for piece in pieces {
            lines.feed(piece.as_bytes(), |line| seen.push(line));
        }
        seen
    }

    fn texts(pieces: &[&str]) -> Vec<String> {
        lines(pieces).into_iter().map(|line| line.text).collect()
    }
}

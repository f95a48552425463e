//! Cuts what a process writes into lines.
//!
//! A line that is too long comes in pieces, and nothing of it is thrown away. What has been written of a line can be
//! shown before its end: a prompt has none.

use memchr::{memchr, memrchr};

/// How many bytes of a line are held. A longer one comes in pieces.
pub(crate) const LONGEST: usize = 64 * 1024;

/// One line, without its end, or a piece of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// Whether the line was cut here because it is too long.
    pub(crate) truncated: bool,
    /// Whether bytes that are not UTF-8 were replaced.
    pub(crate) lossy: bool,
    /// Whether this goes on where the line before it ended.
    pub(crate) continued: bool,
}

/// The part of a stream that has not become a line yet.
#[derive(Debug, Default)]
pub(crate) struct LineSplitter {
    /// What is still to be emitted of the current line. Holds no memory between lines.
    partial: Vec<u8>,
    /// Whether the beginning of the current line has been emitted.
    continued: bool,
}

/// What becomes of a stream's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Whole lines, each with its end, that are just as they were written.
    Lines(&'a str),
    /// A line of which more has to be said, or that came in pieces.
    Line(Line),
}

impl LineSplitter {
    /// Takes the next bytes of the stream, and emits every line that is complete. The fewer pieces, the cheaper: lines
    /// that need no change are emitted together.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut emit: impl FnMut(Piece<'_>)) {
        if self.continued || !self.partial.is_empty() {
            bytes = self.finish(bytes, &mut emit);
        }
        let (whole, rest) = bytes.split_at(memrchr(b'\n', bytes).map_or(0, |end| end + 1));
        // Where there is no more than the longest line and its end, no line is too long.
        match std::str::from_utf8(whole) {
            Ok("") => {}
            Ok(text) if whole.len() <= LONGEST + 1 => emit(Piece::Lines(text)),
            _ => self.feed_each(whole, &mut emit),
        }
        self.take_in(rest, &mut emit);
    }

    fn feed_each(&mut self, mut whole: &[u8], emit: &mut impl FnMut(Piece<'_>)) {
        while !whole.is_empty() {
            whole = self.finish(whole, emit);
        }
    }

    /// Takes the rest of the current line, and answers what follows it.
    fn finish<'a>(&mut self, bytes: &'a [u8], emit: &mut impl FnMut(Piece<'_>)) -> &'a [u8] {
        let Some(end) = memchr(b'\n', bytes) else {
            self.take_in(bytes, emit);
            return &[];
        };
        self.take_in(&bytes[..end], emit);
        let mut line = std::mem::take(&mut self.partial);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let continued = std::mem::take(&mut self.continued);
        // The end of a line that was shown without it says nothing new.
        if !continued || !line.is_empty() {
            emit(Piece::Line(Line { continued, ..Line::new(line) }));
        }
        &bytes[end + 1..]
    }

    /// Whether something has been written since the last end of a line that has not been emitted.
    pub(crate) fn has_rest(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Emits what has been written since the last end of a line. What follows goes on with it.
    ///
    /// The beginning of a character stays, and so does a carriage return, which may be part of the line's end.
    pub(crate) fn show(&mut self, emit: impl FnOnce(Line)) {
        let kept = match self.partial.last() {
            Some(b'\r') => 1,
            _ => cut_character(&self.partial),
        };
        let rest = self.partial.split_off(self.partial.len() - kept);
        let shown = std::mem::replace(&mut self.partial, rest);
        if !shown.is_empty() {
            let continued = std::mem::replace(&mut self.continued, true);
            emit(Line { continued, ..Line::new(shown) });
        }
    }

    /// Emits what has been written since the last end of a line. What follows counts as a line of its own.
    pub(crate) fn flush(&mut self, emit: impl FnOnce(Line)) {
        let partial = std::mem::take(&mut self.partial);
        let continued = std::mem::take(&mut self.continued);
        if !partial.is_empty() {
            emit(Line { continued, ..Line::new(partial) });
        }
    }

    /// Takes in bytes of one line, and emits pieces of it while it is too long.
    fn take_in(&mut self, mut bytes: &[u8], emit: &mut impl FnMut(Piece<'_>)) {
        while self.partial.len() + bytes.len() > LONGEST {
            let (now, later) = bytes.split_at(LONGEST - self.partial.len());
            self.partial.extend_from_slice(now);
            bytes = later;
            // The rest of a character belongs to the next piece.
            let rest = self.partial.split_off(LONGEST - cut_character(&self.partial));
            let piece = std::mem::replace(&mut self.partial, rest);
            let continued = std::mem::replace(&mut self.continued, true);
            emit(Piece::Line(Line { truncated: true, continued, ..Line::new(piece) }));
        }
        self.partial.extend_from_slice(bytes);
    }
}

impl Line {
    fn new(bytes: Vec<u8>) -> Self {
        let (text, lossy) = match String::from_utf8(bytes) {
            Ok(text) => (text, false),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
        };
        Self { text, truncated: false, lossy, continued: false }
    }
}

/// How many bytes at the end are the beginning of a character whose rest has not come, which is no fault of the
/// writer's.
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
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    #[test]
    fn there_is_a_rest_until_it_has_been_shown_or_has_its_end() {
        let mut lines = LineSplitter::default();
        let mut rest_after = |bytes: &[u8]| {
            lines.feed(bytes, |_| ());
            lines.has_rest()
        };

        assert!(!rest_after(b""));
        assert!(rest_after(b"a\nb"));
        assert!(!rest_after(b"c\n"));
        assert!(rest_after(b"prompt> "));
        lines.show(|_| ());
        assert!(!lines.has_rest());
    }

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
        let mut lines = LineSplitter::default();
        let mut seen = Vec::new();
        lines.feed(b"whole\npart", |_| {});

        lines.flush(|line| seen.push(line.text));
        lines.flush(|line| seen.push(line.text));

        assert_eq!(seen, ["part"]);
    }

    #[test]
    fn a_long_line_comes_in_pieces_that_are_marked_and_nothing_of_it_is_lost() {
        let long = "x".repeat(3 * LONGEST);
        let lines = lines(&[&long, "y\nnext\n"]);

        let marks = |line: &Line| (line.text.len(), line.truncated, line.continued);
        let pieces = [(LONGEST, true, false), (LONGEST, true, true), (LONGEST, true, true)];
        assert_eq!(lines[..3].iter().map(marks).collect::<Vec<_>>(), pieces);
        assert_eq!(lines[3..].iter().map(marks).collect::<Vec<_>>(), [(1, false, true), (4, false, false)]);
    }

    #[test]
    fn what_is_shown_before_its_end_goes_on_afterwards() {
        let mut lines = LineSplitter::default();
        let mut seen = Vec::new();
        lines.feed(b"Ready> \xc3", |_| {});
        lines.show(|line| seen.push((line.text, line.continued)));
        lines.show(|line| seen.push((line.text, line.continued)));
        let mut take = |piece: Piece<'_>| match piece {
            Piece::Lines(text) => seen.push((text.to_owned(), false)),
            Piece::Line(line) => seen.push((line.text, line.continued)),
        };

        lines.feed(b"\xbc\nnext\n", &mut take);

        let expected = [("Ready> ", false), ("ü", true), ("next\n", false)];
        assert_eq!(seen, expected.map(|(text, continued)| (text.to_owned(), continued)));
    }

    #[test]
    fn the_end_of_a_line_that_was_shown_without_it_is_no_line() {
        for (begun, end) in [("Password: ", "\n"), ("Password: ", "\r\n"), ("Password: \r", "\n")] {
            let mut lines = LineSplitter::default();
            let mut seen = Vec::new();
            lines.feed(begun.as_bytes(), |_| {});
            lines.show(|line| seen.push(line.text));

            lines.feed(end.as_bytes(), |piece| panic!("{piece:?}"));
            lines.feed(b"next\n", |piece| assert_eq!(piece, Piece::Lines("next\n")));

            assert_eq!(seen, ["Password: "]);
        }
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
        let all = lines(&[&long, "\n"]);
        assert!(all.iter().all(|line| !line.lossy));
        assert_eq!(all.iter().map(|line| line.text.as_str()).collect::<String>(), long);
    }

    #[test]
    fn a_line_is_cut_between_characters_wherever_the_cut_falls() {
        for character in ["ü", "€", "🦀"] {
            for before in 0..character.len() {
                let whole = LONGEST - before - (LONGEST - before) % character.len();
                let line = &lines(&[&format!("{}{}", "x".repeat(before), character.repeat(LONGEST))])[0];

                assert_eq!((line.text.len(), line.truncated, line.lossy), (before + whole, true, false));
            }
        }
    }

    #[test]
    fn bytes_before_a_cut_that_are_no_text_in_themselves_are_the_writers_fault() {
        for end in [&b"\xff"[..], b"\x82\x82", b"\xff\xc3", b"x\x82"] {
            let mut long = vec![b'x'; LONGEST - end.len()];
            long.extend_from_slice(end);
            long.push(b'x');
            let line = &lines(&[&long])[0];

            assert_eq!((line.truncated, line.lossy), (true, true), "{end:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_and_said_to_be() {
        let seen = lines(&[b"one\na\xffb\ntwo\n"]);

        assert_eq!(
            seen.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(),
            ["one", "a\u{fffd}b", "two"]
        );
        assert_eq!(seen.iter().map(|line| line.lossy).collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn a_long_line_among_others_comes_in_pieces_as_it_does_alone() {
        let long = format!("before\n{}\nafter\n", "x".repeat(LONGEST + 1));
        let lines = lines(&[&long]);

        assert_eq!(lines.iter().map(|line| line.text.len()).collect::<Vec<_>>(), [6, LONGEST, 1, 5]);
        assert_eq!(lines.iter().map(|line| line.truncated).collect::<Vec<_>>(), [false, true, false, false]);
        assert_eq!(lines.iter().map(|line| line.continued).collect::<Vec<_>>(), [false, false, true, false]);
    }

    #[test]
    fn lines_that_need_no_care_stay_together() {
        let mut pieces = 0;

        LineSplitter::default().feed(b"one\ntwo\r\nthree\nfo", |piece| {
            assert_eq!(piece, Piece::Lines("one\ntwo\r\nthree\n"));
            pieces += 1;
        });

        assert_eq!(pieces, 1);
    }

    #[test]
    fn a_line_of_just_the_longest_length_needs_no_care_and_a_longer_one_does() {
        let is_whole = |length: usize| {
            let mut pieces = Vec::new();
            LineSplitter::default().feed(format!("{}\n", "x".repeat(length)).as_bytes(), |piece| {
                pieces.push(matches!(piece, Piece::Lines(_)));
            });
            pieces
        };

        assert_eq!(LONGEST, 65_536);
        assert_eq!(is_whole(LONGEST), [true]);
        assert_eq!(is_whole(LONGEST + 1), [false, false]);
    }

    #[test]
    fn nothing_is_emitted_before_a_line_is_complete() {
        let mut pieces = 0;

        LineSplitter::default().feed(b"not yet", |_| pieces += 1);

        assert_eq!(pieces, 0);
    }

    proptest! {
        #[test]
        fn how_a_stream_is_split_into_reads_does_not_matter(
            bytes in vec(select(b"a\r\n\xc3\xbc".to_vec()), 0..40),
            cut in 0_usize..40,
        ) {
            let cut = cut.min(bytes.len());
            let whole = lines(&[&bytes]);

            prop_assert_eq!(&lines(&[&bytes[..cut], &bytes[cut..]]), &whole);
            prop_assert_eq!(&lines(&bytes.chunks(1).collect::<Vec<_>>()), &whole);
        }

        #[test]
        fn lines_that_are_shown_early_are_neither_lost_nor_told_twice(
            bytes in vec(select(b"ab\r\n\xc3\xbc".to_vec()), 0..40),
            shows in vec(any::<bool>(), 40),
        ) {
            let mut split = LineSplitter::default();
            let mut text = String::new();
            // A line that goes on is joined to the one before it.
            let mut join = |line: Line| {
                if !line.continued {
                    text.push('|');
                }
                text.push_str(&line.text);
            };
            for (byte, show) in bytes.iter().zip(shows) {
                split.feed(&[*byte], |piece| match piece {
                    Piece::Lines(lines) => lines.lines().for_each(|line| join(plain(line))),
                    Piece::Line(line) => join(line),
                });
                if show {
                    split.show(&mut join);
                }
            }
            split.flush(&mut join);

            let mut whole = LineSplitter::default();
            let mut expected = lines(&[&bytes]);
            whole.feed(&bytes, |_| {});
            whole.flush(|line| expected.push(line));
            let of = |line: &Line| line.text.chars().filter(|c| *c != '\u{fffd}').collect::<String>();
            let expected: String = expected.iter().map(|line| format!("|{}", of(line))).collect();
            prop_assert_eq!(text.replace('\u{fffd}', ""), expected);
        }
    }

    fn lines(pieces: &[impl AsRef<[u8]>]) -> Vec<Line> {
        let mut lines = LineSplitter::default();
        let mut seen = Vec::new();
        for piece in pieces {
            lines.feed(piece.as_ref(), |piece| match piece {
                Piece::Lines(text) => seen.extend(text.lines().map(plain)),
                Piece::Line(line) => seen.push(line),
            });
        }
        seen
    }

    fn plain(line: &str) -> Line {
        Line::new(line.as_bytes().to_vec())
    }

    fn texts(pieces: &[&str]) -> Vec<String> {
        lines(pieces).into_iter().map(|line| line.text).collect()
    }
}

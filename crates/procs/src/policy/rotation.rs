//! When a log file is full, and where its last line ends.

use std::time::Duration;

use memchr::{memchr, memrchr};

/// How much may stand in one log file, and how many are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rotation {
    pub(crate) max_size: u64,
    pub(crate) max_age: Option<Duration>,
    /// How many full files are kept beside the one that is written to.
    pub(crate) keep: u32,
}

/// What stands in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) size: u64,
    /// How long ago it was begun.
    pub(crate) age: Duration,
    /// Whether it ends within a line.
    pub(crate) in_line: bool,
}

/// What is to be done next with bytes that are to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteStep {
    /// Begin another file.
    Rotate,
    /// Write so many of them, at least one.
    Write(usize),
}

impl Rotation {
    /// Says what is to be done with these bytes, of which there is at least one.
    ///
    /// A line stands in one file unless it is longer than a file may be. A file becomes too large by the rest of a line
    /// that was begun in it, and by no more than its own size.
    pub(crate) fn next(&self, file: Filled, bytes: &[u8]) -> WriteStep {
        let Filled { size, age, in_line } = file;
        if size > 0 && !in_line && self.max_age.is_some_and(|most| age >= most) {
            return WriteStep::Rotate;
        }
        let room = usize::try_from(self.max_size.saturating_sub(size)).unwrap_or(usize::MAX);
        let Some(fits) = bytes.get(..room).filter(|fits| fits.len() < bytes.len()) else {
            return WriteStep::Write(bytes.len());
        };
        match memrchr(b'\n', fits) {
            Some(end) => WriteStep::Write(end + 1),
            None if size > 0 && !in_line => WriteStep::Rotate,
            None if size >= self.max_size.saturating_mul(2) => WriteStep::Rotate,
            None => WriteStep::Write(memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEN: Rotation = Rotation { max_size: 10, max_age: Some(Duration::from_secs(60)), keep: 1 };

    fn next(size: u64, in_line: bool, bytes: &str) -> WriteStep {
        TEN.next(Filled { size, in_line, age: Duration::ZERO }, bytes.as_bytes())
    }

    #[test]
    fn lines_go_into_a_file_as_long_as_they_fit() {
        assert_eq!(next(0, false, "12\n34\n"), WriteStep::Write(6));
        assert_eq!(next(4, false, "12\n34\n"), WriteStep::Write(6));
        assert_eq!(next(4, false, "12\n345"), WriteStep::Write(6), "the beginning of a line, too");
        assert_eq!(next(5, false, "12\n34\n"), WriteStep::Write(3));
        assert_eq!(next(8, false, "12\n34\n"), WriteStep::Rotate);
        assert_eq!(next(10, false, "\n"), WriteStep::Rotate);
    }

    #[test]
    fn a_line_that_was_begun_is_ended_in_its_file_unless_it_is_longer_than_a_file() {
        assert_eq!(next(10, true, "12\n34\n"), WriteStep::Write(3));
        assert_eq!(next(10, true, "1234"), WriteStep::Write(4));
        assert_eq!(next(20, true, "1234"), WriteStep::Rotate);
        assert_eq!(next(0, false, "0123456789ab\nc"), WriteStep::Write(13));
    }

    #[test]
    fn a_file_that_is_old_takes_no_more_lines() {
        let old = |size, in_line| Filled { size, in_line, age: Duration::from_secs(60) };

        assert_eq!(TEN.next(old(1, false), b"1"), WriteStep::Rotate);
        assert_eq!(TEN.next(old(1, true), b"1"), WriteStep::Write(1));
        assert_eq!(TEN.next(old(0, false), b"1"), WriteStep::Write(1));
    }

    proptest! {
        #[test]
        fn every_byte_is_written_once_and_no_file_is_larger_than_twice_and_a_piece(
            pieces in prop::collection::vec("[a-c\n]{1,30}", 0..20),
            max_size in 1_u64..40,
        ) {
            let rotation = Rotation { max_size, max_age: None, keep: 1 };
            let mut files = vec![String::new()];
            for piece in &pieces {
                let mut rest = piece.as_str();
                while !rest.is_empty() {
                    let file = files.last_mut().unwrap();
                    let in_line = !file.is_empty() && !file.ends_with('\n');
                    let filled = Filled { size: file.len() as u64, age: Duration::ZERO, in_line };
                    match rotation.next(filled, rest.as_bytes()) {
                        WriteStep::Rotate => {
                            prop_assert!(!file.is_empty());
                            files.push(String::new());
                        }
                        WriteStep::Write(count) => {
                            prop_assert!(count > 0);
                            file.push_str(&rest[..count]);
                            rest = &rest[count..];
                        }
                    }
                }
            }
            prop_assert_eq!(files.concat(), pieces.concat());
            prop_assert!(files.iter().all(|file| file.len() as u64 <= 2 * max_size + 30));
        }
    }
}

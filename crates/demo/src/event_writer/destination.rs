//! What is open to be written to, and what its refusals mean.

use std::fs::{File, Metadata};
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::Arc;

use crate::descriptor;
use crate::turn::{Turn, identity, turn_of};

/// Something that can be written to.
pub(super) trait Destination: Send {
    /// Writes some of it, and waits for room.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Takes back the last so many bytes, and says whether that was possible.
    fn take_back(&mut self, _bytes: usize) -> bool {
        false
    }

    /// Whether it is a file, which is never slow for long.
    fn is_file(&self) -> bool {
        false
    }

    /// Whether a person reads it.
    fn is_terminal(&self) -> bool {
        false
    }

    /// Whether messages for the user are written there as well.
    fn has_messages(&self) -> bool {
        false
    }

    /// What a writer holds until its line is complete.
    fn turn(&self) -> Turn {
        Turn::default()
    }
}

/// What the system has opened.
pub(super) struct Opened {
    file: File,
    is_file: bool,
    /// As it was opened: one that has been closed does not say so any more.
    is_terminal: bool,
    turn: Turn,
}

/// What a refusal to write means.
#[derive(Debug)]
pub(super) enum WriteRefusal {
    /// The reader has gone, as it may.
    Gone,
    /// There is no room, and there may be some later.
    Full(io::Error),
    /// Nothing will be written any more.
    Broken(io::Error),
}

impl Opened {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let (is_file, is_terminal) = (metadata.is_file(), file.is_terminal());
        Ok(Self { is_file, is_terminal, turn: turn_of(&metadata), file })
    }

    /// The same place as this descriptor, with the same position in it.
    pub(super) fn sharing(descriptor: impl AsFd) -> io::Result<Self> {
        Self::new(File::from(descriptor.as_fd().try_clone_to_owned()?))
    }

    pub(super) fn into_file(self) -> File {
        self.file
    }

    /// Whether this is what another name leads to.
    pub(super) fn is(&self, other: &Metadata) -> bool {
        self.file.metadata().is_ok_and(|metadata| identity(&metadata) == identity(other))
    }
}

impl Destination for Opened {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        descriptor::write(&self.file, bytes)
    }

    /// Only of a file, and only if nothing has been written after them.
    fn take_back(&mut self, bytes: usize) -> bool {
        descriptor::take_back(&self.file, bytes).unwrap_or(false)
    }

    fn is_file(&self) -> bool {
        self.is_file
    }

    fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    fn has_messages(&self) -> bool {
        Self::sharing(io::stderr())
            .is_ok_and(|stderr| self.file.metadata().is_ok_and(|there| stderr.is(&there)))
    }

    fn turn(&self) -> Turn {
        Arc::clone(&self.turn)
    }
}

impl WriteRefusal {
    /// What this error of a write to the place means.
    pub(super) fn new(error: io::Error, place: &dyn Destination) -> Self {
        match error.raw_os_error() {
            Some(libc::EPIPE | libc::ECONNRESET) => Self::Gone,
            // A terminal that has been closed.
            Some(libc::EIO) if place.is_terminal() => Self::Gone,
            Some(libc::ENOSPC | libc::EDQUOT | libc::EFBIG | libc::EIO | libc::ENOMEM | libc::ENOBUFS) => {
                Self::Full(error)
            }
            _ if error.kind() == io::ErrorKind::BrokenPipe => Self::Gone,
            _ => Self::Broken(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    #[test]
    fn the_beginning_of_a_line_is_taken_back_unless_it_is_not_the_last_any_more() {
        for append in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("record");
            let file = OpenOptions::new().create(true).append(append).write(true).open(&path).unwrap();
            let mut place = Opened::new(file).unwrap();
            place.write(b"line\nhal").unwrap();

            assert!(place.take_back(3));
            place.write(b"next\n").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "line\nnext\n", "append: {append}");

            OpenOptions::new().append(true).open(&path).unwrap().write_all(b"another program's\n").unwrap();
            assert!(!place.take_back(3));
        }
    }
}

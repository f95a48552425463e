//! Writes to descriptors that other processes share.
//!
//! Whether a descriptor blocks is a property of what is open, not of the process: a child that inherits standard error
//! can make it non-blocking for the demo as well, and node and asyncio do. So nothing here believes that a write waits.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::TryLockError;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rootward::process::was_closed_at_start;

use crate::sys;
use crate::turn::turn_of;

/// What was closed when the demo began is `/dev/null` by now, and what is written there is lost without a word.
pub(crate) fn require_open(descriptor: i32) -> io::Result<()> {
    if was_closed_at_start(descriptor) {
        return Err(io::Error::other("it is closed"));
    }
    Ok(())
}

/// A copy of a descriptor that the demo was started with. What it has opened by itself has `FD_CLOEXEC`, which nothing
/// has that outlived an exec.
pub(crate) fn given(number: u32) -> io::Result<OwnedFd> {
    let number = i32::try_from(number).unwrap_or(i32::MAX);
    require_open(number)?;
    match sys::duplicate_given(number)? {
        Some(copy) => Ok(copy),
        None => Err(io::Error::other("it is not open; a shell opens one, such as by `5< FILE`")),
    }
}

/// How much is written at a time: no more than the system puts into a pipe as a whole or not at all.
pub(crate) const CHUNK: usize = libc::PIPE_BUF;

/// Writes some of it, and waits as long as there is no room for anything.
pub(crate) fn write(to: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match nix::unistd::write(&to, bytes) {
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                wait(&to, PollTimeout::NONE)?;
            }
            result => return Ok(result?),
        }
    }
}

/// Writes to a file as [`write`](fn@write) does.
pub(crate) struct PatientFile(pub(crate) File);

impl Write for PatientFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write(&self.0, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes all of it, unless there is no room for so long, which is a minute at most.
pub(crate) fn write_within(patience: Duration, to: impl AsFd, bytes: &[u8]) -> io::Result<()> {
    write_counted(patience, to, bytes).1
}

/// The same with lines, of which a file gets none in part if it has no room for them.
pub(crate) fn write_lines_within(patience: Duration, to: impl AsFd, lines: &[u8]) -> io::Result<()> {
    // A message that there are no descriptors left needs none.
    let Ok(file) = to.as_fd().try_clone_to_owned().map(File::from) else {
        return write_within(patience, to, lines);
    };
    let turn = file.metadata().map(|metadata| turn_of(&metadata)).unwrap_or_default();
    // The thread that has the turn may wait for room itself.
    let held = match turn.try_lock() {
        Ok(held) => Some(held),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    };
    let (written, result) = write_counted(patience, to, lines);
    let begun = lines[..written].iter().rev().take_while(|byte| **byte != b'\n').count();
    if result.is_err() && begun > 0 && held.is_some() {
        // What is no file keeps it.
        let _ = take_back(&file, begun);
    }
    result
}

/// How much was written, and why no more.
fn write_counted(patience: Duration, to: impl AsFd, bytes: &[u8]) -> (usize, io::Result<()>) {
    let patience = PollTimeout::from(u16::try_from(patience.as_millis()).unwrap_or(u16::MAX));
    let mut written = 0;
    while written < bytes.len() {
        // Also where a write would wait: it could wait for ever.
        match wait(&to, patience) {
            Ok(true) => {}
            Ok(false) => return (written, Err(io::ErrorKind::TimedOut.into())),
            Err(error) => return (written, Err(error)),
        }
        let rest = &bytes[written..];
        match nix::unistd::write(&to, &rest[..rest.len().min(CHUNK)]) {
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(bytes) => written += bytes,
            Err(error) => return (written, Err(error.into())),
        }
    }
    (written, Ok(()))
}

/// Takes back the last so many bytes, if it is a file and nothing has been written after them. Says whether it was so.
pub(crate) fn take_back(mut file: &File, bytes: usize) -> io::Result<bool> {
    let (bytes, there) = (bytes as u64, file.metadata()?);
    let end = there.len();
    let is_last = there.is_file() && file.stream_position()? == end && bytes <= end;
    if is_last {
        file.set_len(end - bytes)?;
        file.seek(SeekFrom::End(0))?;
    }
    Ok(is_last)
}

/// Waits for room, and says whether there is some. An error there is room for, too: the write has it.
fn wait(to: impl AsFd, patience: PollTimeout) -> io::Result<bool> {
    let mut place = [PollFd::new(to.as_fd(), PollFlags::POLLOUT)];
    loop {
        match poll(&mut place, patience) {
            Err(Errno::EINTR) => {}
            ready => return Ok(ready? > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::thread;

    use nix::fcntl::{FcntlArg, OFlag, fcntl};

    use super::*;

    #[test]
    fn a_pipe_that_was_made_non_blocking_gets_everything() {
        let (mut reader, writer) = io::pipe().unwrap();
        fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        let text = "some line\n".repeat(100_000);

        let read = thread::scope(|scope| {
            scope.spawn(|| {
                let mut rest = text.as_bytes();
                while !rest.is_empty() {
                    rest = &rest[write(&writer, rest).unwrap()..];
                }
                drop(writer);
            });
            let mut read = String::new();
            reader.read_to_string(&mut read).unwrap();
            read
        });

        assert!(read == text, "{} of {} bytes", read.len(), text.len());
    }

    #[test]
    fn a_reader_that_takes_nothing_is_waited_for_no_longer_than_was_said() {
        let (_reader, writer) = io::pipe().unwrap();
        let more_than_a_pipe_holds = vec![b'x'; 4 * 1024 * 1024];

        let error = write_within(Duration::from_millis(10), &writer, &more_than_a_pipe_holds).unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}

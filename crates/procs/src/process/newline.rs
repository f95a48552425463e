//! The pipe at whose other end a process says that it is ready, by a newline (s6's notification descriptor).

use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::sys::{self, Watched, WhichLook};

/// Our end of the pipe of one start.
#[derive(Debug)]
pub(super) struct Newline(Watched);

impl Newline {
    /// Opens a pipe, and returns the process's end as well.
    pub(super) fn open() -> io::Result<(Self, Arc<OwnedFd>)> {
        let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        // The standard library never duplicates to one of the first three.
        let writer = if writer.as_raw_fd() > 2 { writer } else { writer.try_clone()? };
        fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok((Self(sys::watch(Arc::new(reader))?), Arc::new(writer)))
    }

    /// Waits until there is something to read, or the other end has been closed. Cancel safe.
    pub(super) async fn readable(&self) {
        if self.0.readable().await.is_err() {
            std::future::pending().await
        }
    }

    /// Reads what there is. `Some(true)` says that a newline came, `Some(false)` that none can come any more.
    pub(super) fn read(&self, look: WhichLook) -> Option<bool> {
        let mut bytes = [0; 256];
        loop {
            match sys::look(&self.0, look, |fd| Ok(nix::unistd::read(fd, &mut bytes)?)) {
                Ok(0) => return Some(false),
                Ok(count) if bytes[..count].contains(&b'\n') => return Some(true),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(_) => return Some(false),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_newline_says_it_and_nothing_else_does() {
        let (newline, writer) = Newline::open().unwrap();
        assert_eq!(newline.read(WhichLook::Usual), None);

        nix::unistd::write(&writer, b"ready").unwrap();
        newline.readable().await;
        assert_eq!(newline.read(WhichLook::Usual), None);
        nix::unistd::write(&writer, b"\n").unwrap();
        newline.readable().await;
        assert_eq!(newline.read(WhichLook::Usual), Some(true));

        drop(writer);
        newline.readable().await;
        assert_eq!(newline.read(WhichLook::Usual), Some(false));
    }

    /// P18: the runtime hears of what is written when it looks, which may be after the end of the process was seen.
    #[tokio::test]
    async fn the_last_look_finds_what_the_runtime_has_not_heard_of_yet() {
        let (newline, writer) = Newline::open().unwrap();
        nix::unistd::write(&writer, b"\n").unwrap();

        assert_eq!(newline.read(WhichLook::Usual), None);
        assert_eq!(newline.read(WhichLook::Last), Some(true));
    }
}

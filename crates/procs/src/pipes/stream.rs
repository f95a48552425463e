//! Descriptors as streams of bytes. A runtime has to do with them from the first read or write on.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use nix::errno::Errno;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

/// What a process reads as its standard input, to be written to, as tokio's `ChildStdin`.
///
/// The process sees the end when this is dropped or shut down, unless it has a [terminal](crate::Process::tty), at
/// which byte 4 says so. A write fails with [`ErrorKind::BrokenPipe`] when no process reads any more. A write that is
/// dropped while it waits has written nothing.
///
/// It panics if it is written to outside a tokio runtime whose I/O is enabled.
#[derive(Debug)]
pub struct ProcessStdin {
    fd: StreamFd,
}

/// What a process writes to its standard output or error, to be read, as tokio's `ChildStdout`.
///
/// It ends when all processes that may write to it have ended or closed it. A read that is dropped while it waits has
/// lost nothing. A process that writes after this was dropped gets SIGPIPE.
///
/// It panics if it is read outside a tokio runtime whose I/O is enabled.
#[derive(Debug)]
pub struct ProcessOutput {
    fd: StreamFd,
}

#[derive(Debug)]
enum StreamFd {
    /// Until it is used for the first time.
    New(OwnedFd),
    Watched(AsyncFd<OwnedFd>),
    Closed,
}

impl StreamFd {
    #[expect(deprecated, reason = "what takes its place needs a tokio that programs may not have yet")]
    fn watched(&mut self, interest: Interest) -> io::Result<&AsyncFd<OwnedFd>> {
        if matches!(self, Self::New(_)) {
            if let Self::New(fd) = std::mem::replace(self, Self::Closed) {
                *self = Self::Watched(AsyncFd::with_interest(fd, interest)?);
            }
        }
        match self {
            Self::Watched(fd) => Ok(fd),
            Self::New(_) | Self::Closed => Err(ErrorKind::BrokenPipe.into()),
        }
    }
}

impl ProcessStdin {
    pub(super) fn new(fd: OwnedFd) -> Self {
        Self { fd: StreamFd::New(fd) }
    }
}

impl AsyncWrite for ProcessStdin {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let fd = self.fd.watched(Interest::WRITABLE)?;
        loop {
            let mut writable = ready!(fd.poll_write_ready(cx))?;
            let write = |fd: &AsyncFd<OwnedFd>| match nix::unistd::write(fd.get_ref(), bytes) {
                // No process has the terminal open.
                Err(Errno::EIO) => Err(ErrorKind::BrokenPipe.into()),
                written => Ok(written?),
            };
            match writable.try_io(write) {
                Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Ok(written) => return Poll::Ready(written),
                Err(_would_block) => {}
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.fd = StreamFd::Closed;
        Poll::Ready(Ok(()))
    }
}

impl ProcessOutput {
    pub(super) fn new(fd: OwnedFd) -> Self {
        Self { fd: StreamFd::New(fd) }
    }
}

impl AsyncRead for ProcessOutput {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let fd = self.fd.watched(Interest::READABLE)?;
        loop {
            let mut readable = ready!(fd.poll_read_ready(cx))?;
            let room = into.initialize_unfilled();
            let read = |fd: &AsyncFd<OwnedFd>| match nix::unistd::read(fd.get_ref(), room) {
                // No process has the terminal open: that is its end.
                Err(Errno::EIO) => Ok(0),
                read => Ok(read?),
            };
            match readable.try_io(read) {
                Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Ok(read) => return Poll::Ready(read.map(|bytes| into.advance(bytes))),
                Err(_would_block) => {}
            }
        }
    }
}

//! The socket of a connection, which is a guest of the task as long as it is there.
//!
//! As long as hyper serves the connection, that is dropped when the task is forced, and the socket with it. An upgrade
//! hands the socket on to code that runs elsewhere, and may know nothing of the tree. From then on reads and writes
//! fail when the task is forced, so that this code comes to its end.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use rootward_core::Guest;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// What a connection knows of its socket, wherever that is.
#[derive(Clone)]
pub(super) struct SocketNotes(Arc<Notes>);

struct Notes {
    last_taken: Mutex<Instant>,
    /// Whether the socket may be in the hands of other code.
    is_handed_on: AtomicBool,
}

impl SocketNotes {
    fn new() -> Self {
        Self(Arc::new(Notes { last_taken: Mutex::new(Instant::now()), is_handed_on: AtomicBool::new(false) }))
    }

    /// When the other end has taken something last.
    pub(super) fn last_taken(&self) -> Instant {
        *self.0.last_taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taken(&self) {
        *self.0.last_taken.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// An upgrade has been agreed to: the socket is about to be handed on.
    pub(super) fn hand_on(&self) {
        self.0.is_handed_on.store(true, Ordering::Release);
    }

    fn is_handed_on(&self) -> bool {
        self.0.is_handed_on.load(Ordering::Acquire)
    }
}

/// A socket that belongs to the task, and notes each write that the system takes.
pub(super) struct GuestSocket<Io> {
    // Dropped in this order: the task may be gone only when the socket is closed.
    io: Io,
    notes: SocketNotes,
    /// Two, because what reads and what writes may be two tasks, and both are to be woken.
    reads: ForcedWait,
    writes: ForcedWait,
    was_forced: bool,
    guest: Guest,
}

/// Waits until the task is forced. Made when the socket has been handed on.
type ForcedWait = Option<Pin<Box<dyn Future<Output = ()> + Send>>>;

/// Which half of a socket is used.
#[derive(Clone, Copy)]
enum Half {
    Reads,
    Writes,
}

impl<Io: Unpin> GuestSocket<Io> {
    pub(super) fn new(io: Io, guest: Guest) -> Self {
        Self { io, notes: SocketNotes::new(), reads: None, writes: None, was_forced: false, guest }
    }

    pub(super) fn notes(&self) -> SocketNotes {
        self.notes.clone()
    }

    /// Does something with the socket, unless that has been handed on and the task is forced.
    fn unless_forced<T>(
        &mut self,
        half: Half,
        cx: &mut Context<'_>,
        act: impl FnOnce(Pin<&mut Io>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.notes.is_handed_on() {
            if !self.was_forced {
                let forced = match half {
                    Half::Reads => &mut self.reads,
                    Half::Writes => &mut self.writes,
                };
                let forced = forced.get_or_insert_with(|| Box::pin(self.guest.forced()));
                self.was_forced = forced.as_mut().poll(cx).is_ready();
            }
            if self.was_forced {
                return Poll::Ready(Err(was_forced()));
            }
        }
        act(Pin::new(&mut self.io), cx)
    }

    fn noted(&self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.notes.taken();
        }
    }
}

fn was_forced() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the task that serves this connection is being forced")
}

impl<Io: AsyncRead + Unpin> AsyncRead for GuestSocket<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.unless_forced(Half::Reads, cx, |io, cx| io.poll_read(cx, buffer))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for GuestSocket<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.unless_forced(Half::Writes, cx, |io, cx| io.poll_write(cx, bytes));
        self.noted(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.unless_forced(Half::Writes, cx, |io, cx| io.poll_write_vectored(cx, parts));
        self.noted(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unless_forced(Half::Writes, cx, |io, cx| io.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unless_forced(Half::Writes, cx, |io, cx| io.poll_shutdown(cx))
    }
}

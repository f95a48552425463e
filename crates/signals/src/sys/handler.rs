//! The handler: it counts a signal, wakes those that listen, and calls the handler that was there before it.
//!
//! It may interrupt the program anywhere, on any thread, and another signal may interrupt it. So it does what is safe
//! there: atomics, and one `write`. It takes no lock, allocates nothing, and leaves `errno` as it was.
//!
//! Those that listen share one socket. A byte in it means "look at the counts": each byte wakes every runtime that
//! watches the socket, whether it has been read or not, so that it need not be read, until there are many.

#![expect(
    unsafe_code,
    reason = "in a signal handler only the system may be called, and descriptors are trusted to stay open"
)]

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use libc::{c_int, c_void, siginfo_t, timespec};
use nix::errno::Errno;
use nix::unistd::{Pid, getpid};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::previous::{self, NUMBERS};

/// How many signals of each number have arrived.
static ARRIVALS: [AtomicU32; NUMBERS] = [const { AtomicU32::new(0) }; NUMBERS];

/// When the last signal of each number arrived, in nanoseconds of the monotonic clock. 0 says that none has.
static TIMES: [AtomicU64; NUMBERS] = [const { AtomicU64::new(0) }; NUMBERS];

/// The socket's end that the handler writes to. It is open for as long as the process lives: a handler may be about
/// to write.
static WAKE: AtomicI32 = AtomicI32::new(-1);

/// The process whose socket it is. One that was forked from it has the handler, too.
static OWNER: AtomicI32 = AtomicI32::new(0);

/// How many bytes there may be in the socket.
static BYTES: AtomicU32 = AtomicU32::new(0);

/// From how many on they are read. A socket has room for some hundred, and when it is full nothing is woken.
const MANY: u32 = 32;

/// What is installed for the signals that are listened for.
pub(super) extern "C" fn on_signal(number: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let errno = Errno::last_raw();
    if let Some(count) = usize::try_from(number).ok().and_then(|number| ARRIVALS.get(number)) {
        if let Some(time) = usize::try_from(number).ok().and_then(|number| TIMES.get(number)) {
            // Another thread may have handled a later one first.
            time.fetch_max(now(), Ordering::SeqCst);
        }
        // Before the wake: what is woken looks at this.
        count.fetch_add(1, Ordering::SeqCst);
        wake();
    }
    Errno::set_raw(errno);
    // Last, because it may not come back.
    previous::call(number, info, context);
}

fn wake() {
    let socket = WAKE.load(Ordering::SeqCst);
    if socket >= 0 && getpid().as_raw() == OWNER.load(Ordering::SeqCst) {
        BYTES.fetch_add(1, Ordering::SeqCst);
        // SAFETY: a live byte; the descriptor is never closed; `write` may be called in a signal handler. If the
        // socket is full nothing is lost: it has been written to since it was last read, and the next that is woken
        // by that reads it.
        unsafe { libc::write(socket, b"!".as_ptr().cast(), 1) };
    }
}

/// How many signals with this number have arrived so far. It wraps around.
pub(crate) fn arrivals(number: c_int) -> u32 {
    let count = usize::try_from(number).ok().and_then(|number| ARRIVALS.get(number));
    count.map_or(0, |count| count.load(Ordering::SeqCst))
}

/// When the last signal with this number arrived, on the monotonic clock. `None` says that none has.
pub(crate) fn last_arrival(number: c_int) -> Option<Duration> {
    let time = usize::try_from(number).ok().and_then(|number| TIMES.get(number))?;
    Some(time.load(Ordering::SeqCst)).filter(|time| *time > 0).map(Duration::from_nanos)
}

/// Nanoseconds of the monotonic clock, which may be read in a handler.
fn now() -> u64 {
    let mut now = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it fills in a live timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}

/// What becomes ready whenever a signal arrives, also when there is something to be read already.
///
/// # Panics
///
/// If it is called outside a tokio runtime, or in one without I/O.
#[expect(deprecated, reason = "what takes its place needs a tokio that programs may not have yet")]
pub(crate) fn wakes() -> io::Result<AsyncFd<UnixStream>> {
    // A descriptor of its own, because a runtime watches each descriptor once.
    let own = socket()?.read_end.try_clone()?;
    AsyncFd::with_interest(own, Interest::READABLE)
}

/// Keeps the socket from becoming full. To be called by what it has woken.
pub(crate) fn calm() {
    if BYTES.load(Ordering::SeqCst) < MANY {
        return;
    }
    let Ok(socket) = socket() else { return };
    BYTES.store(0, Ordering::SeqCst);
    let mut bytes = [0; 512];
    while (&socket.read_end).read(&mut bytes).is_ok_and(|count| count > 0) {}
    // A runtime that had not looked yet finds nothing to read now, and does not wake its listeners. This does.
    let _ = (&socket.write_end).write(b"!");
}

struct WakeSocket {
    owner: Pid,
    write_end: UnixStream,
    read_end: UnixStream,
}

/// The socket of this process, which is made when it is first needed and never closed.
fn socket() -> io::Result<&'static WakeSocket> {
    static SOCKET: Mutex<Option<&'static WakeSocket>> = Mutex::new(None);
    let mut socket = SOCKET.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = socket.filter(|made| made.owner == getpid()) {
        return Ok(made);
    }
    let (write_end, read_end) = UnixStream::pair()?;
    write_end.set_nonblocking(true)?;
    read_end.set_nonblocking(true)?;
    let made: &'static WakeSocket = Box::leak(Box::new(WakeSocket { owner: getpid(), write_end, read_end }));
    WAKE.store(made.write_end.as_raw_fd(), Ordering::SeqCst);
    OWNER.store(made.owner.as_raw(), Ordering::SeqCst);
    *socket = Some(made);
    Ok(made)
}

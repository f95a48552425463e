//! What each thread is at work on, for other threads to see.
//!
//! A thread writes down which worker it polls before the poll, and clears that after it: two plain stores, to memory
//! that no other thread writes. The detector looks at the slots of all threads, of which there are few.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ticks::{clock, notice};

/// The number of a task or an actor that a thread is at work on. Numbers are given out once and never again; zero means
/// none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WorkerId(u64);

impl WorkerId {
    pub(crate) fn new() -> Self {
        static NEXT: Apart = Apart(AtomicU64::new(1));
        Self(NEXT.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// In cache lines of its own: a supervisor writes it for each child that it starts, and other threads read the
/// detector's clock, which could stand beside it, for each poll.
#[repr(align(128))]
struct Apart(AtomicU64);

/// What a thread does for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It is inside one poll.
    Poll,
    /// It drops what has been run.
    Drop,
}

/// What one thread is at work on.
pub(super) struct ThreadSlot {
    /// The worker's number, doubled, and one more for a drop. Zero says that the thread works for none.
    work: AtomicU64,
    /// What the detector's clock showed when it began.
    since: AtomicU64,
    is_gone: AtomicBool,
    pub(super) thread: String,
}

/// What was seen in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SlotWork {
    pub(super) worker: WorkerId,
    pub(super) doing: Doing,
    /// In ticks of the detector's clock.
    pub(super) since: u64,
}

static SLOTS: Mutex<Vec<Arc<ThreadSlot>>> = Mutex::new(Vec::new());

thread_local! {
    static MINE: OnceCell<RegisteredThread> = const { OnceCell::new() };
}

/// This thread's slot, which goes with the thread.
struct RegisteredThread(Arc<ThreadSlot>);

impl Drop for RegisteredThread {
    fn drop(&mut self) {
        self.0.is_gone.store(true, Ordering::Relaxed);
        slots().retain(|slot| !slot.is_gone.load(Ordering::Relaxed));
    }
}

/// Writes down what this thread is at work on, until this is dropped.
pub(crate) struct AtWork {
    /// What it was at work on before: a poll may drive another one.
    before: (u64, u64),
}

impl AtWork {
    pub(crate) fn on(worker: WorkerId, doing: Doing) -> Self {
        let work = worker.0 << 1 | u64::from(doing == Doing::Drop);
        let before = MINE.try_with(|mine| {
            let slot = &mine.get_or_init(register).0;
            let before = (slot.work.load(Ordering::Relaxed), slot.since.load(Ordering::Relaxed));
            slot.since.store(clock(), Ordering::Relaxed);
            slot.work.store(work, Ordering::Release);
            before
        });
        notice();
        // A thread that is about to end has no slot any more, and does nothing that takes long.
        Self { before: before.unwrap_or_default() }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let (work, since) = self.before;
        let _ = MINE.try_with(|mine| {
            if let Some(RegisteredThread(slot)) = mine.get() {
                slot.work.store(work, Ordering::Release);
                slot.since.store(since, Ordering::Relaxed);
            }
        });
    }
}

/// All threads that have ever polled anything and are still there.
pub(super) fn slots() -> MutexGuard<'static, Vec<Arc<ThreadSlot>>> {
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ThreadSlot {
    pub(super) fn look(&self) -> Option<SlotWork> {
        let work = self.work.load(Ordering::Acquire);
        let since = self.since.load(Ordering::Relaxed);
        let doing = if work & 1 == 1 { Doing::Drop } else { Doing::Poll };
        (work != 0).then_some(SlotWork { worker: WorkerId(work >> 1), doing, since })
    }
}

fn register() -> RegisteredThread {
    let slot = Arc::new(ThreadSlot {
        work: AtomicU64::new(0),
        since: AtomicU64::new(0),
        is_gone: AtomicBool::new(false),
        thread: this_thread(),
    });
    slots().push(Arc::clone(&slot));
    RegisteredThread(slot)
}

/// The name of this thread, and the number that the system's tools show for it.
pub(crate) fn this_thread() -> String {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a thread without a name");
    match thread_number() {
        Some(number) => format!("{name} ({number})"),
        None => name.to_owned(),
    }
}

/// The system's number of this thread, where it can be had for the asking.
fn thread_number() -> Option<u32> {
    let link = std::fs::read_link("/proc/thread-self").ok()?;
    link.file_name()?.to_str()?.parse().ok()
}

//! What each thread is at work on, for other threads to see.
//!
//! A thread writes down which worker it polls before the poll, and clears that after it: two plain stores, to memory
//! that no other thread writes. The detector looks at the slots of all threads, of which there are few.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ticks::{clock, notice};
use super::work_cell::{Doing, WorkBefore, WorkCell, WorkerId};

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

/// What one thread is at work on.
pub(super) struct ThreadSlot {
    pub(super) cell: WorkCell,
    is_gone: AtomicBool,
    pub(super) thread: String,
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
    before: WorkBefore,
}

impl AtWork {
    pub(crate) fn on(worker: WorkerId, doing: Doing) -> Self {
        let begin = |mine: &OnceCell<RegisteredThread>| {
            mine.get_or_init(register).0.cell.begin(worker, doing, clock())
        };
        let before = MINE.try_with(begin);
        notice();
        // A thread that is about to end has no slot any more, and does nothing that takes long.
        Self { before: before.unwrap_or_default() }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let _ = MINE.try_with(|mine| {
            if let Some(RegisteredThread(slot)) = mine.get() {
                slot.cell.end(self.before);
            }
        });
    }
}

/// All threads that have ever polled anything and are still there.
pub(super) fn slots() -> MutexGuard<'static, Vec<Arc<ThreadSlot>>> {
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn register() -> RegisteredThread {
    let slot = Arc::new(ThreadSlot {
        cell: WorkCell::new(),
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

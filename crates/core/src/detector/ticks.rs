//! The detector's clock, which ticks while any thread is at work, and how its thread is woken.
//!
//! A thread that begins to work reads without a barrier whether the detector sleeps, because it does so for every poll.
//! It may read what was true before. So the detector, once it has said that it sleeps, looks once more a whole tick
//! later: no store takes that long to be seen.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Duration;

/// How precise everything is that the detector says.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// Counts the ticks.
static CLOCK: AtomicU64 = AtomicU64::new(0);

/// Whether the detector's thread has to be woken when a thread begins to work.
static PARKED: AtomicBool = AtomicBool::new(false);

static THREAD: OnceLock<Option<Thread>> = OnceLock::new();

/// What the clock shows.
pub(super) fn clock() -> u64 {
    CLOCK.load(Ordering::Relaxed)
}

/// Begins to measure time: what the clock shows now, and from now on it goes.
pub(crate) fn look_at() -> u64 {
    notice();
    clock()
}

/// A thread begins to work.
pub(super) fn notice() {
    if PARKED.load(Ordering::Relaxed) && PARKED.swap(false, Ordering::AcqRel) {
        if let Some(Some(thread)) = THREAD.get() {
            thread.unpark();
        }
    }
}

// --- for the detector's thread ---

/// Starts the thread, once.
pub(super) fn runs_on(start: impl FnOnce() -> Option<Thread>) {
    THREAD.get_or_init(start);
}

/// One tick has passed. Answers what the clock shows.
pub(super) fn tick_on() -> u64 {
    CLOCK.fetch_add(1, Ordering::Relaxed) + 1
}

/// The thread is about to sleep, and has to be woken.
pub(super) fn may_sleep() {
    PARKED.store(true, Ordering::Release);
}

/// Whether the thread has been woken since.
pub(super) fn is_awake() -> bool {
    !PARKED.load(Ordering::Acquire)
}

/// The thread need not be woken.
pub(super) fn wakes_up() {
    PARKED.store(false, Ordering::Release);
}

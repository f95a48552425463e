//! What one thread is at work on: two words that the thread writes, and that other threads read together.
//!
//! The thread writes them for every poll, and so with plain stores: no lock, and no reading of what other threads have
//! written. A reader may come between the two. It reads the time before and after, and no two times that are written
//! one after the other are the same: each has a number. A test runs this file under all interleavings of its callers.

use crate::sync::{AtomicU64, Ordering};

/// The number of a task or an actor that a thread is at work on. Numbers are given out once and never again; zero means
/// none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WorkerId(pub(crate) u64);

/// What a thread does for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It is inside one poll.
    Poll,
    /// It drops what has been run.
    Drop,
}

/// What one thread is at work on.
#[derive(Debug)]
pub(crate) struct WorkCell {
    /// The worker's number, doubled, and one more for a drop. Zero says that the thread works for none.
    work: AtomicU64,
    /// What the detector's clock showed when it began, and the number of this time in the lowest bits.
    since: AtomicU64,
}

/// What was seen in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotWork {
    pub(crate) worker: WorkerId,
    pub(crate) doing: Doing,
    /// In ticks of the detector's clock.
    pub(crate) since: u64,
}

/// What the thread was at work on before: a poll may drive another one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WorkBefore {
    work: u64,
    since: u64,
}

/// How many bits the number of a time has. What is left is enough for the ticks of a hundred thousand years.
const NUMBER_BITS: u32 = 16;

impl WorkCell {
    pub(crate) fn new() -> Self {
        Self { work: AtomicU64::new(0), since: AtomicU64::new(0) }
    }

    /// This thread begins to work, when the clock shows this. It is called by the cell's own thread alone.
    pub(crate) fn begin(&self, worker: WorkerId, doing: Doing, clock: u64) -> WorkBefore {
        let work = self.work.load(Ordering::Relaxed);
        let since = self.since.load(Ordering::Relaxed);
        self.since.store(numbered(clock, since), Ordering::Release);
        self.work.store(worker.0 << 1 | u64::from(doing == Doing::Drop), Ordering::Release);
        WorkBefore { work, since }
    }

    /// This thread goes on with what it was at work on before. It is called by the cell's own thread alone.
    pub(crate) fn end(&self, before: WorkBefore) {
        // The work first: for a moment it seems to have begun later than it has.
        self.work.store(before.work, Ordering::Release);
        let since = self.since.load(Ordering::Relaxed);
        self.since.store(numbered(before.since >> NUMBER_BITS, since), Ordering::Release);
    }

    /// What the thread is at work on, seen by another thread when the clock shows this.
    pub(crate) fn look(&self, clock: u64) -> Option<SlotWork> {
        let since = self.since.load(Ordering::Acquire);
        let work = self.work.load(Ordering::Acquire);
        let is_same = self.since.load(Ordering::Relaxed) == since;
        // A thread that has begun or ended something meanwhile is not stuck, whatever it is at work on.
        let since = if is_same { since >> NUMBER_BITS } else { clock };
        let doing = if work & 1 == 1 { Doing::Drop } else { Doing::Poll };
        (work != 0).then_some(SlotWork { worker: WorkerId(work >> 1), doing, since })
    }
}

/// A time with another number than the last one that was written.
fn numbered(ticks: u64, last: u64) -> u64 {
    let number = last.wrapping_add(1) & ((1 << NUMBER_BITS) - 1);
    ticks << NUMBER_BITS | number
}

//! What the looks at the clock have found, for all threads to read.
//!
//! It is read without a lock, because many supervisors do so at once. One thread looks, and writes in an order in which
//! a reader that comes in between finds a time that the clock has shown, or is about to show.

use std::time::{Duration, Instant};

use super::policy::UNSEEN;
use crate::sync::{AtomicU64, AtomicUsize, Ordering};

/// A clock that stands still while the program is suspended.
#[derive(Debug)]
pub(super) struct SharedReading {
    /// A moment before every look. All numbers are nanoseconds since then.
    origin: Instant,
    /// How many times are waited for.
    waits: AtomicUsize,
    /// When it was looked last. Zero says that it is not looked.
    looked: AtomicU64,
    /// How much was lost so far.
    lost: AtomicU64,
    /// What the clock has shown at least.
    shown: AtomicU64,
}

impl SharedReading {
    pub(super) fn new(origin: Instant) -> Self {
        let (looked, lost, shown) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Self { origin, waits: AtomicUsize::new(0), looked, lost, shown }
    }

    /// A time is waited for from now on. Answers whether it has to be looked, and is not.
    pub(super) fn wait(&self) -> bool {
        self.waits.fetch_add(1, Ordering::SeqCst);
        self.looked.load(Ordering::SeqCst) == 0
    }

    pub(super) fn end_wait(&self) {
        self.waits.fetch_sub(1, Ordering::SeqCst);
    }

    /// It is looked from now on, if it was not.
    pub(super) fn begin(&self, now: Instant) {
        let _ = self.looked.compare_exchange(0, self.nanos(now), Ordering::SeqCst, Ordering::SeqCst);
    }

    /// When it was looked last. `None` says that it is not looked.
    pub(super) fn looked(&self) -> Option<Instant> {
        match self.looked.load(Ordering::SeqCst) {
            0 => None,
            looked => Some(self.origin + Duration::from_nanos(looked)),
        }
    }

    /// It was looked, and so much was lost since the last look. Answers whether a time is waited for, so that the next
    /// look belongs to this one.
    pub(super) fn look(&self, now: Instant, lost: Duration) -> bool {
        let lost = in_nanos(lost);
        if lost > 0 {
            let stood_at = self.looked.load(Ordering::SeqCst).saturating_add(in_nanos(UNSEEN));
            let shown = stood_at.saturating_sub(self.lost.load(Ordering::SeqCst));
            self.shown.fetch_max(shown, Ordering::SeqCst);
            self.lost.fetch_add(lost, Ordering::SeqCst);
        }
        let is_waited_for = || self.waits.load(Ordering::SeqCst) > 0;
        if is_waited_for() {
            self.looked.store(self.nanos(now), Ordering::SeqCst);
            return true;
        }
        self.looked.store(0, Ordering::SeqCst);
        if is_waited_for() {
            // What began to wait a moment ago may have found that it is looked.
            self.begin(now);
        }
        false
    }

    /// It is not looked any more.
    pub(super) fn end(&self) {
        self.looked.store(0, Ordering::SeqCst);
    }

    /// Whether this clock shows what the system's does.
    pub(super) fn is_the_systems(&self) -> bool {
        self.looked.load(Ordering::SeqCst) == 0 && self.lost.load(Ordering::SeqCst) == 0
    }

    /// What this clock shows at this moment of the system's.
    pub(super) fn awake(&self, now: Instant) -> Instant {
        // The other way round than they are written.
        let looked = self.looked.load(Ordering::SeqCst);
        let lost = Duration::from_nanos(self.lost.load(Ordering::SeqCst));
        let shown = Duration::from_nanos(self.shown.load(Ordering::SeqCst));
        let awake = now.checked_sub(lost).and_then(|awake| awake.checked_sub(self.unseen(looked, now)));
        awake.unwrap_or(now).max(self.origin + shown)
    }

    /// Whether it was not looked for so long that the clock stands still.
    pub(super) fn is_stalled(&self, now: Instant) -> bool {
        !self.unseen(self.looked.load(Ordering::SeqCst), now).is_zero()
    }

    /// How long ago the clock has come to stand still.
    fn unseen(&self, looked: u64, now: Instant) -> Duration {
        match looked {
            0 => Duration::ZERO,
            looked => Duration::from_nanos(self.nanos(now).saturating_sub(looked)).saturating_sub(UNSEEN),
        }
    }

    /// A moment as a number that is not zero.
    fn nanos(&self, at: Instant) -> u64 {
        in_nanos(at.saturating_duration_since(self.origin)).max(1)
    }
}

fn in_nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

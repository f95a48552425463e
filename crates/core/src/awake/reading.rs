//! What the looks at the clock have found, for all threads to read.
//!
//! It is read without a lock, because many supervisors do so at once. One thread looks, and writes in an order in which
//! a reader that comes in between finds a time that the clock has shown, or is about to show.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::policy::UNSEEN;

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

#[cfg(test)]
mod tests {
    #![expect(
        clippy::disallowed_methods,
        reason = "a clock that the test sets needs any instant to count from"
    )]

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_clock_stands_still_half_a_second_after_the_last_look_until_it_is_known_what_was_lost() {
        let (clock, start) = looking();
        let stands = start + UNSEEN;

        assert_eq!(clock.awake(start + UNSEEN / 2), start + UNSEEN / 2);
        assert_eq!(clock.awake(start + 60 * SECOND), stands);
        assert!(clock.is_stalled(start + 60 * SECOND) && !clock.is_stalled(stands));

        clock.look(start + 60 * SECOND, 60 * SECOND - UNSEEN);
        assert_eq!(clock.awake(start + 60 * SECOND), stands, "it goes on from where it stood");
        assert_eq!(clock.awake(start + 61 * SECOND - UNSEEN), stands + SECOND - UNSEEN);
    }

    #[test]
    fn a_clock_that_was_not_looked_at_because_the_machine_is_busy_makes_up_for_it() {
        let (clock, start) = looking();
        assert_eq!(clock.awake(start + 60 * SECOND), start + UNSEEN);

        clock.look(start + 60 * SECOND, Duration::ZERO);

        assert_eq!(clock.awake(start + 60 * SECOND), start + 60 * SECOND);
    }

    #[test]
    fn what_was_lost_stays_lost_when_nothing_is_waited_for_any_more() {
        let (clock, start) = looking();
        clock.look(start + 10 * SECOND, 9 * SECOND);
        clock.end_wait();

        clock.look(start + 11 * SECOND, Duration::ZERO);

        assert_eq!((clock.looked(), clock.is_the_systems()), (None, false));
        assert_eq!(clock.awake(start + 99 * SECOND), start + 90 * SECOND);
        assert!(clock.wait() && !clock.is_stalled(start + 99 * SECOND));
    }

    #[test]
    fn a_clock_that_is_looked_at_does_not_begin_again() {
        let (clock, start) = looking();
        assert!(!clock.wait(), "it is looked already");

        // What began to wait at the same time may have found that it is not looked.
        clock.begin(start + 10 * SECOND);

        assert_eq!(clock.looked(), Some(start));
        assert_eq!(
            clock.awake(start + 10 * SECOND),
            start + UNSEEN,
            "nothing of what it stood still is forgotten"
        );
    }

    #[test]
    fn a_clock_at_which_nothing_is_waited_for_is_the_systems() {
        let start = Instant::now();
        let clock = SharedReading::new(start);

        assert!(clock.is_the_systems());
        assert_eq!(clock.awake(start + 60 * SECOND), start + 60 * SECOND);
    }

    /// A reader that comes in between two looks has read a part of the later one.
    #[test]
    fn a_clock_never_goes_back() {
        let (clock, start) = looking();
        let before = clock.awake(start + 60 * SECOND);

        // As far as the look at which the loss was found.
        clock.shown.store(in_nanos(before.duration_since(clock.origin)), Ordering::SeqCst);
        clock.lost.store(in_nanos(60 * SECOND - UNSEEN), Ordering::SeqCst);

        assert_eq!(clock.awake(start + 60 * SECOND), before);
    }

    fn looking() -> (SharedReading, Instant) {
        let origin = Instant::now();
        let (clock, start) = (SharedReading::new(origin), origin + SECOND);
        assert!(clock.wait());
        clock.begin(start);
        (clock, start)
    }
}

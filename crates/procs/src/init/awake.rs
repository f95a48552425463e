//! A time that a program has, which stands still while its guard is suspended.
//!
//! The guard has no threads, so that it looks at the clock itself: it waits in steps.

use std::time::{Duration, Instant};

use rootward_core::sibling::{AWAKE_STEP, AwakeTime, glance};

use crate::sys::raw::{self, Taken};

/// When a time is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct AwakeEnd {
    at: Instant,
    /// The looks go on from the beginning: the guard may be suspended while it does something else than wait.
    looks: AwakeTime,
}

impl AwakeEnd {
    /// So long from now on. `None` is never.
    pub(super) fn after(time: Duration) -> Option<Self> {
        now().checked_add(time).map(Self::until)
    }

    fn until(at: Instant) -> Self {
        let begun = glance();
        Self { at, looks: AwakeTime::since(begun.now, begun.waited_before) }
    }

    pub(super) fn is_over(&mut self) -> bool {
        self.look();
        self.left().is_zero()
    }

    /// It stood still for so long, up to now. `None` is never.
    pub(super) fn put_off(self, by: Duration) -> Option<Self> {
        self.at.checked_add(by).map(Self::until)
    }

    /// Waits for a signal for one step, and no longer than so or than there is time.
    pub(super) fn take_signal_within(&mut self, most: Duration) -> Option<Taken> {
        self.look();
        let taken = raw::take_signal_within(self.left().min(most).min(AWAKE_STEP));
        self.look();
        taken
    }

    fn look(&mut self) {
        // Beyond what the clock can show it is never over.
        self.at = self.at.checked_add(self.looks.look(glance())).unwrap_or(self.at);
    }

    fn left(self) -> Duration {
        self.at.saturating_duration_since(now())
    }
}

#[expect(clippy::disallowed_methods, reason = "this process has no runtime")]
pub(super) fn now() -> Instant {
    Instant::now()
}

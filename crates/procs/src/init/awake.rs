//! A time that a program has, which stands still while its guard is suspended.
//!
//! The guard has no threads, so that it looks at the clock itself: it waits in steps.

use std::time::{Duration, Instant};

use rootward_core::sibling::{AWAKE_STEP, AwakeTime, glance};

use crate::sys::raw::{self, Taken};

/// When a time is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct AwakeEnd(Instant);

impl AwakeEnd {
    /// So long from now on. `None` is never.
    pub(super) fn after(time: Duration) -> Option<Self> {
        now().checked_add(time).map(Self)
    }

    pub(super) fn is_over(self) -> bool {
        self.left().is_zero()
    }

    /// It stood still for so long. `None` is never.
    pub(super) fn put_off(self, by: Duration) -> Option<Self> {
        self.0.checked_add(by).map(Self)
    }

    /// Waits for a signal for one step, and no longer than so or than there is time.
    pub(super) fn take_signal_within(&mut self, most: Duration) -> Option<Taken> {
        let begun = glance();
        let mut time = AwakeTime::since(begun.now, begun.waited_before);
        let taken = raw::take_signal_within(self.left().min(most).min(AWAKE_STEP));
        // Beyond what the clock can show it is never over.
        self.0 = self.0.checked_add(time.look(glance())).unwrap_or(self.0);
        taken
    }

    fn left(self) -> Duration {
        self.0.saturating_duration_since(now())
    }
}

#[expect(clippy::disallowed_methods, reason = "this process has no runtime")]
pub(super) fn now() -> Instant {
    Instant::now()
}

//! The tree's clock, and times as numbers.
//!
//! Two clocks are read here. [`now`] is tokio's, for what is written down. [`awake_now`] is the same without the time
//! in which this program was suspended, and the times that children have are measured by it. They differ by what was
//! lost. A clock that a test has paused, or a story's, loses nothing.

use std::time::{Duration, Instant};

use crate::awake;

/// A timer that comes this late says that this program did not run meanwhile: it was suspended, or starved.
pub(crate) const LATE: Duration = Duration::from_millis(500);

/// For how long it is looked at what has happened meanwhile, before a timer that came late counts.
const LOOK: Duration = Duration::from_millis(500);

/// How long it is waited for the next look while awake time stands still.
const NAP: Duration = Duration::from_millis(50);

/// The time on tokio's clock, so that virtual time reaches everything, in the form that policy takes.
pub(crate) fn now() -> Instant {
    #[cfg(feature = "seeded")]
    if let Some(now) = crate::seeded::now() {
        return now;
    }
    tokio::time::Instant::now().into_std()
}

/// Waits for a moment on this clock.
pub(crate) async fn sleep_until(at: Instant) {
    #[cfg(feature = "seeded")]
    if let Some(sleep) = crate::seeded::sleep_until(at) {
        return sleep.await;
    }
    tokio::time::sleep_until(at.into()).await;
}

/// The time on tokio's clock without that in which this program was suspended. It never goes back.
pub(crate) fn awake_now() -> Instant {
    #[cfg(feature = "seeded")]
    if let Some(now) = crate::seeded::now() {
        return now;
    }
    awake::awake(now)
}

/// Waits for a moment of awake time.
///
/// If the timer comes late, what is there is looked at first: what happened meanwhile has not been heard of yet.
pub(crate) async fn sleep_awake_until(at: Instant) {
    sleep_awake_and_look(at, LOOK).await;
}

/// The same, with so long a look.
pub(crate) async fn sleep_awake_and_look(at: Instant, look: Duration) {
    #[cfg(feature = "seeded")]
    if let Some(sleep) = crate::seeded::sleep_until(at) {
        return sleep.await;
    }
    if !awake::is_the_systems(now) {
        return sleep_until(at).await;
    }
    let _wait = awake::AwakeWait::begin();
    loop {
        let now_at = now();
        let stands_still = awake::is_stalled(now_at);
        let left = at.saturating_duration_since(awake_now());
        if left.is_zero() {
            return;
        }
        let step = if stands_still { left.min(NAP) } else { left };
        let Some(due) = now_at.checked_add(step) else { return std::future::pending().await };
        sleep_until(due).await;
        // A nap that comes late says the same.
        if now().saturating_duration_since(due) >= LATE {
            sleep_until(now() + look).await;
        }
    }
}

/// Panics if it is called where nothing can wait for a time.
pub(crate) fn require_timers() {
    #[cfg(feature = "seeded")]
    if crate::seeded::is_on() {
        return;
    }
    drop(tokio::time::sleep_until(tokio::time::Instant::now()));
}

/// A time as users read it in records and reports.
pub(crate) fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a timer comes late when its thread has no turn in time")]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// More than it takes to begin to wait, on any machine.
    const SOON: Duration = Duration::from_millis(500);

    #[tokio::test]
    async fn a_timer_that_comes_late_is_over_after_a_look_of_the_time_that_was_asked_for() {
        let look = Duration::from_millis(800);
        let mut sleep = Box::pin(sleep_awake_and_look(awake_now() + SOON, look));
        assert!(begins_to_wait(sleep.as_mut()));

        std::thread::sleep(SOON + LATE);
        let goes_on = now();
        sleep.await;

        assert!(now() - goes_on >= look);
    }

    #[tokio::test]
    async fn a_time_that_is_over_when_it_is_waited_for_is_over_at_once() {
        let mut sleep = Box::pin(sleep_awake_until(awake_now()));

        assert!(!begins_to_wait(sleep.as_mut()));
    }

    fn begins_to_wait(sleep: Pin<&mut impl Future<Output = ()>>) -> bool {
        sleep.poll(&mut Context::from_waker(Waker::noop())) == Poll::Pending
    }
}

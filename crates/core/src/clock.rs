//! The tree's clock, and times as numbers.

use std::time::{Duration, Instant};

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

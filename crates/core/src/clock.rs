//! The tree's clock, and times as numbers.

use std::time::{Duration, Instant};

/// The time on tokio's clock, so that virtual time reaches everything, in the form that policy takes.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A time as users read it in records and reports.
pub(crate) fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

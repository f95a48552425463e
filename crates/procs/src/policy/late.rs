//! Time in which this program did not run.

use std::time::{Duration, Instant};

/// A timer that comes this late says that this program did not run meanwhile: it was stopped, or starved.
const LATE: Duration = Duration::from_millis(500);

/// Whether a time that was due then was noticed so late that this program cannot have run meanwhile.
pub(super) fn is_late(due: Instant, now: Instant) -> bool {
    now.saturating_duration_since(due) >= LATE
}

/// Until when a time goes on that is over, if its timer came late. What has happened meanwhile may not have been heard
/// of yet, and the process may not have run either: it is given what was lost, and no more than the whole time.
pub(super) fn lost_time(due: Instant, now: Instant, whole: Duration) -> Option<Instant> {
    let late = now.saturating_duration_since(due);
    if is_late(due, now) { now.checked_add(late.min(whole)) } else { None }
}

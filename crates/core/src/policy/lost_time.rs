//! Time in which this program did not run: it was suspended, or starved.
//!
//! What happened meanwhile has not been heard of yet when a timer tells that the time is over, so that what is there is
//! looked at first. And a child that was suspended together with this program could do nothing either.

use std::time::{Duration, Instant};

/// A timer that comes this late says that this program did not run meanwhile.
const LATE: Duration = Duration::from_millis(500);

/// By how much a deadline is put off to look at what is there.
pub(crate) const LOOK: Duration = Duration::from_millis(500);

/// By how much the report of what is left then is put off, so that what was forced can be awaited.
pub(crate) const LOOK_AFTER_FORCE: Duration = Duration::from_millis(1500);

/// Whether a time that was due then was noticed so late that this program cannot have run meanwhile.
#[must_use]
pub fn is_late(due: Instant, now: Instant) -> bool {
    now.saturating_duration_since(due) >= LATE
}

/// Until when a time goes on that is over, if its timer came late: it is given what was lost, and no more than the
/// whole time.
#[must_use]
pub fn lost_time(due: Instant, now: Instant, whole: Duration) -> Option<Instant> {
    let late = now.saturating_duration_since(due);
    if is_late(due, now) { now.checked_add(late.min(whole)) } else { None }
}

/// Until when a deadline is put off, if its timer came late.
pub(crate) fn put_off(deadline: Instant, now: Instant, by: Duration) -> Option<Instant> {
    if is_late(deadline, now) { now.checked_add(by) } else { None }
}

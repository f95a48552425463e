//! Time in which this program did not run: it was suspended, or starved.
//!
//! What happened meanwhile has not been heard of yet when a timer tells that the time is over, so that what is there is
//! looked at first. And a child that was suspended together with this program could do nothing either.
//!
//! One rule holds for graces, for the waits of a ladder and for the times of starts and of readiness: a wait for its end
//! is a wait in steps, and a step that ends late says how much was lost. That is given back, and of one suspension no
//! more than the whole time. Watchdogs and delays of restarts have no steps.

use std::ops::Range;
use std::time::{Duration, Instant};

/// A timer that comes this late says that this program did not run meanwhile.
const LATE: Duration = Duration::from_millis(500);

/// By how much a deadline is put off to look at what is there.
pub(crate) const LOOK: Duration = Duration::from_millis(500);

/// By how much the report of what is left then is put off, so that what was forced can be awaited.
pub(crate) const LOOK_AFTER_FORCE: Duration = Duration::from_millis(1500);

/// The shortest step of a wait.
const SHORTEST_STEP: Duration = Duration::from_millis(500);

/// Which part of what is left a step takes. So a long wait is no more than some dozens of steps, and what a suspension
/// takes unseen is no more than this part of what was left.
const STEP_PART: u32 = 8;

/// Whether a time that was due then was noticed so late that this program cannot have run meanwhile.
#[must_use]
pub fn is_late(due: Instant, now: Instant) -> bool {
    now.saturating_duration_since(due) >= LATE
}

/// How long this program did not run in a wait that was to end then and ends now. A suspension that was over before
/// that is not seen.
#[must_use]
pub fn lost(due: Instant, now: Instant) -> Duration {
    if is_late(due, now) { now.saturating_duration_since(due) } else { Duration::ZERO }
}

/// How much of a step was lost that began and was to end then, if it has ended now and the system's clock has gone on
/// by so much. A test that has its own clock jump has lost nothing.
pub(crate) fn lost_in_step(step: Range<Instant>, now: Instant, by_system: Duration) -> Duration {
    let missed = by_system.saturating_sub(step.end.saturating_duration_since(step.start));
    if missed < LATE { Duration::ZERO } else { lost(step.end, now).min(missed) }
}

/// Until when a time goes on that is over, if its timer came late: it is given what was lost, and no more than the
/// whole time.
#[must_use]
pub fn lost_time(due: Instant, now: Instant, whole: Duration) -> Option<Instant> {
    let lost = lost(due, now);
    if lost.is_zero() { None } else { given_back(due, whole, lost, now) }
}

/// Until when a time goes on of which so much was lost: for what is left of it and what was lost, and no longer than the
/// whole time. One that began after the suspension, whose end was not heard of before, is whole already.
#[must_use]
pub fn given_back(until: Instant, whole: Duration, lost: Duration, now: Instant) -> Option<Instant> {
    let left = until.saturating_duration_since(now);
    // What has been extended has more left than it had at first.
    now.checked_add(left.saturating_add(lost).min(whole.max(left)))
}

/// When the next step ends of a wait until then.
#[must_use]
pub fn step_end(due: Instant, now: Instant) -> Instant {
    let step = (due.saturating_duration_since(now) / STEP_PART).max(SHORTEST_STEP);
    now.checked_add(step).map_or(due, |end| end.min(due))
}

/// Until when a deadline is put off, if its timer came late.
pub(crate) fn put_off(deadline: Instant, now: Instant, by: Duration) -> Option<Instant> {
    if is_late(deadline, now) { now.checked_add(by) } else { None }
}

/// A time that a child has for something, for code that waits in steps of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    whole: Duration,
    /// `None` is never.
    until: Option<Instant>,
}

impl Allowance {
    /// It has so long from now on.
    #[must_use]
    pub fn new(whole: Duration, now: Instant) -> Self {
        Self { whole, until: now.checked_add(whole) }
    }

    /// When it is over. `None` is never.
    #[must_use]
    pub fn until(&self) -> Option<Instant> {
        self.until
    }

    /// A step that was to end then ends now: what was lost is given back.
    pub fn woke(&mut self, due: Instant, now: Instant) {
        self.give_back(lost(due, now), now);
    }

    /// So much was lost by now. It is given back, unless the time was over before.
    pub fn give_back(&mut self, lost: Duration, now: Instant) {
        let was_over = |until: Instant| until.checked_add(lost).is_some_and(|later| later < now);
        if let Some(until) = self.until.filter(|until| !lost.is_zero() && !was_over(*until)) {
            self.until = given_back(until, self.whole, lost, now);
        }
    }

    /// It stood still for so long, which is known.
    pub fn put_off(&mut self, by: Duration) {
        self.until = self.until.and_then(|until| until.checked_add(by));
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "a pure rule needs any instant to count from")]

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_wait_that_ends_late_has_lost_what_it_is_late() {
        let due = Instant::now();

        assert_eq!(lost(due, due + LATE / 2), Duration::ZERO, "a busy machine");
        assert_eq!(lost(due + SECOND, due), Duration::ZERO, "a wait that was ended early");
        assert_eq!(lost(due, due + 7 * SECOND), 7 * SECOND);
    }

    #[test]
    fn what_was_lost_is_given_back_and_of_one_suspension_no_more_than_the_whole_time() {
        let start = Instant::now();
        let mut time = Allowance::new(10 * SECOND, start);

        time.woke(start + SECOND, start + 4 * SECOND);
        assert_eq!(time.until(), Some(start + 13 * SECOND));
        assert!(!time.is_over(start + 12 * SECOND) && time.is_over(start + 13 * SECOND));
        time.woke(start + 5 * SECOND, start + 500 * SECOND);
        assert_eq!(time.until(), Some(start + 510 * SECOND));
        time.woke(start + 511 * SECOND, start + 520 * SECOND);
        assert_eq!(time.until(), Some(start + 510 * SECOND), "it was over before");
        time.put_off(SECOND);
        assert_eq!(time.until(), Some(start + 511 * SECOND));
    }

    #[test]
    fn a_step_has_lost_what_both_clocks_say() {
        let start = Instant::now();
        let lost = |passed: u32, by_system: u32| {
            lost_in_step(start..start + SECOND, start + passed * SECOND, by_system * SECOND)
        };

        assert_eq!(lost(6, 6), 5 * SECOND);
        assert_eq!(lost(6, 0), Duration::ZERO, "a test has its clock jump");
        assert_eq!(lost(6, 4), 3 * SECOND);
        assert_eq!(lost(1, 6), Duration::ZERO, "a test has its clock stand still");
    }

    #[test]
    fn a_long_wait_is_a_few_steps_each_a_part_of_what_is_left() {
        let start = Instant::now();
        let due = start + Duration::from_secs(24 * 3600);
        let mut now = start;
        let mut steps = 0;
        while now < due {
            let end = step_end(due, now);
            assert!(end > now && end <= due);
            assert!(end - now <= ((due - now) / STEP_PART).max(SHORTEST_STEP));
            (now, steps) = (end, steps + 1);
        }
        assert!(steps < 100, "{steps}");
        assert_eq!(step_end(start, due), start, "a wait that is over");
    }
}

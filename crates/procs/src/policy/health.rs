//! Whether a process that runs is healthy, and when it is to be looked at.
//!
//! Pure: the caller passes the time. A [`Checkup`] is for a process that is looked at; a [`Watchdog`] for one that has
//! to say by itself that it is alive. All times are awake times, so that a suspension is held against neither.

use std::time::{Duration, Instant};

/// How a process is looked at while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HealthRules {
    /// From the beginning of one look to the beginning of the next, unless the look takes longer.
    pub(crate) interval: Duration,
    /// How long one look may take.
    pub(crate) timeout: Duration,
    /// How many looks in a row have to fail.
    pub(crate) threshold: u32,
    /// For how long after the start failures do not count, unless a look succeeds before.
    pub(crate) start_period: Duration,
}

/// The moment next to this one at which looks with this interval come together: those of a hundred processes wake this
/// program a few times a second, and not a hundred times. It is earlier or later by a 32nd of the interval at most, and
/// by 50 ms. All count from one `origin`.
pub(crate) fn together(at: Instant, interval: Duration, origin: Instant) -> Instant {
    const LEAST: Duration = Duration::from_millis(10);
    const MOST: Duration = Duration::from_millis(100);
    let slot = (interval / 16).min(MOST);
    if slot < LEAST {
        return at;
    }
    let since = at.saturating_duration_since(origin).as_nanos();
    // Less than a slot, which fits.
    let beyond = Duration::from_nanos(u64::try_from(since % slot.as_nanos()).unwrap_or_default());
    let nearest = if beyond * 2 < slot { at.checked_sub(beyond) } else { at.checked_add(slot - beyond) };
    nearest.unwrap_or(at)
}

/// What a look has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Passed,
    Failed,
    TimedOut,
}

/// What follows from a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Nothing that has to be told.
    Same,
    /// The process is healthy again.
    Healthy,
    /// So many looks in a row have failed, and it may go on.
    Failing(u32),
    /// So many looks in a row have failed, and that is enough.
    Unhealthy(u32),
}

/// The health of a process that is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkup {
    rules: HealthRules,
    /// Until when failures do not count.
    lenient_until: Option<Instant>,
    failures: u32,
}

impl Checkup {
    /// A process that has started now.
    pub(crate) fn new(rules: HealthRules, now: Instant) -> Self {
        Self { rules, lenient_until: now.checked_add(rules.start_period), failures: 0 }
    }

    /// When the look after the one that began then is due. `None` is never.
    pub(crate) fn next(&self, began: Instant, now: Instant) -> Option<Instant> {
        // Looks that were missed are not made up for.
        Some(began.checked_add(self.rules.interval)?.max(now))
    }

    /// Until when a look that begins now may take.
    pub(crate) fn until(&self, began: Instant) -> Option<Instant> {
        began.checked_add(self.rules.timeout)
    }

    /// Whether failures do not count yet.
    pub(crate) fn is_lenient(&self, now: Instant) -> bool {
        self.lenient_until.is_some_and(|until| now < until)
    }

    /// Takes the result of a look.
    pub(crate) fn looked(&mut self, look: Look, now: Instant) -> Finding {
        match look {
            Look::Passed => {
                self.lenient_until = None;
                match std::mem::take(&mut self.failures) {
                    0 => Finding::Same,
                    _ => Finding::Healthy,
                }
            }
            Look::Failed | Look::TimedOut if self.is_lenient(now) => Finding::Same,
            Look::Failed | Look::TimedOut => {
                self.failures = self.failures.saturating_add(1);
                if self.failures >= self.rules.threshold {
                    Finding::Unhealthy(self.failures)
                } else {
                    Finding::Failing(self.failures)
                }
            }
        }
    }
}

/// The health of a process that has to say by itself that it is alive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watchdog {
    timeout: Duration,
    due: Option<Instant>,
}

impl Watchdog {
    /// A process that has started now, and has this long until it has to say for the first time that it is alive.
    pub(crate) fn new(timeout: Duration, start_period: Duration, now: Instant) -> Self {
        Self { timeout, due: now.checked_add(timeout.max(start_period)) }
    }

    /// By when it has to say again that it is alive.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// How long it may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// It has said that it is alive.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.due = now.checked_add(self.timeout);
    }

    /// It has said how long it may take from now on. No time at all is a mistake of its own, which changes nothing.
    pub(crate) fn set(&mut self, timeout: Duration, now: Instant) {
        if !timeout.is_zero() {
            self.timeout = timeout;
            self.heard(now);
        }
    }

    /// Whether it has been silent for too long.
    pub(crate) fn is_silent(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| now >= due)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "a pure machine needs any instant to count from")]

    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_process_may_say_how_long_it_may_be_silent_and_no_time_at_all_changes_nothing() {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(SECOND * 5, Duration::ZERO, start);
        assert_eq!((watchdog.timeout(), watchdog.due()), (SECOND * 5, Some(start + SECOND * 5)));

        watchdog.set(Duration::ZERO, start + SECOND);
        assert_eq!((watchdog.timeout(), watchdog.due()), (SECOND * 5, Some(start + SECOND * 5)));

        watchdog.set(SECOND * 9, start + SECOND);
        assert_eq!((watchdog.timeout(), watchdog.due()), (SECOND * 9, Some(start + SECOND * 10)));
    }

    #[test]
    fn looks_that_are_due_soon_after_each_other_come_together_and_stay_so() {
        let origin = Instant::now();
        let at = |milliseconds| origin + Duration::from_millis(milliseconds);
        let second = Duration::from_secs(1);

        // Sixteen times a second.
        let moments = [1000, 1031, 1032, 1063, 1093].map(|due| together(at(due), second, origin));
        let slot = Duration::from_micros(62_500);
        assert_eq!(moments, [at(1000), at(1000), at(1000) + slot, at(1000) + slot, at(1000) + slot]);
        // A look that began a little late does not move the next one.
        assert_eq!(together(at(1020) + second, second, origin), at(2000));
        assert_eq!(together(at(149), Duration::from_secs(3600), origin), at(100));
        assert_eq!(together(at(151), Duration::from_secs(3600), origin), at(200));
    }

    #[test]
    fn looks_with_a_short_interval_are_not_moved() {
        let origin = Instant::now();
        let due = origin + Duration::from_millis(1003);

        assert_eq!(together(due, Duration::from_millis(100), origin), due);
        assert_eq!(together(origin, Duration::from_secs(1), due), origin, "before the origin");
    }

    #[test]
    fn only_failures_in_a_row_are_too_many() {
        let (mut checkup, now) = given(Duration::ZERO);
        let mut looked = |look| checkup.looked(look, now);

        assert_eq!(looked(Look::Failed), Finding::Failing(1));
        assert_eq!(looked(Look::TimedOut), Finding::Failing(2));
        assert_eq!(looked(Look::Passed), Finding::Healthy);
        assert_eq!(looked(Look::Passed), Finding::Same);
        assert_eq!(looked(Look::Failed), Finding::Failing(1));
        assert_eq!(looked(Look::Failed), Finding::Failing(2));
        assert_eq!(looked(Look::Failed), Finding::Unhealthy(3));
    }

    #[test]
    fn failures_do_not_count_in_the_start_period() {
        let (mut checkup, start) = given(10 * SECOND);
        let (before, after) = (start + 9 * SECOND, start + 10 * SECOND);

        for _ in 0..9 {
            assert_eq!(checkup.looked(Look::Failed, before), Finding::Same);
        }
        assert_eq!(checkup.looked(Look::Failed, after), Finding::Failing(1));
    }

    #[test]
    fn a_look_that_succeeds_ends_the_start_period() {
        let (mut checkup, now) = given(10 * SECOND);

        assert_eq!(checkup.looked(Look::Passed, now), Finding::Same);
        assert_eq!(checkup.looked(Look::Failed, now), Finding::Failing(1));
    }

    #[test]
    fn looks_do_not_overlap_and_those_that_were_missed_are_not_made_up_for() {
        let (checkup, now) = given(Duration::ZERO);

        assert_eq!(checkup.next(now, now), Some(now + 10 * SECOND));
        assert_eq!(checkup.next(now, now + 99 * SECOND), Some(now + 99 * SECOND));
        assert_eq!(checkup.until(now), Some(now + SECOND));
    }

    #[test]
    fn a_watchdog_waits_from_one_sign_of_life_to_the_next() {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(2 * SECOND, 5 * SECOND, start);

        assert!(!watchdog.is_silent(start + 4 * SECOND));
        watchdog.heard(start + 4 * SECOND);
        assert_eq!(watchdog.due(), Some(start + 6 * SECOND));
        watchdog.set(3 * SECOND, start + 5 * SECOND);
        watchdog.set(Duration::ZERO, start + 6 * SECOND);
        assert!(!watchdog.is_silent(start + 7 * SECOND));
        assert!(watchdog.is_silent(start + 8 * SECOND));
    }

    proptest! {
        #[test]
        fn a_process_is_unhealthy_when_the_last_looks_all_failed(looks: Vec<bool>) {
            let (mut checkup, now) = given(Duration::ZERO);
            let mut row = 0;
            for passed in looks {
                let finding = checkup.looked(if passed { Look::Passed } else { Look::Failed }, now);
                row = if passed { 0 } else { row + 1 };
                prop_assert_eq!(matches!(finding, Finding::Unhealthy(_)), row >= 3);
            }
        }
    }

    fn given(start_period: Duration) -> (Checkup, Instant) {
        let now = Instant::now();
        let rules = HealthRules { interval: 10 * SECOND, timeout: SECOND, threshold: 3, start_period };
        (Checkup::new(rules, now), now)
    }
}

//! Decides which part of the time that has passed this program was suspended. Pure: the caller passes what it has seen.
//!
//! A look at the clock comes every [`STEP`]. One that comes late says that its thread did not run: it was suspended, or
//! it waited for a processor. The system tells how long a thread has waited for a processor, and the rest was lost.

use std::time::{Duration, Instant};

/// From one look to the next.
pub const STEP: Duration = Duration::from_millis(200);

/// How far the clock goes on without a look. A suspension that is over before that is not seen, and of a longer one so
/// much counts.
pub(super) const UNSEEN: Duration = Duration::from_millis(500);

/// What is seen in one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// When it was.
    pub now: Instant,
    /// How long the thread that looks had waited for a processor since it began, as it was just before. `None` says
    /// that the system does not tell.
    pub waited_before: Option<Duration>,
    /// The same as it was just after: the thread may have lost its processor in between.
    pub waited_after: Option<Duration>,
}

/// The looks of one thread.
#[derive(Clone, Copy, Debug)]
pub struct AwakeTime {
    last: Instant,
    waited: Option<Duration>,
}

impl AwakeTime {
    /// The clock was looked at then, and the thread had waited for a processor for so long.
    #[must_use]
    pub fn since(last: Instant, waited: Option<Duration>) -> Self {
        Self { last, waited }
    }

    /// Takes the next look. Answers how much was lost since the last one.
    ///
    /// Where the system does not tell how long a thread waits, half of what a look is late counts as lost: on a busy
    /// machine a time is over all the same.
    pub fn look(&mut self, glance: Glance) -> Duration {
        let unseen = glance.now.saturating_duration_since(self.last).saturating_sub(UNSEEN);
        let lost = match (self.waited, glance.waited_after) {
            (Some(before), Some(after)) => unseen.saturating_sub(after.saturating_sub(before)),
            (None, _) | (_, None) => unseen / 2,
        };
        *self = Self::since(glance.now, glance.waited_before);
        lost
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "a pure rule needs any instant to count from")]

    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn looks_that_come_in_time_have_lost_nothing() {
        let mut looks = Looks::begin();

        assert_eq!([looks.after(STEP, STEP / 2), looks.after(UNSEEN, STEP)], [Duration::ZERO; 2]);
    }

    #[test]
    fn a_look_that_comes_late_has_lost_what_its_thread_did_not_wait_for_a_processor() {
        let mut looks = Looks::begin();

        assert_eq!(looks.after(UNSEEN + 10 * SECOND, Duration::ZERO), 10 * SECOND, "it was suspended");
        assert_eq!(looks.after(UNSEEN + 10 * SECOND, 10 * SECOND), Duration::ZERO, "the machine is busy");
        assert_eq!(looks.after(UNSEEN + 10 * SECOND, 3 * SECOND), 7 * SECOND, "both");
    }

    #[test]
    fn a_thread_that_loses_its_processor_while_it_looks_has_lost_no_time() {
        let start = Instant::now();
        let mut time = AwakeTime::since(start, Some(Duration::ZERO));

        // Before the clock is read, and after it.
        let late = Glance {
            now: start + UNSEEN + SECOND,
            waited_before: Some(Duration::ZERO),
            waited_after: Some(3 * SECOND),
        };
        assert_eq!(time.look(late), Duration::ZERO);
        let next = Glance { now: late.now + UNSEEN + 2 * SECOND, waited_before: late.waited_after, ..late };
        assert_eq!(time.look(next), Duration::ZERO);
    }

    #[test]
    fn where_the_system_does_not_tell_half_of_what_a_look_is_late_was_lost() {
        let start = Instant::now();
        let mut time = AwakeTime::since(start, None);
        let at = |now| Glance { now, waited_before: None, waited_after: None };

        assert_eq!(time.look(at(start + UNSEEN)), Duration::ZERO);
        assert_eq!(time.look(at(start + 2 * UNSEEN + 8 * SECOND)), 4 * SECOND);
    }

    proptest! {
        /// The clock never goes back, and on a machine that is busy alone it goes on.
        #[test]
        fn no_more_is_lost_than_passed_unseen(looks in proptest::collection::vec((0..5000u64, 0..5000u64), 1..20)) {
            let mut seen = Looks::begin();
            for (passed, waited) in looks {
                let [passed, waited] = [passed, waited.min(passed)].map(Duration::from_millis);
                let lost = seen.after(passed, waited);
                prop_assert!(lost <= passed.saturating_sub(UNSEEN));
                prop_assert!(lost + waited <= passed.max(waited));
                prop_assert!(waited + UNSEEN < passed || lost.is_zero());
            }
        }
    }

    struct Looks {
        time: AwakeTime,
        now: Instant,
        waited: Duration,
    }

    impl Looks {
        fn begin() -> Self {
            let now = Instant::now();
            Self { time: AwakeTime::since(now, Some(Duration::ZERO)), now, waited: Duration::ZERO }
        }

        /// What the look says that comes so long after the last one, of which its thread has waited so long.
        fn after(&mut self, passed: Duration, waited: Duration) -> Duration {
            self.now += passed;
            self.waited += waited;
            let waited = Some(self.waited);
            self.time.look(Glance { now: self.now, waited_before: waited, waited_after: waited })
        }
    }
}

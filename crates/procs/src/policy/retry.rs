//! When a start that has failed is tried again by itself, without a restart.
//!
//! Some failures pass: the system has no process, no memory or no descriptor to spare, or the program's file is being
//! replaced. They say nothing about the program, so that they cost no restart intensity. Pure: the caller passes now.

use std::time::{Duration, Instant};

/// The delay behind the first attempt. Each is twice the one before.
const FIRST: Duration = Duration::from_millis(10);

/// The longest delay.
const LONGEST: Duration = Duration::from_millis(500);

/// What is known of the attempts of one start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retry {
    until: Option<Instant>,
    attempts: u32,
    delay: Duration,
}

/// How a start goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NextAttempt {
    /// The number of the attempt that has failed, from 1.
    pub(crate) failed: u32,
    /// How long until the next one.
    pub(crate) delay: Duration,
}

/// What a failure says about the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureClass {
    /// The system lacks something that it may have again later.
    Passing,
    /// The program, its interpreter or its directory is not there or cannot be executed.
    NotThere,
    /// It will not be otherwise the next time.
    Lasting,
}

impl Retry {
    /// A start that begins now, and whose last attempt begins at most so much later.
    pub(crate) fn new(within: Duration, now: Instant) -> Self {
        Self { until: now.checked_add(within), attempts: 0, delay: FIRST }
    }

    /// An attempt has failed. `None` gives the start up.
    ///
    /// A program that is not there and has run before is one that is being replaced.
    pub(crate) fn again(
        &mut self,
        failure: FailureClass,
        has_run: bool,
        now: Instant,
    ) -> Option<NextAttempt> {
        let may_pass = match failure {
            FailureClass::Passing => true,
            FailureClass::NotThere => has_run,
            FailureClass::Lasting => false,
        };
        self.attempts = self.attempts.saturating_add(1);
        let delay = self.delay;
        let in_time = self.until.is_none_or(|until| now.checked_add(delay).is_some_and(|next| next <= until));
        self.delay = (delay * 2).min(LONGEST);
        (may_pass && in_time).then_some(NextAttempt { failed: self.attempts, delay })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(within: Duration, failure: FailureClass, has_run: bool) -> Vec<u128> {
        let mut now = tokio::time::Instant::now().into_std();
        let mut retry = Retry::new(within, now);
        std::iter::from_fn(|| {
            let next = retry.again(failure, has_run, now)?;
            now += next.delay;
            Some(next.delay.as_millis())
        })
        .collect()
    }

    #[test]
    fn a_passing_failure_is_tried_again_later_and_later_until_the_time_is_over() {
        let all = delays(Duration::from_secs(10), FailureClass::Passing, false);

        assert_eq!(all[..8], [10, 20, 40, 80, 160, 320, 500, 500]);
        assert!(all.iter().sum::<u128>() <= 10_000 && all.len() == 24);
        assert_eq!(delays(Duration::ZERO, FailureClass::Passing, true), []);
    }

    #[test]
    fn what_is_not_there_is_waited_for_if_it_has_run_before() {
        assert_eq!(delays(Duration::from_millis(30), FailureClass::NotThere, true), [10, 20]);
        assert_eq!(delays(Duration::from_secs(10), FailureClass::NotThere, false), []);
        assert_eq!(delays(Duration::from_secs(10), FailureClass::Lasting, true), []);
    }

    #[test]
    fn attempts_are_counted_from_one() {
        let now = tokio::time::Instant::now().into_std();
        let mut retry = Retry::new(Duration::from_secs(1), now);

        let counts = [(); 3].map(|()| retry.again(FailureClass::Passing, false, now).unwrap().failed);

        assert_eq!(counts, [1, 2, 3]);
    }
}

//! Whether a SIGCONT takes back a SIGTSTP before that has suspended the program.

use std::ops::Add;
use std::time::Duration;

/// Two threads may handle two signals, and then their order is lost. What is no further apart than this counts as a
/// SIGTSTP and the SIGCONT that follows it: a program that goes on without need can be suspended again, and one that
/// waits for a SIGCONT that has come already waits for ever.
const SAME_MOMENT: Duration = Duration::from_millis(100);

/// Whether the program goes on. Both are the times at which the last signal of its kind arrived.
pub fn goes_on<T>(suspended: Option<T>, continued: Option<T>) -> bool
where
    T: PartialOrd + Add<Duration, Output = T>,
{
    match (suspended, continued) {
        (Some(suspended), Some(continued)) => suspended <= continued + SAME_MOMENT,
        (None, _) | (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Option<Duration> {
        Some(Duration::from_millis(milliseconds))
    }

    #[test]
    fn a_program_that_was_never_continued_is_suspended() {
        assert!(!goes_on(at(5000), None));
    }

    #[test]
    fn a_sigcont_after_the_sigtstp_takes_it_back() {
        assert!(goes_on(at(5000), at(5000)));
        assert!(goes_on(at(5000), at(60_000)));
    }

    #[test]
    fn a_sigcont_of_the_same_moment_may_have_come_after_the_sigtstp() {
        assert!(goes_on(at(5100), at(5000)));
    }

    #[test]
    fn a_sigcont_from_before_is_an_earlier_suspensions() {
        assert!(!goes_on(at(5101), at(5000)));
    }
}

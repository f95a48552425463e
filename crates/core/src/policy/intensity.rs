//! How many restarts are too many.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Says how many restarts a supervisor makes within a time before it gives up (OTP's `intensity` and `period`,
/// systemd's `StartLimitBurst=` and `StartLimitIntervalSec=`).
///
/// The default is one restart within five seconds, as in OTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Intensity {
    /// How many restarts are allowed. With 0 the first child that would be restarted ends the supervisor, and with
    /// a million or more there is no limit.
    pub max_restarts: u32,
    /// The time in which they are counted.
    pub within: Duration,
}

impl Intensity {
    /// No limit, as [`Supervisor::unlimited_restarts`](crate::Supervisor::unlimited_restarts) sets.
    ///
    /// `max_restarts` is [`u32::MAX`]: from a million on there is no limit, whatever the time. `within` is five
    /// seconds, as in the default: it still says how long a child has to run for its [`Backoff`](crate::Backoff) to
    /// begin anew.
    pub const UNLIMITED: Self = Self { max_restarts: u32::MAX, within: Duration::from_secs(5) };
}

impl Default for Intensity {
    fn default() -> Self {
        // OTP rule 7.
        Self { max_restarts: 1, within: Duration::from_secs(5) }
    }
}

/// From so many on there is no limit: every restart that counts is kept, and so many fill 16 MB.
const COUNTED: u32 = 1_000_000;

/// Counts restarts in a sliding window.
///
/// It keeps the moments of the latest restarts, never more than one beyond the limit, and none if there is no limit.
#[derive(Clone, Debug)]
pub(crate) struct RestartWindow {
    limit: Intensity,
    restarts: VecDeque<Instant>,
}

impl RestartWindow {
    pub(crate) fn new(limit: Intensity) -> Self {
        Self { limit, restarts: VecDeque::new() }
    }

    /// Counts one restart. `false` says that it is one too many: OTP rule 28.
    ///
    /// A restart that lies exactly `within` in the past still counts (OTP rule 29).
    pub(crate) fn record(&mut self, now: Instant) -> bool {
        if self.limit.max_restarts >= COUNTED {
            return true;
        }
        let allowed = usize::try_from(self.limit.max_restarts).unwrap_or(usize::MAX);
        let has_left = |first: &Instant| now.saturating_duration_since(*first) > self.limit.within;
        while self.restarts.front().is_some_and(has_left) {
            self.restarts.pop_front();
        }
        if self.restarts.len() > allowed {
            // The oldest of more than are allowed says nothing that the others do not say.
            self.restarts.pop_front();
        }
        self.restarts.push_back(now);
        self.restarts.len() <= allowed
    }

    /// How many restarts count now, and when the first of them counts no more.
    pub(crate) fn counted(&self, now: Instant) -> (u32, Option<Instant>) {
        let counts = |at: &&Instant| now.saturating_duration_since(**at) <= self.limit.within;
        let mut counted = self.restarts.iter().filter(counts);
        let first = counted.next();
        let all = first.map_or(0, |_| 1 + counted.count());
        let until = first.and_then(|first| first.checked_add(self.limit.within));
        (u32::try_from(all).unwrap_or(u32::MAX), until)
    }

    pub(crate) fn limit(&self) -> Intensity {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OTP rule 28.
    #[test]
    fn the_restart_after_the_last_allowed_one_is_one_too_many() {
        let (mut window, now) = window(3, 5);

        let answers = [0; 4].map(|_| window.record(now));

        assert_eq!(answers, [true, true, true, false]);
    }

    /// OTP rule 28.
    #[test]
    fn from_a_million_on_no_restart_is_kept() {
        let (mut window, now) = window(COUNTED, 5);

        assert!(window.record(now) && window.restarts.is_empty());
    }

    /// OTP rule 28.
    #[test]
    fn with_intensity_zero_the_first_restart_is_one_too_many() {
        let (mut window, now) = window(0, 5);

        assert!(!window.record(now));
    }

    /// OTP rule 29.
    #[test]
    fn restarts_that_have_left_the_window_no_longer_count() {
        let (mut window, now) = window(1, 5);
        let after = |seconds| now + Duration::from_secs(seconds);

        assert!(window.record(now));
        assert!(window.record(after(6)));
        assert!(!window.record(after(11)), "exactly the window's length apart still counts");
    }

    #[test]
    fn how_many_restarts_count_is_said_with_the_moment_from_which_the_first_of_them_does_not() {
        let (mut window, now) = window(9, 5);
        let after = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(window.counted(now), (0, None));

        for seconds in [0, 1, 3] {
            window.record(after(seconds));
        }

        assert_eq!(window.counted(after(3)), (3, Some(after(5))));
        assert_eq!(window.counted(after(5)), (3, Some(after(5))), "it is the last moment");
        assert_eq!(window.counted(after(7)), (1, Some(after(8))));
        assert_eq!(window.counted(after(9)), (0, None));
    }

    /// OTP rule 28.
    #[test]
    fn a_restart_that_was_one_too_many_counts_too() {
        let (mut window, now) = window(1, 5);
        let after = |seconds| now + Duration::from_secs(seconds);

        let answers = [0, 4, 8, 12, 18].map(|seconds| window.record(after(seconds)));

        assert_eq!(answers, [true, false, false, false, true]);
    }

    #[test]
    fn no_more_restarts_are_kept_than_one_beyond_the_limit() {
        let limit = Intensity { max_restarts: 3, within: Duration::MAX };
        let (mut window, now) = (RestartWindow::new(limit), origin());

        let answers: Vec<_> = (0..100).map(|n| window.record(now + Duration::from_secs(n))).collect();

        assert_eq!(answers.iter().filter(|is_allowed| **is_allowed).count(), 3);
        assert_eq!(window.restarts.len(), 4);
    }

    #[test]
    fn without_a_limit_every_restart_is_allowed_and_none_is_kept() {
        for within in [Intensity::UNLIMITED.within, Duration::ZERO, Duration::MAX] {
            let limit = Intensity { within, ..Intensity::UNLIMITED };
            let (mut window, now) = (RestartWindow::new(limit), origin());

            assert!((0..1000).all(|_| window.record(now)));
            assert_eq!(window.restarts.capacity(), 0);
        }
    }

    #[test]
    fn a_limit_just_below_a_million_is_still_a_limit() {
        let limit = Intensity { max_restarts: COUNTED - 1, within: Duration::MAX };
        let mut window = RestartWindow::new(limit);

        assert!(window.record(origin()));
        assert_eq!(window.restarts.len(), 1);
    }

    fn window(max_restarts: u32, within_secs: u64) -> (RestartWindow, Instant) {
        let limit = Intensity { max_restarts, within: Duration::from_secs(within_secs) };
        (RestartWindow::new(limit), origin())
    }

    fn origin() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "any moment will do as the origin")]
        Instant::now()
    }
}

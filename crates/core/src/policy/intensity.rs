//! How many restarts are too many.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Says how many restarts a supervisor makes within a time before it gives up (OTP's `intensity` and `period`, systemd's
/// `StartLimitBurst=` and `StartLimitIntervalSec=`).
///
/// The default is one restart within five seconds, as in OTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Intensity {
    /// How many restarts are allowed. With 0 the first child that would be restarted ends the supervisor.
    pub max_restarts: u32,
    /// The time in which they are counted.
    pub within: Duration,
}

impl Default for Intensity {
    fn default() -> Self {
        Self { max_restarts: 1, within: Duration::from_secs(5) }
    }
}

/// Counts restarts in a sliding window.
#[derive(Clone, Debug)]
pub(crate) struct RestartWindow {
    limit: Intensity,
    restarts: VecDeque<Instant>,
}

impl RestartWindow {
    pub(crate) fn new(limit: Intensity) -> Self {
        Self { limit, restarts: VecDeque::new() }
    }

    /// Counts one restart. `false` says that it is one too many.
    ///
    /// A restart that lies exactly `within` in the past still counts (OTP rule 29).
    pub(crate) fn record(&mut self, now: Instant) -> bool {
        while self
            .restarts
            .front()
            .is_some_and(|first| now.saturating_duration_since(*first) > self.limit.within)
        {
            self.restarts.pop_front();
        }
        self.restarts.push_back(now);
        self.restarts.len() <= usize::try_from(self.limit.max_restarts).unwrap_or(usize::MAX)
    }

    pub(crate) fn limit(&self) -> Intensity {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(max_restarts: u32, within_secs: u64) -> (RestartWindow, Instant) {
        let limit = Intensity { max_restarts, within: Duration::from_secs(within_secs) };
        #[expect(clippy::disallowed_methods, reason = "any moment will do as the origin")]
        let origin = Instant::now();
        (RestartWindow::new(limit), origin)
    }

    #[test]
    fn the_restart_after_the_last_allowed_one_is_one_too_many() {
        let (mut window, now) = window(3, 5);

        let answers = [0; 4].map(|_| window.record(now));

        assert_eq!(answers, [true, true, true, false]);
    }

    #[test]
    fn with_intensity_zero_the_first_restart_is_one_too_many() {
        let (mut window, now) = window(0, 5);

        assert!(!window.record(now));
    }

    #[test]
    fn restarts_that_have_left_the_window_no_longer_count() {
        let (mut window, now) = window(1, 5);
        let after = |seconds| now + Duration::from_secs(seconds);

        assert!(window.record(now));
        assert!(window.record(after(6)));
        assert!(!window.record(after(11)), "exactly the window's length apart still counts");
    }
}

//! When SIGTSTP and SIGCONT have arrived, and how the program is suspended when its view has given the terminal back.
//!
//! The root signal actor suspends a program in the same way, but cannot wait for a view.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rootward::sibling;

/// When the last SIGTSTP and the last SIGCONT arrived.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Set by the handler, until the time of the SIGCONT is noted.
    pub(super) is_continued: Arc<AtomicBool>,
    times: Mutex<Times>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    suspended: Option<Instant>,
    continued: Option<Instant>,
}

impl Arrivals {
    pub(super) fn suspended(&self, now: Instant) {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).suspended = Some(now);
    }

    pub(super) fn continued(&self, now: Instant) {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).continued = Some(now);
        self.is_continued.store(false, Ordering::SeqCst);
    }

    /// Whether a SIGCONT has taken the last SIGTSTP back.
    fn goes_on(&self) -> bool {
        let times = *self.times.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_continued.load(Ordering::SeqCst) || sibling::goes_on(times.suspended, times.continued)
    }
}

/// Suspends the program until the shell goes on with it, unless a SIGCONT has come since it was asked to.
pub(super) fn suspend(arrivals: &Arrivals) {
    sibling::suspend(|| arrivals.goes_on());
}

#[expect(clippy::disallowed_methods, reason = "signals come as time goes by")]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sigcont_that_is_not_noted_yet_has_just_come() {
        let arrivals = Arrivals::default();
        arrivals.suspended(now());
        assert!(!arrivals.goes_on());

        arrivals.is_continued.store(true, Ordering::SeqCst);
        assert!(arrivals.goes_on());
    }
}

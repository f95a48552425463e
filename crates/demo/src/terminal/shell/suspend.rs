//! How the program is suspended when its view has given the terminal back, and what keeps a SIGCONT that comes right
//! behind a SIGTSTP from being lost: the same as in the root signal actor, which cannot wait for a view.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, raise};
use nix::unistd::Pid;

/// How long the arrival of a signal may take to be noted.
const NOTING: Duration = Duration::from_millis(10);

/// What is no further apart than this counts as a SIGTSTP and the SIGCONT that follows it.
const SAME_MOMENT: Duration = Duration::from_millis(100);

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
        self.is_continued.load(Ordering::SeqCst) || times.goes_on()
    }
}

impl Times {
    fn goes_on(self) -> bool {
        match (self.suspended, self.continued) {
            (Some(suspended), Some(continued)) => suspended <= continued + SAME_MOMENT,
            (None, _) | (_, None) => false,
        }
    }
}

/// Stops the program until the shell goes on with it, unless a SIGCONT has come since it was asked to stop.
///
/// The signal that asked for it has a handler, and SIGTTOU has none: what it does is what the other would have done. It
/// does nothing if no shell is there that could go on with the program.
///
/// The kernel discards a signal that would stop the program when a SIGCONT is sent. So this thread sends it to itself
/// while it blocks it: a SIGCONT that comes later discards it, and one that came before has been noted when that is
/// asked. Between the two system calls in which pending signals are taken and the signal is sent, a SIGCONT may still
/// be lost; no call does both.
pub(super) fn suspend(arrivals: &Arrivals) -> io::Result<()> {
    let mut both = SigSet::from(Signal::SIGTTOU);
    both.add(Signal::SIGCONT);
    let mask = both.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    // A thread whose mask changes takes what is pending. Otherwise a SIGCONT that waits for another thread, which may
    // have to wait for a processor, would be discarded here.
    SigSet::from(Signal::SIGCONT).thread_unblock()?;
    let raised = raise(Signal::SIGTTOU);
    let since = now();
    while let left @ 1.. = NOTING.saturating_sub(now() - since).as_micros() {
        thread::park_timeout(Duration::from_micros(u64::try_from(left).unwrap_or(0)));
    }
    if arrivals.goes_on() {
        // It discards what would stop the program.
        let _ = kill(Pid::this(), Signal::SIGCONT);
    }
    mask.thread_set_mask()?;
    Ok(raised?)
}

#[expect(clippy::disallowed_methods, reason = "signals come as time goes by")]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sigcont_of_the_same_moment_or_later_takes_a_sigtstp_back() {
        let begin = now();
        let at = |milliseconds: u64| Some(begin + Duration::from_millis(milliseconds));
        let table = [
            (at(5000), None, false),
            (at(5000), at(5000), true),
            (at(5000), at(60_000), true),
            (at(5100), at(5000), true),
            (at(5101), at(5000), false),
            (None, at(5000), false),
        ];

        for (suspended, continued, expected) in table {
            assert_eq!(Times { suspended, continued }.goes_on(), expected, "{suspended:?} {continued:?}");
        }
    }

    #[test]
    fn a_sigcont_that_is_not_noted_yet_has_just_come() {
        let arrivals = Arrivals::default();
        arrivals.suspended(now());
        assert!(!arrivals.goes_on());

        arrivals.is_continued.store(true, Ordering::SeqCst);
        assert!(arrivals.goes_on());
    }
}

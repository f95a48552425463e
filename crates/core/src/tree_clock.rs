//! The clock of a tree, for threads that do not run for its runtime: the detector, one that hears signals, and the
//! program's own.
//!
//! Such a thread reads the system's clock. A test may have paused that of the runtime, which then shows something else.

use std::time::Instant;

use tokio::runtime::Handle;

use crate::clock::{awake_now, now};
use crate::sync::is_seeded;

/// The clock of the runtime on which a tree was started.
#[derive(Clone, Debug, Default)]
pub(crate) struct TreeClock {
    /// The runtime, if its clock was paused. Any thread can read one that was not.
    paused: Option<Handle>,
}

impl TreeClock {
    /// The clock of this runtime, as it is now: running or paused.
    pub(crate) fn of(runtime: &Handle) -> Self {
        if is_seeded() {
            return Self::default();
        }
        let _inside = runtime.enter();
        Self { paused: is_paused().then(|| runtime.clone()) }
    }

    /// What it shows.
    pub(crate) fn now(&self) -> Instant {
        self.read(now)
    }

    /// What it shows without the time in which the program was suspended.
    pub(crate) fn awake_now(&self) -> Instant {
        self.read(awake_now)
    }

    fn read(&self, clock: impl FnOnce() -> Instant) -> Instant {
        let Some(runtime) = &self.paused else { return clock() };
        // A thread that is about to end can enter no runtime any more.
        let is_ending = Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed());
        let _inside = (!is_ending).then(|| runtime.enter());
        clock()
    }
}

/// Whether the present runtime's clock stands still. It does if the system's clock has moved between two looks at it.
#[expect(clippy::disallowed_methods, reason = "the system's clock is what tokio's is compared with")]
pub(crate) fn is_paused() -> bool {
    let before = now();
    let real = Instant::now();
    while Instant::now() == real {
        std::hint::spin_loop();
    }
    now() == before
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn a_thread_of_no_runtime_reads_the_paused_clock_of_the_tree() {
        let (began, clock) = (now(), TreeClock::of(&Handle::current()));
        crate::clock::sleep_until(began + HOUR).await;

        let elsewhere = std::thread::spawn(move || clock.now()).join().unwrap();

        assert_eq!(elsewhere, began + HOUR);
    }

    #[tokio::test]
    async fn a_clock_that_runs_is_the_systems() {
        assert!(TreeClock::of(&Handle::current()).paused.is_none());
    }
}

//! Keeps a clock that a test has paused from running ahead of what happens outside of the runtime.
//!
//! tokio moves a paused clock to the next timer as soon as its runtime has nothing to do, and a process that is at work
//! is nothing to the runtime: the clock would be at the end of a grace before the process has seen its signal. As long
//! as a [`RealTimeGuard`] is held, the clock runs no faster than the system's. tokio does not move it while blocking
//! work runs; so blocking work waits for a short time, and then the clock may move by as much.
//!
//! Absent on purpose: any effect on a clock that is not paused, and tokio's feature `test-util`.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::clock::{now, sleep_until};
use crate::tree_clock::is_paused;

/// By how much the clock moves at once.
const STEP: Duration = Duration::from_millis(10);

/// Paces the clock of one runtime. Clones do so together.
#[derive(Clone, Debug, Default)]
pub struct Pacer(Arc<SharedPace>);

#[derive(Debug, Default)]
struct SharedPace {
    holds: Mutex<Holds>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct Holds {
    count: usize,
    /// Whether a task is at work on it.
    is_paced: bool,
}

/// As long as this is there, a paused clock runs no faster than real time.
#[derive(Debug)]
#[must_use = "the clock is paced for as long as this is held"]
pub struct RealTimeGuard(Option<Arc<SharedPace>>);

impl Pacer {
    /// Paces the clock of the present runtime, if it is paused now.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime.
    pub fn hold(&self) -> RealTimeGuard {
        if !is_paused() {
            return RealTimeGuard(None);
        }
        let mut holds = self.0.lock();
        holds.count += 1;
        if !std::mem::replace(&mut holds.is_paced, true) {
            // It is polled before the runtime finds that it has nothing to do.
            Handle::current().spawn(pace(Arc::clone(&self.0)));
        }
        drop(holds);
        RealTimeGuard(Some(Arc::clone(&self.0)))
    }
}

impl Drop for RealTimeGuard {
    fn drop(&mut self) {
        let Some(shared) = &self.0 else { return };
        shared.lock().count -= 1;
        shared.released.notify_all();
    }
}

impl SharedPace {
    /// Blocks this thread for one step, or until nothing is held any more.
    fn wait(&self) {
        let waited = self.released.wait_timeout_while(self.lock(), STEP, |holds| holds.count > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether nothing is held any more. The task that paces ends then, and the next hold begins another.
    fn is_over(&self) -> bool {
        let mut holds = self.lock();
        holds.is_paced = holds.count > 0;
        !holds.is_paced
    }

    fn lock(&self) -> MutexGuard<'_, Holds> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn pace(shared: Arc<SharedPace>) {
    loop {
        let waiting = Arc::clone(&shared);
        // An error says that the runtime is shut down.
        if spawn_blocking(move || waiting.wait()).await.is_err() || shared.is_over() {
            return;
        }
        sleep_until(now() + STEP).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clock_that_runs_is_left_alone() {
        let held = Pacer::default().hold();

        assert!(held.0.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_clock_runs_no_faster_than_the_systems_while_it_is_held() {
        let (began, real) = (now(), std::time::SystemTime::now());
        let pacer = Pacer::default();
        let held = [pacer.hold(), pacer.hold()];

        sleep_until(began + 5 * STEP).await;

        assert!(real.elapsed().unwrap() >= 4 * STEP, "{real:?}");
        drop(held);
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_clock_is_free_again_when_nothing_is_held_any_more() {
        let pacer = Pacer::default();
        drop([pacer.hold(), pacer.hold()]);
        let real = std::time::SystemTime::now();

        sleep_until(now() + Duration::from_secs(3600)).await;

        assert!(real.elapsed().unwrap() < Duration::from_secs(3600));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_was_free_is_held_again() {
        let pacer = Pacer::default();
        drop(pacer.hold());
        sleep_until(now() + Duration::from_secs(3600)).await;
        let (held, real) = (pacer.hold(), std::time::SystemTime::now());

        sleep_until(now() + 5 * STEP).await;

        assert!(real.elapsed().unwrap() >= 4 * STEP);
        drop(held);
    }
}

//! `restart` and `group.restart`: from the end of a task to the first step of the one that takes its place.

use std::time::Duration;

use tokio::sync::Notify;

use super::tasks;
use crate::figure::{Figure, median};
use crate::machine::clock;

/// Which tasks are started again when one has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restarted {
    /// Only the one that failed.
    One,
    /// All its siblings, too.
    All,
}

/// How often a task fails.
const ROUNDS: usize = 1000;
const GROUP_ROUNDS: usize = 20;

/// A subject that starts again what has failed.
pub trait Restarts: Sized + Send {
    /// `n - 1` idle tasks, which [say](tasks::run) that they run, and a [`fragile`] one.
    fn start(n: usize, restarted: Restarted) -> impl Future<Output = Self> + Send;

    fn stop(self) -> impl Future<Output = ()> + Send;
}

pub async fn measure<S: Restarts>(n: usize, restarted: Restarted) -> Vec<Figure> {
    tasks::expect(n);
    let subject = S::start(n, restarted).await;
    tasks::all_run().await;
    let (name, rounds) = match restarted {
        Restarted::One => ("restart", ROUNDS),
        Restarted::All => ("group.restart", GROUP_ROUNDS),
    };
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        // The other tasks get a turn before the next failure.
        tokio::task::yield_now().await;
        tasks::expect(if restarted == Restarted::All { n } else { 1 });
        let failing = clock::now();
        FAIL.notify_one();
        tasks::all_run().await;
        times.push((clock::now() - failing) as f64 / 1e3);
    }
    // It may be the subject's business to give up after so many.
    let _ = tokio::time::timeout(Duration::from_secs(5), subject.stop()).await;
    vec![Figure::new(name, median(times), "us")]
}

static FAIL: Notify = Notify::const_new();

/// Runs until it is to fail. Then the subject makes it fail in its own way.
pub async fn fragile() {
    tasks::run();
    FAIL.notified().await;
}

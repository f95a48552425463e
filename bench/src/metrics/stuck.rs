//! `stuck.stop`: how long it takes to stop tasks that never answer and have a grace of 10 ms, and how many of them are
//! alive when the stop is said to be over.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::tasks;
use crate::figure::Figure;
use crate::machine::clock;

pub const GRACE: Duration = Duration::from_millis(10);

/// A subject that takes longer than this does not stop at all.
const NEVER: Duration = Duration::from_secs(5);

/// A subject that can stop tasks which do not want to.
pub trait Stuck: Sized + Send {
    /// Every task is to be a [`deaf`] one.
    fn start(n: usize) -> impl Future<Output = Self> + Send;

    fn stop(self) -> impl Future<Output = ()> + Send;
}

pub async fn measure<S: Stuck>(n: usize) -> Vec<Figure> {
    tasks::expect(n);
    let subject = S::start(n).await;
    tasks::all_run().await;
    let stopping = clock::now();
    let stopped = tokio::time::timeout(NEVER, subject.stop()).await;
    let alive = ALIVE.load(Ordering::SeqCst);
    let millis = (clock::now() - stopping) as f64 / 1e6;
    let millis = if stopped.is_ok() { millis } else { f64::INFINITY };
    vec![Figure::new("stuck.stop", millis, "ms"), Figure::new("stuck.alive", alive as f64, "tasks")]
}

static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Counts as alive until it is dropped.
pub struct Alive(());

impl Alive {
    pub fn new() -> Self {
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits for ever, whatever it is asked.
pub async fn deaf() {
    let _alive = Alive::new();
    tasks::run();
    std::future::pending().await
}

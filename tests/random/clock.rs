//! How time passes in a story, and tasks beside the tree.

use std::io;
use std::time::{Duration, Instant};

use rootward_core::seeded;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// How time passes in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timing {
    /// On one thread and in no time at all: what happens is decided by the story alone.
    Virtual,
    /// On two threads beside the operator's, in real time: what happens depends on the moment as well.
    Real,
    /// On two or three threads that a seed preempts, and in no time at all: what happens is decided by the story and the seed.
    Seeded,
    /// The same, but time may pass while a thread is in the middle of something.
    SeededLoosely,
}

impl Timing {
    /// Where a story is played that no seed decides.
    pub(crate) fn runtime(self) -> io::Result<Runtime> {
        match self {
            Self::Virtual | Self::Seeded | Self::SeededLoosely => {
                Builder::new_current_thread().enable_time().start_paused(true).build()
            }
            Self::Real => Builder::new_multi_thread().worker_threads(2).enable_time().build(),
        }
    }

    /// Whether a moment in the record is exactly that in which everything happened that is written at it.
    pub(crate) fn is_exact(self) -> bool {
        matches!(self, Self::Virtual | Self::Seeded)
    }

    /// Whether nothing can be decided between the decision of a supervisor and its event.
    pub(crate) fn is_one_thread(self) -> bool {
        self == Self::Virtual
    }

    /// After so much time whatever has not happened never will.
    pub(crate) fn never(self) -> Duration {
        match self {
            Self::Virtual | Self::Seeded | Self::SeededLoosely => Duration::from_secs(600),
            // A loaded machine may stand still for a while.
            Self::Real => Duration::from_secs(60),
        }
    }

    /// How long a stop may take before it is forced: there are children that take for ever.
    pub(crate) fn patience(self) -> Duration {
        match self {
            Self::Virtual | Self::Seeded => Duration::from_secs(40),
            Self::Real | Self::SeededLoosely => Duration::from_millis(40),
        }
    }
}

/// What time it is in the story.
pub(crate) fn now() -> Instant {
    seeded::now().unwrap_or_else(|| tokio::time::Instant::now().into_std())
}

/// Lets time pass for a leaf.
#[expect(
    clippy::disallowed_methods,
    reason = "what passes here is part of the story, and decides nothing else"
)]
pub(crate) async fn pass(time: Duration) {
    match now().checked_add(time).and_then(seeded::sleep_until) {
        Some(sleep) => sleep.await,
        None => tokio::time::sleep(time).await,
    }
}

/// Lets others go first.
pub(crate) async fn give_way() {
    match seeded::yield_now() {
        Some(yields) => yields.await,
        None => tokio::task::yield_now().await,
    }
}

/// Waits for something, and no longer than this. `None` says that it has not come.
pub(crate) async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = pass(time) => None,
    }
}

/// Lets real time pass for the operator, also less than a timer can count.
pub(crate) async fn pass_exactly(time: Duration) {
    let due = now() + time;
    pass(time.saturating_sub(A_TICK)).await;
    while now() < due {
        std::thread::yield_now();
    }
}

/// By so much a timer of tokio is late.
const A_TICK: Duration = Duration::from_millis(1);

/// Runs something beside the tree.
#[expect(clippy::disallowed_methods, reason = "this is what stands outside of the tree")]
pub(crate) fn beside<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    match seeded::runtime() {
        Some(runtime) => runtime.spawn(future),
        None => tokio::spawn(future),
    }
}

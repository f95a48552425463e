//! A story's time, and tasks beside the tree: virtual time on tokio's or the seeded scheduler's clock, or real time.

use std::time::{Duration, Instant};

use rootward_core::seeded;
use tokio::task::JoinHandle;

/// How time passes in a story, and what runs beside what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timing {
    /// In virtual time and on one thread: the story alone decides what happens.
    Virtual,
    /// In virtual time, on threads of the seeded scheduler: a seed decides the rest.
    Seeded,
    /// In real time, on two threads beside the operator's: what happens depends on the moment as well.
    Real,
    /// As [`Seeded`](Self::Seeded), but time may pass while a thread is in the middle of something.
    SeededLoosely,
}

impl Timing {
    /// Whether the time of an event is that of the decision from which it follows.
    pub(crate) fn is_exact(self) -> bool {
        match self {
            Self::Virtual | Self::Seeded => true,
            Self::Real | Self::SeededLoosely => false,
        }
    }

    /// Whether nothing else happens between a decision and the event that tells of it.
    pub(crate) fn is_on_one_thread(self) -> bool {
        match self {
            Self::Virtual => true,
            Self::Seeded | Self::SeededLoosely | Self::Real => false,
        }
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

/// Lets time pass for a leaf or for the operator.
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

/// Lets real time pass for the operator, also less than a timer can count.
pub(crate) async fn pass_exactly(time: Duration) {
    let due = now() + time;
    pass(time.saturating_sub(A_TICK)).await;
    while now() < due {
        std::thread::yield_now();
    }
}

/// By so much a timer of tokio may be late.
const A_TICK: Duration = Duration::from_millis(1);

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

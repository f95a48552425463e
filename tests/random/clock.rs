//! How time passes in a story, and tasks beside the tree.

use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How time passes in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timing {
    /// On one thread and in no time at all: what happens is decided by the story alone.
    Virtual,
    /// On two threads beside the operator's, in real time: what happens depends on the moment as well.
    Real,
}

impl Timing {
    /// Where a story is played.
    pub(crate) fn runtime(self) -> io::Result<Runtime> {
        match self {
            Self::Virtual => Builder::new_current_thread().enable_time().start_paused(true).build(),
            Self::Real => Builder::new_multi_thread().worker_threads(2).enable_time().build(),
        }
    }

    /// After so much time whatever has not happened never will.
    pub(crate) fn never(self) -> Duration {
        match self {
            Self::Virtual => Duration::from_secs(600),
            // A loaded machine may stand still for a while.
            Self::Real => Duration::from_secs(60),
        }
    }

    /// How long a stop may take before it is forced: there are children that take for ever.
    pub(crate) fn patience(self) -> Duration {
        match self {
            Self::Virtual => Duration::from_secs(40),
            Self::Real => Duration::from_millis(40),
        }
    }
}

/// Lets time pass for a leaf.
#[expect(
    clippy::disallowed_methods,
    reason = "what passes here is part of the story, and decides nothing else"
)]
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Lets real time pass for the operator, also less than a timer can count.
pub(crate) async fn pass_exactly(time: Duration) {
    let due = Instant::now() + time;
    pass(time.saturating_sub(A_TICK)).await;
    while Instant::now() < due {
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
    tokio::spawn(future)
}

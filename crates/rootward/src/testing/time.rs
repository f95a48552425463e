//! Real time for a clock that is paused.

use std::fmt;

use rootward_core::pace;

/// As long as this is held, a paused clock of tokio's runs no faster than the system's. [`real_time`] makes one.
#[must_use = "the clock runs in real time for as long as this is held"]
pub struct RealTime {
    _held: pace::RealTimeGuard,
}

/// Has the paused clock of the present runtime run no faster than the system's, for as long as the result is held.
///
/// The library does this by itself while a process of a tree starts or stops. A test does it while it waits for
/// something else that knows nothing of tokio's clock: a line that a process writes, an answer of a server. Without
/// effect on a clock that is not paused.
///
/// # Panics
///
/// If it is called outside a tokio runtime whose timers are enabled.
///
/// # Examples
///
/// ```
/// # mod tokio { pub use ::tokio::*; pub use ::tokio::main as test; }
/// use std::time::Duration;
///
/// #[tokio::test(flavor = "current_thread", start_paused = true)]
/// async fn an_answer_comes_in_time() {
///     let real_time = rootward::testing::real_time();
///     # async fn answer() {}
///     tokio::time::timeout(Duration::from_secs(5), answer()).await.unwrap();
///
///     drop(real_time);
///     tokio::time::sleep(Duration::from_secs(3600)).await; // takes no time again
/// }
/// # fn main() { an_answer_comes_in_time() }
/// ```
pub fn real_time() -> RealTime {
    RealTime { _held: pace::Pacer::default().hold() }
}

impl fmt::Debug for RealTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealTime").finish_non_exhaustive()
    }
}

//! How a sample task waits for its time.

use std::time::Duration;

use rootward::TaskContext;

/// What a task found when it had waited for its time.
pub(super) enum WaitEnd {
    /// The time is over.
    Over,
    /// It was asked to stop before.
    Stopping,
}

/// Waits for a time, or until the task is asked to stop.
pub(super) async fn wait(cx: &TaskContext, time: Duration) -> WaitEnd {
    match tokio::time::timeout(time, cx.stopping()).await {
        Ok(()) => WaitEnd::Stopping,
        Err(_) => WaitEnd::Over,
    }
}

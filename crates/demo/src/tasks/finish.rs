//! Ends normally after a while.

use std::time::Duration;

use rootward::TaskContext;

use super::wait::wait;

pub(super) async fn run(cx: TaskContext, after: Duration) {
    // Asked to stop or out of time, the task has nothing left to do.
    wait(&cx, after).await;
}

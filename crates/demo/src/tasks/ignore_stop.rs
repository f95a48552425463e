//! Waits for something that never comes, and does not listen when it is asked to stop.
//!
//! It has to be aborted when its grace is over. It can be: it waits, and a task that waits can be dropped.

use std::convert::Infallible;

use rootward::TaskContext;

pub(super) async fn run(_cx: TaskContext) -> Result<(), Infallible> {
    std::future::pending().await
}

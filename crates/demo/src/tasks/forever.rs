//! Runs until it is asked to stop, and then goes at once: what most tasks of a server are like.

use rootward::TaskContext;

pub(super) async fn run(cx: TaskContext) {
    cx.stopping().await;
}

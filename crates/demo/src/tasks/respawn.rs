//! Work that always schedules more work, and still comes to an end.
//!
//! Each worker starts its successor below the task, as the last thing it does. Once the task has been asked to stop,
//! the gate admits no worker any more: the successor is handed back, the refusal is counted in the report, and the loop
//! dies out within one generation.

use std::pin::Pin;
use std::time::Duration;

use rootward::TaskContext;

/// How many workers there are at a time.
const WORKERS: usize = 2;

const WORK: Duration = Duration::from_secs(1);

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) async fn run(cx: TaskContext) {
    for _ in 0..WORKERS {
        start(cx.clone()).await;
    }
    cx.stopping().await;
}

/// Starts a worker, unless the gate is shut.
async fn start(cx: TaskContext) {
    let parent = cx.clone();
    if let Err(refused) = cx.spawn(move |_| work(parent)).await {
        // The work comes back untouched. This one has nothing in it that would have to be saved.
        drop(refused.into_run());
    }
}

fn work(cx: TaskContext) -> Work {
    Box::pin(async move {
        // A stop cuts the work short, and even then its last deed is to ask for a successor.
        let _ = tokio::time::timeout(WORK, cx.stopping()).await;
        start(cx).await;
    })
}

//! Work that always schedules more work, and still comes to an end.
//!
//! Each worker's last deed is to ask for a successor. As long as the task runs, it admits them; once it
//! has been asked to stop, it admits nobody any more and waits for those that are still at work. So the
//! loop dies out, and nothing is left behind: the set that holds the workers ends them if the task is
//! aborted.

use std::time::Duration;

use rootward::TaskContext;
use tokio::task::JoinSet;

/// How many workers there are at a time.
const WORKERS: usize = 3;

const WORK: Duration = Duration::from_millis(20);

/// What a worker leaves behind.
struct Successor;

pub(super) async fn run(cx: TaskContext) {
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        workers.spawn(work());
    }
    while let Some(ended) = workers.join_next().await {
        match ended {
            Ok(Successor) if !cx.is_stopping() => {
                workers.spawn(work());
            }
            // The gate is shut, or the worker failed and has nobody to propose.
            Ok(Successor) | Err(_) => {}
        }
    }
}

async fn work() -> Successor {
    // Nobody wakes this worker: the time is what its work takes.
    let _ = tokio::time::timeout(WORK, std::future::pending::<()>()).await;
    Successor
}

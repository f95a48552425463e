//! Blocks the thread it runs on, as a task does that calls something slow and forgets to make it async.
//!
//! Like a task that never yields it cannot be ended. Unlike that one it costs no time on the processor,
//! which makes it harder to notice.

use rootward::TaskContext;

pub(super) async fn run(_cx: TaskContext) {
    // As in `never_yield`: it is to show that it cannot be ended, not to take the others' threads away.
    tokio::task::block_in_place(|| {
        loop {
            std::thread::park();
        }
    });
}

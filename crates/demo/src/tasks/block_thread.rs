//! Blocks the thread it runs on, as a task does that calls something slow and forgets to make it async.
//!
//! Like a task that never yields it cannot be ended. Unlike that one it costs no time on the processor,
//! which makes it harder to notice.

use rootward::TaskContext;

pub(super) async fn run(_cx: TaskContext) {
    loop {
        std::thread::park();
    }
}

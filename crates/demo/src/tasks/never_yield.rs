//! Computes for ever without a pause.
//!
//! An abort takes effect where a task waits, and this one never does. Nothing in the program can end
//! it; a stop names it and leaves it behind.

use rootward::TaskContext;

pub(super) async fn run(_cx: TaskContext) {
    // Without this it would keep one of the runtime's few worker threads for itself, and a second one
    // like it could starve tasks that have done nothing wrong. It would go no sooner for that.
    tokio::task::block_in_place(|| {
        loop {
            std::hint::spin_loop();
        }
    });
}

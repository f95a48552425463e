//! Computes for ever without a pause.
//!
//! An abort takes effect where a task waits, and this one never does. Nothing in the program can end
//! it; a stop names it and leaves it behind.

use rootward::TaskContext;

pub(super) async fn run(_cx: TaskContext) {
    loop {
        std::hint::spin_loop();
    }
}

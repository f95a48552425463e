//! A task that spawns another one, which returns a text.

use rootward::TaskContext;

pub async fn run(cx: TaskContext) {
    let _ = cx.spawn(|_cx| async { "done" }).await;
}

fn main() {}

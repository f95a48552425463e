//! A task that returns what it has computed in a `Result`.

use rootward::{ChildSpec, TaskContext};

async fn reads(_cx: TaskContext) -> std::io::Result<Vec<u8>> {
    std::fs::read("file")
}

fn main() {
    let _ = ChildSpec::task("reads", reads);
}

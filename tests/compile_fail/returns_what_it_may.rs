//! Everything that a task may return. It compiles.

use rootward::task::BlockingContext;
use rootward::{ChildSpec, Exit, TaskContext};

async fn spawns(cx: TaskContext) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    cx.spawn(|_cx| async { Err::<(), _>("an error as text") }).await?;
    Ok(())
}

fn main() {
    let _ = ChildSpec::task("nothing", |_cx| async {});
    let _ = ChildSpec::task("a result", |_cx| async { std::fs::read("file").map(drop) });
    let _ = ChildSpec::task("an exit", |_cx| async { Exit::Normal });
    let _ = ChildSpec::task("for ever", |_cx| async { loop { std::future::pending::<()>().await } });
    let _ = ChildSpec::task("spawns", spawns);
    let _ = ChildSpec::blocking("blocking", |_cx: BlockingContext| Err::<(), _>(std::fmt::Error));
}

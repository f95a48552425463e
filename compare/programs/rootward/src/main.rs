//! The program with rootward.

use std::process::ExitCode;

use rootward::{Application, ChildSpec, Process, Supervisor, TaskContext};
use tokio::time::sleep;
use work::{DEADLINE, Failure, GRACE, RESTARTS, TICK, WINDOW, Work, store_program};

#[path = "../../../shared/work.rs"]
mod work;

fn main() -> ExitCode {
    let root = Supervisor::new("root")
        .intensity(RESTARTS, WINDOW)
        .child(Process::new(store_program()).into_child("store").shutdown(GRACE))
        .child(ChildSpec::task("worker", worker).shutdown(GRACE));
    Application::new(root).deadline(DEADLINE).run()
}

async fn worker(cx: TaskContext) -> Result<(), Failure> {
    let mut work = Work::begin();
    while cx.unless_stopping(sleep(TICK)).await.is_some() {
        work.step().await?;
    }
    work.finish().await;
    Ok(())
}

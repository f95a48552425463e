//! The program with rootward, in the runtime of `#[tokio::main]`, and with a runtime of their own for tasks.

use std::error::Error;
use std::process::ExitCode;

use leave::leave;
use rootward::process::Containment;
use rootward::{ChildSpec, Process, Signals, Supervisor, TaskContext};
use tokio::runtime;
use tokio::time::sleep;
use work::{DEADLINE, Failure, GRACE, RESTARTS, TICK, WINDOW, Work, store_program};

#[path = "../../../shared/leave.rs"]
mod leave;
#[path = "../../../shared/work.rs"]
mod work;

#[tokio::main]
async fn main() -> ExitCode {
    leave(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let tasks = runtime::Builder::new_multi_thread().enable_all().build()?;
    let root = Supervisor::new("root")
        .intensity(RESTARTS, WINDOW)
        .child(Process::new(store_program()).into_child("store").shutdown(GRACE))
        .child(ChildSpec::task("worker", worker).shutdown(GRACE));
    let tree = root.into_tree()?.task_runtime(tasks.handle().clone()).deadline(DEADLINE);
    let tree = Containment::auto().apply(tree).start().await?;
    let _signals = Signals::new().attach(&tree)?;
    let report = tree.wait().await;
    tasks.shutdown_background();
    if report.clean { Ok(()) } else { Err(report.to_string().into()) }
}

async fn worker(cx: TaskContext) -> Result<(), Failure> {
    let mut work = Work::begin();
    while cx.unless_stopping(sleep(TICK)).await.is_some() {
        work.step().await?;
    }
    work.finish().await;
    Ok(())
}

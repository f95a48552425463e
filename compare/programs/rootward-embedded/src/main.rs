//! The program with rootward, in the runtime of `#[tokio::main]` as the peers are.

use std::error::Error;
use std::process::ExitCode;

use leave::leave;
use rootward::process::Containment;
use rootward::{ChildSpec, Process, Signals, Supervisor, TaskContext};
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
    let root = Supervisor::new("root")
        .intensity(RESTARTS, WINDOW)
        .child(Process::new(store_program()).into_child("store").shutdown(GRACE))
        .child(ChildSpec::task("worker", worker).shutdown(GRACE));
    let tree = Containment::auto().apply(root.into_tree()?).deadline(DEADLINE).start().await?;
    let _signals = Signals::new().attach(&tree)?;
    let report = tree.wait().await;
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

//! The program with tokio-graceful-shutdown. Restarts are those of its example 12, the order that of its example 20.

use std::process::ExitCode;

use leave::leave;
use limit::Limit;
use run_process::run_process;
use tokio::time::{sleep, timeout};
use tokio_graceful_shutdown::{ErrorAction, FutureExt as _, SubsystemBuilder, SubsystemHandle, Toplevel};
use work::{DEADLINE, Failure, GRACE, TICK, Work};

#[path = "../../../shared/leave.rs"]
mod leave;
#[path = "../../../shared/limit.rs"]
mod limit;
#[path = "../../../shared/process.rs"]
mod process;
#[path = "../../../shared/run_process.rs"]
mod run_process;
#[path = "../../../shared/work.rs"]
mod work;

#[tokio::main]
async fn main() -> ExitCode {
    let result = Toplevel::new(async |subsys: &mut SubsystemHandle| {
        subsys.start(SubsystemBuilder::new("root", root));
    })
    .catch_signals()
    .handle_shutdown_requests(DEADLINE)
    .await;
    leave(result)
}

/// Its children are detached, so that they are told of the stop here, one after the other.
async fn root(subsys: &mut SubsystemHandle) -> Result<(), Failure> {
    let store = subsys.start(SubsystemBuilder::new("store", store).detached());
    let worker = subsys.start(SubsystemBuilder::new("worker", keep_working).detached());
    subsys.on_shutdown_requested().await;
    worker.initiate_shutdown();
    let in_time = timeout(GRACE, worker.finished()).await.is_ok();
    if !in_time {
        worker.abort();
    }
    store.initiate_shutdown();
    store.finished().await;
    if in_time { Ok(()) } else { Err(Failure("the worker had to be aborted".into())) }
}

async fn keep_working(subsys: &mut SubsystemHandle) -> Result<(), Failure> {
    let mut limit = Limit::default();
    loop {
        let run = SubsystemBuilder::new("run", worker)
            .on_failure(ErrorAction::CatchAndLocalShutdown)
            .on_panic(ErrorAction::CatchAndLocalShutdown);
        let Err(error) = subsys.start(run).join().await else { return Ok(()) };
        eprintln!("{error}");
        if subsys.is_shutdown_requested() {
            return Ok(());
        }
        limit.count()?;
    }
}

async fn worker(subsys: &mut SubsystemHandle) -> Result<(), Failure> {
    let mut work = Work::begin();
    while sleep(TICK).cancel_on_shutdown(subsys).await.is_ok() {
        work.step().await?;
    }
    work.finish().await;
    Ok(())
}

async fn store(subsys: &mut SubsystemHandle) -> Result<(), Failure> {
    run_process(subsys.on_shutdown_requested(), GRACE).await
}

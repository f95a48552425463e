//! The program with a `CancellationToken` and a `TaskTracker` for each of the two tasks.

use std::process::ExitCode;

use leave::leave;
use limit::Limit;
use run_process::run_process;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
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
    leave(run().await)
}

async fn run() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let failed = CancellationToken::new();
    let (stop_store, stop_worker) = (CancellationToken::new(), CancellationToken::new());
    let (stores, workers) = (TaskTracker::new(), TaskTracker::new());
    stores.spawn(watch(failed.clone(), run_process(stop_store.clone().cancelled_owned(), GRACE)));
    let worker = keep_working(workers.clone(), stop_worker.clone());
    let worker = workers.spawn(watch(failed.clone(), worker));
    tokio::select! {
        () = failed.cancelled() => {}
        _ = terminate.recv() => {}
    }
    stop_worker.cancel();
    workers.close();
    if timeout(GRACE, workers.wait()).await.is_err() {
        eprintln!("the worker had to be aborted");
        failed.cancel();
        worker.abort();
    }
    stop_store.cancel();
    stores.close();
    if timeout(DEADLINE - GRACE, async { tokio::join!(workers.wait(), stores.wait()) }).await.is_err() {
        eprintln!("the stop took too long");
    }
    if failed.is_cancelled() { Err(std::io::Error::other("something failed")) } else { Ok(()) }
}

async fn watch(failed: CancellationToken, task: impl Future<Output = Result<(), Failure>>) {
    if let Err(error) = task.await {
        eprintln!("{error}");
        failed.cancel();
    }
}

async fn keep_working(workers: TaskTracker, stopping: CancellationToken) -> Result<(), Failure> {
    let mut limit = Limit::default();
    loop {
        let run = AbortOnDropHandle::new(workers.spawn(worker(stopping.clone())));
        match run.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => eprintln!("{error}"),
            Err(panicked) => eprintln!("{panicked}"),
        }
        if stopping.is_cancelled() {
            return Ok(());
        }
        limit.count()?;
    }
}

async fn worker(stopping: CancellationToken) -> Result<(), Failure> {
    let mut work = Work::begin();
    while stopping.run_until_cancelled(sleep(TICK)).await.is_some() {
        work.step().await?;
    }
    work.finish().await;
    Ok(())
}

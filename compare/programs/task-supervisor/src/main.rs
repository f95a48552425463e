//! The program with task-supervisor.

use std::process::ExitCode;
use std::time::Duration;

use leave::leave;
use run_process::run_process;
use task_supervisor::{CancellationToken, SupervisedTask, SupervisorBuilder, TaskResult};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};
use work::{DEADLINE, Failure, GRACE, RESTARTS, TICK, WINDOW, Work};

#[path = "../../../shared/leave.rs"]
mod leave;
#[path = "../../../shared/process.rs"]
mod process;
#[path = "../../../shared/run_process.rs"]
mod run_process;
#[path = "../../../shared/work.rs"]
mod work;

#[derive(Clone)]
struct Worker;

impl SupervisedTask for Worker {
    async fn run(self, cancel: CancellationToken) -> TaskResult {
        let mut work = Work::begin();
        while cancel.run_until_cancelled(sleep(TICK)).await.is_some() {
            work.step().await?;
        }
        work.finish().await;
        Ok(())
    }
}

#[derive(Clone)]
struct Store;

impl SupervisedTask for Store {
    async fn run(self, cancel: CancellationToken) -> TaskResult {
        Ok(run_process(cancel.cancelled(), GRACE).await?)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    leave(run().await)
}

async fn run() -> TaskResult {
    let mut terminate = signal(SignalKind::terminate())?;
    let supervisor = SupervisorBuilder::new()
        .with_restart_limit(RESTARTS, WINDOW)
        .with_base_restart_delay(Duration::from_millis(10))
        .with_max_restart_delay(Duration::from_millis(100))
        // One of the two is enough.
        .with_dead_tasks_threshold(0.5)
        // One value for all: the store needs its grace and a moment for SIGKILL.
        .with_stop_timeout(GRACE + Duration::from_millis(500))
        .spawn();
    supervisor.add_task("store", Store).await?;
    supervisor.add_task("worker", Worker).await?;
    tokio::select! {
        ended = supervisor.wait() => return Ok(ended?),
        _ = terminate.recv() => {}
    }
    let stop = async {
        supervisor.kill_task("worker").await?;
        // A worker that was killed is dead, and counts for the threshold: an error here says nothing.
        let _ = supervisor.shutdown().await;
        Ok(())
    };
    timeout(DEADLINE, stop).await.unwrap_or_else(|_| Err(Failure("the stop took too long".into()).into()))
}

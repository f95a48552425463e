//! A child process with what tokio has for it. The four programs whose library knows no processes share this file, and
//! its lines are counted for each of them.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::work::{Failure, store_program};

pub fn start() -> Result<Child, Failure> {
    let spawned = Command::new(store_program()).kill_on_drop(true).spawn();
    spawned.map_err(|error| Failure(format!("the store did not start: {error}")))
}

/// SIGTERM, then SIGKILL when the grace is over. What had to be killed is an error.
pub async fn stop(store: &mut Child, grace: Duration) -> Result<(), Failure> {
    if let Some(pid) = store.id() {
        let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGTERM);
    }
    if timeout(grace, store.wait()).await.is_ok() {
        return Ok(());
    }
    let _ = store.kill().await;
    Err(Failure("the store had to be killed".into()))
}

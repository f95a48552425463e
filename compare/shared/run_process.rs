//! The process as a future: it runs until it ends by itself, which is a failure, or is told to stop.

use std::time::Duration;

use super::process;
use super::work::Failure;

pub async fn run_process(stopping: impl Future<Output = ()>, grace: Duration) -> Result<(), Failure> {
    let mut store = process::start()?;
    tokio::select! {
        ended = store.wait() => Err(Failure(format!("the store ended: {ended:?}"))),
        () = stopping => process::stop(&mut store, grace).await,
    }
}

//! Whether a command succeeds. Each run is contained as the process is, and is killed with all it has started.

use std::sync::Arc;

use rootward_core::{Exit, ExitClass};

use super::Miss;
use crate::launch::{Launcher, Order, launch};
use crate::process::launching::{Running, take_in};
use crate::process::outputs::LineSinks;
use crate::process::sensor::exited;
use crate::process::start_log::StartLog;
use crate::set::{Ack, SetKillHandle};
use crate::spec::Process;

/// A command that is run until it succeeds.
pub(in crate::process) struct CommandProbe {
    pub(in crate::process) process: Arc<Process>,
    pub(in crate::process) launcher: Arc<dyn Launcher>,
}

impl CommandProbe {
    /// Runs it once. A run that is dropped is killed.
    pub(super) async fn look(&self) -> Result<(), Miss> {
        let log = Arc::new(StartLog::default());
        let lines = LineSinks::new(None, None, Some(Arc::clone(&log)));
        let exit = self.run(lines).await?;
        if exit.class() == ExitClass::Normal {
            return Ok(());
        }
        let (_, output) = log.known();
        let wrote: String = output.iter().map(|line| format!(", {line:?}")).collect();
        Err(Miss::dear(format!("{exit}{wrote}")))
    }

    async fn run(&self, lines: LineSinks) -> Result<Exit, Miss> {
        let order = Order {
            process: Arc::clone(&self.process),
            kill_handle: Arc::new(SetKillHandle::default()),
            pipe: None,
            ack: Ack::of_nothing(),
        };
        let answer = launch(&self.launcher, order).await;
        // The set is dropped last: its notification descriptor may be watched for another set after that.
        let (owned_set, Running { set, notify_fd, stdin: _stdin, mut outputs, .. }) =
            take_in(answer, self.process.command(), lines)
                .await
                .map_err(|error| Miss::dear(error.to_string()))?;
        let exit = loop {
            tokio::select! {
                biased;
                exit = exited(&set, &notify_fd) => break exit,
                output = outputs.readable() => {
                    outputs.read(output);
                    tokio::task::yield_now().await;
                }
            }
        };
        outputs.read_what_is_there();
        let is_empty = set.is_empty() == Some(true);
        drop((set, notify_fd));
        if is_empty {
            owned_set.release();
        }
        Ok(exit)
    }
}

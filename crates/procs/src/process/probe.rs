//! Finds out whether a process is ready.

use std::path::PathBuf;
use std::time::Duration;

use regex::Regex;
use rootward_core::{Exit, ExitClass};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::spec::{Condition, Ready, ReadyContext};

/// How often something is looked at that does not tell when it changes.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Says why a process that ran did not count as started.
///
/// The process is gone by the time this is reported. It reaches the supervisor inside a
/// [`StartError`](rootward_core::StartError).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadyError {
    /// It was not ready in time.
    #[error("`{program}` was not ready within {within:?}")]
    TimedOut {
        /// The program as it was given.
        program: String,
        /// How long it was waited for.
        within: Duration,
    },
    /// The user's own check said that it will never be ready.
    #[error("the readiness check of `{program}` {reason}")]
    Refused {
        /// The program as it was given.
        program: String,
        /// How the check ended.
        reason: Exit,
    },
}

/// Watches one process until it is ready.
#[derive(Debug, Default)]
pub(super) struct Probe {
    /// A line that matches says that the process is ready.
    line: Option<Regex>,
    check: Option<JoinHandle<Exit>>,
    /// Whether nobody waits for an answer any more.
    over: bool,
}

impl Probe {
    /// Begins to look at lines, if lines tell.
    pub(super) fn of_lines(ready: &Ready) -> Self {
        let mut probe = Self::default();
        if let Condition::Line(regex) = &ready.0 {
            // One that does not parse was refused when the tree was built.
            probe.line = regex.clone().ok();
        }
        probe
    }

    /// Begins to check. A user's own check runs on `tasks`.
    pub(super) fn begin(&mut self, ready: &Ready, pid: u32, tasks: &Handle) {
        let control = Handle::current();
        self.check = match &ready.0 {
            Condition::Line(_) => None,
            Condition::Tcp(address) => Some(control.spawn(answers(address.clone()))),
            Condition::Path(path) => Some(control.spawn(exists(path.clone()))),
            Condition::Check(check) => Some(tasks.spawn(check(ReadyContext { pid }))),
        };
    }

    /// Whether a line may still say that the process is ready.
    pub(super) fn sees_lines(&self) -> bool {
        self.line.is_some()
    }

    /// Looks at a line that the process wrote. `true` says that it is ready.
    pub(super) fn sees(&mut self, line: &str) -> bool {
        let ready = self.line.as_ref().is_some_and(|regex| regex.is_match(line));
        if ready {
            self.line = None;
        }
        ready
    }

    /// Waits for the answer of a check: ready, or why not. Waits for ever if there is none. Cancel safe.
    pub(super) async fn answer(&mut self) -> Result<(), Exit> {
        let Some(check) = self.check.as_mut().filter(|_| !self.over) else {
            return std::future::pending().await;
        };
        let answer = check.await;
        self.check = None;
        match answer {
            Ok(exit) if exit.class() == ExitClass::Normal => Ok(()),
            Ok(exit) => Err(exit),
            Err(error) => Err(Exit::failed(&error)),
        }
    }

    /// Gives up.
    pub(super) fn abandon(&mut self) {
        self.over = true;
        self.line = None;
        if let Some(check) = &self.check {
            check.abort();
        }
    }

    /// Gives up, and waits until nothing of a user's check is left.
    pub(super) async fn end(&mut self) {
        self.abandon();
        if let Some(check) = self.check.take() {
            // Aborted, or over in the last moment: both are the end.
            let _ = check.await;
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.abandon();
    }
}

async fn answers(address: String) -> Exit {
    let mut ticks = ticks();
    loop {
        ticks.tick().await;
        if TcpStream::connect(&address).await.is_ok() {
            return Exit::Normal;
        }
    }
}

async fn exists(path: PathBuf) -> Exit {
    let mut ticks = ticks();
    loop {
        ticks.tick().await;
        let path = path.clone();
        // A file system may take its time, and this task shares its thread with supervisors.
        let looked = tokio::task::spawn_blocking(move || path.exists()).await;
        if matches!(looked, Ok(true)) {
            return Exit::Normal;
        }
    }
}

fn ticks() -> tokio::time::Interval {
    let mut ticks = interval(LOOK_AGAIN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

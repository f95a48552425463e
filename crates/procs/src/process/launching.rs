//! The start of a program: the order goes out, and the answer becomes a set with an owner and something to watch.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use rootward_core::sibling::{awake_now, sleep_awake_until};
use rootward_core::{ChildKind, ProcessEvents, Retries};
use tokio::sync::oneshot;

use super::outputs::{LineSinks, Outputs};
use super::path_state::{PathBefore, PathState};
use crate::launch::{self, LaunchError, LaunchResult, Launched, Launcher, Launching, Order};
use crate::pipes::RawEnds;
use crate::policy::{NextAttempt, Retry};
use crate::set::{KillOnDrop, ProcessSet};
use crate::spec::{Command, Output, Stdin};
use crate::sys::{self, Watched};

/// What is watched of a program that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) set: Arc<ProcessSet>,
    pub(super) notify_fd: Watched,
    /// Our end of an input that stays open, held until the set is empty.
    pub(super) stdin: Option<OwnedFd>,
    /// Our end of a terminal, likewise.
    pub(super) terminal: Option<Arc<OwnedFd>>,
    pub(super) outputs: Outputs,
}

/// What a start needs so that it can be tried again.
pub(super) struct Again {
    pub(super) retry: Retry,
    /// Where it says that it is tried again.
    pub(super) retries: Retries,
    /// Where it says that it is contained less well.
    pub(super) events: ProcessEvents,
    /// Whether this child's program has run before.
    pub(super) has_run: Arc<AtomicBool>,
    /// Resolves when the start is not wanted any more.
    pub(super) called_off: oneshot::Receiver<()>,
}

/// Begins to start a program. What stands at these paths before does not count.
pub(super) fn begin(
    launcher: Arc<dyn Launcher>,
    order: Order,
    before: Vec<PathBefore>,
    again: Again,
) -> Launching {
    let mut launching: Launching = Box::pin(launch(launcher, order, before, again));
    // The caller does what can be done at once: the order goes out. The task that waits for the answer polls again, and
    // is woken.
    match launching.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Box::pin(std::future::ready(answer)),
        Poll::Pending => launching,
    }
}

/// Starts a program, and tries again for as long as the rule says. Cancel safe, as far as the launcher is.
async fn launch(
    launcher: Arc<dyn Launcher>,
    order: Order,
    before: Vec<PathBefore>,
    mut again: Again,
) -> LaunchResult {
    for path in before {
        PathState::find_before(path).await;
    }
    loop {
        let error = match launch::launch(&launcher, order.clone()).await {
            Ok(mut launched) => {
                if let Some(reason) = launched.degraded.take() {
                    again.events.degraded("containment", reason);
                }
                again.has_run.store(true, Ordering::Relaxed);
                return Ok(launched);
            }
            Err(error) => error,
        };
        let has_run = again.has_run.load(Ordering::Relaxed);
        let next = again.retry.again(error.for_retry(), has_run, awake_now());
        let Some(NextAttempt { failed, delay }) = next else { return Err(error) };
        let goes_on = again.retries.note(ChildKind::Process, failed, on_one_line(&error), delay);
        if !goes_on {
            return Err(error);
        }
        tokio::select! {
            biased;
            _ = &mut again.called_off => return Err(error),
            () = sleep_awake_until(awake_now() + delay) => {}
        }
    }
}

/// An error and all that is behind it.
fn on_one_line(error: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Begins to watch a program that runs. If that is not possible, the program is ended, and its start has failed when
/// nothing of it is left. A set that is dropped on the way kills and reaps.
pub(super) async fn take_in(
    answer: LaunchResult,
    command: &Command,
    lines: LineSinks,
) -> Result<(KillOnDrop, Running), LaunchError> {
    let Launched { owned_set, watch, terminal, mut stdin, mut stdout, mut stderr, .. } = answer?;
    let set = Arc::clone(owned_set.set());
    if let Some(feed) = command.feed.as_ref().filter(|_| command.is_piped()) {
        let [out, err] = command.outputs();
        feed.give(RawEnds {
            pid: set.pid().unsigned_abs(),
            stdin: stdin.take_if(|_| command.stdin == Stdin::Piped),
            stdout: stdout.take_if(|_| out == Output::Piped),
            stderr: stderr.take_if(|_| err == Output::Piped),
        });
    }
    let watched = watch
        .map_or_else(|| sys::watch(set.notify_fd()), Ok)
        .and_then(|notify_fd| Ok((notify_fd, Outputs::new([stdout, stderr], terminal.is_some(), lines)?)));
    match watched {
        Ok((notify_fd, outputs)) => Ok((owned_set, Running { set, notify_fd, stdin, terminal, outputs })),
        Err(error) => Err(undo(owned_set, command, error).await),
    }
}

/// Ends a program that runs and cannot be watched.
async fn undo(owned_set: KillOnDrop, command: &Command, error: io::Error) -> LaunchError {
    let error = LaunchError::new(command, error);
    let (gone, receiver) = oneshot::channel();
    owned_set.kill_and_reap(move |_| {
        // The receiver is gone if the runtime is.
        let _ = gone.send(());
    });
    // If the thread that buries is gone as well, nothing better can be said.
    let _ = receiver.await;
    error
}

//! Tasks whose result a caller waits for.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::sync::oneshot;

use crate::child::{Panic, RefusedByStop};
use crate::panics::{catch, resume};

/// Says why a task has no result.
///
/// A task that returns [`Stopped`](Self::Stopped) because of a stop has not failed: [`IntoExit`](super::IntoExit).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskError {
    /// The task panicked.
    Panicked(Panic),
    /// The task was stopped, or aborted, before it had a result.
    Stopped,
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(panic) => write!(f, "the task panicked: {panic}"),
            Self::Stopped => f.write_str("the task was stopped before it had a result"),
        }
    }
}

impl Error for TaskError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Panicked(_) => None,
            Self::Stopped => RefusedByStop::as_source(),
        }
    }
}

/// Where a task's result goes.
pub(super) type ResultSender<T> = oneshot::Sender<Result<T, TaskError>>;

pin_project! {
    /// Runs a future and hands its result, or its panic, to the caller that waits for it.
    pub(super) struct WithResult<Fut: Future> {
        #[pin]
        future: Fut,
        sender: Option<ResultSender<Fut::Output>>,
    }
}

impl<Fut: Future> WithResult<Fut> {
    pub(super) fn new(future: Fut, sender: ResultSender<Fut::Output>) -> Self {
        Self { future, sender: Some(sender) }
    }
}

impl<Fut: Future> Future for WithResult<Fut> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let result = match catch(|| this.future.poll(cx)) {
            Ok(poll) => Ok(ready!(poll)),
            Err(panic) => Err(panic),
        };
        hand_over(this.sender.take(), result);
        Poll::Ready(())
    }
}

/// Calls a function and hands its result, or its panic, to the caller that waits for it.
pub(super) fn send_result<T>(sender: ResultSender<T>, run: impl FnOnce() -> T) {
    hand_over(Some(sender), catch(run));
}

fn hand_over<T>(sender: Option<ResultSender<T>>, result: Result<T, Panic>) {
    let panic = result.as_ref().err().cloned();
    if let Some(sender) = sender {
        // A caller that has given up waiting does not need it.
        let _ = sender.send(result.map_err(TaskError::Panicked));
    }
    // The supervisor has to see it as well.
    if let Some(panic) = panic {
        resume(panic);
    }
}

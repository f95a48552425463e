//! What has been asked of a supervisor, and has still to be answered.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::call::{CallRefusal, CallSuccess, StartedChild};
use super::mailbox::SharedSupervisor;
use crate::child::{RefusedByStop, SpecError, StartError};
use crate::foreign_wakers::WakeElsewhere;
use crate::spec::ChildSpec;

/// Says why a child could not be added and started.
///
/// A task that returns it because of a stop has not failed: [`IntoExit`](crate::IntoExit).
#[derive(Debug)]
#[non_exhaustive]
pub enum StartChildError {
    /// The spec makes no sense.
    Spec(SpecError),
    /// A child with this id runs already (OTP's `already_started`).
    AlreadyStarted,
    /// A child with this id is there and is down (OTP's `already_present`). It can be restarted or deleted.
    AlreadyPresent,
    /// The supervisor has as many children as it may have (Elixir's `max_children`). The spec comes back unused.
    MaxChildren {
        /// The child that was not added.
        spec: Box<ChildSpec>,
    },
    /// The child could not be started, and has not been added.
    Failed(StartError),
    /// The child had nothing to run (OTP's `ignore`), which only kinds of children that a program has made itself ever
    /// say. It is kept, and is down; a temporary one, and one of a dynamic supervisor, has not been added.
    Ignored,
    /// The supervisor, or the task that was to have the child, is stopping. The spec comes back unused.
    Stopping {
        /// The child that was not added.
        spec: Box<ChildSpec>,
    },
    /// This incarnation of the supervisor has ended (OTP's `noproc`). The spec comes back unused. If the supervisor is
    /// restarted, [`Tree::supervisor`](crate::Tree::supervisor) finds the next incarnation, and a
    /// [`SupervisorAddress`](crate::SupervisorAddress) leads to it.
    NotRunning {
        /// The child that was not added.
        spec: Box<ChildSpec>,
    },
}

impl fmt::Display for StartChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spec(error) => return error.fmt(f),
            Self::AlreadyStarted => "a child with this id runs already",
            Self::AlreadyPresent => "a child with this id is there already, and is down",
            Self::MaxChildren { .. } => "the supervisor has as many children as it may have",
            Self::Failed(_) => "the child could not be started",
            Self::Ignored => "the child had nothing to run",
            Self::Stopping { .. } => "the supervisor is stopping",
            Self::NotRunning { .. } => "the supervisor does not run any more",
        })
    }
}

impl Error for StartChildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Spec(error) => error.source(),
            Self::Failed(error) => Some(error),
            Self::Stopping { .. } | Self::NotRunning { .. } => RefusedByStop::as_source(),
            Self::AlreadyStarted | Self::AlreadyPresent | Self::MaxChildren { .. } | Self::Ignored => None,
        }
    }
}

impl From<SpecError> for StartChildError {
    fn from(error: SpecError) -> Self {
        Self::Spec(error)
    }
}

/// An answer that is still to come.
pub(super) struct PendingAnswer {
    answer: oneshot::Receiver<Result<CallSuccess, CallRefusal>>,
    supervisor: Arc<SharedSupervisor>,
}

/// A child that has been offered to a supervisor.
pub(crate) struct Offer {
    spec: ChildSpec,
    answer: PendingAnswer,
}

impl PendingAnswer {
    pub(super) fn new(
        answer: oneshot::Receiver<Result<CallSuccess, CallRefusal>>,
        supervisor: Arc<SharedSupervisor>,
    ) -> Self {
        Self { answer, supervisor }
    }

    /// Waits for the answer. A supervisor that is gone refuses: OTP rule 44.
    pub(super) async fn come(self) -> Result<CallSuccess, CallRefusal> {
        let Self { answer, supervisor } = self;
        answered(answer, &supervisor).await.unwrap_or(Err(CallRefusal::NotRunning))
    }
}

/// Waits for what a supervisor answers. `None` if it is gone, or has ended before it could answer.
pub(super) async fn answered<T>(answer: oneshot::Receiver<T>, supervisor: &SharedSupervisor) -> Option<T> {
    // The supervisor wakes the caller that waits here. It must not run the caller's waker, which may be foreign code.
    WakeElsewhere::new(answered_before(answer, supervisor.gone())).await
}

/// Waits for an answer until the supervisor is gone. What it answered before it went counts.
async fn answered_before<T>(mut answer: oneshot::Receiver<T>, gone: impl Future<Output = ()>) -> Option<T> {
    tokio::select! {
        biased;
        answer = &mut answer => answer.ok(),
        // A message that comes while the mailbox is being closed may lie there as long as a handle can send. An answer
        // may have come after the look for it, and before the look at whether the supervisor is gone.
        () = gone => answer.try_recv().ok(),
    }
}

impl Offer {
    pub(super) fn new(spec: ChildSpec, answer: PendingAnswer) -> Self {
        Self { spec, answer }
    }

    /// What became of it.
    pub(crate) async fn answer(self) -> Result<StartedChild, StartChildError> {
        match self.answer.come().await {
            Ok(CallSuccess::Started(child)) => Ok(child),
            Ok(CallSuccess::Done | CallSuccess::Reserved(_)) => {
                unreachable!("a start is answered with a child")
            }
            Err(CallRefusal::StartFailed(error)) => Err(StartChildError::Failed(error)),
            Err(CallRefusal::Ignored) => Err(StartChildError::Ignored),
            Err(CallRefusal::NotRunning) => Err(StartChildError::NotRunning { spec: Box::new(self.spec) }),
            Err(CallRefusal::AlreadyStarted) => Err(StartChildError::AlreadyStarted),
            Err(CallRefusal::AlreadyPresent) => Err(StartChildError::AlreadyPresent),
            Err(CallRefusal::MaxChildren) => Err(StartChildError::MaxChildren { spec: Box::new(self.spec) }),
            Err(CallRefusal::Stopping) => Err(StartChildError::Stopping { spec: Box::new(self.spec) }),
            Err(
                never @ (CallRefusal::NotFound
                | CallRefusal::Running
                | CallRefusal::Restarting
                | CallRefusal::NothingKept),
            ) => Err(never.never(StartChildError::Stopping { spec: Box::new(self.spec) })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_counts_that_comes_between_the_look_for_it_and_the_end_of_the_supervisor() {
        let (sender, answer) = oneshot::channel();
        let answers_and_goes = async { sender.send("started").expect("it is waited for") };

        assert_eq!(answered_before(answer, answers_and_goes).await, Some("started"));
    }

    #[tokio::test]
    async fn a_supervisor_that_goes_without_an_answer_has_none() {
        let (_lies_in_the_mailbox, answer) = oneshot::channel::<()>();

        assert_eq!(answered_before(answer, async {}).await, None);
    }
}

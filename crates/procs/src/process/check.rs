//! Checks whether a process is ready: a task of its own, a [`probe`](super::probe) or the user's code.
//!
//! The answer goes to the owner of the process when nothing of the check is left, whether it came to its end, panicked,
//! or was aborted. A check that blocks its thread gives no answer, and holds up nothing but that thread.

use std::sync::Arc;
use std::task::Poll;

use ractor::ActorRef;
use rootward_core::Exit;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::message::{Fact, OwnerMessage};
use super::panics::catch;
use super::probe::{MembersOfSet, ProbeTarget, until_ready};
use super::start_log::StartLog;
use crate::spec::{Checking, ReadyContext};

/// A check under way. It is aborted when this is dropped.
#[derive(Debug)]
pub(super) struct RunningCheck {
    task: AbortHandle,
    is_ended: bool,
    /// Tells a probe that the process has ended.
    has_ended: watch::Sender<bool>,
}

impl RunningCheck {
    /// Begins to run a user's own check, on `tasks`.
    pub(super) fn run(
        check: impl FnOnce(ReadyContext) -> Checking,
        pid: u32,
        tasks: &Handle,
        owner: ActorRef<OwnerMessage>,
    ) -> Self {
        let over = CheckEndReporter { owner, exit: Exit::Aborted };
        let task = tasks.spawn(run(Checked { check: answer(check(ReadyContext { pid })), over }));
        Self::of(task.abort_handle(), watch::Sender::new(false))
    }

    /// Begins to look again and again.
    pub(super) fn probe(
        probe: ProbeTarget,
        members: MembersOfSet,
        log: Arc<StartLog>,
        owner: ActorRef<OwnerMessage>,
    ) -> Self {
        let over = CheckEndReporter { owner, exit: Exit::Aborted };
        let has_ended = watch::Sender::new(false);
        let check = until_ready(probe, members, log, has_ended.subscribe());
        let task = Handle::current().spawn(run(Checked { check, over }));
        Self::of(task.abort_handle(), has_ended)
    }

    /// Begins to find out whether the process is healthy. What the check holds of the given value is let go when
    /// nothing of the check is left.
    pub(super) fn health<F>(
        owner: ActorRef<OwnerMessage>,
        check: impl FnOnce(Arc<CheckEndReporter>) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let over = Arc::new(CheckEndReporter { owner, exit: Exit::Normal });
        let check = check(Arc::clone(&over));
        let task = Handle::current().spawn(async move {
            check.await;
            drop(over);
        });
        Self::of(task.abort_handle(), watch::Sender::new(false))
    }

    fn of(task: AbortHandle, has_ended: watch::Sender<bool>) -> Self {
        Self { task, is_ended: false, has_ended }
    }

    /// Has a probe look once more and then answer: the process has ended.
    pub(super) fn look_last(&self) {
        // One that has its answer already does not listen.
        let _ = self.has_ended.send(true);
    }

    /// Aborts the check: its answer does not matter any more.
    pub(super) fn end(&mut self) {
        self.is_ended = true;
        self.task.abort();
    }

    /// Whether its answer does not matter any more.
    pub(super) fn is_ended(&self) -> bool {
        self.is_ended
    }
}

impl Drop for RunningCheck {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A check, and what tells of its end. The check is dropped first, however far it has come.
struct Checked<F> {
    check: F,
    over: CheckEndReporter,
}

/// Tells the owner when it is dropped.
pub(super) struct CheckEndReporter {
    owner: ActorRef<OwnerMessage>,
    exit: Exit,
}

impl Drop for CheckEndReporter {
    fn drop(&mut self) {
        let exit = std::mem::replace(&mut self.exit, Exit::Aborted);
        // An owner that is gone does not need the answer.
        let _ = self.owner.cast(OwnerMessage::Fact(Fact::Checked(exit)));
    }
}

async fn run<F: Future<Output = Exit>>(checked: Checked<F>) {
    let Checked { check, mut over } = checked;
    over.exit = check.await;
}

/// The answer of a user's check. A panic in the check, or in the drop of its values, is an answer, too.
pub(super) async fn answer(check: Checking) -> Exit {
    let mut check = check;
    let exit = std::future::poll_fn(|cx| match catch(|| check.as_mut().poll(cx)) {
        Ok(Poll::Ready(exit)) => Poll::Ready(exit),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panic) => Poll::Ready(Exit::Panicked(panic)),
    })
    .await;
    match catch(|| drop(check)) {
        Ok(()) => exit,
        Err(panic) => Exit::Panicked(panic),
    }
}

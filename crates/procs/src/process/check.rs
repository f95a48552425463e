//! Checks whether a process is ready: a task of its own, because a check may be the user's code.
//!
//! The answer goes to the owner of the process when nothing of the check is left, whether it came to its end, panicked,
//! or was aborted. A check that blocks its thread gives no answer, and holds up nothing but that thread.

use std::path::PathBuf;
use std::task::Poll;
use std::time::Duration;

use ractor::ActorRef;
use rootward_core::Exit;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::message::{Fact, Message};
use super::panics::catch;
use crate::spec::{Checking, Condition, Ready, ReadyContext};

/// How often something is looked at that does not tell when it changes.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A check under way. It is aborted when this is dropped.
#[derive(Debug)]
pub(super) struct Check {
    task: AbortHandle,
    is_ended: bool,
}

impl Check {
    /// Begins to check, if that is how the process says that it is ready. A user's own check runs on `tasks`.
    pub(super) fn begin(ready: &Ready, pid: u32, tasks: &Handle, owner: ActorRef<Message>) -> Option<Self> {
        let over = || Over { owner, exit: Exit::Aborted };
        let control = Handle::current();
        let task = match &ready.0 {
            // Lines are looked at where they are read.
            Condition::Line(_) => return None,
            Condition::Tcp(address) => {
                control.spawn(run(Checked { check: answers(address.clone()), over: over() }))
            }
            Condition::Path(path) => {
                control.spawn(run(Checked { check: exists(path.clone()), over: over() }))
            }
            Condition::Check(check) => {
                tasks.spawn(run(Checked { check: answer(check(ReadyContext { pid })), over: over() }))
            }
        };
        Some(Self { task: task.abort_handle(), is_ended: false })
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

impl Drop for Check {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A check, and what tells of its end. The check is dropped first, however far it has come.
struct Checked<F> {
    check: F,
    over: Over,
}

/// Tells the owner when it is dropped.
struct Over {
    owner: ActorRef<Message>,
    exit: Exit,
}

impl Drop for Over {
    fn drop(&mut self) {
        let exit = std::mem::replace(&mut self.exit, Exit::Aborted);
        // An owner that is gone does not need the answer.
        let _ = self.owner.cast(Message::Fact(Fact::Checked(exit)));
    }
}

async fn run<F: Future<Output = Exit>>(checked: Checked<F>) {
    let Checked { check, mut over } = checked;
    over.exit = check.await;
}

/// The answer of a user's check. A panic in the check, or in the drop of its values, is an answer, too.
async fn answer(check: Checking) -> Exit {
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

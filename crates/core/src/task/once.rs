//! Tasks that run once: a future and not a function that makes one.

use std::sync::{Mutex, PoisonError};

use super::{IntoExit, TaskContext, launch};
use crate::child::{ChildKind, ChildSpec, Restart};
use crate::port::{Launch, StartChild, StartContext};

/// Starts a task that cannot be started again.
struct OnceStart<F> {
    run: Mutex<Option<F>>,
}

/// A temporary child that runs this future. A second start, which nobody asks for, has nothing to run.
pub(crate) fn once<F, Fut>(id: &str, run: F) -> ChildSpec
where
    F: FnOnce(TaskContext) -> Fut + Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    ChildSpec::new(id, OnceStart { run: Mutex::new(Some(run)) }).restart(Restart::Temporary)
}

impl<F, Fut> StartChild for OnceStart<F>
where
    F: FnOnce(TaskContext) -> Fut + Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        match self.run.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(run) => launch(cx, |context| async move { run(context).await }),
            None => Launch::Ignored,
        }
    }
}

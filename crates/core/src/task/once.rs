//! Tasks that run once: a function that is called once, and what it owns goes with it.

use std::sync::Arc;

use super::future::Lazy;
use super::start::{TaskKind, launch};
use super::{IntoExit, TaskContext};
use crate::child::{ChildKind, Restart};
use crate::child_kind::{EndHandled, Launch, StartChild, StartContext};
use crate::spec::ChildSpec;
use crate::sync::{Mutex, PoisonError};

impl ChildSpec {
    /// Describes a task that runs once and may own what cannot be cloned: a socket, a receiver, the sending end that
    /// has to be dropped.
    ///
    /// It is [temporary](Restart::Temporary), and has to stay so: a second start has nothing to run, and is
    /// ignored.
    ///
    /// It is also what the one job of a program is that must not be tried again: made
    /// [`significant`](Self::significant) under a supervisor with
    /// [`AutoShutdown::AnySignificant`](crate::AutoShutdown::AnySignificant) it ends the program, which has failed if
    /// the job has.
    pub fn once<F, Fut>(id: impl Into<String>, run: F) -> Self
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        Once::new(run).into_child(id)
    }
}

/// Something that can be run once, and taken back as long as it has not been.
pub(super) struct Once<F>(Arc<Mutex<Option<F>>>);

impl<F> Once<F> {
    pub(super) fn new(run: F) -> Self {
        Self(Arc::new(Mutex::new(Some(run))))
    }

    /// What was to be run, if it has not been.
    pub(super) fn take(&self) -> Option<F> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<F> Clone for Once<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F, Fut> Once<F>
where
    F: FnOnce(TaskContext) -> Fut + Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    /// A temporary child. A second start, which the supervisor never makes, has nothing to run.
    pub(super) fn into_child(self, id: impl Into<String>) -> ChildSpec {
        ChildSpec::own(id, self).restart(Restart::Temporary)
    }
}

impl<F, Fut> StartChild for Once<F>
where
    F: FnOnce(TaskContext) -> Fut + Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        match self.take() {
            Some(run) => launch(cx, TaskKind::Plain, |context| Lazy::new(move || run(context))),
            None => Launch::Ignored,
        }
    }
}

/// The same, for a function whose result is waited for.
pub(super) fn job<F, Fut>(id: &str, handled: EndHandled, run: F) -> ChildSpec
where
    F: FnOnce(TaskContext) -> Fut + Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    ChildSpec::new(id, JobStart(Once::new((run, handled)))).restart(Restart::Temporary)
}

struct JobStart<F>(Once<(F, EndHandled)>);

impl<F, Fut> StartChild for JobStart<F>
where
    F: FnOnce(TaskContext) -> Fut + Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        match self.0.take() {
            Some((run, handled)) => {
                launch(cx, TaskKind::Job(handled), |context| Lazy::new(move || run(context)))
            }
            None => Launch::Ignored,
        }
    }
}

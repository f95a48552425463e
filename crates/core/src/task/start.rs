//! How a task is started and stopped.

use std::sync::Arc;

use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::future::Supervised;
use super::{IntoExit, TaskContext};
use crate::child::ChildKind;
use crate::event::ChildSpan;
use crate::port::{Launch, RunningChild, StartChild, StartContext, StopRequest};
use crate::spawn::spawn_named;

/// Starts a task from a function that makes its future.
pub(crate) struct TaskStart<F> {
    run: Arc<F>,
}

impl<F> TaskStart<F> {
    pub(crate) fn new(run: F) -> Self {
        Self { run: Arc::new(run) }
    }
}

impl<F, Fut> StartChild for TaskStart<F>
where
    F: Fn(TaskContext) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        let run = Arc::clone(&self.run);
        // The user's function is called inside the task, so that a panic in it is the task's and nobody else's.
        launch(cx, |context| async move { run(context).await })
    }
}

/// Spawns a task.
pub(super) fn launch<Fut>(cx: StartContext, run: impl FnOnce(TaskContext) -> Fut) -> Launch
where
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    let token = CancellationToken::new();
    let runtime = cx.task_runtime().clone();
    let StartContext { path, incarnation, reporter, .. } = cx;
    let span = ChildSpan::new(&path, incarnation, ChildKind::Task);
    let future = run(TaskContext::new(token.clone(), path.clone(), incarnation));
    let task = spawn_named(&runtime, &path, Supervised::new(future, reporter, span));
    Launch::running(RunningTask { token, task: task.abort_handle() })
}

struct RunningTask {
    token: CancellationToken,
    task: AbortHandle,
}

impl RunningChild for RunningTask {
    fn stop(&mut self, _request: StopRequest) {
        self.token.cancel();
    }

    fn force(&mut self) {
        self.task.abort();
    }

    fn force_name(&self) -> &'static str {
        "abort"
    }
}

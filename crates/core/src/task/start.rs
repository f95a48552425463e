//! How a task is started and stopped.

use std::sync::Arc;

use super::future::Supervised;
use super::lazy::Lazy;
use super::node::TaskNode;
use super::special::Special;
use super::{IntoExit, TaskContext};
use crate::child::ChildKind;
use crate::child_kind::{EndHandled, Inspect, Launch, RunningChild, StartChild, StartContext, StopRequest};
use crate::spawn::spawn_named;

/// Starts a task from a function that makes its future.
pub(crate) struct TaskStart<F> {
    run: Arc<F>,
    ready: Ready,
}

/// When a task counts as started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    AtOnce,
    WhenTold,
}

impl<F> TaskStart<F> {
    pub(crate) fn new(run: F, ready: Ready) -> Self {
        Self { run: Arc::new(run), ready }
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
        // The user's function is called inside the task, so that a panic in it is the task's and does not reach the
        // supervisor.
        let kind = match self.ready {
            Ready::AtOnce => Kind::Plain,
            Ready::WhenTold => Kind::Service,
        };
        launch(cx, kind, |context| Lazy::new(move || run(context)))
    }
}

/// What kind of task is launched.
pub(super) enum Kind {
    Plain,
    /// It says when it has started.
    Service,
    /// It has a result.
    Job(EndHandled),
}

/// Spawns a task.
pub(super) fn launch<Fut>(cx: StartContext, kind: Kind, run: impl FnOnce(TaskContext) -> Fut) -> Launch
where
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    let (ready, special) = match kind {
        Kind::Plain => (Ready::AtOnce, None),
        Kind::Service => (Ready::WhenTold, Some(Special::service(cx.reporter.announcer()))),
        Kind::Job(handled) => (Ready::AtOnce, Some(Special::job(handled))),
    };
    let (node, reporter) = TaskNode::new(cx, special.map(Box::new));
    let node = Arc::new(node);
    let future = run(TaskContext::new(Arc::clone(&node)));
    let future = Supervised::new(future, Arc::clone(&node), reporter);
    let task = spawn_named(node.tree().task_runtime(), &node.path, future);
    node.runs_as(task.abort_handle());
    match ready {
        Ready::AtOnce => Launch::running(RunningTask { node }),
        Ready::WhenTold => Launch::starting(RunningTask { node }),
    }
}

struct RunningTask {
    node: Arc<TaskNode>,
}

impl RunningChild for RunningTask {
    fn hold(&mut self) {
        self.node.hold();
    }

    fn stop(&mut self, request: StopRequest) {
        self.node.stop(request.deadline);
    }

    fn kill(&mut self) {
        self.node.end(|group| group.child.kill());
    }

    fn force(&mut self) {
        self.node.end(|group| group.child.force());
    }

    fn force_name(&self) -> &'static str {
        "abort"
    }

    fn inspect(&self) -> Option<Arc<dyn Inspect>> {
        Some(Arc::clone(&self.node) as _)
    }
}

//! What a task starts below itself, and gets back if it may not.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::future::Lazy;
use super::gate::WorkKind;
use super::node::TaskNode;
use super::once::Once;
use super::spawn_error::{SpawnError, SpawnErrorKind};
use super::start::{TaskKind, launch};
use super::{IntoExit, TaskContext};
use crate::child::{ChildId, ChildKind, Restart, Shutdown};
use crate::child_kind::{Launch, StartChild, StartContext};
use crate::spec::ChildSpec;
use crate::supervisor::{StartChildError, StartedChild, check_offer};

impl TaskContext {
    /// Starts a child below this task: a task, an actor, a process or a whole supervisor.
    ///
    /// Returns when it has started. What is not restarted once it has ended has to be
    /// [temporary](crate::Restart::Temporary), as everywhere.
    ///
    /// # Errors
    ///
    /// [`StartChildError`] says why the child does not run. While the task stops that is
    /// [`StartChildError::Stopping`], which holds the spec.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the child is added and started all the same, unless the stop comes first.
    pub async fn start_child(&self, child: impl Into<ChildSpec>) -> Result<StartedChild, StartChildError> {
        let spec = child.into();
        let id = check_offer(&spec, self.path())?;
        if is_cleaning_up() {
            self.node.note_refusal();
            return Err(StartChildError::Stopping { spec: Box::new(spec) });
        }
        let offered = self.node.admit(WorkKind::Work, spec, |group, spec| group.supervisor.offer(id, spec));
        match offered {
            Ok(offer) => match offer.answer().await {
                Ok(started) => Ok(started),
                // Of the supervisor that looks after the children the caller knows nothing.
                Err(StartChildError::NotRunning { spec }) => Err(StartChildError::Stopping { spec }),
                Err(error) => Err(error),
            },
            Err(spec) => Err(StartChildError::Stopping { spec: Box::new(spec) }),
        }
    }

    /// Starts a task below this one that runs once, with a number for an id, such as `task-17`.
    ///
    /// The task is temporary: however it ends, that is noted and nothing else follows. Nothing waits for its result:
    /// for that there is [`TaskSupervisor::run`](crate::TaskSupervisor::run). It has the default grace of five
    /// seconds, cut to what is left to this task. For another id or grace, [start](Self::start_child) a
    /// [`ChildSpec::once`].
    ///
    /// # Errors
    ///
    /// [`SpawnError`], which holds `run`. While this task stops nothing is started any more.
    ///
    /// # Cancel safety
    ///
    /// If the future that this returns is dropped, the task is started all the same, unless the stop comes first.
    pub async fn spawn<F, Fut>(&self, run: F) -> Result<StartedChild, SpawnError<F>>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        Spawning { node: &self.node, purpose: WorkKind::Work, id: None }.run(run).await
    }

    /// The same, with an id.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], which holds `run`, also if the id is taken.
    ///
    /// # Cancel safety
    ///
    /// If the future that this returns is dropped, the task is started all the same, unless the stop comes first.
    pub async fn spawn_named<F, Fut>(
        &self,
        id: impl Into<String>,
        run: F,
    ) -> Result<StartedChild, SpawnError<F>>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        Spawning { node: &self.node, purpose: WorkKind::Work, id: Some(id.into()) }.run(run).await
    }

    /// Starts clean-up work below this task: what still has to be done when it stops.
    ///
    /// It is a child like any other, and is let in during the stop as well. It gets no grace beyond what is left to
    /// this task, which is acknowledged when the work is done, and it may not start anything itself. Its id is a
    /// number, such as `clean-up-1`.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], which holds `run`: when this task is being forced or has come to its end, or when clean-up
    /// work asks for more of it.
    ///
    /// # Cancel safety
    ///
    /// If the future that this returns is dropped, the work is started all the same, unless a force comes first.
    pub async fn clean_up<F, Fut>(&self, run: F) -> Result<StartedChild, SpawnError<F>>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        Spawning { node: &self.node, purpose: WorkKind::CleanUp, id: None }.run(run).await
    }

    /// The same, with an id.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], which holds `run`, also if the id is taken.
    ///
    /// # Cancel safety
    ///
    /// If the future that this returns is dropped, the work is started all the same, unless a force comes first.
    pub async fn clean_up_named<F, Fut>(
        &self,
        id: impl Into<String>,
        run: F,
    ) -> Result<StartedChild, SpawnError<F>>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        Spawning { node: &self.node, purpose: WorkKind::CleanUp, id: Some(id.into()) }.run(run).await
    }
}

/// A task on its way below another one.
struct Spawning<'a> {
    node: &'a Arc<TaskNode>,
    purpose: WorkKind,
    id: Option<String>,
}

impl Spawning<'_> {
    async fn run<F, Fut>(self, run: F) -> Result<StartedChild, SpawnError<F>>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        let Self { node, purpose, id } = self;
        let refuse = |kind, run| Err(SpawnError::new(node.path.clone(), kind, run));
        let given = match id.map(|id| ChildId::new(&id)).transpose() {
            Ok(given) => given,
            Err(invalid) => return refuse(SpawnErrorKind::Id(invalid), run),
        };
        if is_cleaning_up() {
            node.note_refusal();
            return refuse(SpawnErrorKind::CleaningUp, run);
        }
        let work = Once::new(run);
        let offered = node.admit(purpose, work.clone(), |group, work| {
            let id = given.unwrap_or_else(|| ChildId::numbered_as(&group.number(name_of(purpose))));
            let spec = match purpose {
                WorkKind::Work => work.into_child(id.as_str()),
                WorkKind::CleanUp => {
                    let spec = ChildSpec::own(id.as_str(), CleanUp(work));
                    spec.restart(Restart::Temporary).shutdown(Shutdown::Infinity)
                }
            };
            let path = node.path.join(&id);
            let offer = match purpose {
                WorkKind::Work => group.supervisor.offer(id, spec),
                WorkKind::CleanUp => group.supervisor.offer_clean_up(id, spec),
            };
            (offer, path)
        });
        let (kind, path) = match offered {
            Err(_) => (SpawnErrorKind::Stopping, None),
            Ok((offer, path)) => match offer.answer().await {
                Ok(started) => return Ok(started),
                Err(StartChildError::AlreadyStarted | StartChildError::AlreadyPresent) => {
                    (SpawnErrorKind::TakenId, Some(path))
                }
                Err(_) => (SpawnErrorKind::Stopping, Some(path)),
            },
        };
        match work.take() {
            Some(run) => refuse(kind, run),
            // It has been started after all, and its start was not waited for.
            None => Ok(StartedChild::new(path.unwrap_or_else(|| node.path.clone()))),
        }
    }
}

fn name_of(purpose: WorkKind) -> &'static str {
    match purpose {
        WorkKind::Work => "task",
        WorkKind::CleanUp => "clean-up",
    }
}

/// Starts a task that may not start anything itself.
struct CleanUp<F>(Once<F>);

impl<F, Fut> StartChild for CleanUp<F>
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
            Some(run) => {
                launch(cx, TaskKind::Plain, |context| CleaningUp { work: Lazy::new(move || run(context)) })
            }
            // A second start, which the supervisor never makes, has nothing to run.
            None => Launch::Ignored,
        }
    }
}

thread_local! {
    /// Whether this thread is at work on clean-up work.
    static CLEANING_UP: Cell<bool> = const { Cell::new(false) };
}

/// Whether the caller is clean-up work, which may have kept the context of its task.
fn is_cleaning_up() -> bool {
    CLEANING_UP.get()
}

pin_project! {
    /// Lets everything that is called from within know that this is clean-up work.
    struct CleaningUp<Fut> {
        #[pin]
        work: Fut,
    }
}

impl<Fut: Future> Future for CleaningUp<Fut> {
    type Output = Fut::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let _marked = Marked(CLEANING_UP.replace(true));
        self.project().work.poll(cx)
    }
}

/// Takes the mark away again, also after a panic.
struct Marked(bool);

impl Drop for Marked {
    fn drop(&mut self) {
        CLEANING_UP.set(self.0);
    }
}

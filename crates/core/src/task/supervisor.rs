//! A supervisor for tasks that come and go (Elixir's `Task.Supervisor`).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use super::blocking::{BlockingContext, SharedWork, blocking_job};
use super::once::Once;
use super::spawn_error::{SpawnError, SpawnErrorKind};
use super::with_result::{TaskError, WithResult, send_result};
use super::{IntoExit, TaskContext, job};
use crate::child::Shutdown;
use crate::child_kind::{EndHandled, WhenHandled};
use crate::spec::ChildSpec;
use crate::supervisor::{self, StartChildError, StartedChild, SupervisorAddress, SupervisorHandle};

/// Runs tasks under a [`DynamicSupervisor`](crate::DynamicSupervisor): futures that are started once and never
/// restarted, whose results may be waited for, and which all stop with their supervisor.
///
/// The supervisor's `max_children` is the limit of how many there may be at a time.
///
/// # Examples
///
/// ```
/// use rootward_core::{DynamicSupervisor, Supervisor, TaskSupervisor};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tree = Supervisor::new("root").child(DynamicSupervisor::new("tasks")).start().await?;
/// let tasks = TaskSupervisor::new(tree.supervisor("root/tasks").expect("it runs"));
///
/// let answer = tasks.run(|_| async { 6 * 7 }).await?;
/// assert_eq!(answer.await?, 42);
///
/// // At most two at a time, results in the order of the input.
/// let mut squares = tasks.map(2, 1..=3, |_, n| async move { n * n });
/// let mut all = Vec::new();
/// while let Some(square) = squares.next().await? {
///     all.push(square?);
/// }
/// assert_eq!(all, [1, 4, 9]);
/// # assert!(tree.stop().await.clean);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TaskSupervisor {
    found: FoundSupervisor,
    shutdown: Shutdown,
}

#[derive(Clone, Debug)]
enum FoundSupervisor {
    Incarnation(SupervisorHandle),
    At(SupervisorAddress),
}

/// Where a task goes.
pub(super) enum TaskPlace {
    /// Wherever there is a place.
    Any,
    /// Into a place that is kept for it.
    Reserved(SupervisorHandle, supervisor::ReservedPlace),
}

impl TaskSupervisor {
    /// Runs tasks under this supervisor, which should be a dynamic one: only there does every task get an id of its
    /// own.
    ///
    /// The handle leads to one incarnation of the supervisor. For one that is found again after a restart there is
    /// [`at`](Self::at).
    pub fn new(supervisor: SupervisorHandle) -> Self {
        Self {
            found: FoundSupervisor::Incarnation(supervisor),
            shutdown: Shutdown::Grace(Shutdown::DEFAULT_GRACE),
        }
    }

    /// Runs tasks under the supervisor that has this address, whichever incarnation of it is there. It can be made
    /// before the tree is.
    pub fn at(address: &SupervisorAddress) -> Self {
        Self {
            found: FoundSupervisor::At(address.clone()),
            shutdown: Shutdown::Grace(Shutdown::DEFAULT_GRACE),
        }
    }

    /// The tasks that this handle starts from now on are stopped like this, however they are started: by
    /// [`spawn`](Self::spawn), [`run`](Self::run), [`map`](Self::map) or with a permit. A `Duration` is a grace.
    ///
    /// The default is a grace of five seconds. Other handles of the same supervisor keep theirs.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use rootward_core::TaskSupervisor;
    /// # async fn upload(tasks: TaskSupervisor) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let uploads = tasks.with_shutdown(Duration::from_secs(30));
    /// uploads.spawn(|cx| async move { cx.stopping().await }).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "the handle that it is called on is given away"]
    pub fn with_shutdown(self, shutdown: impl Into<Shutdown>) -> Self {
        Self { shutdown: shutdown.into(), ..self }
    }

    /// The supervisor under which the tasks run. `None` if it does not run at the moment.
    pub fn supervisor(&self) -> Option<SupervisorHandle> {
        match &self.found {
            FoundSupervisor::Incarnation(supervisor) => Some(supervisor.clone()),
            FoundSupervisor::At(address) => address.current(),
        }
    }

    /// Starts a task whose result nothing waits for (Elixir's `start_child`).
    ///
    /// # Errors
    ///
    /// [`SpawnError`], which holds `run`: the supervisor has as many children as it may have, or stops.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the task is started all the same.
    pub async fn spawn<F, Fut>(&self, run: F) -> Result<StartedChild, SpawnError<F>>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        self.spawn_in(TaskPlace::Any, run).await
    }

    // OTP rule 64: a task that runs once is temporary, and one too many is handed back.
    pub(super) async fn spawn_in<F, Fut>(
        &self,
        place: TaskPlace,
        run: F,
    ) -> Result<StartedChild, SpawnError<F>>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        let work = Once::new(run);
        self.start(work.clone().into_child("task"), &work, place).await
    }

    /// Starts a task whose result is waited for, and which is linked to that result (Elixir's `async`): when the
    /// [`TaskResult`] is dropped the task is asked to stop.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], which holds `run`: the supervisor has as many children as it may have, or stops.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the task is asked to stop as soon as it has started.
    pub async fn run<F, Fut>(&self, run: F) -> Result<TaskResult<Fut::Output>, SpawnError<F>>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        self.run_in(TaskPlace::Any, run).await
    }

    pub(super) async fn run_in<F, Fut>(
        &self,
        place: TaskPlace,
        run: F,
    ) -> Result<TaskResult<Fut::Output>, SpawnError<F>>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        let (sender, inlet) = oneshot::channel();
        let (handled, when_handled) = EndHandled::new();
        let (link, linked) = oneshot::channel();
        let result = TaskResult { inlet, handled: when_handled, link: Some(TaskLink::Task(link)) };
        let work = Once::new(run);
        let taken = work.clone();
        let task = job("task", handled, move |cx: TaskContext| async move {
            let Some(run) = taken.take() else { return };
            let mut running = std::pin::pin!(WithResult::new(run(cx.clone()), sender));
            tokio::select! {
                () = &mut running => return,
                linked = linked => match linked {
                    Ok(Detached) => {}
                    Err(_) => cx.stop(),
                },
            }
            running.await;
        });
        self.start(task, &work, place).await?;
        Ok(result)
    }

    /// Runs a closure on a blocking thread, and is linked to its result as [`run`](Self::run) is: tokio's
    /// `spawn_blocking` as part of the tree.
    ///
    /// As all [blocking work](ChildSpec::blocking) it cannot be aborted once it has begun. When the supervisor stops,
    /// or the [`TaskResult`] is dropped, the closure is asked by way of its [`BlockingContext`], and is waited for.
    /// Work for which no thread has been free by the end of its grace is never called.
    ///
    /// ```
    /// # use rootward_core::TaskSupervisor;
    /// # async fn digest(tasks: TaskSupervisor, file: std::fs::File)
    /// #     -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    /// let length = tasks.run_blocking(move |_cx| file.metadata().map(|it| it.len())).await?;
    /// Ok(length.await??)
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SpawnError`], which holds `run`: the supervisor has as many children as it may have, or stops.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the closure is asked to stop as soon as it has started.
    pub async fn run_blocking<F, T>(&self, run: F) -> Result<TaskResult<T>, SpawnError<F>>
    where
        F: FnOnce(BlockingContext) -> T + Send + 'static,
        T: Send + 'static,
    {
        self.run_blocking_in(TaskPlace::Any, run).await
    }

    pub(super) async fn run_blocking_in<F, T>(
        &self,
        place: TaskPlace,
        run: F,
    ) -> Result<TaskResult<T>, SpawnError<F>>
    where
        F: FnOnce(BlockingContext) -> T + Send + 'static,
        T: Send + 'static,
    {
        let (sender, inlet) = oneshot::channel();
        let (handled, when_handled) = EndHandled::new();
        let shared = Arc::new(SharedWork::default());
        let link = TaskLink::Blocking(WorkLink(Some(Arc::clone(&shared))));
        let result = TaskResult { inlet, handled: when_handled, link: Some(link) };
        let work = Once::new(run);
        let taken = work.clone();
        let task = blocking_job("task", shared, handled, move |cx| {
            if let Some(run) = taken.take() {
                send_result(sender, || run(cx));
            }
        });
        self.start(task, &work, place).await?;
        Ok(result)
    }

    async fn start<F>(
        &self,
        task: ChildSpec,
        work: &Once<F>,
        place: TaskPlace,
    ) -> Result<StartedChild, SpawnError<F>> {
        let task = task.shutdown(self.shutdown);
        let (started, path) = match place {
            TaskPlace::Reserved(supervisor, place) => {
                (supervisor.start_in_reserved(task, place).await, supervisor.path().clone())
            }
            TaskPlace::Any => match self.supervisor() {
                Some(supervisor) => (supervisor.start_child(task).await, supervisor.path().clone()),
                None => return Err(SpawnError::new(None, SpawnErrorKind::NotRunning, work.take())),
            },
        };
        let kind = match started {
            Ok(started) => return Ok(started),
            Err(StartChildError::MaxChildren { .. }) => SpawnErrorKind::MaxChildren,
            Err(StartChildError::Failed(error)) => SpawnErrorKind::Start(error),
            Err(StartChildError::AlreadyStarted | StartChildError::AlreadyPresent) => SpawnErrorKind::TakenId,
            Err(StartChildError::NotRunning { .. }) => SpawnErrorKind::NotRunning,
            Err(_) => SpawnErrorKind::Stopping,
        };
        Err(SpawnError::new(Some(path), kind, work.take()))
    }
}

/// The result of a task that is still to come.
///
/// It comes when the task is gone, and everything below it, and its supervisor has taken note of that: another one
/// may take its place then.
///
/// Dropping it asks the task to stop, unless it has been [detached](Self::detach).
#[derive(Debug)]
#[must_use = "a task whose result is dropped is asked to stop"]
pub struct TaskResult<T> {
    inlet: oneshot::Receiver<Result<T, TaskError>>,
    handled: WhenHandled,
    link: Option<TaskLink>,
}

/// What asks a task to stop when its result is dropped.
#[derive(Debug)]
enum TaskLink {
    Task(oneshot::Sender<Detached>),
    Blocking(WorkLink),
}

/// Asks blocking work to stop when it is dropped, unless that has been taken out.
#[derive(Debug)]
struct WorkLink(Option<Arc<SharedWork>>);

impl Drop for WorkLink {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.ask_to_stop();
        }
    }
}

/// The task goes on whatever becomes of its result.
#[derive(Debug)]
struct Detached;

impl<T> TaskResult<T> {
    /// Cuts the link: the task goes on even if the result is dropped (Elixir's `async_nolink`).
    pub fn detach(mut self) -> Self {
        match self.link.take() {
            // A task that is over has nothing to go on with.
            Some(TaskLink::Task(link)) => drop(link.send(Detached)),
            Some(TaskLink::Blocking(mut link)) => drop(link.0.take()),
            None => {}
        }
        self
    }
}

/// Waits for the result.
///
/// # Cancel safety
///
/// Cancel safe: the result can be waited for by reference, again and again.
impl<T> Future for TaskResult<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(Pin::new(&mut self.handled).poll(cx));
        // A task that has a result hands it over before it ends.
        Poll::Ready(self.inlet.try_recv().unwrap_or(Err(TaskError::Stopped)))
    }
}

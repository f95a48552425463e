//! A supervisor for tasks that come and go (Elixir's `Task.Supervisor`).

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use super::awaited::{Awaited, TaskError};
use super::{TaskContext, job, once};
use crate::port::{Noted, WhenNoted};
use crate::supervisor::{StartChildError, StartedChild, SupervisorHandle};

/// Runs tasks under a [`DynamicSupervisor`](crate::DynamicSupervisor): futures that are started once and never restarted,
/// whose results may be waited for, and which all stop with their supervisor.
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
/// let mut squares = tasks.map(2, 1..=3, |n, _| async move { n * n });
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
    supervisor: SupervisorHandle,
}

impl TaskSupervisor {
    /// Runs tasks under this supervisor, which should be a dynamic one: only there does every task get an id of its own.
    pub fn new(supervisor: SupervisorHandle) -> Self {
        Self { supervisor }
    }

    /// The supervisor under which the tasks run.
    pub fn supervisor(&self) -> &SupervisorHandle {
        &self.supervisor
    }

    /// Starts a task whose result nobody waits for (Elixir's `start_child`).
    ///
    /// # Errors
    ///
    /// [`StartChildError`] if the supervisor has as many children as it may have, or stops.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the task is started all the same.
    pub async fn spawn<F, Fut>(&self, run: F) -> Result<StartedChild, StartChildError>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        match self.supervisor.start_child(once("task", run)).await? {
            Some(started) => Ok(started),
            None => unreachable!("a task that has never been started has something to run"),
        }
    }

    /// Starts a task whose result is waited for, and which is linked to whoever waits (Elixir's `async`): when the
    /// [`TaskResult`] is dropped the task is asked to stop.
    ///
    /// # Errors
    ///
    /// [`StartChildError`] if the supervisor has as many children as it may have, or stops.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the task is asked to stop as soon as it has started.
    pub async fn run<F, Fut>(&self, run: F) -> Result<TaskResult<Fut::Output>, StartChildError>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        let (outlet, inlet) = oneshot::channel();
        let (noted, when_noted) = Noted::new();
        let (link, linked) = oneshot::channel();
        let result = TaskResult { inlet, noted: when_noted, link: Some(link) };
        let task = job("task", noted, move |cx: TaskContext| async move {
            let mut running = std::pin::pin!(Awaited::new(run(cx.clone()), outlet));
            tokio::select! {
                () = &mut running => return,
                linked = linked => match linked {
                    Ok(Detached) => {}
                    Err(_) => cx.stop(),
                },
            }
            running.await;
        });
        self.supervisor.start_child(task).await?;
        Ok(result)
    }

    /// Starts a task for each item, at most `limit` at a time, and hands out the results in the order of the items
    /// (Elixir's `async_stream`). Nothing is started until [`TaskResults::next`] is called.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    pub fn map<I, F, Fut>(&self, limit: usize, items: I, run: F) -> TaskResults<I::IntoIter, F, Fut::Output>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        F: FnMut(I::Item, TaskContext) -> Fut + Clone + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        assert!(limit > 0, "with a limit of zero nothing would ever be run");
        TaskResults { tasks: self.clone(), items: items.into_iter(), run, limit, running: VecDeque::new() }
    }
}

/// The result of a task that is still to come.
///
/// It comes when the task is gone, and everything below it, and its supervisor has taken note of that: another one may take its place
/// then.
///
/// Dropping it asks the task to stop, unless it has been [detached](Self::detach).
#[derive(Debug)]
#[must_use = "a task whose result is dropped is asked to stop"]
pub struct TaskResult<T> {
    inlet: oneshot::Receiver<Result<T, TaskError>>,
    noted: WhenNoted,
    link: Option<oneshot::Sender<Detached>>,
}

/// The task goes on whatever becomes of its result.
#[derive(Debug)]
struct Detached;

impl<T> TaskResult<T> {
    /// Cuts the link: the task goes on even if the result is dropped (Elixir's `async_nolink`).
    pub fn detach(mut self) -> Self {
        if let Some(link) = self.link.take() {
            // A task that is over has nothing to go on with.
            let _ = link.send(Detached);
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
        ready!(Pin::new(&mut self.noted).poll(cx));
        // A task that has a result hands it over before it ends.
        Poll::Ready(self.inlet.try_recv().unwrap_or(Err(TaskError::Stopped)))
    }
}

/// Runs tasks for the items of an iterator, a few at a time.
///
/// Dropping it asks those that run to stop, and starts no more.
#[derive(Debug)]
#[must_use = "nothing is started until the first result is asked for"]
pub struct TaskResults<I, F, T> {
    tasks: TaskSupervisor,
    items: I,
    run: F,
    limit: usize,
    running: VecDeque<TaskResult<T>>,
}

impl<I, F, Fut> TaskResults<I, F, Fut::Output>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: FnMut(I::Item, TaskContext) -> Fut + Clone + Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: Send + 'static,
{
    /// The next result, or `None` after the last.
    ///
    /// # Errors
    ///
    /// [`StartChildError`] if a task could not be started. Its item is lost; those that run can still be asked for.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped while a task is being started, that task is asked to stop and its item is lost. While it
    /// waits for a result it is cancel safe.
    pub async fn next(&mut self) -> Result<Option<Result<Fut::Output, TaskError>>, StartChildError> {
        while self.running.len() < self.limit {
            let Some(item) = self.items.next() else { break };
            let mut run = self.run.clone();
            let task = self.tasks.run(move |cx| run(item, cx)).await?;
            self.running.push_back(task);
        }
        let Some(first) = self.running.front_mut() else { return Ok(None) };
        let result = first.await;
        self.running.pop_front();
        Ok(Some(result))
    }
}

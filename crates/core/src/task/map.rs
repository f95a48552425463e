//! Runs a task for each item of an iterator, a few at a time.

use std::collections::VecDeque;

use super::once::Once;
use super::{Permit, SpawnError, TaskContext, TaskError, TaskResult, TaskSupervisor};
use crate::supervisor::ReserveError;

impl TaskSupervisor {
    /// Starts a task for each item, at most `limit` at a time, and hands out the results in the order of the items
    /// (Elixir's `async_stream`). Nothing is started until [`TaskResults::next`] is called.
    ///
    /// If the supervisor has fewer free places, fewer run.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    pub fn map<I, F, Fut>(&self, limit: usize, items: I, run: F) -> TaskResults<I::IntoIter, F, Fut::Output>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        F: FnMut(TaskContext, I::Item) -> Fut + Clone + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        assert!(limit > 0, "with a limit of zero nothing would ever be run");
        TaskResults { tasks: self.clone(), items: items.into_iter(), run, limit, running: VecDeque::new() }
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

/// What comes next.
enum NextResult<T> {
    Permit(Permit),
    Result(Result<T, TaskError>),
}

impl<I, F, Fut> TaskResults<I, F, Fut::Output>
where
    I: Iterator,
    I::Item: Send + 'static,
    F: FnMut(TaskContext, I::Item) -> Fut + Clone + Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: Send + 'static,
{
    /// The next result, or `None` after the last.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], which holds the item, if the supervisor stops. Results of those that run can still be asked for.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped while a task is being started, that task is asked to stop and its item is lost. While
    /// it waits for a place or for a result it is cancel safe.
    pub async fn next(&mut self) -> Result<Option<Result<Fut::Output, TaskError>>, SpawnError<I::Item>> {
        while self.running.len() < self.limit {
            match self.next_permit().await {
                Ok(NextResult::Result(result)) => return Ok(Some(result)),
                Ok(NextResult::Permit(permit)) => match self.items.next() {
                    Some(item) => self.start(permit, item).await?,
                    None => break,
                },
                Err(error) => match self.items.next() {
                    Some(item) => return Err(SpawnError::new(None, error.into(), item)),
                    None => break,
                },
            }
        }
        let Some(first) = self.running.front_mut() else { return Ok(None) };
        let result = first.await;
        self.running.pop_front();
        Ok(Some(result))
    }

    /// A permit for one more, or the result of the first that runs, if that comes before.
    async fn next_permit(&mut self) -> Result<NextResult<Fut::Output>, ReserveError> {
        let permit = self.tasks.reserve();
        let Some(first) = self.running.front_mut() else { return permit.await.map(NextResult::Permit) };
        let result = tokio::select! {
            biased;
            permit = permit => return permit.map(NextResult::Permit),
            result = first => result,
        };
        self.running.pop_front();
        Ok(NextResult::Result(result))
    }

    async fn start(&mut self, permit: Permit, item: I::Item) -> Result<(), SpawnError<I::Item>> {
        let mut run = self.run.clone();
        let item = Once::new(item);
        let taken = item.clone();
        let task = permit.run(move |cx| {
            let item = taken.take();
            async move {
                match item {
                    Some(item) => run(cx, item).await,
                    // The caller has it back only if this has not been called.
                    None => std::future::pending().await,
                }
            }
        });
        match task.await {
            Ok(task) => self.running.push_back(task),
            Err(error) => {
                let (path, kind) = error.into_parts();
                return Err(SpawnError::new(path, kind, item.take()));
            }
        }
        Ok(())
    }
}

//! Futures that a task starts below itself, and gets back if it may not.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::gate::Purpose;
use super::node::TaskNode;
use super::once::Once;
use super::start::{Kind, launch};
use super::{IntoExit, TaskContext};
use crate::child::{ChildId, ChildKind, ChildPath, InvalidId, Restart, Shutdown};
use crate::port::{Launch, StartChild, StartContext};
use crate::spec::ChildSpec;
use crate::supervisor::{StartChildError, StartedChild};

/// Says why a task could not start a future below itself, and hands the future back.
pub struct SpawnError<Fut> {
    /// The task that wanted to start it.
    pub path: ChildPath,
    /// Why it was not started.
    pub why: NotSpawned,
    /// What was to be run. It has not been polled.
    pub future: Fut,
}

/// Why a future was not started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSpawned {
    /// The task stops or has ended: nothing is started any more.
    #[error("it is stopping")]
    Stopping,
    /// Clean-up work may not start anything itself.
    #[error("clean-up work may not start anything itself")]
    CleaningUp,
    /// A child with this id is there already.
    #[error("a child with this id is there already")]
    TakenId,
    /// The id is none.
    #[error(transparent)]
    Id(InvalidId),
}

/// A future on its way into a nest.
pub(super) struct Spawning<'a> {
    pub(super) node: &'a Arc<TaskNode>,
    pub(super) purpose: Purpose,
    pub(super) id: Option<&'a str>,
}

impl Spawning<'_> {
    pub(super) async fn run<Fut>(self, future: Fut) -> Result<StartedChild, SpawnError<Fut>>
    where
        Fut: Future + Send + 'static,
        Fut::Output: IntoExit,
    {
        let Self { node, purpose, id } = self;
        let refuse = |why, future| Err(SpawnError { path: node.path.clone(), why, future });
        let given = match id.map(ChildId::new).transpose() {
            Ok(given) => given,
            Err(invalid) => return refuse(NotSpawned::Id(invalid), future),
        };
        if is_cleaning_up() {
            node.note_refusal();
            return refuse(NotSpawned::CleaningUp, future);
        }
        let work = Once::new(future);
        let offered = node.admit(purpose, work.clone(), |nest, work| {
            let id = given.unwrap_or_else(|| ChildId::numbered_as(&nest.number(name_of(purpose))));
            let spec = match purpose {
                Purpose::Work => Work(work).into_child(&id),
                Purpose::CleanUp => CleanUp(work).into_child(&id).shutdown(Shutdown::Infinity),
            };
            let path = node.path.join(&id);
            let offer = match purpose {
                Purpose::Work => nest.supervisor.offer(id, spec),
                Purpose::CleanUp => nest.supervisor.offer_clean_up(id, spec),
            };
            (offer, path)
        });
        let (why, path) = match offered {
            Err(_) => (NotSpawned::Stopping, None),
            Ok((offer, path)) => match offer.answer().await {
                Ok(Some(started)) => return Ok(started),
                Err(StartChildError::AlreadyStarted | StartChildError::AlreadyPresent) => {
                    (NotSpawned::TakenId, Some(path))
                }
                Ok(None) | Err(_) => (NotSpawned::Stopping, Some(path)),
            },
        };
        match work.take() {
            Some(future) => refuse(why, future),
            // It has been started after all, and its start was not waited for.
            None => Ok(StartedChild::new(path.unwrap_or_else(|| node.path.clone()))),
        }
    }
}

fn name_of(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Work => "task",
        Purpose::CleanUp => "clean-up",
    }
}

/// Starts a future.
struct Work<Fut>(Once<Fut>);

/// Starts a future that may not start anything itself.
struct CleanUp<Fut>(Once<Fut>);

trait OnceChild: StartChild + Sized {
    fn into_child(self, id: &ChildId) -> ChildSpec {
        ChildSpec::own(id.as_str(), self).restart(Restart::Temporary)
    }
}

impl<T: StartChild> OnceChild for T {}

impl<Fut> StartChild for Work<Fut>
where
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        run_once(cx, self.0.take())
    }
}

impl<Fut> StartChild for CleanUp<Fut>
where
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        run_once(cx, self.0.take().map(|work| CleaningUp { work }))
    }
}

/// A second start, which nobody asks for, has nothing to run.
fn run_once<Fut>(cx: StartContext, future: Option<Fut>) -> Launch
where
    Fut: Future + Send + 'static,
    Fut::Output: IntoExit,
{
    match future {
        Some(future) => launch(cx, Kind::Plain, |_: TaskContext| future),
        None => Launch::Ignored,
    }
}

thread_local! {
    /// Whether this thread is at work on clean-up work.
    static CLEANING_UP: Cell<bool> = const { Cell::new(false) };
}

/// Whether the caller is clean-up work, which may have kept the context of its task.
pub(super) fn is_cleaning_up() -> bool {
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

impl<Fut> fmt::Debug for SpawnError<Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnError").field("path", &self.path).field("why", &self.why).finish_non_exhaustive()
    }
}

impl<Fut> fmt::Display for SpawnError<Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` could not start a task: {}", self.path, self.why)
    }
}

impl<Fut> Error for SpawnError<Fut> {}

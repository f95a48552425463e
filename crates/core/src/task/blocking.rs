//! Blocking work as a child: a closure on a thread of its own.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use super::IntoExit;
use super::result::exit_of;
use crate::child::{ChildKind, ChildPath, Exit, Restart};
use crate::child_kind::{Inspect, Launch, RunningChild, StartChild, StartContext, StopRequest};
use crate::clock::now;
use crate::context::TreeContext;
use crate::detector::this_thread;
use crate::event::ChildSpan;
use crate::panics::catch;
use crate::spec::ChildSpec;
use crate::stuck::{Stuck, StuckIn};
use crate::tree_ref::TreeRef;

/// Tells blocking work where it stands and when it has to stop. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct BlockingContext {
    path: ChildPath,
    incarnation: u32,
    tree: TreeContext,
    shared: Arc<SharedWork>,
}

#[derive(Debug, Default)]
struct SharedWork {
    state: Mutex<BlockingState>,
    stopped: Condvar,
}

#[derive(Debug, Default)]
struct BlockingState {
    stopping: bool,
    deadline: Option<Instant>,
    /// Since when it runs, and on which thread.
    runs: Option<(Instant, String)>,
}

impl BlockingContext {
    /// Whether the work has been asked to stop, or is over: code that still holds a clone of this then is told so as
    /// well.
    ///
    /// Work that takes long asks this now and then: it cannot be aborted, and its supervisor waits for it.
    pub fn is_stopping(&self) -> bool {
        self.shared.lock().stopping
    }

    /// Blocks this thread for this time, or until the work is asked to stop, and says whether it has been.
    ///
    /// By the system's clock, also where tests have paused tokio's.
    pub fn wait_stopping(&self, time: Duration) -> bool {
        let state = self.shared.lock();
        let waited = self.shared.stopped.wait_timeout_while(state, time, |state| !state.stopping);
        waited.unwrap_or_else(PoisonError::into_inner).0.stopping
    }

    /// How long it will be until the work has used up its grace. It cannot be aborted then, but its supervisor may give
    /// up waiting. It is zero when that time is over. `None` says that there is no limit, or that the work has not been
    /// asked to stop yet.
    pub fn grace(&self) -> Option<Duration> {
        let deadline = self.shared.lock().deadline?;
        Some(deadline.saturating_duration_since(now()))
    }

    /// The tree in which the work runs: other supervisors by their paths, the snapshot, the events, the stop.
    pub fn tree(&self) -> TreeRef {
        TreeRef::of(&self.tree)
    }

    /// What the program has given to all children with [`TreeBuilder::provide`](crate::TreeBuilder::provide), if it has
    /// given something of this type.
    pub fn provided<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.tree.provided()
    }

    /// Where the work stands in the tree.
    pub fn path(&self) -> &ChildPath {
        &self.path
    }

    /// Which start of this child this is, from 1.
    pub fn incarnation(&self) -> u32 {
        self.incarnation
    }
}

impl SharedWork {
    fn lock(&self) -> MutexGuard<'_, BlockingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, deadline: Option<Instant>) {
        let mut state = self.lock();
        state.stopping = true;
        state.deadline = deadline;
        drop(state);
        self.stopped.notify_all();
    }
}

impl ChildSpec {
    /// Describes blocking work: a closure on a blocking thread of the runtime on which the tree's tasks run.
    ///
    /// As a [`task`](Self::task) it is [transient](Restart::Transient) by default: started again when it fails, and
    /// done when it returns.
    ///
    /// When its supervisor stops it, it is asked by way of the [`BlockingContext`]. Once it has begun it cannot be
    /// aborted: if it does not return by the tree's deadline, the report names it as stuck in a blocking section. A
    /// runtime that is dropped, and not shut down in the background, waits for it as well.
    pub fn blocking<F, R>(id: impl Into<String>, run: F) -> Self
    where
        F: Fn(BlockingContext) -> R + Send + Sync + 'static,
        R: IntoExit + 'static,
    {
        Self::own(id, BlockingStart::new(run)).restart(Restart::Transient)
    }

    /// [Blocking work](Self::blocking) that gets a clone of this state for every incarnation.
    pub fn blocking_with<S, F, R>(id: impl Into<String>, state: S, run: F) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: Fn(BlockingContext, S) -> R + Send + Sync + 'static,
        R: IntoExit + 'static,
    {
        Self::blocking(id, move |cx| run(cx, state.clone()))
    }
}

/// Starts blocking work.
struct BlockingStart<F> {
    run: Arc<F>,
}

impl<F> BlockingStart<F> {
    fn new(run: F) -> Self {
        Self { run: Arc::new(run) }
    }
}

impl<F, R> StartChild for BlockingStart<F>
where
    F: Fn(BlockingContext) -> R + Send + Sync + 'static,
    R: IntoExit + 'static,
{
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        let run = Arc::clone(&self.run);
        let shared = Arc::new(SharedWork::default());
        let runtime = cx.task_runtime().clone();
        let StartContext { path, incarnation, reporter, tree, scope, .. } = cx;
        let context = BlockingContext { path, incarnation, tree, shared: Arc::clone(&shared) };
        let over = Arc::clone(&shared);
        // If it is aborted before a thread was free for it, the reporter is dropped with the closure, and says so.
        let task = runtime.spawn_blocking(move || {
            context.shared.lock().runs = Some((now(), this_thread()));
            let mut span = ChildSpan::default();
            span.make(&context.path, context.incarnation, ChildKind::Task);
            let inside = span.enter();
            let in_a_stop = || scope.is_stopping() || over.lock().stopping;
            let exit = catch(|| exit_of(run(context), in_a_stop));
            drop(inside);
            over.ask(Some(now()));
            reporter.ended(exit.unwrap_or_else(Exit::Panicked));
        });
        Launch::running(RunningWork { shared, task: task.abort_handle() })
    }
}

struct RunningWork {
    shared: Arc<SharedWork>,
    task: AbortHandle,
}

impl RunningChild for RunningWork {
    fn stop(&mut self, request: StopRequest) {
        self.shared.ask(request.deadline);
    }

    fn force(&mut self) {
        // Work that has begun cannot be aborted. All that is left is to ask.
        self.shared.ask(Some(now()));
        self.task.abort();
    }

    fn force_name(&self) -> &'static str {
        "abort"
    }

    fn inspect(&self) -> Option<Arc<dyn Inspect>> {
        Some(Arc::clone(&self.shared) as _)
    }
}

impl Inspect for SharedWork {
    fn stuck(&self) -> Option<Stuck> {
        let state = self.lock();
        Some(match &state.runs {
            Some((since, thread)) => Stuck::new(StuckIn::Blocking)
                .for_time(now().saturating_duration_since(*since))
                .on_thread(thread.as_str()),
            None => Stuck::new(StuckIn::NotPolled),
        })
    }
}

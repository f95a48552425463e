//! Blocking work as a child: a closure on a thread of its own.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use super::IntoExit;
use super::once::Once;
use super::result::exit_of;
use crate::child::{ChildKind, ChildPath, Exit, Restart};
use crate::child_kind::{
    EndHandled, Ended, Inspect, Launch, Reporter, RunningChild, StartChild, StartContext, StopRequest,
};
use crate::clock::awake_now;
use crate::context::{StopScope, TreeContext};
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

/// What blocking work shares with its supervisor, and with the caller that waits for its result.
#[derive(Debug, Default)]
pub(super) struct SharedWork {
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
        Some(deadline.saturating_duration_since(awake_now()))
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
        {
            let mut state = self.lock();
            (state.stopping, state.deadline) = (true, deadline);
        }
        self.stopped.notify_all();
    }

    /// Has the work stop of its own accord: it sees a request to stop, and its supervisor knows nothing of it.
    pub(super) fn ask_to_stop(&self) {
        self.lock().stopping = true;
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

    /// [Blocking work](Self::blocking) that runs once and may own what cannot be cloned: a socket, a file, a receiver.
    ///
    /// As a task that runs [once](Self::once) it is [temporary](Restart::Temporary), and has to stay so. For one whose
    /// result is waited for there is [`TaskSupervisor::run_blocking`](crate::TaskSupervisor::run_blocking).
    ///
    /// ```
    /// # use std::io::{self, Read, Write};
    /// # use std::fs::File;
    /// # use rootward_core::ChildSpec;
    /// fn copy(mut from: File, mut to: File) -> ChildSpec {
    ///     ChildSpec::blocking_once("copy", move |cx| {
    ///         let mut part = [0; 65536];
    ///         while !cx.is_stopping() {
    ///             match from.read(&mut part)? {
    ///                 0 => return to.sync_all(),
    ///                 read => to.write_all(&part[..read])?,
    ///             }
    ///         }
    ///         Err(io::Error::other("asked to stop before the end"))
    ///     })
    /// }
    /// ```
    pub fn blocking_once<F, R>(id: impl Into<String>, run: F) -> Self
    where
        F: FnOnce(BlockingContext) -> R + Send + 'static,
        R: IntoExit + 'static,
    {
        Self::own(id, BlockingOnce(Once::new(OnceWork { run, shared: Arc::default(), handled: None })))
            .restart(Restart::Temporary)
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
        launch(cx, OnceWork { run: move |context| run(context), shared: Arc::default(), handled: None })
    }
}

/// Blocking work for one incarnation.
struct OnceWork<F> {
    run: F,
    shared: Arc<SharedWork>,
    handled: Option<EndHandled>,
}

struct BlockingOnce<F>(Once<OnceWork<F>>);

impl<F, R> StartChild for BlockingOnce<F>
where
    F: FnOnce(BlockingContext) -> R + Send + 'static,
    R: IntoExit + 'static,
{
    fn kind(&self) -> ChildKind {
        ChildKind::Task
    }

    fn start(&self, cx: StartContext) -> Launch {
        match self.0.take() {
            Some(work) => launch(cx, work),
            // A second start, which the supervisor never makes, has nothing to run.
            None => Launch::Ignored,
        }
    }
}

/// Blocking work that runs once, and whose result a caller waits for.
pub(super) fn blocking_job<F, R>(id: &str, shared: Arc<SharedWork>, handled: EndHandled, run: F) -> ChildSpec
where
    F: FnOnce(BlockingContext) -> R + Send + 'static,
    R: IntoExit + 'static,
{
    let work = OnceWork { run, shared, handled: Some(handled) };
    ChildSpec::new(id, BlockingOnce(Once::new(work))).restart(Restart::Temporary)
}

/// Has a blocking thread run the work.
fn launch<F, R>(cx: StartContext, work: OnceWork<F>) -> Launch
where
    F: FnOnce(BlockingContext) -> R + Send + 'static,
    R: IntoExit + 'static,
{
    let OnceWork { run, shared, handled } = work;
    let runtime = cx.task_runtime().clone();
    let StartContext { path, incarnation, reporter, tree, scope, .. } = cx;
    let context = BlockingContext { path, incarnation, tree, shared: Arc::clone(&shared) };
    let end = WorkEnd { reporter: Some(reporter), handled };
    let work = PlacedWork { run, context, scope, end };
    let task = runtime.spawn_blocking(move || work.run());
    Launch::running(RunningWork { shared, task: task.abort_handle() })
}

/// Work that waits for a thread. If it is aborted before it has one, its fields are dropped in their order: what the
/// user's closure holds, and last of all what says that it was aborted.
struct PlacedWork<F> {
    run: F,
    context: BlockingContext,
    scope: Arc<StopScope>,
    end: WorkEnd,
}

impl<F, R> PlacedWork<F>
where
    F: FnOnce(BlockingContext) -> R,
    R: IntoExit,
{
    fn run(self) {
        let Self { run, context, scope, end } = self;
        let shared = Arc::clone(&context.shared);
        shared.lock().runs = Some((awake_now(), this_thread()));
        let mut span = ChildSpan::default();
        span.make(&context.path, context.incarnation, ChildKind::Task);
        let inside = span.enter();
        let in_a_stop = || scope.is_stopping() || shared.lock().stopping;
        let exit = catch(|| exit_of(run(context), in_a_stop));
        drop(inside);
        shared.ask(Some(awake_now()));
        end.is(exit.unwrap_or_else(Exit::Panicked));
    }
}

/// Says how the work ended, in the end also without having been told.
struct WorkEnd {
    reporter: Option<Reporter>,
    handled: Option<EndHandled>,
}

impl WorkEnd {
    fn is(mut self, exit: Exit) {
        self.report(exit);
    }

    fn report(&mut self, exit: Exit) {
        if let Some(reporter) = self.reporter.take() {
            reporter.ended(Ended::new(exit).with_handled(self.handled.take()));
        }
    }
}

impl Drop for WorkEnd {
    fn drop(&mut self) {
        self.report(Exit::Aborted);
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
        self.shared.ask(Some(awake_now()));
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
                .for_time(awake_now().saturating_duration_since(*since))
                .on_thread(thread.as_str()),
            None => Stuck::new(StuckIn::NotPolled),
        })
    }
}

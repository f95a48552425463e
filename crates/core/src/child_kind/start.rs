//! How a child is started, asked to stop, and forced.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use super::{Inspect, Reporter};
use crate::child::{ChildKind, ChildPath, Shutdown, SpecError, StartError, StopCause};
use crate::context::{KillHandle, StopScope, TreeContext};
use crate::pace::Pacer;

/// Starts incarnations of a child.
pub trait StartChild: Send + Sync + 'static {
    /// What kind of child this is. Asked once, when the [spec](crate::ChildSpec::new) is made.
    fn kind(&self) -> ChildKind;

    /// Begins to start one incarnation, and returns at once.
    ///
    /// The supervisor's actor calls this and waits for it, so it must not block, and it must not wait for an answer of
    /// this supervisor's handle. To look at the tree is fine. What takes time is begun here, answered with
    /// [`Launch::Starting`], and reported later by the context's [`Reporter`]. A panic in here counts as a failed
    /// start.
    fn start(&self, cx: StartContext) -> Launch;

    /// Says what is wrong with the description of this child, which stands at `path`, before anything is started.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for the first mistake. By default there is none.
    fn check(&self, path: &str) -> Result<(), SpecError> {
        let _ = path;
        Ok(())
    }
}

/// What came of the attempt to start a child.
#[non_exhaustive]
pub enum Launch {
    /// The child runs.
    Running {
        /// What the supervisor holds to stop it.
        child: Box<dyn RunningChild>,
        /// The process id, for a process.
        pid: Option<u32>,
    },
    /// The start has begun. The [`Reporter`] will say how it went.
    Starting {
        /// What the supervisor holds to stop it, also while it starts.
        child: Box<dyn RunningChild>,
    },
    /// There is nothing to run, and that is fine (OTP's `ignore`).
    Ignored,
    /// The child could not be started.
    Failed(StartError),
}

impl Launch {
    /// The child runs.
    pub fn running(child: impl RunningChild) -> Self {
        Self::Running { child: Box::new(child), pid: None }
    }

    /// The start has begun and will be reported.
    pub fn starting(child: impl RunningChild) -> Self {
        Self::Starting { child: Box::new(child) }
    }
}

/// A child that runs or is about to: what its supervisor holds to stop it.
///
/// The supervisor's actor calls these and drops the object, and waits for each call: none may block. Each may be called
/// again. A panic in one is caught, and the child is forced instead. That the child is gone is said by
/// [`Reporter::ended`] alone; dropping this object says nothing.
pub trait RunningChild: Send + 'static {
    /// Asks the child to stop.
    fn stop(&mut self, request: StopRequest);

    /// Says that the child will be asked to stop at once, so that it starts nothing more below itself.
    fn hold(&mut self) {}

    /// Ends the child now, as its spec wants it: [`Shutdown::Kill`]. By default that is to [`force`](Self::force) it.
    fn kill(&mut self) {
        self.force();
    }

    /// Ends the child now, whatever it is doing.
    fn force(&mut self);

    /// What [`force`](Self::force) does, as the `escalated` event names it: `abort`, `SIGKILL`, `force`.
    fn force_name(&self) -> &'static str;

    /// The signal with which [`stop`](Self::stop) asks, for a process.
    fn stop_signal(&self) -> Option<Cow<'static, str>> {
        None
    }

    /// What can be seen of the child from outside, for the kinds that this library brings along. Asked once, when the
    /// child is launched.
    #[doc(hidden)]
    fn inspect(&self) -> Option<Arc<dyn Inspect>> {
        None
    }
}

/// What a child is told when it is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StopRequest {
    /// When it will be forced, if it has not ended by then: the smaller of its own grace and what is left of its
    /// supervisor's deadline. `None` means never. It is later by as long as the program is suspended meanwhile.
    pub deadline: Option<Instant>,
    /// Why it has to stop.
    pub cause: StopCause,
}

impl StopRequest {
    pub(crate) fn new(cause: StopCause, deadline: Option<Instant>) -> Self {
        Self { deadline, cause }
    }
}

/// What a child gets to know when it is started.
#[derive(Debug)]
#[non_exhaustive]
pub struct StartContext {
    /// Where the child stands.
    pub path: ChildPath,
    /// Which start of this child it is, from 1.
    pub incarnation: u32,
    /// How it is stopped, as its spec says.
    pub shutdown: Shutdown,
    /// How it reports back. Dropping it without a report says that the child was aborted.
    pub reporter: Reporter,
    pub(crate) tree: TreeContext,
    /// The supervisor's own scope: whether a stop has begun there or above.
    pub(crate) scope: Arc<StopScope>,
}

impl StartContext {
    /// The runtime on which the tree's tasks run, which need not be the one its supervisors run on.
    pub fn task_runtime(&self) -> &tokio::runtime::Handle {
        self.tree.task_runtime()
    }

    /// Has this handle used by [`Tree::kill_processes`](crate::Tree::kill_processes), for as long as the child holds
    /// it.
    pub fn register_kill(&self, handle: &Arc<impl KillHandle + 'static>) {
        let handle = Arc::downgrade(handle);
        self.tree.register_kill(handle);
    }

    pub(crate) fn kept<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.tree.kept()
    }

    pub(crate) fn pacer(&self) -> &Pacer {
        self.tree.pacer()
    }

    /// What the program has given to all children with [`TreeBuilder::provide`](crate::TreeBuilder::provide), if it has
    /// given something of this type.
    pub fn provided<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.tree.provided()
    }
}

//! Work that runs elsewhere and belongs to a task.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::TaskContext;
use super::node::TaskNode;
use crate::child::{ChildKind, Panic};
use crate::event::EventKind;
use crate::foreign_wakers::WakeElsewhere;
use crate::panics::{CaughtPanic, catch_whole, is_caught};

/// What a wrapped callback returns.
type WrapFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Ties work that a library spawns by itself to a task of the tree: a connection of a server, the callback of an
/// upgrade.
///
/// The task is gone when its last guest is. Guests are told of its stop ([`stopping`](Self::stopping)), and may take
/// the rest of its grace. When the task is forced, what they [`run`](Self::run) is dropped. What does not go then is
/// named in the report: the task is stuck in [`StuckIn::Guest`](crate::StuckIn::Guest).
///
/// A guest is no child: it has no restart and no line in a snapshot of its own, and costs next to nothing. For work
/// that should have them there is [`TaskContext::spawn`].
///
/// A panic in what a guest runs is the guest's end, and not its task's: a request whose handler panics does not bring
/// its server down. The event [`GuestPanicked`](crate::EventKind::GuestPanicked) tells of it. Once the task has been
/// asked to stop, it is also how the task has ended: a failure while stopping, after which the stop is not clean.
///
/// # Examples
///
/// ```
/// use rootward_core::TaskContext;
/// use tokio::net::TcpListener;
///
/// async fn serve(cx: TaskContext, listener: TcpListener) -> std::io::Result<()> {
///     while let Some(accepted) = cx.unless_stopping(listener.accept()).await {
///         let (socket, _) = accepted?;
///         if let Some(guest) = cx.guest() {
///             guest.spawn(async move { drop(socket) });
///         }
///     }
///     Ok(())
/// }
/// ```
#[must_use = "a guest that is dropped is gone"]
pub struct Guest {
    cx: TaskContext,
    node: Arc<TaskNode>,
    forced: CancellationToken,
}

impl TaskContext {
    /// Ties work that something else spawns, such as the connections of a server, to this task: the task is gone when
    /// it is. `None` once the stop has begun: nothing may be started any more, which is counted in the report.
    pub fn guest(&self) -> Option<Guest> {
        let forced = self.node.guest()?;
        Some(Guest { cx: self.clone(), node: Arc::clone(&self.node), forced })
    }
}

impl Guest {
    /// Runs a future as this guest. `None` says that it has been dropped because the task is forced.
    ///
    /// The guest is gone when the future has been dropped, also if what this returns is dropped before its end.
    ///
    /// # Panics
    ///
    /// With the panic of the future, once that has been noted and the future has been dropped.
    ///
    /// # Cancel safety
    ///
    /// If what this returns is dropped, so is the future, and then the guest is gone.
    pub async fn run<F: Future>(self, future: F) -> Option<F::Output> {
        // Dropped in this order, also if this is dropped in the middle: first the future, then the guest.
        let guest = self;
        let ended = {
            let mut future = pin!(CaughtFuture { future: Some(future) });
            tokio::select! {
                biased;
                // A supervisor's runtime wakes this. It must not run a library's waker, which may be foreign code.
                () = WakeElsewhere::new(guest.forced.cancelled()) => future.as_mut().give_up().map(|()| None),
                ended = &mut future => ended.map(Some),
            }
        };
        match ended {
            Ok(output) => output,
            Err(caught) => {
                guest.node.guest_panicked(caught.panic.clone());
                drop(guest);
                caught.resume()
            }
        }
    }

    /// The same, and the future is dropped as soon as the task is asked to stop: for what has no end of its own.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run), if the future does.
    ///
    /// # Cancel safety
    ///
    /// As that of [`run`](Self::run).
    pub async fn run_until_stopping<F: Future>(self, future: F) -> Option<F::Output> {
        let cx = self.cx.clone();
        self.run(cx.unless_stopping(future)).await.flatten()
    }

    /// Spawns a future that [runs](Self::run) as this guest, on the runtime of the tree's tasks. A panic of it is the
    /// error of the handle.
    pub fn spawn<F>(self, future: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let runtime = self.node.tree().task_runtime().clone();
        runtime.spawn(self.run(future))
    }

    /// Makes a callback whose future [runs](Self::run) as this guest: for libraries that take the callback and spawn
    /// what it returns, as the upgrade to a websocket does. The guest is gone as well if the callback is never called
    /// and dropped.
    ///
    /// ```text
    /// async fn chat(ws: WebSocketUpgrade, Extension(cx): Extension<TaskContext>) -> Response {
    ///     match cx.guest() {
    ///         Some(guest) => ws.on_upgrade(guest.wrap(|socket| talk(socket, cx))),
    ///         None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    ///     }
    /// }
    /// ```
    pub fn wrap<A, F, Fut>(self, callback: F) -> impl FnOnce(A) -> WrapFuture + Send + 'static
    where
        F: FnOnce(A) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        move |argument| {
            let future = callback(argument);
            Box::pin(async move {
                let _ = self.run(future).await;
            })
        }
    }

    /// The task whose guest this is: where it stands, and when it is asked to stop.
    pub fn task(&self) -> &TaskContext {
        &self.cx
    }

    /// Waits until the task is asked to stop, or ends. From then on the guest has what is left of its grace.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped and called again, as in a `select!` loop.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + Sync + '_ {
        self.cx.stopping()
    }

    /// Waits until the task is forced: its grace is over, or all that there is has to end now. What a guest
    /// [runs](Self::run) is dropped then, so this is for what cannot be run and has to fail instead, such as a socket
    /// in the hands of other code.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped and called again, as in a `select!` loop.
    pub fn forced(&self) -> impl Future<Output = ()> + Send + 'static {
        // A token of its own, so that those who wait do not share a lock.
        WakeElsewhere::new(self.forced.child_token().cancelled_owned())
    }
}

/// Runs a part of what a guest of this task runs. A panic in it ends this part alone, and counts as the guest's.
pub async fn part_of_guest<F: Future<Output = ()>>(cx: TaskContext, part: F) {
    if let Err(caught) = (CaughtFuture { future: Some(part) }).await {
        cx.node.guest_panicked(caught.panic);
    }
}

pin_project! {
    /// Runs a future, drops it when it is over, and has a panic in either as a value.
    struct CaughtFuture<F> {
        #[pin]
        future: Option<F>,
    }
}

impl<F> CaughtFuture<F> {
    /// Drops the future where it is.
    fn give_up(self: Pin<&mut Self>) -> Result<(), CaughtPanic> {
        let mut this = self.project();
        catch_whole(|| this.future.set(None))
    }
}

impl<F: Future> Future for CaughtFuture<F> {
    type Output = Result<F::Output, CaughtPanic>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.as_mut().project().future.as_pin_mut().expect("what is over is not polled again");
        let ended = match catch_whole(|| future.poll(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(panic) => Err(panic),
        };
        let dropped = self.give_up();
        // The first panic says more than the one that came of it.
        Poll::Ready(ended.and_then(|output| dropped.map(|()| output)))
    }
}

impl TaskNode {
    /// A guest comes. `None` says that nothing may be started any more.
    pub(super) fn guest(&self) -> Option<CancellationToken> {
        if self.held.load(Ordering::SeqCst) || self.scope.is_stopping() {
            self.gate.note_refusal();
            return None;
        }
        let forced = self.guests.get_or_init(Box::default).forced.clone();
        self.gate.enter().then_some(forced)
    }

    /// A guest has panicked. The event is written before the guest is gone.
    fn guest_panicked(&self, panic: Panic) {
        if let Some(guests) = self.guests.get().filter(|_| self.was_asked()) {
            // The first one says why.
            let _ = guests.panic.set(panic.clone());
        }
        let what = EventKind::GuestPanicked { panic };
        self.tree.record().emit(&self.path, ChildKind::Task, self.incarnation, what);
    }

    /// A guest is gone.
    pub(super) fn guest_gone(&self) {
        if let Some(word) = self.gate.exit() {
            word.say(self);
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // A panic that is caught further up is told there.
        if std::thread::panicking() && !is_caught() {
            self.node.guest_panicked(Panic::new("what holds the guest has panicked"));
        }
        self.node.guest_gone();
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest").field("task", self.cx.path()).finish_non_exhaustive()
    }
}

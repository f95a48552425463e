//! The future around the user's future.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::IntoExit;
use super::coop_budget::use_up_budget;
use super::node::TaskNode;
use super::result::exit_of;
use crate::child::{Exit, Panic};
use crate::child_kind::Reporter;
use crate::detector::{AtWork, Doing};
use crate::event::ChildSpan;
use crate::foreign_wakers::note_tokios;
use crate::panics::catch;

pin_project! {
    /// Runs a user's future, and says that it is over once it has been dropped.
    ///
    /// If this future is dropped before its end, as by an abort, its fields are dropped in their order: first the
    /// user's future, then what says that it was aborted.
    pub(super) struct Supervised<Fut> {
        #[pin]
        future: Option<Fut>,
        end: BodyEnd,
        span: ChildSpan,
    }

    impl<Fut> PinnedDrop for Supervised<Fut> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_none() {
                return;
            }
            let at_work = AtWork::on(this.end.node.worker, Doing::Drop);
            let inside = this.end.node.enter(this.span);
            let dropped = catch(|| this.future.set(None));
            drop((inside, at_work));
            if let Err(panic) = dropped {
                let exit = this.end.node.exit_if_dropped();
                this.end.is(exit.and_then_panicked(panic));
            }
        }
    }
}

impl<Fut> Supervised<Fut> {
    pub(super) fn new(future: Fut, node: Arc<TaskNode>, reporter: Reporter) -> Self {
        Self {
            future: Some(future),
            end: BodyEnd { node, reporter: Some(reporter) },
            span: ChildSpan::default(),
        }
    }
}

impl<Fut: Future> Future for Supervised<Fut>
where
    Fut::Output: IntoExit,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        note_tokios(cx.waker());
        let Some(future) = this.future.as_mut().as_pin_mut() else { return Poll::Ready(()) };
        let worker = this.end.node.worker;
        let at_work = AtWork::on(worker, Doing::Poll);
        let inside = this.end.node.enter(this.span);
        let node = &this.end.node;
        let exit = match catch(|| future.poll(cx).map(|end| exit_of(end, || node.ends_in_a_stop()))) {
            Ok(poll) => ready!(poll),
            Err(panic) => Exit::Panicked(panic),
        };
        drop(at_work);
        let at_work = AtWork::on(worker, Doing::Drop);
        let exit = match catch(|| this.future.set(None)) {
            Ok(()) => exit,
            Err(panic) => exit.and_then_panicked(panic),
        };
        drop((inside, at_work));
        let was_asked = this.end.node.is_stopping();
        this.end.is(exit);
        if was_asked {
            use_up_budget(cx);
        }
        Poll::Ready(())
    }
}

/// Says how the body ended, in the end also without having been told.
struct BodyEnd {
    node: Arc<TaskNode>,
    reporter: Option<Reporter>,
}

impl BodyEnd {
    fn is(&mut self, exit: Exit) {
        if let Some(reporter) = self.reporter.take() {
            self.node.body_ended(reporter, exit);
        }
    }
}

impl Drop for BodyEnd {
    fn drop(&mut self) {
        let exit = match std::thread::panicking() {
            true => Exit::Panicked(Panic::new("panicked while it was dropped")),
            false => self.node.exit_if_dropped(),
        };
        self.is(exit);
    }
}

pin_project! {
    /// A future that is made when it is first polled: calls a function inside the task, and runs the future that it
    /// makes.
    ///
    /// An async block would do the same, and would drop the user's future while a panic in it goes by: should that drop
    /// panic as well the program would be aborted. This one keeps it, to be dropped when the panic has been caught.
    #[project = LazyProjection]
    pub(super) enum Lazy<F, Fut> {
        Unmade { make: Option<F> },
        Made { #[pin] future: Fut },
    }
}

impl<F: FnOnce() -> Fut, Fut: Future> Lazy<F, Fut> {
    pub(super) fn new(make: F) -> Self {
        Self::Unmade { make: Some(make) }
    }
}

impl<F: FnOnce() -> Fut, Fut: Future> Future for Lazy<F, Fut> {
    type Output = Fut::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let made = match self.as_mut().project() {
                LazyProjection::Made { future } => return future.poll(cx),
                LazyProjection::Unmade { make } => {
                    make.take().expect("a task that panicked is not polled again")()
                }
            };
            self.set(Self::Made { future: made });
        }
    }
}

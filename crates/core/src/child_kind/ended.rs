//! What a child says of its own end, and how it hears that its supervisor has taken note of it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::blame::Failures;
use crate::child::{Exit, StartError, Straggler};
use crate::foreign_wakers::WakeElsewhere;
use crate::report::{Below, StopStep};

/// The report of the end of an incarnation: it is gone, and so is everything below it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ended {
    /// How it ended.
    pub exit: Exit,
    /// What it left behind, and what became of that.
    pub stragglers: Vec<Straggler>,
    /// The steps of its stop, if there were several.
    pub(crate) steps: Vec<StopStep>,
    /// Why the start failed, if the child had not started. `None` says that it ended too early, and no more.
    pub(crate) start_error: Option<StartError>,
    /// How its children ended, if it is a supervisor.
    pub(crate) children: Below,
    /// What it says of failures, if it is a supervisor.
    pub(crate) failures: Option<Box<Failures>>,
    /// Dropped when the supervisor has taken note of the end.
    pub(crate) handled: Option<EndHandled>,
}

impl Ended {
    /// It is gone, and ended like this.
    pub fn new(exit: Exit) -> Self {
        Self {
            exit,
            stragglers: Vec::new(),
            steps: Vec::new(),
            start_error: None,
            children: Below::default(),
            failures: None,
            handled: None,
        }
    }

    /// Adds the descendants that were still there after the child itself had gone.
    #[must_use]
    pub fn with_stragglers(mut self, stragglers: Vec<Straggler>) -> Self {
        self.stragglers = stragglers;
        self
    }

    /// Adds the steps of its stop, if there were several.
    #[must_use]
    pub fn with_steps(mut self, steps: Vec<StopStep>) -> Self {
        self.steps = steps;
        self
    }

    /// Says why the start failed, in case the child has not started. Without it the error is [`StartError::Ended`].
    #[must_use]
    pub fn with_start_error(mut self, error: StartError) -> Self {
        self.start_error = Some(error);
        self
    }

    pub(crate) fn with_children(mut self, children: Below) -> Self {
        self.children = children;
        self
    }

    pub(crate) fn with_failures(mut self, failures: Failures) -> Self {
        self.failures = (!failures.is_empty()).then(|| Box::new(failures));
        self
    }

    pub(crate) fn with_handled(mut self, handled: Option<EndHandled>) -> Self {
        self.handled = handled;
        self
    }
}

impl From<Exit> for Ended {
    fn from(exit: Exit) -> Self {
        Self::new(exit)
    }
}

/// Dropped when the supervisor has taken note of an end, or never will.
///
/// It goes along with the report of the end and is dropped: by the supervisor, at the end of the turn in which it has
/// dealt with the end, or by anything else that keeps the report from it. There is no way to forget it, and nothing to
/// be called.
#[derive(Debug)]
pub(crate) struct EndHandled(#[expect(dead_code, reason = "it is dropped")] oneshot::Sender<Infallible>);

/// Ready when the [`EndHandled`] has been dropped.
#[derive(Debug)]
pub(crate) struct WhenHandled(WakeElsewhere<oneshot::Receiver<Infallible>>);

impl EndHandled {
    pub(crate) fn new() -> (Self, WhenHandled) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), WhenHandled(WakeElsewhere::new(receiver)))
    }
}

impl Future for WhenHandled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(|_| ())
    }
}

//! How a child reports to its supervisor.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::CompactEnd;
use crate::blame::Failures;
use crate::child::{Exit, Panic, StartError, StopCause, Straggler};
use crate::context::Activity;
use crate::failure::StartFailure;
use crate::foreign_wakers::WakeElsewhere;
use crate::policy::ChildKey;
use crate::report::{Below, StopStep};

/// What a child says of itself.
pub(crate) enum Report {
    Started {
        pid: Option<u32>,
    },
    Ignored,
    /// The child could not be started. `children` says how the part of it that had been started came down.
    Failed {
        failure: Box<StartFailure>,
        children: Below,
    },
    /// The child, a supervisor, has begun to stop of its own accord, possibly because this child of its own could not
    /// be started.
    Stopping {
        cause: StopCause,
        start_failure: Option<Box<StartFailure>>,
    },
    /// The child, or all that is left of it, is stuck.
    Stuck,
    Ended {
        end: CompactEnd,
        /// Dropped when the supervisor has taken note of it.
        handled: Option<EndHandled>,
    },
}

/// A report on its way, and which incarnation of which child it is of.
pub(crate) struct ChildReport {
    pub(crate) key: ChildKey,
    pub(crate) incarnation: u32,
    pub(crate) report: Report,
    /// Keeps the tree from looking idle until the parent has dealt with the report.
    pub(crate) activity: Option<Activity>,
}

/// Where children report: a supervisor, or what listens to a supervisor that has no supervisor above it.
pub(crate) trait ReportListener: Send + Sync {
    /// Takes a report, at once and without waiting for anything.
    fn hear(&self, report: ChildReport);

    /// A child says that it stops of its own accord. It is said by a report as well; this is for a listener that has to
    /// write it down first.
    fn announce(&self, cause: StopCause) {
        let _ = cause;
    }
}

/// Carries the facts about one incarnation of a child to its supervisor.
///
/// A child reports that it [`started`](Self::started), if its start was not answered at once, and how it
/// [`ended`](Self::ended). If a reporter is dropped without that report, the child counts as aborted, or as panicked if
/// the drop is part of a panic: a supervisor never waits for a child that has gone silently.
pub struct Reporter {
    listener: Arc<dyn ReportListener>,
    key: ChildKey,
    incarnation: u32,
    activity: Option<Activity>,
    open: bool,
}

/// Says that a child has started, apart from its reporter.
pub(crate) struct Announcer {
    listener: Arc<dyn ReportListener>,
    key: ChildKey,
    incarnation: u32,
}

impl Announcer {
    pub(crate) fn started(&self) {
        let (key, incarnation) = (self.key, self.incarnation);
        let report = Report::Started { pid: None };
        self.listener.hear(ChildReport { key, incarnation, report, activity: None });
    }
}

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

    pub(crate) fn into_report(mut self) -> Report {
        let handled = self.handled.take();
        Report::Ended { end: self.into(), handled }
    }
}

impl From<Exit> for Ended {
    fn from(exit: Exit) -> Self {
        Self::new(exit)
    }
}

impl Reporter {
    pub(crate) fn new(
        listener: Arc<dyn ReportListener>,
        key: ChildKey,
        incarnation: u32,
        activity: Option<Activity>,
    ) -> Self {
        Self { listener, key, incarnation, activity, open: true }
    }

    /// Says that the child has started, and is ready.
    ///
    /// Only after [`Launch::Starting`](super::Launch::Starting). `pid` is the process id, for a process.
    pub fn started(&self, pid: Option<u32>) {
        self.deliver(Report::Started { pid }, None);
    }

    /// Something that can say that the child has started, and nothing else.
    pub(crate) fn announcer(&self) -> Announcer {
        let (key, incarnation) = (self.key, self.incarnation);
        Announcer { listener: Arc::clone(&self.listener), key, incarnation }
    }

    /// Says that there is nothing to run, and that this is fine (OTP's `ignore`).
    pub fn ignored(self) {
        self.close_with(Report::Ignored);
    }

    /// Says that the child could not be started, and that nothing is left of the attempt.
    pub fn failed(self, error: StartError) {
        let failure = Box::new(StartFailure::new(error));
        self.close_with(Report::Failed { failure, children: Below::default() });
    }

    /// Says that the child is gone, after everything it held has been given back.
    pub fn ended(self, ended: impl Into<Ended>) {
        self.close_with(ended.into().into_report());
    }

    /// Makes the last report.
    pub(crate) fn close_with(mut self, report: Report) {
        self.close(report);
    }

    /// Says that this supervisor has begun to stop of its own accord.
    pub(crate) fn stopping(&self, cause: StopCause, start_failure: Option<StartFailure>) {
        self.listener.announce(cause);
        self.deliver(Report::Stopping { cause, start_failure: start_failure.map(Box::new) }, None);
    }

    /// Says that the child cannot go, although it may not have been forced yet: it cannot be asked to stop, or it is a
    /// supervisor below which only such children are left. Its supervisor keeps no sibling waiting for it, and forces
    /// it when its grace is over.
    pub fn stuck(&self) {
        self.deliver(Report::Stuck, None);
    }

    /// Says that this supervisor has started. From now on it counts by its children; its own activity goes along with
    /// the report, so that the tree does not look idle before the parent has gone on.
    pub(crate) fn ready(&mut self) {
        let activity = self.activity.take();
        self.deliver(Report::Started { pid: None }, activity);
    }

    /// Takes up activity again, before an end that its parent will have to deal with.
    pub(crate) fn rouse(&mut self, activity: Activity) {
        self.activity = Some(activity);
    }

    fn close(&mut self, report: Report) {
        self.open = false;
        let activity = self.activity.take();
        self.deliver(report, activity);
    }

    fn deliver(&self, report: Report, activity: Option<Activity>) {
        let (key, incarnation) = (self.key, self.incarnation);
        self.listener.hear(ChildReport { key, incarnation, report, activity });
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        if self.open {
            let exit = if std::thread::panicking() {
                Exit::Panicked(Panic::new("panicked while it was dropped"))
            } else {
                Exit::Aborted
            };
            self.close(Ended::new(exit).into_report());
        }
    }
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporter").field("incarnation", &self.incarnation).finish_non_exhaustive()
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

//! The root's parent: hands it the stop and the deadline, and has the report written.
//!
//! It has no policy: a root that ends is not started again.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::command::{CommandReceiver, CommandSender, GuardianCommand};
use super::options::TreeOptions;
use super::report_writer::ReportWriter;
use super::root::Root;
use super::watchdog::{GuardianWatchdog, StallWatch};
use crate::blame::Failures;
use crate::child::{StartError, StopCause};
use crate::child_kind::{ChildReport, Report, ReportListener, RunningChild, StopRequest};
use crate::clock::{awake_now, now, sleep_awake_and_look, sleep_awake_until, sleep_until};
use crate::context::TreeContext;
use crate::event::EventKind;
use crate::failure::StartFailure;
use crate::foreign_wakers::note_tokios;
use crate::policy::{Drain, Drained};
use crate::report::Below;

/// Hears the root: what has to stand in the record before anything that follows from it is written at once, and the
/// guardian hears all.
pub(super) struct RootListener {
    pub(super) root: Arc<Root>,
    pub(super) guardian: CommandSender,
}

impl ReportListener for RootListener {
    fn hear(&self, report: ChildReport) {
        if let Report::Started { .. } = report.report {
            self.root.has_started();
        }
        // A guardian that is gone has nothing to report to.
        let _ = self.guardian.send(GuardianCommand::Hear(Box::new(report)));
    }

    fn announce(&self, cause: StopCause) {
        self.root.begin_stop(cause);
    }
}

/// How long before the deadline everything is forced: a tenth of it, so that what was forced can still be awaited, and
/// no more than a second, which is plenty for that.
fn margin(deadline: Duration) -> Duration {
    (deadline / 10).min(Duration::from_secs(1))
}

/// For how long the report of what is left is put off if the timer of the deadline comes late: what is forced then is
/// forced when the supervisors have looked, and can still be awaited.
const LOOK_AFTER_FORCE: Duration = Duration::from_millis(1500);

/// How long the report of a stop waits for what wakes the program's own waiters.
const TELLING: Duration = Duration::from_millis(100);

/// The root's parent.
pub(super) struct Guardian {
    /// Held for as long as the tree is watched.
    _stalls: Option<Arc<StallWatch>>,
    /// Has the report written if the guardian does not get its turn.
    watchdog: Option<Arc<GuardianWatchdog>>,
    writer: Arc<ReportWriter>,
    tree: TreeContext,
    options: TreeOptions,
    /// What stops the root.
    child: Box<dyn RunningChild>,
    root: Arc<Root>,
    /// When the tree will be reported as incomplete.
    hard: Option<Instant>,
    /// Puts the stop off, and knows whether it has gone down.
    drain: Drain,
}

impl Guardian {
    pub(super) fn new(
        options: TreeOptions,
        root: Arc<Root>,
        child: Box<dyn RunningChild>,
        writer: Arc<ReportWriter>,
        watchdog: Option<Arc<GuardianWatchdog>>,
    ) -> Self {
        Self {
            _stalls: options.stall_threshold.map(|threshold| StallWatch::new(&root, threshold)),
            watchdog,
            writer,
            tree: root.context.clone(),
            child,
            root,
            hard: None,
            drain: Drain::new(options.drain_delay, options.deadline),
            options,
        }
    }

    /// Looks after the root until it is gone.
    pub(super) async fn watch(mut self, mut commands: CommandReceiver) {
        poll_fn(|cx| {
            note_tokios(cx.waker());
            Poll::Ready(())
        })
        .await;
        let tree = self.tree.clone();
        let stop_on = self.options.stop_on.clone();
        // It is kept from turn to turn: what it looks at when it comes late takes longer than a command.
        let (mut deadline, mut deadline_is) = (Box::pin(deadline_at(None)), None);
        loop {
            let waits_for_idle = self.options.stop_when_idle && self.is_running();
            let hard = self.hard.filter(|_| !self.writer.has_reported());
            if hard != deadline_is {
                deadline_is = hard;
                deadline.set(deadline_at(hard));
            }
            let drained = self.drain.until();
            tokio::select! {
                biased;
                Some(command) = commands.recv() => {
                    if command.is_the_end() && self.drain.is_over() {
                        tokens_are_told(&tree).await;
                    }
                    if self.obey(command) {
                        return;
                    }
                }
                () = stop_on.cancelled(), if self.drain.is_open() => self.ask(StopCause::Token),
                () = tree.idle(), if waits_for_idle => self.ask(StopCause::Idle),
                () = drained_at(drained), if drained.is_some() => {
                    let drained = self.drain.look(awake_now());
                    self.drained(drained);
                }
                () = &mut deadline, if hard.is_some() => {
                    self.hard = None;
                    self.writer.give_up_waiting();
                }
            }
        }
    }

    /// Does what it is told. `true` says that the root is gone.
    fn obey(&mut self, command: GuardianCommand) -> bool {
        match command {
            GuardianCommand::Stop(cause) => self.ask(cause),
            GuardianCommand::GiveUp => {
                self.ask_at_once(StopCause::Api);
                self.writer.give_up_waiting();
            }
            GuardianCommand::Force => {
                self.ask_at_once(StopCause::Api);
                self.force();
            }
            GuardianCommand::Answer => {
                if let Some(watchdog) = &self.watchdog {
                    watchdog.answer();
                }
            }
            // The activity that came with the report ends when it has been dealt with.
            GuardianCommand::Hear(said) => {
                let ChildReport { report, activity: _activity, .. } = *said;
                return self.hear(report);
            }
        }
        false
    }

    /// Takes what the root says of itself. `true` says that it was the report of its end.
    fn hear(&mut self, report: Report) -> bool {
        match report {
            Report::Started { .. } => {
                // What has started has started, also if it has begun to stop in the meantime.
                if self.root.is_started() {
                    self.writer.tell(|progress| progress.started = true);
                }
                false
            }
            Report::Stopping { cause, start_failure } => {
                self.writer.note_start_failure(start_failure.map(|failure| *failure));
                self.ask_at_once(cause);
                false
            }
            Report::Failed { failure, children } => {
                self.root.emit(EventKind::StartFailed { error: failure.text(), stragglers: Vec::new() });
                self.ended(Some(*failure), children, None);
                true
            }
            Report::Ended { end, .. } => {
                let stopped = || StartFailure::new(StartError::Stopped).write_down();
                self.ended((!self.root.is_started()).then(stopped), end.children(), end.failures());
                true
            }
            // The guardian has no other child to go on with. The deadline deals with what is left.
            Report::Stuck => false,
            Report::Ignored => unreachable!("a supervisor always has something to run"),
        }
    }

    /// Takes a request to stop, which may be put off.
    pub(super) fn ask(&mut self, cause: StopCause) {
        let drained = self.drain.ask(cause, self.is_running(), awake_now());
        self.drained(drained);
    }

    /// Takes a request to stop that is not put off.
    fn ask_at_once(&mut self, cause: StopCause) {
        let drained = self.drain.end(cause, awake_now());
        self.drained(drained);
    }

    fn drained(&mut self, drained: Drained) {
        match drained {
            Drained::Begins { cause, delay } => {
                if let Some(watchdog) = &self.watchdog {
                    watchdog.note_stop(cause);
                }
                self.root.begin_drain(cause, delay);
            }
            Drained::Nothing => {}
            Drained::Stop { cause, since } => self.stop(cause, since),
        }
    }

    /// Begins the stop that was accepted at this moment.
    fn stop(&mut self, cause: StopCause, since: Instant) {
        self.child.hold();
        self.root.begin_stop_at(cause, since);
        // What was drained belongs to the stop.
        let after = |duration| since.checked_add(duration);
        self.hard = self.options.reported_at().and_then(after);
        let soft = self.options.deadline.and_then(|deadline| after(deadline - margin(deadline)));
        self.child.stop(StopRequest::new(cause, soft));
        if let Some(watchdog) = &self.watchdog {
            watchdog.note_stop(cause);
        }
        self.tree.tell_stopping();
    }

    fn force(&mut self) {
        if self.root.begin_force() {
            self.child.force();
        }
    }

    /// The root is gone, and everything below it.
    fn ended(&self, start_failure: Option<StartFailure>, children: Below, failures: Option<&Failures>) {
        self.writer.everything_is_gone(start_failure, children, failures);
    }

    fn is_running(&self) -> bool {
        !self.drain.is_over() && self.root.is_started()
    }
}

/// The runtime has been shut down under the guardian: what is known is reported, so that no caller waits for ever.
impl Drop for Guardian {
    fn drop(&mut self) {
        self.writer.runtime_is_gone();
        // What waits for the stop to begin hears of it now at the latest.
        self.tree.tell_stopping();
    }
}

/// Waits until the tokens that were handed out are cancelled, so that a program whose tree has stopped sees them so.
/// Not for long: what is woken by them is foreign code.
async fn tokens_are_told(tree: &TreeContext) {
    let told = tree.tokens_are_told();
    let _ = told.run_until_cancelled(sleep_until(now() + TELLING)).await;
}

async fn drained_at(at: Option<Instant>) {
    match at {
        Some(at) => sleep_awake_until(at).await,
        None => std::future::pending().await,
    }
}

async fn deadline_at(at: Option<Instant>) {
    match at {
        Some(at) => sleep_awake_and_look(at, LOOK_AFTER_FORCE).await,
        None => std::future::pending().await,
    }
}

//! What a program holds of a tree.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::command::{CommandSender, GuardianCommand};
use super::error::TreeStartError;
use super::report_writer::{ReportWriter, TreeProgress};
use super::root::Root;
use super::watchdog::GuardianWatchdog;
use crate::child::{ChildPath, StopCause};
use crate::context::{HearsSignals, KeepsActive, TreeContext, Use};
use crate::event::{EventKind, Events, SignalAction, TreeLog};
use crate::foreign_wakers::WakeElsewhere;
use crate::report::StopReport;
use crate::sighting::Sighting;
use crate::snapshot::TreeSnapshot;
use crate::supervisor::SupervisorHandle;
use crate::tree_ref::{TreeAccess, TreeRef};

/// A running tree.
///
/// Handles are cheap to clone and can be used from any task or thread. When the last one is dropped the tree stops, in
/// order and in the background.
///
/// A handle that is held by a task of the tree itself counts as well, and the tree does not stop by being dropped. A
/// task finds its siblings with [`TaskContext::tree`](crate::TaskContext::tree), which does not keep the tree.
#[derive(Clone)]
pub struct Tree {
    pub(super) shared: Arc<SharedTree>,
    /// Dropped with the last handle.
    _keep: Arc<StopOnDrop>,
}

/// What all handles of a tree have in common.
pub(super) struct SharedTree {
    pub(super) context: TreeContext,
    pub(super) path: ChildPath,
    pub(super) deadline: Option<Duration>,
    pub(super) root: Arc<Root>,
    pub(super) controls: Controls,
    pub(super) progress: watch::Receiver<TreeProgress>,
    pub(super) log: Option<TreeLog>,
}

impl TreeAccess for SharedTree {
    fn root(&self) -> Option<SupervisorHandle> {
        self.root.supervisor()
    }

    fn supervisor(&self, path: &str) -> Option<SupervisorHandle> {
        let below = path.strip_prefix(self.path.as_str())?;
        let mut found = self.root.supervisor()?;
        for id in below.split('/').skip(1) {
            found = found.supervisor(id)?;
        }
        (found.path() == path).then_some(found)
    }

    fn snapshot(&self) -> TreeSnapshot {
        let (root, containment) = (self.root.snapshot(), self.context.containment());
        TreeSnapshot { containment, root, usage_left_out: 0 }
    }

    fn snapshot_with_usage(&self) -> TreeSnapshot {
        let (root, usage_left_out) = self.root.snapshot_with_usage();
        TreeSnapshot { containment: self.context.containment(), root, usage_left_out }
    }

    fn events(&self) -> Events {
        self.context.record().subscribe()
    }

    fn request_stop(&self) {
        self.controls.command(GuardianCommand::Stop(StopCause::Api));
    }

    fn force(&self) {
        self.controls.command(GuardianCommand::Force);
    }

    fn suspend_processes(&self) {
        self.context.use_kill_handles(Use::Suspend);
    }

    fn resume_processes(&self) {
        self.context.use_kill_handles(Use::Resume);
    }

    fn keep_active(&self) -> KeepsActive {
        self.context.keep_active()
    }

    fn has_started(&self) -> bool {
        self.root.is_started()
    }

    fn stop_requested(&self) -> bool {
        self.root.is_asked_to_stop()
    }

    fn sighting(&self) -> Vec<Sighting> {
        self.root.sighting()
    }

    fn newest_event(&self) -> u64 {
        self.context.record().section(|writer| writer.position().as_of)
    }

    fn containment(&self) -> Option<&'static str> {
        self.context.containment()
    }

    fn gone(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut progress = self.progress.clone();
        let gone = async move {
            // An error says that the guardian has ended.
            let _ = progress.wait_for(|progress| progress.completed.is_some()).await;
        };
        Box::pin(WakeElsewhere::new(gone))
    }
}

/// Where the program's wishes are handed in, and what reports on a stop also when the guardian does not get its turn.
/// Both of these go with the guardian.
#[derive(Clone)]
pub(super) struct Controls {
    pub(super) guardian: CommandSender,
    pub(super) writer: Weak<ReportWriter>,
    pub(super) watchdog: Weak<GuardianWatchdog>,
}

impl Controls {
    fn command(&self, command: GuardianCommand) {
        // Noted at once: the guardian's runtime may stand still.
        if let Some(watchdog) = self.watchdog.upgrade() {
            match command {
                GuardianCommand::Stop(cause) => watchdog.note_stop(cause),
                GuardianCommand::Force | GuardianCommand::GiveUp => watchdog.note_stop(StopCause::Api),
                GuardianCommand::Answer | GuardianCommand::Hear(_) => {}
            }
        }
        // A tree that is gone has nothing left to stop.
        let _ = self.guardian.send(command);
    }

    /// Has the report written by this thread.
    fn give_up(&self) {
        if let Some(writer) = self.writer.upgrade() {
            writer.report_now(StopCause::Api);
        }
    }
}

struct StopOnDrop(Controls);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.command(GuardianCommand::Stop(StopCause::Dropped));
    }
}

impl Tree {
    pub(super) fn new(shared: SharedTree) -> Self {
        let keep = Arc::new(StopOnDrop(shared.controls.clone()));
        Self { shared: Arc::new(shared), _keep: keep }
    }

    /// Has the children find the tree.
    pub(super) fn is_found_by_children(&self) {
        self.shared.context.is_of(Box::new(self.downgrade()));
    }

    /// The root's path.
    pub fn path(&self) -> &ChildPath {
        &self.shared.path
    }

    /// By when a stop must be over, counted from its beginning. `None` means never. See
    /// [`TreeBuilder::deadline`](crate::TreeBuilder::deadline).
    pub fn deadline(&self) -> Option<Duration> {
        self.shared.deadline
    }

    /// Waits until the whole tree has started.
    ///
    /// # Errors
    ///
    /// [`TreeStartError::Start`] if a child could not be started, or a stop came first. By then everything is gone
    /// again, or the report in the error says what is not.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a caller that gives up waiting changes nothing.
    pub async fn started(&self) -> Result<(), TreeStartError> {
        let progress = self.wait_for(|progress| progress.started || progress.report.is_some()).await;
        match (&progress.start_error, &progress.report) {
            (Some(error), Some(report)) => {
                Err(TreeStartError::Start { error: error.clone(), report: Arc::clone(report) })
            }
            _ => Ok(()),
        }
    }

    /// Stops the tree and waits until everything is gone, or the deadline is over.
    ///
    /// Children stop in reverse start order, each when the one after it has acknowledged. It can be called again and by
    /// several callers; all of them get the same report. What could not be brought down by the deadline is in
    /// [`StopReport::unreapable`], and [`wait_gone`](Self::wait_gone) waits for that as well.
    ///
    /// That holds also when tasks have taken every thread of the tree's only runtime, as long as the caller is not on
    /// one of them itself: in `main`'s `block_on`, for example. Then the report comes at the deadline or a second after
    /// the request, whichever is later, and nothing has been stopped.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a caller that gives up waiting changes nothing, and the stop goes on.
    pub async fn stop(&self) -> Arc<StopReport> {
        self.request_stop();
        self.wait().await
    }

    /// Waits until the tree has stopped for whatever reason, or could not be brought down by its deadline.
    ///
    /// If the runtime on which the tree was started is shut down first, this returns what was known then: what was not
    /// known to be gone is unreapable.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a caller that gives up waiting changes nothing.
    #[expect(clippy::missing_panics_doc, reason = "a guardian that ends has had a report written")]
    pub async fn wait(&self) -> Arc<StopReport> {
        let progress = self.wait_for(|progress| progress.report.is_some()).await;
        progress.report.expect("a guardian that ends has had a report written")
    }

    /// Waits until really everything is gone, also what could not be brought down by the deadline, and returns the
    /// report of that.
    ///
    /// If the stop was over in time this is the report that [`wait`](Self::wait) returns. Otherwise it is that report,
    /// completed: what was unreapable then has been killed by now, and late. If the runtime on which the tree was
    /// started is shut down first, nothing more is heard, and this returns the report that there is.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a caller that gives up waiting changes nothing.
    #[expect(clippy::missing_panics_doc, reason = "a guardian that ends has had a report written")]
    pub async fn wait_gone(&self) -> Arc<StopReport> {
        let progress = self.wait_for(|progress| progress.completed.is_some()).await;
        progress.completed.or(progress.report).expect("a guardian that ends has had a report written")
    }

    /// Asks the tree to stop, and returns at once. Later requests change nothing.
    pub fn request_stop(&self) {
        self.request_stop_for(StopCause::Api);
    }

    pub(crate) fn request_stop_for(&self, cause: StopCause) {
        self.command(GuardianCommand::Stop(cause));
    }

    /// Ends every grace now: whatever is still there is killed, aborted or otherwise forced, all at once. A tree that
    /// was not stopping stops.
    pub fn force(&self) {
        self.command(GuardianCommand::Force);
    }

    /// Sends a last SIGKILL to every process that is still there, and waits for nothing.
    ///
    /// For a program that is about to leave. It can be called from any thread, also while the runtime stands still.
    pub fn kill_processes(&self) {
        self.shared.context.use_kill_handles(Use::Kill);
    }

    /// Suspends every process child: SIGSTOP to its process group. A process that starts meanwhile runs.
    ///
    /// For a program that is about to be suspended itself, by SIGTSTP for example. Supervisors and their timers go on
    /// as long as the program runs: a child that is suspended for longer does not become ready and answers no health
    /// check. The request to stop has a process continue. It can be called from any thread, also while the runtime
    /// stands still.
    pub fn suspend_processes(&self) {
        self.shared.suspend_processes();
    }

    /// Has every process child go on that was [suspended](Self::suspend_processes): SIGCONT to its process group.
    pub fn resume_processes(&self) {
        self.shared.resume_processes();
    }

    /// Has the report written now, as at the deadline: what is not known to be gone is unreapable. A tree that was not
    /// stopping stops.
    ///
    /// For a program that is about to leave. The caller's thread writes the report, so that [`wait`](Self::wait) has
    /// it when this returns, also while the runtime stands still.
    pub fn report_now(&self) {
        self.command(GuardianCommand::GiveUp);
        self.shared.controls.give_up();
    }

    /// Whether the whole tree has started. It stays so when the tree stops.
    pub fn has_started(&self) -> bool {
        self.shared.has_started()
    }

    /// Whether a stop has been accepted: it is put off by the [drain delay](crate::TreeBuilder::drain_delay), has
    /// begun, or is over.
    pub fn stop_requested(&self) -> bool {
        self.shared.stop_requested()
    }

    /// Whether a stop has begun: its drain delay is over, if it has one.
    pub fn is_stopping(&self) -> bool {
        self.shared.root.is_stopping()
    }

    /// Waits until a stop begins, for whatever reason: until its drain delay is over, if it has one.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a caller that gives up waiting changes nothing.
    pub async fn stopping(&self) {
        self.shared.context.stopping().await;
    }

    /// The beginning of the stop as a token of tokio-util, for parts of the program that are not in the tree but are to
    /// end with it. It does not keep the tree from stopping when its last handle is dropped.
    ///
    /// Cancelling this token says nothing to the tree. For the other direction there is
    /// [`TreeBuilder::stop_on`](crate::TreeBuilder::stop_on).
    pub fn token(&self) -> CancellationToken {
        self.shared.context.token()
    }

    /// The root, as the supervisor that it is. `None` if it is gone.
    pub fn root(&self) -> Option<SupervisorHandle> {
        self.shared.root()
    }

    /// The supervisor with this path, such as `root/workers`, in its present incarnation. `None` if there is none, or
    /// it does not run.
    pub fn supervisor(&self, path: &str) -> Option<SupervisorHandle> {
        self.shared.supervisor(path)
    }

    /// A reference that does not keep the tree.
    pub fn downgrade(&self) -> TreeRef {
        TreeRef::new(&self.shared)
    }

    /// Subscribes to the tree's events, from now on. To get them from the first one on, subscribe to the
    /// [`TreeBuilder`](crate::TreeBuilder).
    pub fn events(&self) -> Events {
        self.shared.events()
    }

    /// Waits until the [log](crate::TreeBuilder::log) of a tree that has stopped is complete, and says whether it is:
    /// whether every event has become a line, or has been counted by [`unlogged`](Self::unlogged).
    ///
    /// Not longer than `patience`, by tokio's clock, and not longer than 250 ms for a single line: a subscriber that
    /// blocks is not waited for. `true` at once if the tree keeps no log.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a caller that gives up waiting changes nothing.
    pub async fn logged(&self, patience: Duration) -> bool {
        match &self.shared.log {
            Some(log) => log.ended(patience).await,
            None => true,
        }
    }

    /// How many events are missing from the [log](crate::TreeBuilder::log), because the subscriber was too slow or
    /// panicked. 0 if the tree keeps no log.
    pub fn unlogged(&self) -> u64 {
        self.shared.log.as_ref().map_or(0, TreeLog::lost)
    }

    pub(crate) fn hear_signals(&self) -> HearsSignals {
        self.shared.context.hear_signals()
    }

    pub(crate) fn announce_signal(&self, signal: &str, action: SignalAction) {
        self.shared.root.announce_signal(signal, action);
    }

    pub(crate) fn note_signals(&self) {
        self.shared.context.record().section(|writer| self.shared.root.write_signals(writer));
    }

    pub(crate) fn note_handler_failure(&self, handler: &str, error: String) {
        self.shared.root.emit(EventKind::HandlerFailed { handler: handler.to_owned(), error });
    }

    #[cfg(test)]
    pub(super) fn controls(&self) -> &Controls {
        &self.shared.controls
    }

    fn command(&self, command: GuardianCommand) {
        self.shared.controls.command(command);
    }

    /// The report once there is one, as [`wait`](Self::wait) has it, for what follows a tree and does not keep it.
    pub(crate) fn report(&self) -> impl Future<Output = Option<Arc<StopReport>>> + Send + use<> {
        let mut progress = self.shared.progress.clone();
        let report = async move {
            let seen = progress.wait_for(|progress| progress.report.is_some()).await;
            // An error says that the guardian has ended without.
            seen.ok().and_then(|progress| progress.report.clone())
        };
        WakeElsewhere::new(report)
    }

    async fn wait_for(&self, mut reached: impl FnMut(&TreeProgress) -> bool) -> TreeProgress {
        let mut progress = self.shared.progress.clone();
        let reached =
            async { progress.wait_for(|progress| reached(progress)).await.map(|seen| seen.clone()) };
        // The guardian or the detector wakes the callers that wait here. Neither may run their wakers, which may be
        // foreign code.
        let reached = WakeElsewhere::new(reached).await;
        // The guardian has ended, and its last event is written.
        reached.unwrap_or_else(|_| self.shared.progress.borrow().clone())
    }
}

/// A reference that does not keep the tree.
impl From<&Tree> for TreeRef {
    fn from(tree: &Tree) -> Self {
        tree.downgrade()
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").field("path", &self.shared.path).finish_non_exhaustive()
    }
}

//! What a task, its supervisor and its children share.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::gate::{Gate, Purpose, Remaining};
use super::group::{EndReport, TaskGroup};
use super::special::Special;
use super::stopping::StopNotify;
use crate::child::{ChildKind, ChildPath, Exit, Panic, Shutdown, StopCause};
use crate::child_kind::{ChildReport, Ended, Inspect, Report, Reporter, StartContext, StopRequest};
use crate::clock::{self, now};
use crate::context::{StopScope, TreeContext};
use crate::detector::WorkerId;
use crate::event::{ChildSpan, Inside};
use crate::report::Below;
use crate::spawn::place;
use crate::stuck::{Stuck, StuckIn};
use crate::supervisor::SupervisorHandle;
use crate::sync::point;

/// The message of the panic that a test has had a task end with.
const CRASHED: &str = "crashed on purpose";

/// One incarnation of a task.
///
/// There is one of these for every task, so that what few tasks need is made when they need it.
pub(crate) struct TaskNode {
    pub(super) path: ChildPath,
    pub(super) incarnation: u32,
    aborted: AtomicBool,
    /// Whether a test has it crash.
    crashes: AtomicBool,
    pub(super) worker: WorkerId,
    shutdown: Shutdown,
    tree: TreeContext,
    /// Whether a stop has begun at the supervisor or above.
    scope: Arc<StopScope>,
    /// Whether the supervisor is about to ask the task to stop.
    held: AtomicBool,
    pub(super) notify: StopNotify,
    /// What few tasks have.
    pub(super) special: Option<Box<Special>>,
    handle: OnceLock<AbortHandle>,
    /// Cancelled when guests are to be dropped. Made when the first one comes.
    forced: OnceLock<CancellationToken>,
    gate: Gate<Box<TaskGroup>, Option<Instant>, Box<EndReport>>,
}

impl TaskNode {
    /// The node of an incarnation, and how its end is reported.
    pub(super) fn new(cx: StartContext, special: Option<Box<Special>>) -> (Self, Reporter) {
        let StartContext { path, incarnation, shutdown, reporter, tree, scope } = cx;
        let node = Self {
            path,
            incarnation,
            aborted: AtomicBool::new(false),
            crashes: AtomicBool::new(false),
            worker: WorkerId::new(),
            shutdown,
            tree,
            scope,
            held: AtomicBool::new(false),
            notify: StopNotify::new(),
            special,
            handle: OnceLock::new(),
            forced: OnceLock::new(),
            gate: Gate::new(),
        };
        (node, reporter)
    }

    pub(super) fn tree(&self) -> &TreeContext {
        &self.tree
    }

    /// Enters the task's span, which is made when the task is first polled, or dropped before that.
    pub(super) fn enter<'a>(&self, span: &'a mut ChildSpan) -> Inside<'a> {
        span.make(&self.path, self.incarnation, ChildKind::Task);
        span.enter()
    }

    pub(super) fn runs_as(&self, handle: AbortHandle) {
        let _ = self.handle.set(handle);
        // The task may be at work already, and may have been aborted: one of the two sees what the other has done.
        fence(Ordering::SeqCst);
        if self.aborted.load(Ordering::Acquire) {
            self.abort();
        }
    }

    fn abort(&self) {
        if let Some(handle) = self.handle.get() {
            handle.abort();
        }
    }

    /// How the body has ended if it is dropped before it came to its end.
    pub(super) fn exit_if_dropped(&self) -> Exit {
        match self.crashes.load(Ordering::Acquire) {
            true => Exit::Panicked(Panic::new(CRASHED)),
            false => Exit::Aborted,
        }
    }

    // --- the stop ---

    /// Says that the task is about to be asked to stop: nothing below it starts any more.
    pub(super) fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
        point();
        self.gate.with_group(|group| group.supervisor.hold());
    }

    /// Asks the task and its children to stop. `deadline` is when they will be forced.
    pub(super) fn stop(&self, deadline: Option<Instant>) {
        let request = StopRequest::new(StopCause::Parent, deadline);
        // The gate first: code that sees that a stop has begun finds it shut.
        self.gate.drain(deadline, tighten, |group| group.child.stop(request));
        self.tell_stop();
    }

    /// Aborts the body, and has its children end in this way.
    pub(super) fn end(&self, end: impl FnOnce(&mut TaskGroup)) {
        self.gate.shut(|group| end(group));
        point();
        self.aborted.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        point();
        self.abort();
        self.drop_guests();
        // After the abort, so that a body that waits is aborted and does not see a request to stop first. A body that
        // computes, and other threads that compute for it, can still find out that it has been asked.
        self.tell_stop();
    }

    /// Tells all that waits in the task that it is to stop. The first time counts: from then on nothing waits.
    pub(super) fn tell_stop(&self) {
        if !self.notify.is_stopping() {
            self.notify.stop().tell(self.tree.control());
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        let is_cancelled = || self.notify.made_token().is_some_and(|token| token.is_cancelled());
        self.notify.is_stopping() || is_cancelled()
    }

    pub(super) fn token(&self) -> CancellationToken {
        let (token, to_tell) = self.notify.token(CancellationToken::new);
        if self.notify.is_stopping() {
            token.cancel();
        }
        to_tell.tell(self.tree.control());
        token
    }

    pub(super) fn grace(&self) -> Option<Duration> {
        let is_over = || self.handle.get().is_some_and(AbortHandle::is_finished);
        if self.aborted.load(Ordering::Acquire) || is_over() {
            return Some(Duration::ZERO);
        }
        let deadline = self.gate.with_request(|deadline| *deadline)??;
        Some(deadline.saturating_duration_since(now()))
    }

    // --- children ---

    /// Brings something into the task group, or hands it back. `begin` runs under the gate's lock, so it may do no more
    /// than to post.
    pub(super) fn admit<T, R>(
        self: &Arc<Self>,
        purpose: Purpose,
        item: T,
        begin: impl FnOnce(&mut TaskGroup, T) -> R,
    ) -> Result<R, T> {
        if purpose == Purpose::Work && (self.held.load(Ordering::SeqCst) || self.scope.is_stopping()) {
            self.gate.note_refusal();
            return Err(item);
        }
        self.gate.admit(
            purpose,
            item,
            |deadline| self.make_group(deadline.copied()),
            |group, item| begin(group, item),
        )
    }

    pub(super) fn note_refusal(&self) {
        self.gate.note_refusal();
    }

    /// How many starts have been refused here.
    pub(super) fn refused(&self) -> u64 {
        u64::from(self.gate.refused())
            + self.gate.with_group(|group| group.supervisor.refused()).unwrap_or_default()
    }

    pub(super) fn children(&self) -> Option<SupervisorHandle> {
        self.gate.with_group(|group| group.supervisor.clone())
    }

    /// Where the body is, if a thread is at work on it or should be.
    pub(super) fn stuck(&self) -> Option<Stuck> {
        if let Some(seen) = Stuck::at_work_on(self.worker) {
            return Some(seen);
        }
        let is_over = self.gate.has_left() || self.handle.get().is_none_or(AbortHandle::is_finished);
        let is_aborted = self.aborted.load(Ordering::Acquire);
        match is_over {
            false => is_aborted.then(|| Stuck::new(StuckIn::NotPolled)),
            true => (is_aborted && self.gate.guests() > 0).then(|| Stuck::new(StuckIn::Guest)),
        }
    }

    fn make_group(self: &Arc<Self>, deadline: Option<Option<Instant>>) -> Box<TaskGroup> {
        let scope = Arc::clone(&self.scope);
        let (mut group, reports) = TaskGroup::new(&self.path, self.incarnation, self.tree.clone(), scope);
        // The gate's lock orders this and `hold`: one of the two finds what the other has done.
        if self.held.load(Ordering::SeqCst) {
            group.supervisor.hold();
        }
        if let Some(deadline) = deadline {
            group.child.stop(StopRequest::new(StopCause::Parent, deadline));
        }
        place(self.tree.control()).spawn(host(Arc::clone(self), reports));
        Box::new(group)
    }

    /// The children have used up their restart intensity: the task has to go as well, within its own grace. Returns
    /// when it is to be forced.
    pub(super) fn escalate(&self) -> Option<Instant> {
        let force_at = self.own_deadline();
        self.gate.drain(force_at, tighten, |group| group.gave_up = true);
        self.tell_stop();
        force_at
    }

    fn own_deadline(&self) -> Option<Instant> {
        match self.shutdown {
            Shutdown::Kill => Some(now()),
            Shutdown::Grace(grace) => now().checked_add(grace),
            Shutdown::Infinity => None,
        }
    }

    // --- the end ---

    /// The body is over, and everything that it held has been given back.
    pub(super) fn body_ended(&self, reporter: Reporter, exit: Exit) {
        let mut word = Some(EndReport { reporter, exit });
        let mut end_guests = false;
        let left = self.gate.leave(|group, was_asked| {
            end_guests = !was_asked;
            if let Some(group) = group {
                if !was_asked {
                    self.stop_orphans(group);
                }
                group.supervisor.close();
            }
            Box::new(word.take().expect("the report of the end is left once"))
        });
        if end_guests {
            self.end_guests_in_time();
        }
        // Code that has kept the context would wait for ever otherwise: no supervisor asks a task to stop that is over.
        self.tell_stop();
        match (left, word) {
            (Remaining::Last, Some(word)) => word.say(self),
            (Remaining::First | Remaining::Last, _) => {}
        }
    }

    /// Children whose parent has ended by itself get the grace that it would have had.
    fn stop_orphans(&self, group: &mut TaskGroup) {
        match self.shutdown {
            Shutdown::Kill => group.child.kill(),
            Shutdown::Grace(_) | Shutdown::Infinity => {
                group.child.stop(StopRequest::new(StopCause::Parent, self.own_deadline()));
            }
        }
    }

    // --- guests ---

    /// A guest comes. `None` says that nothing may be started any more.
    pub(super) fn guest(&self) -> Option<CancellationToken> {
        if self.held.load(Ordering::SeqCst) || self.scope.is_stopping() {
            self.gate.note_refusal();
            return None;
        }
        let forced = self.forced.get_or_init(CancellationToken::new).clone();
        self.gate.enter().then_some(forced)
    }

    /// A guest is gone.
    pub(super) fn guest_gone(&self) {
        if let Some(word) = self.gate.exit() {
            word.say(self);
        }
    }

    fn drop_guests(&self) {
        if let Some(forced) = self.forced.get().cloned() {
            // What waits for it is woken by a task of its own, because a waker may be foreign code.
            place(self.tree.control()).spawn(async move { forced.cancel() });
        }
    }

    /// Guests whose task has ended by itself get the grace that it would have had.
    fn end_guests_in_time(&self) {
        let Some(forced) = self.forced.get().cloned() else { return };
        let Some(at) = self.own_deadline() else { return };
        place(self.tree.control()).spawn(async move {
            tokio::select! {
                () = forced.cancelled() => {}
                () = clock::sleep_until(at) => forced.cancel(),
            }
        });
    }

    /// All that is left of the children is stuck. If the body is over, so is all that is left of the task.
    pub(super) fn group_is_stuck(&self) {
        self.gate.with_end_report(|word| word.reporter.stuck());
    }

    /// The children are gone, and so is their supervisor.
    pub(super) fn group_ended(&self, children: Below) {
        let last = self.gate.emptied(|group| {
            group.reports = children;
            u32::try_from(group.supervisor.refused()).unwrap_or(u32::MAX)
        });
        if let Some(word) = last {
            word.say(self);
        }
    }
}

impl Inspect for TaskNode {
    fn stuck(&self) -> Option<Stuck> {
        TaskNode::stuck(self)
    }

    fn refused(&self) -> u64 {
        TaskNode::refused(self)
    }

    /// Drops the body where it waits, which is what a panic does to it. To its supervisor the task has ended by itself.
    fn crash(&self) -> bool {
        self.crashes.store(true, Ordering::Release);
        self.abort();
        true
    }

    fn supervisor(self: Arc<Self>) -> Option<Arc<dyn Any + Send + Sync>> {
        let gone = || self.gate.with_gone(|group| group.supervisor.clone());
        self.children().or_else(gone).map(|children| children.as_inspected())
    }
}

/// A tighter deadline counts, a wider one does not.
fn tighten(before: &mut Option<Instant>, deadline: Option<Instant>) {
    *before = match (*before, deadline) {
        (Some(before), Some(deadline)) => Some(before.min(deadline)),
        (at, None) | (None, at) => at,
    };
}

impl EndReport {
    /// Reports the end of the task, and of everything below it.
    fn say(self, node: &TaskNode) {
        let Self { reporter, exit } = self;
        let ended = match node.gate.with_gone(|group| (group.gave_up, group.reports.clone())) {
            None => Ended::new(exit),
            Some((gave_up, reports)) => {
                let exit = if gave_up { escalated(exit) } else { exit };
                Ended::new(exit).with_children(reports)
            }
        };
        let handled = node.special.as_ref().and_then(|special| special.take_handled());
        reporter.ended(ended.with_handled(handled));
    }
}

/// What the end of a task means whose children gave up. Its own failure says more than theirs.
fn escalated(exit: Exit) -> Exit {
    match exit {
        Exit::Panicked(_) | Exit::Failed { .. } => exit,
        Exit::Normal
        | Exit::Shutdown
        | Exit::Aborted
        | Exit::Code(_)
        | Exit::Success { .. }
        | Exit::Signal { .. }
        | Exit::Unknown => Exit::Failed { error: "its children used up their restart intensity".to_owned() },
    }
}

/// Listens to a task group until it is gone, and tells its task.
async fn host(node: Arc<TaskNode>, mut reports: mpsc::UnboundedReceiver<ChildReport>) {
    let mut force_at = None;
    loop {
        let said = tokio::select! {
            biased;
            said = reports.recv() => said,
            () = sleep_until(force_at) => {
                force_at = None;
                node.end(|group| group.child.force());
                continue;
            }
        };
        // The activity that came with a report ends when it has been dealt with.
        let Some(ChildReport { report, activity: _activity, .. }) = said else { return };
        match report {
            Report::Started { .. } | Report::Ignored => {}
            Report::Stopping { .. } => force_at = node.escalate(),
            Report::Stuck => node.group_is_stuck(),
            Report::Failed { children, .. } => return node.group_ended(children),
            Report::Ended { end, .. } => return node.group_ended(end.children()),
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => clock::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

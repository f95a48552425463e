//! What a task, its supervisor and its children share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::abort::Abort;
use super::gate::{EndOrder, Gate, StopBefore};
use super::notify::ToTell;
use super::stopping::StopNotify;
use crate::child::{ChildKind, ChildPath, Exit, Panic, Shutdown, StopCause};
use crate::child_kind::{
    Announcer, EndHandled, Ended, Inspect, Reporter, RunningChild, StartContext, StopRequest,
};
use crate::clock::{awake_now, sleep_awake_until};
use crate::context::{StopScope, TreeContext};
use crate::detector::WorkerId;
use crate::event::{ChildSpan, Inside};
use crate::foreign_wakers::{is_tokios, run_on_helper_of};
use crate::report::Below;
use crate::spawn::place;
use crate::supervisor::SupervisorHandle;
use crate::sync::{Mutex, PoisonError, point};

/// The message of the panic that a test has had a task end with.
const CRASHED: &str = "crashed on purpose";

/// One incarnation of a task.
///
/// There is one of these for every task, so that what few tasks need is made when they need it.
pub(crate) struct TaskNode {
    pub(super) path: ChildPath,
    pub(super) incarnation: u32,
    pub(super) abort: Abort<AbortHandle>,
    /// Whether a test has it crash.
    pub(super) crashes: AtomicBool,
    pub(super) worker: WorkerId,
    shutdown: Shutdown,
    pub(super) tree: TreeContext,
    /// Whether a stop has begun at the supervisor or above.
    pub(super) scope: Arc<StopScope>,
    /// Whether the supervisor is about to ask the task to stop.
    pub(super) held: AtomicBool,
    pub(super) notify: StopNotify,
    /// What few tasks have.
    pub(super) special: Option<Box<Special>>,
    /// Whether it has been asked to stop, or is ended by force.
    asked: AtomicBool,
    /// Made when the first guest comes.
    pub(super) guests: OnceLock<Box<GuestsOfTask>>,
    pub(super) gate: Gate<Box<TaskGroup>, Option<Instant>, Box<EndReport>>,
}

/// What a task holds of its guests.
#[derive(Default)]
pub(super) struct GuestsOfTask {
    /// Cancelled when they are to be dropped.
    pub(super) forced: CancellationToken,
    /// The first panic of one of them after the task had been asked to stop.
    pub(super) panic: OnceLock<Panic>,
}

/// What a task holds of its children: their supervisor, which stands at the task's own path.
pub(crate) struct TaskGroup {
    pub(super) child: Box<dyn RunningChild>,
    pub(super) supervisor: SupervisorHandle,
    /// The children have used up their restart intensity.
    pub(super) gave_up: bool,
    /// How the children came down, once they are gone.
    pub(super) reports: Below,
    pub(super) next_number: u64,
}

/// The end of a task's body, as long as it has not been told.
pub(crate) struct EndReport {
    pub(super) reporter: Reporter,
    pub(super) exit: Exit,
    /// Until when children and guests are waited for, before they are ended by force.
    until: Option<Instant>,
}

impl TaskNode {
    /// The node of an incarnation, and how its end is reported.
    pub(super) fn new(cx: StartContext, special: Option<Box<Special>>) -> (Self, Reporter) {
        let StartContext { path, incarnation, shutdown, reporter, tree, scope } = cx;
        let node = Self {
            path,
            incarnation,
            abort: Abort::new(),
            crashes: AtomicBool::new(false),
            worker: WorkerId::new(),
            shutdown,
            tree,
            scope,
            held: AtomicBool::new(false),
            notify: StopNotify::new(),
            special,
            asked: AtomicBool::new(false),
            guests: OnceLock::new(),
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
        if let Some(handle) = self.abort.spawned(handle) {
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
        self.asked.store(true, Ordering::SeqCst);
        let request = StopRequest::new(StopCause::Parent, deadline);
        // The gate first: code that sees that a stop has begun finds it shut.
        let note = |report: &mut Box<EndReport>, deadline| tighten(&mut report.until, deadline);
        self.gate.begin_stop(deadline, tighten, note, |group| group.child.stop(request));
        self.tell_stop();
    }

    /// Aborts the body, and has its children end in this way.
    pub(super) fn end(&self, end: impl FnOnce(&mut TaskGroup)) {
        self.asked.store(true, Ordering::SeqCst);
        self.gate.shut(|group| end(group));
        point();
        if let Some(handle) = self.abort.ask() {
            handle.abort();
        }
        self.drop_guests();
        // After the abort, so that a body that waits is aborted and does not see a request to stop first. A body that
        // computes, and other threads that compute for it, can still find out that it has been asked.
        self.tell_stop();
    }

    /// Tells all that waits in the task that it is to stop. The first time counts: from then on nothing waits.
    pub(super) fn tell_stop(&self) {
        if !self.notify.is_stopping() {
            self.tell(self.notify.stop());
        }
    }

    /// Wakes what is to be woken, and returns at once.
    ///
    /// A supervisor calls this, and so it only wakes tokio's tasks by itself. Any other waker is foreign code, and so
    /// is what waits for a token.
    fn tell(&self, to_tell: ToTell<CancellationToken>) {
        let ToTell { wakers, token } = to_tell;
        for (_, waker) in wakers {
            match is_tokios(&waker) {
                true => waker.wake(),
                false => run_on_helper_of(self.tree.control(), move || waker.wake()),
            }
        }
        if let Some(token) = token {
            run_on_helper_of(self.tree.control(), move || token.cancel());
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        let is_cancelled = || self.notify.made_token().is_some_and(|token| token.is_cancelled());
        self.notify.is_stopping() || is_cancelled()
    }

    /// Whether its supervisor has asked the task to stop, or is going to.
    pub(super) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst) || self.scope.is_stopping()
    }

    /// Whether an end of this task now is one in the course of a stop, of its own or of what stands above it.
    pub(super) fn ends_in_a_stop(&self) -> bool {
        self.is_stopping() || self.scope.is_stopping()
    }

    pub(super) fn token(&self) -> CancellationToken {
        let (token, to_tell) = self.notify.token(CancellationToken::new);
        if self.notify.is_stopping() {
            token.cancel();
        }
        self.tell(to_tell);
        token
    }

    pub(super) fn grace(&self) -> Option<Duration> {
        let left = |until: Option<Instant>| until.map(|until| until.saturating_duration_since(awake_now()));
        if self.abort.is_asked() {
            return Some(Duration::ZERO);
        }
        // The body may be over while guests and children have their grace.
        if let Some(until) = self.gate.with_end_report(|report| report.until) {
            return left(until);
        }
        if self.abort.handle().is_some_and(AbortHandle::is_finished) {
            return Some(Duration::ZERO);
        }
        left(self.gate.with_request(|deadline| *deadline)?)
    }

    // --- children ---

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

    pub(super) fn own_deadline(&self) -> Option<Instant> {
        match self.shutdown {
            Shutdown::Kill => Some(awake_now()),
            Shutdown::Grace(grace) => awake_now().checked_add(grace),
            Shutdown::Infinity => None,
        }
    }

    // --- the end ---

    /// The body is over, and everything that it held has been given back.
    pub(super) fn body_ended(&self, reporter: Reporter, exit: Exit) {
        let mut word = Some(EndReport { reporter, exit, until: None });
        let mut end_guests = false;
        let left = self.gate.leave(|group, before| {
            let until = match before {
                StopBefore::None => self.own_deadline(),
                StopBefore::Asked(deadline) => deadline,
                StopBefore::Forced => Some(awake_now()),
            };
            end_guests = matches!(before, StopBefore::None);
            if let Some(group) = group {
                if end_guests {
                    self.stop_orphans(group);
                }
                group.supervisor.close();
            }
            let word = word.take().expect("the report of the end is left once");
            Box::new(EndReport { until, ..word })
        });
        if end_guests {
            self.end_guests_in_time();
        }
        // Code that has kept the context would wait for ever otherwise: no supervisor asks a task to stop that is over.
        self.tell_stop();
        match (left, word) {
            (EndOrder::Last, Some(word)) => word.say(self),
            (EndOrder::First | EndOrder::Last, _) => {}
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

    fn drop_guests(&self) {
        if let Some(forced) = self.guests.get().map(|guests| guests.forced.clone()) {
            // What waits for it is woken by a task of its own, because a waker may be foreign code.
            place(self.tree.control()).spawn(async move { forced.cancel() });
        }
    }

    /// Guests whose task has ended by itself get the grace that it would have had.
    fn end_guests_in_time(&self) {
        let Some(forced) = self.guests.get().map(|guests| guests.forced.clone()) else { return };
        let Some(at) = self.own_deadline() else { return };
        place(self.tree.control()).spawn(async move {
            tokio::select! {
                () = forced.cancelled() => {}
                () = sleep_awake_until(at) => forced.cancel(),
            }
        });
    }
}

/// A tighter deadline counts, a wider one does not.
pub(super) fn tighten(before: &mut Option<Instant>, deadline: Option<Instant>) {
    *before = match (*before, deadline) {
        (Some(before), Some(deadline)) => Some(before.min(deadline)),
        (at, None) | (None, at) => at,
    };
}

impl EndReport {
    /// Reports the end of the task, and of everything below it.
    pub(super) fn say(self, node: &TaskNode) {
        let Self { reporter, exit, until: _ } = self;
        let exit = match node.guests.get().and_then(|guests| guests.panic.get()) {
            Some(panic) => exit.and_then_panicked(panic.clone()),
            None => exit,
        };
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

/// What the supervisor holds of a task.
pub(super) struct RunningTask {
    pub(super) node: Arc<TaskNode>,
}

impl RunningChild for RunningTask {
    fn hold(&mut self) {
        self.node.hold();
    }

    fn stop(&mut self, request: StopRequest) {
        self.node.stop(request.deadline);
    }

    fn kill(&mut self) {
        self.node.end(|group| group.child.kill());
    }

    fn force(&mut self) {
        self.node.end(|group| group.child.force());
    }

    fn force_name(&self) -> &'static str {
        "abort"
    }

    fn inspect(&self) -> Option<Arc<dyn Inspect>> {
        Some(Arc::clone(&self.node) as _)
    }
}

/// What is special about a task. One task is not both.
pub(super) enum Special {
    /// It counts as started when it says so.
    Service { told: AtomicBool, announcer: Announcer },
    /// Its result is there once its supervisor has taken note of its end.
    Job(Mutex<Option<EndHandled>>),
}

impl Special {
    pub(super) fn service(announcer: Announcer) -> Self {
        Self::Service { told: AtomicBool::new(false), announcer }
    }

    pub(super) fn job(handled: EndHandled) -> Self {
        Self::Job(Mutex::new(Some(handled)))
    }

    /// Says that a service has started. Once is enough.
    pub(super) fn tell_started(&self) {
        match self {
            Self::Service { told, announcer } => {
                if !told.swap(true, Ordering::AcqRel) {
                    announcer.started();
                }
            }
            Self::Job(_) => {}
        }
    }

    /// What goes along with the report of a job's end.
    pub(super) fn take_handled(&self) -> Option<EndHandled> {
        match self {
            Self::Service { .. } => None,
            Self::Job(handled) => handled.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }
}

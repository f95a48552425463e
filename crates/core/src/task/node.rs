//! What a task, its supervisor and its children share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::bell::Bell;
use super::gate::{Gate, Left, Purpose};
use super::nest::{LastWord, Nest, host};
use super::ready::Readiness;
use crate::child::{ChildKind, ChildPath, Exit, Shutdown};
use crate::clock::now;
use crate::detector::WorkerId;
use crate::event::{ChildSpan, Inside, StopCause};
use crate::port::{Ended, Reporter, StartContext, StopRequest};
use crate::report::NodeReport;
use crate::stuck::{Stuck, StuckIn};
use crate::supervisor::SupervisorHandle;
use crate::tree::TreeContext;

/// One incarnation of a task.
///
/// There is one of these for every task, so that what few tasks need is made when they need it.
pub(crate) struct TaskNode {
    pub(super) path: ChildPath,
    pub(super) incarnation: u32,
    stopping: AtomicBool,
    aborted: AtomicBool,
    pub(super) worker: WorkerId,
    shutdown: Shutdown,
    tree: TreeContext,
    /// Rung when the task is asked to stop.
    pub(super) bell: Bell,
    pub(super) token: OnceLock<CancellationToken>,
    /// How the task says that it has started, if it is one that says so.
    pub(super) readiness: Option<Box<Readiness>>,
    handle: OnceLock<AbortHandle>,
    gate: Gate<Box<Nest>, Option<Instant>, Box<LastWord>>,
}

impl TaskNode {
    pub(super) fn new(cx: &StartContext, readiness: Option<Box<Readiness>>) -> Self {
        Self {
            path: cx.path.clone(),
            incarnation: cx.incarnation,
            stopping: AtomicBool::new(false),
            aborted: AtomicBool::new(false),
            worker: WorkerId::new(),
            shutdown: cx.shutdown,
            tree: cx.tree.clone(),
            bell: Bell::default(),
            token: OnceLock::new(),
            readiness,
            handle: OnceLock::new(),
            gate: Gate::new(),
        }
    }

    /// Enters the task's span, which is made when the task is first polled, or dropped before that.
    pub(super) fn enter<'a>(&self, span: &'a mut ChildSpan) -> Inside<'a> {
        span.make(&self.path, self.incarnation, ChildKind::Task);
        span.enter()
    }

    pub(super) fn runs_as(&self, handle: AbortHandle) {
        let _ = self.handle.set(handle);
    }

    // --- the stop ---

    /// Asks the task and its children to stop. `deadline` is when they will be forced.
    pub(super) fn stop(&self, deadline: Option<Instant>) {
        let request = StopRequest::new(StopCause::Parent, deadline);
        // The gate first: whoever sees that a stop has begun finds it shut.
        self.gate.drain(deadline, tighten, |nest| nest.child.stop(request));
        self.ring();
    }

    /// Aborts the body, and has its children end in this way.
    pub(super) fn end(&self, end: impl FnOnce(&mut Nest)) {
        self.gate.shut(|nest| end(nest));
        self.aborted.store(true, Ordering::Release);
        if let Some(handle) = self.handle.get() {
            handle.abort();
        }
        // After the abort, so that it is one wherever the body waits. What computes can still look, and who computes for it.
        self.ring();
    }

    fn ring(&self) {
        self.stopping.store(true, Ordering::Release);
        if let Some(token) = self.token.get() {
            token.cancel();
        }
        self.bell.ring();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire) || self.token.get().is_some_and(CancellationToken::is_cancelled)
    }

    pub(super) fn token(&self) -> CancellationToken {
        let token = self.token.get_or_init(CancellationToken::new).clone();
        if self.stopping.load(Ordering::Acquire) {
            token.cancel();
        }
        // Those who wait already have to wait for the token too.
        self.bell.ring();
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

    /// Brings something into the nest, or hands it back. `begin` runs under the gate's lock, so it may do no more than to post.
    pub(super) fn admit<T, R>(
        self: &Arc<Self>,
        purpose: Purpose,
        item: T,
        begin: impl FnOnce(&mut Nest, T) -> R,
    ) -> Result<R, T> {
        self.gate.admit(
            purpose,
            item,
            |deadline| self.make_nest(deadline.copied()),
            |nest, item| begin(nest, item),
        )
    }

    pub(super) fn note_refusal(&self) {
        self.gate.note_refusal();
    }

    /// How many starts have been refused here.
    pub(super) fn refused(&self) -> u64 {
        u64::from(self.gate.refused()) + self.gate.with_nest(|nest| nest.child.refused()).unwrap_or_default()
    }

    pub(super) fn children(&self) -> Option<SupervisorHandle> {
        self.gate.with_nest(|nest| nest.supervisor.clone())
    }

    pub(super) fn last_kill(&self) {
        self.gate.with_nest(|nest| nest.child.last_kill());
    }

    /// Where the body is, if a thread is at work on it or should be.
    pub(super) fn stuck(&self) -> Option<Stuck> {
        if let Some(seen) = Stuck::at_work_on(self.worker) {
            return Some(seen);
        }
        let is_over = self.gate.has_left() || self.handle.get().is_none_or(AbortHandle::is_finished);
        let is_waited_for = self.aborted.load(Ordering::Acquire) && !is_over;
        is_waited_for.then(|| Stuck::new(StuckIn::NotPolled))
    }

    fn make_nest(self: &Arc<Self>, deadline: Option<Option<Instant>>) -> Box<Nest> {
        let (mut nest, inbox) = Nest::new(&self.path, self.incarnation, self.tree.clone());
        if let Some(deadline) = deadline {
            nest.child.stop(StopRequest::new(StopCause::Parent, deadline));
        }
        self.tree.control().spawn(host(Arc::clone(self), inbox));
        Box::new(nest)
    }

    /// The children have used up their restart intensity: the task has to go as well, within its own grace. Returns when it is
    /// to be forced.
    pub(super) fn escalate(&self) -> Option<Instant> {
        let force_at = self.own_deadline();
        self.gate.drain(force_at, tighten, |nest| nest.gave_up = true);
        self.ring();
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
    pub(super) fn body_ended(&self, reporter: Reporter, exit: Exit, tell: fn(Reporter, Ended)) {
        let mut word = Some(LastWord { reporter, exit });
        let left = self.gate.leave(|nest, was_asked| {
            if !was_asked {
                self.stop_orphans(nest);
            }
            nest.supervisor.close();
            Box::new(word.take().expect("a last word is left once"))
        });
        // Whoever has kept the context would wait for ever: nobody asks a task any more that is over.
        self.ring();
        match (left, word) {
            (Left::Last(nest), Some(word)) => word.say(nest.map(|nest| *nest), tell),
            (Left::First | Left::Last(_), _) => {}
        }
    }

    /// Children whose parent has ended by itself get the grace that it would have had.
    fn stop_orphans(&self, nest: &mut Nest) {
        match self.shutdown {
            Shutdown::Kill => nest.child.kill(),
            Shutdown::Grace(_) | Shutdown::Infinity => {
                nest.child.stop(StopRequest::new(StopCause::Parent, self.own_deadline()));
            }
        }
    }

    /// The children are gone, and so is their supervisor.
    pub(super) fn nest_ended(&self, children: Vec<NodeReport>) {
        let last = self.gate.emptied(|nest| {
            nest.reports = children;
            u32::try_from(nest.child.refused()).unwrap_or(u32::MAX)
        });
        if let Some((word, nest)) = last {
            word.say(Some(*nest), Reporter::ended);
        }
    }
}

/// A tighter deadline counts, a wider one does not.
fn tighten(before: &mut Option<Instant>, deadline: Option<Instant>) {
    *before = match (*before, deadline) {
        (Some(before), Some(deadline)) => Some(before.min(deadline)),
        (at, None) | (None, at) => at,
    };
}

impl LastWord {
    /// Reports the end of the task, and of everything below it.
    fn say(self, nest: Option<Nest>, tell: fn(Reporter, Ended)) {
        let Self { reporter, exit } = self;
        match nest {
            None => tell(reporter, exit.into()),
            Some(nest) => {
                let exit = if nest.gave_up { escalated(exit) } else { exit };
                tell(reporter, Ended::new(exit).with_children(nest.reports));
            }
        }
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
        | Exit::Signal { .. }
        | Exit::Unknown => Exit::Failed { error: "its children used up their restart intensity".to_owned() },
    }
}

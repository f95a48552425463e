//! The life of a supervisor, from its start to its acknowledgement.
//!
//! The keeper owns a supervisor's life. It goes along with the actor and is dropped when nothing else is left of that; then it reports
//! to the parent. If the actor has ended before its work was done, which only a bug or a panic in somebody's code can bring about,
//! the keeper has what is left stopped in order. Whatever happens, the parent hears of it last.
//!
//! Absent on purpose: a task that waits for the actor, which would cost every supervisor another two hand-overs. There is one only once an
//! actor has failed.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Waker};

use ractor::Actor;
use tokio::runtime::Handle;
use tokio::task::coop::unconstrained;

use super::actor::{Begin, SupervisorActor};
use super::engine::{Engine, Outcome, Turn};
use super::survey::survey;
use super::{SpecError, Supervisor, SupervisorHandle};
use crate::child::{ChildKind, ChildPath, Exit, Panic};
use crate::event::subscriber::without_subscriber;
use crate::panics::drop_quietly;
use crate::policy::End;
use crate::port::{Deputy, Ended, Inbox, Launch, Mail, RunningChild, StartChild, StartContext, StopRequest};
use crate::report::NodeReport;
use crate::snapshot::NodeSnapshot;

/// Starts a supervisor, as a child of another one or as a root.
pub(crate) struct SupervisorStart {
    supervisor: Supervisor,
    /// What is wrong with it or below it, found when it was made: a look at every level when that is made, and not at all
    /// levels below it, so that a deep tree is checked without recursion.
    flaw: Option<SpecError>,
}

impl SupervisorStart {
    /// The start of a supervisor that is to be the child of another one.
    pub(super) fn new(supervisor: Supervisor) -> Self {
        let flaw = supervisor.check().err();
        Self { supervisor, flaw }
    }

    /// The start of a supervisor that has been checked.
    pub(crate) fn checked(supervisor: Supervisor) -> Self {
        Self { supervisor, flaw: None }
    }

    /// Makes everything of it but its actor, so that it can be asked to stop before it begins.
    pub(crate) fn prepare(&self, cx: StartContext) -> (Box<dyn RunningChild>, Keeper) {
        let path = cx.path.clone();
        let shared = self.make(cx);
        (Box::new(RunningSupervisor { path, shared: Arc::clone(&shared) }), Keeper::new(shared))
    }

    pub(super) fn launch(&self, cx: StartContext) -> Arc<Shared> {
        let control = cx.tree.control().clone();
        let shared = self.make(cx);
        Keeper::new(Arc::clone(&shared)).run_actor(&control);
        shared
    }

    fn make(&self, cx: StartContext) -> Arc<Shared> {
        let (policy, specs) = self.supervisor.parts();
        let engine = Engine::new(cx, policy, specs);
        let inbox = Arc::clone(engine.inbox());
        Arc::new(Shared { inbox, engine: Mutex::new(engine) })
    }
}

impl StartChild for SupervisorStart {
    fn kind(&self) -> ChildKind {
        ChildKind::Supervisor
    }

    fn start(&self, cx: StartContext) -> Launch {
        let path = cx.path.clone();
        Launch::starting(RunningSupervisor { path, shared: self.launch(cx) })
    }

    fn check(&self, path: &str) -> Result<(), SpecError> {
        match &self.flaw {
            Some(flaw) => Err(flaw.below(path, self.supervisor.id())),
            None => Ok(()),
        }
    }
}

/// What a supervisor's actor, its keeper and its parent share.
pub(super) struct Shared {
    inbox: Arc<Inbox>,
    engine: Mutex<Engine>,
}

impl Shared {
    /// The state. A panic of the actor poisons the lock, and the state is still the best there is.
    pub(super) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, if it can be had at once or nearly so: a turn takes no longer, unless somebody's code stands still in it.
    pub(super) fn engine_soon(&self) -> Option<MutexGuard<'_, Engine>> {
        for _ in 0..ATTEMPTS {
            match self.engine.try_lock() {
                Ok(engine) => return Some(engine),
                Err(TryLockError::Poisoned(engine)) => return Some(engine.into_inner()),
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            }
        }
        None
    }

    pub(super) fn inbox(&self) -> &Inbox {
        &self.inbox
    }
}

impl Deputy for Shared {
    fn act(&self) -> bool {
        self.engine().turn_for_actor() != Turn::Stopping
    }
}

/// How often a state that somebody else holds is asked for before one goes on without it.
const ATTEMPTS: u32 = 10_000;

/// How often a supervisor's actor may fail before its children are ended without any more ado.
const ACTOR_FAILURES: u32 = 3;

/// Owns a supervisor's life. An actor has it for as long as there is anything of the actor.
pub(crate) struct Keeper {
    /// Taken when it is dropped.
    shared: Option<Arc<Shared>>,
    /// How many actors have failed.
    failures: u32,
}

impl Keeper {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared: Some(shared), failures: 0 }
    }

    /// Starts an actor over the state, which takes the keeper along. If that fails the keeper is dropped, as when the actor fails later.
    pub(crate) fn run_actor(self, control: &Handle) {
        let Some(shared) = self.shared.clone() else { return };
        let _inside = control.enter();
        // Neither named nor linked: a name is global and a link kills, and both would be ractor's business and not ours.
        let start = Actor::spawn(None, SupervisorActor { _keeper: self }, shared);
        // The actor's own start waits for nothing, and so this takes one step, whoever's turn it is part of.
        let start = pin!(unconstrained(start));
        let started = without_subscriber(|| start.poll(&mut Context::from_waker(Waker::noop())));
        if let Poll::Ready(Ok((actor, _))) = started {
            // An actor that is gone already has dropped its keeper.
            let _ = actor.cast(Begin);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let Some(shared) = self.shared.take() else { return };
        // A panic that goes on past ractor is left to end before anything else is done.
        if !std::thread::panicking() && shared.engine().is_finished() {
            finish(shared);
            return;
        }
        let control = shared.engine().control().clone();
        control.spawn(succeed(shared, self.failures + 1));
    }
}

/// Goes on where an actor has failed.
async fn succeed(shared: Arc<Shared>, failures: u32) {
    if !shared.engine().is_finished() {
        if failures <= ACTOR_FAILURES {
            shared.engine().salvage();
            let control = Handle::current();
            Keeper { shared: Some(shared), failures }.run_actor(&control);
            return;
        }
        abandon(&shared).await;
    }
    finish(shared);
}

/// Tells the parent, when what the supervisor held has been given back.
fn finish(shared: Arc<Shared>) {
    let outcome = shared.engine().take_outcome();
    drop_quietly(shared);
    report(outcome);
}

/// Forces all children and waits until they are gone, without an actor and without a machine.
async fn abandon(shared: &Shared) {
    shared.engine().abandon();
    while !shared.engine().bury() {
        shared.inbox.arrival().await;
    }
}

fn report(outcome: Outcome) {
    let Outcome { reporter, end, start_error, children } = outcome;
    let Some(reporter) = reporter else { return };
    match (end, start_error) {
        (End::StartFailed(_), Some(error)) => reporter.failed_after(error, children),
        (End::Failed, _) => {
            let exit = Exit::Panicked(Panic::new("the supervisor's actor failed"));
            reporter.ended(Ended::new(exit).with_children(children));
        }
        // Giving up and being asked end alike: OTP's `shutdown`, so that a transient supervisor stays down (rule 20).
        (End::Stopped | End::GaveUp | End::AutoShutdown | End::StartFailed(_), _) => {
            reporter.ended(Ended::new(Exit::Shutdown).with_children(children));
        }
    }
}

/// What the parent holds of a supervisor.
struct RunningSupervisor {
    path: ChildPath,
    shared: Arc<Shared>,
}

impl RunningChild for RunningSupervisor {
    fn stop(&mut self, request: StopRequest) {
        self.shared.inbox.deliver(Mail::Stop(request));
    }

    fn hold(&mut self) {
        self.shared.inbox.hold();
    }

    fn kill(&mut self) {
        self.shared.inbox.deliver(Mail::Kill);
    }

    fn force(&mut self) {
        self.shared.inbox.deliver(Mail::Force);
    }

    fn force_name(&self) -> &'static str {
        "force"
    }

    fn last_kill(&mut self) {
        if let Some(mut engine) = self.shared.engine_soon() {
            engine.last_kill();
        }
    }

    fn refused(&self) -> u64 {
        self.shared.inbox.refused()
    }

    fn children(&self) -> Vec<NodeSnapshot> {
        survey(&self.shared)
    }

    fn supervisor(&self) -> Option<SupervisorHandle> {
        Some(SupervisorHandle::new(self.path.clone(), Arc::clone(&self.shared)))
    }

    fn reports(&self) -> Vec<NodeReport> {
        survey(&self.shared)
    }
}

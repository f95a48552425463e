//! What a program holds of one running supervisor: OTP's functions for the children of a supervisor.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::call::{
    CallRefusal, CallSuccess, Demand, ReserveError, ReservedPlace, StartedChild, SupervisorCall,
};
use super::check::check_child;
use super::child_errors::{DeleteChildError, RestartChildError, SignalChildError, TerminateChildError};
use super::mailbox::{SharedSupervisor, SupervisorMessage};
use super::start_child::{Offer, PendingAnswer, StartChildError};
use super::view::ChildCount;
use super::walk::{AskChildren, KeptAlive, note_stall, walk, walk_with_usage};
use crate::child::{ChildId, ChildKind, ChildPath, SpecError, SpecProblem};
use crate::child_kind::Inspect;
use crate::detector::Stall;
use crate::policy::AutoShutdown;
use crate::report::NodeReport;
use crate::sighting::Sightings;
use crate::signal::Signal;
use crate::snapshot::NodeSnapshot;
use crate::spec::ChildSpec;
use crate::usage::Usage;

/// A running supervisor, to which children can be added and from which they can be taken.
///
/// A handle means one incarnation: when the supervisor has stopped, by itself or because its parent restarts it, the
/// handle is of no use any more, and [`Tree::supervisor`](crate::Tree::supervisor) finds the next incarnation. A handle
/// does not keep its tree from being stopped.
///
/// Calls are dealt with in their order and after everything that had happened before. A call that has to wait for a
/// child, because that takes its time to start or to stop, keeps no other call waiting. Looking is possible at any
/// time.
#[derive(Clone)]
pub struct SupervisorHandle {
    shared: Arc<SharedSupervisor>,
}

impl SupervisorHandle {
    pub(super) fn new(shared: Arc<SharedSupervisor>) -> Self {
        Self { shared }
    }

    /// The supervisor that a child is, or that looks after its children.
    pub(crate) fn of(child: &Arc<dyn Inspect>) -> Option<Self> {
        let shared = Arc::clone(child).supervisor()?.downcast().ok()?;
        Some(Self { shared })
    }

    /// What others hold of a child whose children this supervisor looks after.
    pub(crate) fn as_inspected(&self) -> Arc<dyn Any + Send + Sync> {
        Arc::clone(&self.shared) as _
    }

    /// Marks that a stop has begun here, so that nothing below is started any more.
    pub(crate) fn hold(&self) {
        self.shared.scope.begin_stop();
    }

    /// How many starts have been refused because the supervisor stops.
    pub(crate) fn refused(&self) -> u64 {
        self.shared.refusals.count()
    }

    pub(super) fn shared(&self) -> &SharedSupervisor {
        &self.shared
    }

    /// Where the supervisor stands.
    pub fn path(&self) -> &ChildPath {
        &self.shared.path
    }

    /// Whether this incarnation of the supervisor is still there. It may be stopping.
    pub fn is_running(&self) -> bool {
        !self.shared.view.is_over()
    }

    /// Whether it is still there, and neither it nor anything above it has begun to stop.
    pub(super) fn takes_children(&self) -> bool {
        self.is_running() && !self.shared.scope.is_stopping()
    }

    /// Adds a child behind all others and starts it (OTP's `start_child`).
    ///
    /// Returns when it has started. A child that cannot be started is not added. Under a
    /// [`DynamicSupervisor`](crate::DynamicSupervisor) the id gets a number.
    ///
    /// # Errors
    ///
    /// [`StartChildError`] says why the child does not run.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the child is added and started all the same.
    pub async fn start_child(&self, child: impl Into<ChildSpec>) -> Result<StartedChild, StartChildError> {
        let spec = child.into();
        let id = check_new_child(&spec, self.path(), self.shared.auto_shutdown)?;
        self.offer(id, spec).answer().await
    }

    /// The same, in a place that was reserved before.
    pub(crate) async fn start_in_reserved(
        &self,
        spec: ChildSpec,
        place: ReservedPlace,
    ) -> Result<StartedChild, StartChildError> {
        let id = check_new_child(&spec, self.path(), self.shared.auto_shutdown)?;
        let demand = Demand::StartInReserved { id, spec: Box::new(spec.clone()), place };
        Offer::new(spec, self.post(demand)).answer().await
    }

    /// Offers a child that has been checked, without waiting for anything.
    pub(crate) fn offer(&self, id: ChildId, spec: ChildSpec) -> Offer {
        let demand = Demand::Start { id, spec: Box::new(spec.clone()) };
        Offer::new(spec, self.post(demand))
    }

    /// Waits for a place for one more child.
    pub(crate) async fn reserve(&self) -> Result<ReservedPlace, ReserveError> {
        match self.call(Demand::Reserve).await {
            Ok(CallSuccess::Reserved(place)) => Ok(place),
            Ok(CallSuccess::Started(_) | CallSuccess::Done) => {
                unreachable!("a reservation is answered with a place")
            }
            Err(CallRefusal::NotRunning) => Err(ReserveError::NotRunning),
            Err(CallRefusal::Stopping) => Err(ReserveError::Stopping),
            Err(
                never @ (CallRefusal::StartFailed(_)
                | CallRefusal::Ignored
                | CallRefusal::AlreadyStarted
                | CallRefusal::AlreadyPresent
                | CallRefusal::MaxChildren
                | CallRefusal::NotFound
                | CallRefusal::Running
                | CallRefusal::Restarting
                | CallRefusal::NothingKept),
            ) => Err(never.never(ReserveError::Stopping)),
        }
    }

    /// Offers clean-up work, which is started also while the supervisor stops.
    pub(crate) fn offer_clean_up(&self, id: ChildId, spec: ChildSpec) -> Offer {
        let demand = Demand::CleanUp { id, spec: Box::new(spec.clone()) };
        Offer::new(spec, self.post(demand))
    }

    /// Says that no caller offers a child any more, so that the supervisor ends when it has been stopped and its last
    /// child is gone.
    pub(crate) fn close(&self) {
        self.shared.send(SupervisorMessage::Close);
    }

    /// Waits until no child is left that runs or could be restarted.
    pub(crate) async fn quiet(&self) {
        // A refusal says that the supervisor itself is gone.
        let _ = self.call(Demand::Quiet).await;
    }

    /// Stops a child as its spec wants it, and waits until it is gone (OTP's `terminate_child`).
    ///
    /// It is not started again by itself, except by a later group restart. A temporary child is deleted. That the child
    /// was down already is no error; one that was going to be restarted is not.
    ///
    /// # Errors
    ///
    /// [`TerminateChildError`] if there is no such child, or the supervisor stops.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the child is stopped all the same.
    pub async fn terminate_child(&self, id: &str) -> Result<(), TerminateChildError> {
        let id = ChildId::new(id).map_err(|_| TerminateChildError::NotFound)?;
        match self.call(Demand::Terminate(id)).await {
            Ok(_) => Ok(()),
            Err(CallRefusal::NotFound) => Err(TerminateChildError::NotFound),
            Err(CallRefusal::NotRunning) => Err(TerminateChildError::NotRunning),
            Err(CallRefusal::Stopping) => Err(TerminateChildError::Stopping),
            Err(
                never @ (CallRefusal::StartFailed(_)
                | CallRefusal::Ignored
                | CallRefusal::AlreadyStarted
                | CallRefusal::AlreadyPresent
                | CallRefusal::MaxChildren
                | CallRefusal::Running
                | CallRefusal::Restarting
                | CallRefusal::NothingKept),
            ) => Err(never.never(TerminateChildError::Stopping)),
        }
    }

    /// Starts a child that is down (OTP's `restart_child`). This does not count as a restart.
    ///
    /// Returns when it has started.
    ///
    /// # Errors
    ///
    /// [`RestartChildError`] says why it does not run.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the child is started all the same.
    pub async fn restart_child(&self, id: &str) -> Result<StartedChild, RestartChildError> {
        let id = ChildId::new(id).map_err(|_| RestartChildError::NotFound)?;
        match self.call(Demand::Restart(id)).await {
            Ok(CallSuccess::Started(child)) => Ok(child),
            Ok(CallSuccess::Done | CallSuccess::Reserved(_)) => {
                unreachable!("a start is answered with a child")
            }
            Err(CallRefusal::Ignored) => Err(RestartChildError::Ignored),
            Err(CallRefusal::NotRunning) => Err(RestartChildError::NotRunning),
            Err(CallRefusal::StartFailed(error)) => Err(RestartChildError::Failed(error)),
            Err(CallRefusal::NotFound) => Err(RestartChildError::NotFound),
            Err(CallRefusal::Running) => Err(RestartChildError::Running),
            Err(CallRefusal::Restarting) => Err(RestartChildError::Restarting),
            Err(CallRefusal::NothingKept) => Err(RestartChildError::Dynamic),
            Err(CallRefusal::Stopping) => Err(RestartChildError::Stopping),
            Err(
                never
                @ (CallRefusal::AlreadyStarted | CallRefusal::AlreadyPresent | CallRefusal::MaxChildren),
            ) => Err(never.never(RestartChildError::Stopping)),
        }
    }

    /// Forgets a child that is down (OTP's `delete_child`).
    ///
    /// # Errors
    ///
    /// [`DeleteChildError`] says why it has not been deleted.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the child is deleted all the same.
    pub async fn delete_child(&self, id: &str) -> Result<(), DeleteChildError> {
        let id = ChildId::new(id).map_err(|_| DeleteChildError::NotFound)?;
        match self.call(Demand::Delete(id)).await {
            Ok(_) => Ok(()),
            Err(CallRefusal::NotFound) => Err(DeleteChildError::NotFound),
            Err(CallRefusal::Running) => Err(DeleteChildError::Running),
            Err(CallRefusal::Restarting) => Err(DeleteChildError::Restarting),
            Err(CallRefusal::NothingKept) => Err(DeleteChildError::Dynamic),
            Err(CallRefusal::NotRunning) => Err(DeleteChildError::NotRunning),
            Err(CallRefusal::Stopping) => Err(DeleteChildError::Stopping),
            Err(
                never @ (CallRefusal::StartFailed(_)
                | CallRefusal::Ignored
                | CallRefusal::AlreadyStarted
                | CallRefusal::AlreadyPresent
                | CallRefusal::MaxChildren),
            ) => Err(never.never(DeleteChildError::Stopping)),
        }
    }

    /// Waits until the supervisor has its turn, and says whether it was there to answer. It answers also while it
    /// stops.
    ///
    /// What is measured is the runtime of the supervisors, for a watchdog: a runtime whose threads are all blocked does
    /// not answer. It says nothing about the children.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn responds(&self) -> bool {
        self.call(Demand::Respond).await.is_ok()
    }

    /// The spec of a child (OTP's `get_childspec`).
    pub fn child_spec(&self, id: &str) -> Option<ChildSpec> {
        // OTP rule 53.
        self.shared.view.spec(id)
    }

    /// The children, in start order, with what they are doing (OTP's `which_children`).
    pub fn which_children(&self) -> Vec<NodeSnapshot> {
        // OTP rule 43.
        walk(&self.shared, AskChildren::Nothing, &mut KeptAlive::default()).0
    }

    /// The same with what the processes use, and how many of them were left out.
    pub(crate) fn children_with_usage(&self) -> (Vec<NodeSnapshot>, usize) {
        walk_with_usage(&self.shared, &mut KeptAlive::default())
    }

    /// The same, with the moments of the record at which they were seen.
    pub(crate) fn sightings(&self) -> Sightings {
        let (children, list) = walk(&self.shared, AskChildren::Nothing, &mut KeptAlive::default());
        Sightings { children, list }
    }

    /// How many children there are (OTP's `count_children`).
    pub fn count_children(&self) -> ChildCount {
        self.shared.view.count()
    }

    /// What a process child uses now, summed over all processes of its set. `None` if it does not run, or is no
    /// process.
    ///
    /// Nothing is looked up before this is called. It reads some files of the system for each process of the set, which
    /// takes a tenth of a millisecond or so for each, and blocks its thread for that long.
    pub fn usage(&self, id: &str) -> Option<Usage> {
        let inspect = self.shared.view.find(id, |entry| entry.live()?.inspect.clone())??;
        inspect.usage()
    }

    /// Sends a signal to a process child: to the program alone, and not to what it has started. For what a program does
    /// because of a signal, such as to read its configuration again on SIGHUP.
    ///
    /// The supervisor is not told. A process that ends because of it has ended by itself, and is restarted or not as
    /// its spec says; to stop it is [`terminate_child`](Self::terminate_child). The signal never reaches another
    /// process that has got the number of one that has ended.
    ///
    /// # Errors
    ///
    /// [`SignalChildError`] says why the signal was not sent.
    pub fn signal_child(&self, id: &str, signal: Signal) -> Result<(), SignalChildError> {
        let found = self
            .shared
            .view
            .find(id, |entry| (entry.kind(), entry.live().and_then(|live| live.inspect.clone())));
        let (kind, inspect) = found.ok_or(SignalChildError::NotFound)?;
        if kind != ChildKind::Process {
            return Err(SignalChildError::NotAProcess);
        }
        // It is sent when nothing is locked.
        match inspect.and_then(|inspect| inspect.signal(signal)) {
            Some(sent) => sent.map_err(SignalChildError::System),
            None => Err(SignalChildError::NotRunning),
        }
    }

    /// A child of this supervisor that is a supervisor itself, if it runs.
    pub fn supervisor(&self, id: &str) -> Option<SupervisorHandle> {
        let child = self.shared.view.find(id, |entry| entry.live()?.inspect.clone())??;
        Self::of(&child)
    }

    /// How the children have come down so far.
    pub(crate) fn reports(&self, ask: AskChildren, kept_alive: &mut KeptAlive) -> Vec<NodeReport> {
        walk(&self.shared, ask, kept_alive).0
    }

    /// Writes down which child below this supervisor a thread is at work on.
    pub(crate) fn note_stall(self, stall: &Stall) {
        note_stall(self.shared, stall);
    }

    async fn call(&self, demand: Demand) -> Result<CallSuccess, CallRefusal> {
        self.post(demand).come().await
    }

    fn post(&self, demand: Demand) -> PendingAnswer {
        let (call, answer) = SupervisorCall::new(demand, &self.shared.refusals);
        self.shared.send(SupervisorMessage::Call(call));
        PendingAnswer::new(answer, Arc::clone(&self.shared))
    }
}

/// Checks the spec of a child that is offered to the supervisor of a task's children.
pub(crate) fn check_offer(spec: &ChildSpec, parent: &ChildPath) -> Result<ChildId, SpecError> {
    check_new_child(spec, parent, AutoShutdown::Never)
}

/// Checks a new child as those of a description are checked: OTP rule 45.
fn check_new_child(
    spec: &ChildSpec,
    parent: &ChildPath,
    auto_shutdown: AutoShutdown,
) -> Result<ChildId, SpecError> {
    let path = format!("{parent}/{}", spec.id());
    let id = spec.child_id().map_err(|invalid| SpecError::new(path.as_str(), SpecProblem::Id(invalid)))?;
    check_child(spec, &path, auto_shutdown)?;
    Ok(id)
}

impl fmt::Debug for SupervisorHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorHandle").field("path", self.path()).finish_non_exhaustive()
    }
}

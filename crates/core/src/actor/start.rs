//! How an actor is started and stopped.

use std::marker::PhantomData;
use std::sync::Arc;

use ractor::{Actor, Message};

use super::address::Address;
use super::orders::ActorOrders;
use super::owner::{ActorOwner, own_actor};
use super::registration::{AddressRegistration, SpecRegistration};
use super::user_actor::leave;
use crate::child::ChildKind;
use crate::child_kind::{Inspect, Launch, RunningChild, StartChild, StartContext, StopRequest};
use crate::detector::WorkerId;
use crate::spawn::spawn_named;
use crate::spec::ChildSpec;
use crate::stuck::{Stuck, StuckIn};

impl ChildSpec {
    /// Describes a ractor actor.
    ///
    /// `make` is called for every incarnation, inside a new task, and makes the actor and the arguments of its
    /// `pre_start`.
    ///
    /// | what happens | what its supervisor sees |
    /// | --- | --- |
    /// | `pre_start` succeeds | it has started |
    /// | `pre_start` or `make` fails or panics | the start has failed |
    /// | another callback returns an error | [`Exit::Failed`](crate::Exit::Failed) |
    /// | another callback panics | [`Exit::Panicked`](crate::Exit::Panicked) |
    /// | any code stops or drains it, also its own | [`Exit::Normal`](crate::Exit::Normal) |
    /// | any code kills it, or aborts its task | [`Exit::Aborted`](crate::Exit::Aborted), which is abnormal |
    ///
    /// When the supervisor stops the actor it first asks: ractor's `stop`, with `post_stop`. When the grace is over the
    /// actor is killed. In every case it is gone when its task has been joined and its state has been dropped, wherever
    /// ractor's links may have led. Actors to which it is linked as their supervisor are killed with it, as ractor does
    /// that, and are not waited for, unless it waits for them itself in `post_stop`.
    ///
    /// An actor that blocks its thread, or computes without a pause, cannot be killed. A
    /// [`Stalled`](crate::EventKind::Stalled) event names it while it runs, and the report of a stop says what it is
    /// [stuck](crate::NodeReport::stuck) in.
    ///
    /// It runs on the runtime of the tree's tasks, unnamed. Its [`ActorRef`](ractor::ActorRef) is another one after
    /// every restart; [`actor_at`](Self::actor_at) gives it an address that stays.
    pub fn actor<A, F>(id: impl Into<String>, make: F) -> Self
    where
        A: Actor,
        F: Fn() -> (A, A::Arguments) + Send + Sync + 'static,
    {
        Self::own(id, ActorStart::new(make, None))
    }

    /// Describes a ractor actor that can be found at an [`Address`], as [`actor`](Self::actor) does otherwise.
    pub fn actor_at<A, F>(id: impl Into<String>, address: &Address<A::Msg>, make: F) -> Self
    where
        A: Actor,
        F: Fn() -> (A, A::Arguments) + Send + Sync + 'static,
    {
        Self::own(id, ActorStart::new(make, Some(SpecRegistration::new(address.state()))))
    }
}

/// Starts an actor from a function that makes it.
struct ActorStart<A: Actor, F> {
    make: Arc<F>,
    registration: Option<SpecRegistration<A::Msg>>,
    actor: PhantomData<fn() -> A>,
}

impl<A: Actor, F> ActorStart<A, F> {
    fn new(make: F, registration: Option<SpecRegistration<A::Msg>>) -> Self {
        Self { make: Arc::new(make), registration, actor: PhantomData }
    }
}

impl<A, F> StartChild for ActorStart<A, F>
where
    A: Actor,
    F: Fn() -> (A, A::Arguments) + Send + Sync + 'static,
{
    fn kind(&self) -> ChildKind {
        ChildKind::Actor
    }

    fn start(&self, cx: StartContext) -> Launch {
        let make = Arc::clone(&self.make);
        let orders = ActorOrders::new(Arc::clone(&cx.scope));
        let registration = self.registration.as_ref().map(SpecRegistration::registration);
        let worker = WorkerId::new();
        let (path, incarnation) = (cx.path.clone(), cx.incarnation);
        let owner = ActorOwner {
            path,
            incarnation,
            orders: orders.clone(),
            registration: registration.clone(),
            worker,
        };
        let runtime = cx.task_runtime().clone();
        let owner = own_actor(move || make(), owner, cx.reporter);
        spawn_named(&runtime, &cx.path, owner);
        let watched = Arc::new(WatchedActor { orders, worker });
        Launch::starting(RunningActor { watched, registration })
    }
}

/// What the supervisor holds of an actor.
struct RunningActor<M> {
    watched: Arc<WatchedActor>,
    registration: Option<AddressRegistration<M>>,
}

/// The part of it that others may look at.
struct WatchedActor {
    orders: ActorOrders,
    worker: WorkerId,
}

impl<M: Message> RunningChild for RunningActor<M> {
    fn stop(&mut self, _request: StopRequest) {
        self.watched.orders.stop.cancel();
        // An actor that is asked to stop looks into its mailbox no more.
        leave(self.registration.as_ref());
    }

    fn force(&mut self) {
        self.watched.orders.force.cancel();
        leave(self.registration.as_ref());
    }

    fn force_name(&self) -> &'static str {
        "kill"
    }

    fn inspect(&self) -> Option<Arc<dyn Inspect>> {
        Some(Arc::clone(&self.watched) as _)
    }
}

impl Inspect for WatchedActor {
    /// As ractor's `kill`, which an actor does not survive and its supervisor has not asked for.
    fn crash(&self) {
        self.orders.force.cancel();
    }

    fn can_crash(&self) -> bool {
        true
    }

    fn stuck(&self) -> Option<Stuck> {
        let unheard = || self.orders.are_unheard().then(|| Stuck::new(StuckIn::NotPolled));
        Stuck::at_work_on(self.worker).or_else(unheard)
    }
}

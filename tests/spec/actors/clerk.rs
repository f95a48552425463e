//! An actor that does in each of its callbacks what the test wants, and a diary of what became of it.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rootward::ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use rootward::{Address, ChildSpec};

use crate::support::work_for;

/// What a clerk does in a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Succeed,
    Fail,
    Panic,
    Hang,
    Take(Duration),
    /// Kills itself, and waits for that.
    KillYourself,
    StopYourself,
    DrainYourself,
}

/// What a clerk can be told.
pub(super) enum Order {
    Do(Step),
    /// Counts its orders of this kind.
    Count(RpcReplyPort<u32>),
}

/// The error of a clerk that fails.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal;

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("would rather not")
    }
}

impl std::error::Error for Refusal {}

/// What happened, in the order in which it did.
#[derive(Clone, Debug, Default)]
pub(super) struct Diary(Arc<Mutex<Vec<&'static str>>>);

impl Diary {
    pub(super) fn note(&self, what: &'static str) {
        self.0.lock().expect("no thread panics while it writes").push(what);
    }

    pub(super) fn entries(&self) -> Vec<&'static str> {
        self.0.lock().expect("no thread panics while it writes").clone()
    }

    pub(super) fn says(&self, what: &str) -> bool {
        self.entries().contains(&what)
    }

    /// What happened from the first entry of this name on.
    pub(super) fn from(&self, first: &str) -> Vec<&'static str> {
        self.entries().into_iter().skip_while(|entry| *entry != first).collect()
    }
}

/// Describes clerks that all do the same, and where to find them.
#[derive(Clone, Default)]
pub(super) struct Clerk {
    steps: BTreeMap<&'static str, Step>,
    pub(super) diary: Diary,
    pub(super) address: Address<Order>,
}

impl Clerk {
    /// A clerk that succeeds in all it does.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A clerk that does this in this callback; or in `make`, or when its `state` or it, the `actor`, is dropped.
    pub(super) fn that(mut self, step: Step, callback: &'static str) -> Self {
        self.steps.insert(callback, step);
        self
    }

    pub(super) fn spec(&self, id: &str) -> ChildSpec {
        let clerk = self.clone();
        ChildSpec::actor_at(id, &self.address, move || clerk.make())
    }

    fn make(&self) -> (Incarnation, ()) {
        self.at_once("make");
        (Incarnation(self.clone()), ())
    }

    /// The one that is there now.
    pub(super) fn now(&self) -> ActorRef<Order> {
        self.address.current().expect("it is there")
    }

    pub(super) fn does(&self, step: Step) {
        self.address.cast(Order::Do(step)).expect("it is there");
    }

    /// How many orders the one that is there now has had.
    pub(super) async fn count(&self) -> u32 {
        rootward::ractor::call!(self.now(), Order::Count).expect("it answers")
    }

    async fn step(&self, callback: &'static str, myself: &ActorRef<Order>) -> Result<(), ActorProcessingErr> {
        self.diary.note(callback);
        let step = self.steps.get(callback).copied().unwrap_or(Step::Succeed);
        take(step, myself).await
    }

    /// A step in a place that does not wait.
    fn at_once(&self, place: &'static str) {
        assert_ne!(self.steps.get(place), Some(&Step::Panic), "no {place}");
    }
}

async fn take(step: Step, myself: &ActorRef<Order>) -> Result<(), ActorProcessingErr> {
    match step {
        Step::Succeed => {}
        Step::Fail => return Err(Box::new(Refusal)),
        Step::Panic => panic!("a clerk panics"),
        Step::Hang => pending().await,
        Step::Take(time) => work_for(time).await,
        Step::KillYourself => {
            myself.kill();
            pending().await
        }
        Step::StopYourself => myself.stop(None),
        Step::DrainYourself => myself.drain()?,
    }
    Ok(())
}

/// One clerk.
pub(super) struct Incarnation(Clerk);

/// What a clerk has on its desk.
pub(super) struct Desk {
    count: u32,
    clerk: Clerk,
}

impl Actor for Incarnation {
    type Msg = Order;
    type State = Desk;
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<Order>, (): ()) -> Result<Desk, ActorProcessingErr> {
        // On the desk from the beginning, so that it is dropped with a start that is given up.
        let desk = Desk { count: 0, clerk: self.0.clone() };
        self.0.step("pre_start", &myself).await?;
        Ok(desk)
    }

    async fn post_start(&self, myself: ActorRef<Order>, _: &mut Desk) -> Result<(), ActorProcessingErr> {
        self.0.step("post_start", &myself).await
    }

    async fn handle(
        &self,
        myself: ActorRef<Order>,
        order: Order,
        desk: &mut Desk,
    ) -> Result<(), ActorProcessingErr> {
        match order {
            Order::Do(step) => take(step, &myself).await,
            Order::Count(reply) => {
                desk.count += 1;
                let _ = reply.send(desk.count);
                Ok(())
            }
        }
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Order>,
        _: SupervisionEvent,
        _: &mut Desk,
    ) -> Result<(), ActorProcessingErr> {
        self.0.step("handle_supervisor_evt", &myself).await
    }

    async fn post_stop(&self, myself: ActorRef<Order>, _: &mut Desk) -> Result<(), ActorProcessingErr> {
        self.0.step("post_stop", &myself).await
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.clerk.diary.note("state dropped");
        self.clerk.at_once("state");
    }
}

impl Drop for Incarnation {
    fn drop(&mut self) {
        self.0.diary.note("actor dropped");
        self.0.at_once("actor");
    }
}

//! Actors that cannot be killed: what the report says of them, and which events warn before.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use rootward::ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward::report::{Ending, StuckIn};
use rootward::snapshot::ChildKind;
use rootward::{Address, ChildSpec, EventKind, Supervisor, TreeBuilder};

use crate::support::{Blocked, EventLog, GivenTree, OtherRuntime, builder, given_tree, stuck};

#[tokio::test]
async fn an_actor_that_does_not_yield_is_named_while_it_runs() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let (tree, mut log, address) = given_actor(&elsewhere, |tree| tree.stall_threshold(SHORT)).await;

    address.cast(Order::Block(blocked)).unwrap();

    let stalled = log.wait_for_event("a", "stalled").await;
    let EventKind::Stalled { elapsed, thread } = &stalled.what else { unreachable!("it is called that") };
    assert_eq!(stalled.child_kind, ChildKind::Actor);
    assert!(*elapsed >= SHORT && thread.starts_with("task-thread"), "{elapsed:?} on {thread}");
    drop(release);
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn an_actor_whose_handler_never_yields_is_reported_as_inside_one_poll_with_its_thread() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let (tree, _log, address) = given_actor(&elsewhere, |tree| tree.deadline(LONG_ENOUGH)).await;
    address.cast(Order::Block(blocked.clone())).unwrap();
    blocked.is_there().await;

    tree.force();
    let report = tree.wait().await;

    let stuck = stuck(&report, "root/a");
    assert_eq!(stuck.why, StuckIn::Poll);
    assert!(stuck.thread.unwrap().starts_with("task-thread"));
    drop(release);
    assert_eq!(tree.wait_gone().await.ending, Ending::Forced);
}

#[tokio::test]
async fn an_actor_whose_error_never_gets_written_down_is_reported_as_inside_one_poll() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let (tree, _log, address) = given_actor(&elsewhere, |tree| tree.deadline(LONG_ENOUGH)).await;
    address.cast(Order::Fail(blocked.clone())).unwrap();
    blocked.is_there().await;

    tree.force();
    let report = tree.wait().await;

    assert_eq!(stuck(&report, "root/a").why, StuckIn::Poll);
    drop(release);
    tree.wait_gone().await;
}

#[tokio::test]
async fn a_drop_of_an_actors_state_that_does_not_end_is_reported_as_such() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let (tree, _log, address) = given_actor(&elsewhere, |tree| tree.deadline(LONG_ENOUGH)).await;
    rootward::ractor::call!(address.current().unwrap(), Order::Keep, Box::new(blocked.when_dropped()))
        .unwrap();

    let report = tree.stop().await;

    let stuck = stuck(&report, "root/a");
    assert_eq!(stuck.why, StuckIn::Drop);
    drop(release);
    tree.wait_gone().await;
}

#[tokio::test]
async fn a_drop_of_what_a_killed_handler_held_that_does_not_end_is_reported_as_such() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let (tree, _log, address) = given_actor(&elsewhere, |tree| tree.deadline(LONG_ENOUGH)).await;
    let (holds, held) = tokio::sync::oneshot::channel();
    address.cast(Order::Hold(Box::new(blocked.when_dropped()), holds)).unwrap();
    held.await.unwrap();

    tree.force();
    let report = tree.wait().await;

    let stuck = stuck(&report, "root/a");
    assert_eq!(stuck.why, StuckIn::Drop);
    drop(release);
    tree.wait_gone().await;
}

#[tokio::test]
async fn an_actor_for_which_its_runtime_has_no_thread_is_told_from_the_one_that_has_it() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let (guilty, victim) = (Address::new(), Address::new());
    let root = Supervisor::new("root").child(actor("victim", &victim)).child(actor("guilty", &guilty));
    let tree = builder(root).task_runtime(elsewhere.handle().clone()).deadline(LONG_ENOUGH);
    let (tree, _log) = given_tree(tree).await;
    guilty.cast(Order::Block(blocked.clone())).unwrap();
    blocked.is_there().await;

    tree.force();
    let report = tree.wait().await;

    assert_eq!(stuck(&report, "root/guilty").why, StuckIn::Poll);
    assert_eq!(stuck(&report, "root/victim").why, StuckIn::NotPolled);
    drop(release);
    tree.wait_gone().await;
}

const SHORT: Duration = Duration::from_millis(100);

/// A deadline that is far enough away for everything to have been forced before, however busy the machine is.
const LONG_ENOUGH: Duration = Duration::from_secs(1);

/// A tree with one actor, which runs elsewhere.
async fn given_actor(
    elsewhere: &OtherRuntime,
    change: impl FnOnce(TreeBuilder) -> TreeBuilder,
) -> (GivenTree, EventLog, Address<Order>) {
    let address = Address::new();
    let root = Supervisor::new("root").child(actor("a", &address));
    let (tree, log) = given_tree(change(builder(root).task_runtime(elsewhere.handle().clone()))).await;
    (tree, log, address)
}

fn actor(id: &str, address: &Address<Order>) -> ChildSpec {
    ChildSpec::actor_at(id, address, || (Sluggard, ()))
}

/// What a sluggard can be told.
enum Order {
    /// Block the thread.
    Block(Blocked),
    /// Fail, with an error that blocks the thread when it is written down.
    Fail(Blocked),
    /// Keep this until the end, and say when you have it.
    Keep(Box<dyn Send + Sync>, rootward::ractor::RpcReplyPort<()>),
    /// Hold this while you handle the order, which takes for ever.
    Hold(Box<dyn Send + Sync>, tokio::sync::oneshot::Sender<()>),
}

struct Sluggard;

impl Actor for Sluggard {
    type Msg = Order;
    type State = Vec<Box<dyn Send + Sync>>;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Order>, (): ()) -> Result<Self::State, ActorProcessingErr> {
        Ok(Vec::new())
    }

    async fn handle(
        &self,
        _: ActorRef<Order>,
        order: Order,
        kept: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match order {
            Order::Block(blocked) => blocked.stay(),
            Order::Fail(blocked) => return Err(Box::new(BlocksWhenRead(blocked))),
            Order::Keep(what, reply) => {
                kept.push(what);
                let _ = reply.send(());
            }
            Order::Hold(what, says) => {
                let _held = what;
                let _ = says.send(());
                std::future::pending::<()>().await;
            }
        }
        Ok(())
    }
}

struct BlocksWhenRead(Blocked);

impl fmt::Display for BlocksWhenRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.stay();
        f.write_str("an error")
    }
}

impl fmt::Debug for BlocksWhenRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlocksWhenRead")
    }
}

impl Error for BlocksWhenRead {}

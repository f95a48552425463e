//! What can be done to the tree. Each action comes back when what it has done is over, whatever others do meanwhile.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use rootward::Tree;
use rootward::event::Events;
use rootward::ractor::call;
use rootward::snapshot::ChildState;
use rootward_tests::Known;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::actor::Message;
use super::jobs;
use super::rounds::{look_again, supervisor};
use super::tree::PROGRAMS;
use super::worker::{ENDS, Order, Worker};
use super::world::{SHARDS, World};
use crate::dice::Dice;

type Acting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One of them, and its name.
pub(super) fn any(world: &Arc<World>, tree: &Tree, dice: &mut Dice) -> (&'static str, Acting) {
    let (world, tree, mut dice, place) = (Arc::clone(world), tree.clone(), dice.fork(), dice.below(13));
    match place {
        0 | 1 => ("a storm", Box::pin(async move { storm(&world.workers, 200, dice).await })),
        2 => ("a storm in the group", Box::pin(async move { storm(&world.group, 5, dice).await })),
        3 => ("a storm in the chain", Box::pin(async move { storm(&world.chain, 10, dice).await })),
        4 => ("a kill", Box::pin(async move { kill_one(&world, &tree, dice).await })),
        5 | 6 => ("jobs", Box::pin(async move { do_jobs(&world, &tree, dice).await })),
        7 => ("calls", Box::pin(async move { tangle(&world, &tree, dice).await })),
        8 => ("actors", Box::pin(async move { trouble_actors(&world, dice).await })),
        9 => (
            "a family of tasks",
            Box::pin(async move {
                world.parent.tell(Order::Bear(dice.below(10)));
                world.parent.end(*dice.pick(&ENDS)).await;
            }),
        ),
        10 => (
            "the fragile",
            Box::pin(async move { storm(std::slice::from_ref(&world.fragile), 3, dice).await }),
        ),
        11 => ("looks", Box::pin(async move { look(&world, &tree, dice).await })),
        _ => (
            "shards",
            Box::pin(async move {
                let _alone = world.resizing.lock().await;
                let shards = supervisor(&tree, "root/shards").await;
                let _ = shards.resize(dice.below(SHARDS + 1)).await;
            }),
        ),
    }
}

/// Tasks end, one after the other.
async fn storm(workers: &[Arc<Worker>], times: usize, mut dice: Dice) {
    for _ in 0..times {
        dice.pick(workers).end(*dice.pick(&ENDS)).await;
    }
}

/// A process is killed, and another one is there.
async fn kill_one(world: &World, tree: &Tree, mut dice: Dice) {
    let path = *dice.pick(&PROGRAMS);
    let signal = *dice.pick(&[Signal::SIGKILL, Signal::SIGTERM, Signal::SIGHUP]);
    let snapshot = tree.snapshot();
    let Some((node, pid)) = snapshot.find(path).and_then(|node| Some((node, node.pid?))) else { return };
    if node.state != ChildState::Running || !world.owns(pid) {
        return;
    }
    // It may have gone in the meantime.
    let _ = Known::of(pid).map(|process| process.signal(signal));
    let is_next = |tree: &Tree| {
        let snapshot = tree.snapshot();
        let now = snapshot.find(path);
        now.is_some_and(|now| now.incarnation > node.incarnation && now.state == ChildState::Running)
    };
    while !is_next(tree) {
        look_again().await;
    }
}

/// Jobs are started, some of them in vain, and some are terminated.
async fn do_jobs(world: &Arc<World>, tree: &Tree, mut dice: Dice) {
    let jobs = supervisor(tree, "root/jobs").await;
    for _ in 0..1 + dice.below(6) {
        let is_impossible = dice.below(6) == 0;
        let job =
            if is_impossible { jobs::impossible(world, &mut dice) } else { jobs::any(world, &mut dice) };
        let started = jobs.start_child(job).await;
        assert!(!is_impossible || started.is_err(), "it was not possible");
        let Ok(started) = started else { continue };
        if dice.below(2) == 0 {
            let _ = jobs.terminate_child(started.path.id()).await;
        }
    }
}

/// Many calls at the same time about few children, some of which are not waited for.
async fn tangle(world: &Arc<World>, tree: &Tree, mut dice: Dice) {
    let spare = supervisor(tree, "root/spare").await;
    let mut calls = JoinSet::new();
    for _ in 0..24 {
        let (spare, world, mut dice) = (spare.clone(), Arc::clone(world), dice.fork());
        calls.spawn(async move {
            let id = format!("spare-{}", dice.below(4));
            let what = dice.below(5);
            // What comes of it depends on the others.
            let call = async {
                match what {
                    0 => drop(spare.start_child(Worker::new().child(id)).await),
                    1 => drop(spare.start_child(world.program("waits", &[]).into_child(id)).await),
                    2 => drop(spare.terminate_child(&id).await),
                    3 => drop(spare.restart_child(&id).await),
                    _ => drop(spare.delete_child(&id).await),
                }
            };
            if dice.below(3) == 0 {
                let _ = timeout(Duration::ZERO, call).await;
            } else {
                call.await;
            }
        });
    }
    calls.join_all().await;
}

async fn trouble_actors(world: &World, mut dice: Dice) {
    for _ in 0..20 {
        let address = dice.pick(&world.actors);
        let message = match dice.below(4) {
            0 => Message::Fail,
            1 => Message::Panic,
            _ => Message::Count,
        };
        let _ = address.send(message).await;
        if let Ok(actor) = address.wait().await {
            // It may be at its end.
            let _ = call!(actor, Message::Total);
        }
    }
}

/// Everything is looked at, a task keeps its thread from others, and a reader subscribes that reads nothing.
async fn look(world: &World, tree: &Tree, mut dice: Dice) {
    let mut events: Events = tree.events();
    dice.pick(&world.workers).tell(Order::Block(120));
    for _ in 0..5 {
        let snapshot = tree.snapshot();
        assert_eq!(snapshot.root.path.as_str(), "root");
        for node in snapshot.root.walk() {
            if let Some(supervisor) = tree.supervisor(node.path.as_str()) {
                let _ = (supervisor.which_children(), supervisor.count_children());
            }
        }
        look_again().await;
    }
    dice.pick(&world.workers).end(Order::Return).await;
    // At last it does, and something has happened since.
    let _ = timeout(Duration::from_secs(1), events.next()).await;
}

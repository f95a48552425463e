//! The tree that is there in every round.

use std::num::NonZeroUsize;
use std::time::Duration;

use rootward::process::Ready;
use rootward::{Backoff, ChildSpec, DynamicSupervisor, PartitionSupervisor, Restart, Strategy, Supervisor};

use super::actor::Counter;
use super::world::{SHARDS, World};
use crate::program::READY;

/// How long a child that is asked to stop may take before it is killed. The observer waits for longer than this until
/// it looks.
const GRACE: Duration = Duration::from_secs(10);

const SECOND: Duration = Duration::from_secs(1);

/// Processes that can be killed, by their places.
pub(super) const PROGRAMS: [&str; 4] =
    ["root/programs/waits", "root/programs/talks", "root/programs/family", "root/group/with-a-program"];

pub(super) fn root(world: &World) -> Supervisor {
    patient("root")
        .child(world.meter.child())
        .child(numbered(patient("workers"), &world.workers))
        .child(group(world))
        .child(chain(world))
        .child(actors(world))
        .child(programs(world))
        .child(fragile(world))
        .child(world.parent.child("parent").shutdown(GRACE))
        .child(shards())
        .child(ChildSpec::blocking("blocking", |cx| {
            cx.wait_stopping(Duration::MAX);
        }))
        .child(patient("spare"))
        .child(DynamicSupervisor::new("jobs").intensity(u32::MAX, SECOND))
}

/// A supervisor that gives nothing up.
fn patient(id: &str) -> Supervisor {
    Supervisor::new(id).intensity(u32::MAX, SECOND)
}

fn numbered(supervisor: Supervisor, workers: &[std::sync::Arc<super::worker::Worker>]) -> Supervisor {
    let children = workers.iter().enumerate().map(|(n, worker)| worker.child(format!("task-{n}")));
    supervisor.children(children.collect::<Vec<_>>())
}

fn group(world: &World) -> Supervisor {
    let program = world.program("waits", &[]).into_child("with-a-program").shutdown(GRACE);
    numbered(patient("group").strategy(Strategy::OneForAll), &world.group).child(program)
}

fn chain(world: &World) -> Supervisor {
    let link = || patient("link").strategy(Strategy::RestForOne);
    let mut workers = world.chain.iter();
    let last = link().children(workers.next().map(|worker| worker.child("task")));
    workers.fold(last, |below, worker| link().child(worker.child("task")).child(below))
}

fn actors(world: &World) -> Supervisor {
    let actor = |(n, address)| ChildSpec::actor_at(format!("actor-{n}"), address, || (Counter, ()));
    patient("actors").children(world.actors.iter().enumerate().map(actor).collect::<Vec<_>>())
}

fn programs(world: &World) -> Supervisor {
    let family = world.program("has_a_family", &[world.whereabouts()]).ready(Ready::line(READY));
    patient("programs")
        .child(world.program("waits", &[]).into_child("waits").shutdown(GRACE))
        .child(world.program("talks", &["50"]).ready(Ready::line(READY)).into_child("talks").shutdown(GRACE))
        .child(family.into_child("family").shutdown(GRACE))
}

/// Gives up when its child fails for the third time, and is started again.
fn fragile(world: &World) -> ChildSpec {
    let backoff = Backoff::new(Duration::from_millis(1), Duration::from_millis(4));
    let child = world.fragile.child("task").backoff(backoff);
    Supervisor::new("fragile").intensity(2, Duration::from_secs(3600)).child(child).into_child()
}

fn shards() -> ChildSpec {
    let partitions = NonZeroUsize::new(SHARDS).expect("there are some");
    let shard = |_| ChildSpec::task("shard", |cx| async move { cx.stopping().await });
    PartitionSupervisor::new("shards", partitions, shard).into_child().restart(Restart::Permanent)
}

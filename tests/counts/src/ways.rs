//! What is counted: each way is one section between what leads up to it and what comes after.
//!
//! Everything is on one thread, so that there is one order in which it can happen.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rootward_core::{ChildSpec, DynamicSupervisor, Exit, Restart, Strategy, Supervisor, Tree};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

/// How many children a flat tree has, and how often a child is restarted.
const MANY: u64 = 1000;

/// How many supervisors a chain has.
const DEEP: u64 = 300;

/// How many children are restarted together, and how often.
const GROUP: u64 = 100;
const ROUNDS: u64 = 10;

/// Every way, and of how many units its count is the sum.
pub(crate) const ALL: &[(&str, u64)] = &[
    ("tasks.start", MANY),
    ("tasks.stop", MANY),
    ("calls.start", MANY),
    ("calls.stop", MANY),
    ("chain.start", DEEP),
    ("chain.stop", DEEP),
    ("restart", MANY),
    ("restart.group", GROUP * ROUNDS),
];

/// Goes one way. `None` says that there is none of this name.
pub(crate) fn take(way: &str) -> Option<()> {
    let stage = Stage::set();
    match way {
        "tasks.start" | "tasks.stop" => stage.start_and_stop(way, flat()),
        "chain.start" | "chain.stop" => stage.start_and_stop(way, chain()),
        "calls.start" | "calls.stop" => stage.start_by_calls(way),
        "restart" => stage.restart(Strategy::OneForOne, MANY),
        "restart.group" => stage.restart(Strategy::OneForAll, ROUNDS),
        _ => return None,
    }
    Some(())
}

/// Whatever is called by this is counted, and nothing else. Valgrind knows it by its name, which must stay one
/// function's.
#[inline(never)]
pub(crate) fn counted_section(run: &mut dyn FnMut()) {
    run();
}

struct Stage {
    runtime: Runtime,
}

impl Stage {
    fn set() -> Self {
        let runtime = Builder::new_current_thread().enable_time().build();
        Self { runtime: runtime.expect("a runtime without input and output needs nothing of the system") }
    }

    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Runs this and has it counted.
    fn count<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = Some(future);
        let mut result = None;
        counted_section(&mut || result = future.take().map(|future| self.runtime.block_on(future)));
        result.expect("it has been run")
    }

    fn start_and_stop(&self, way: &str, root: Supervisor) {
        let root = root.into_tree().expect("the tree makes sense").deadline(None);
        let start = async { root.start().await.expect("tasks start") };
        if way.ends_with(".start") {
            let tree = self.count(start);
            self.run(stop(&tree));
        } else {
            let tree = self.run(start);
            self.count(stop(&tree));
        }
    }

    fn start_by_calls(&self, way: &str) {
        let root = Supervisor::new("root").child(DynamicSupervisor::new("jobs"));
        let tree = self.run(root.start()).expect("supervisors start");
        let jobs = tree.supervisor("root/jobs").expect("it runs");
        let start = async {
            for _ in 0..MANY {
                let job = idle("job".into()).restart(Restart::Temporary);
                jobs.start_child(job).await.expect("a task starts");
            }
        };
        if way.ends_with(".start") {
            self.count(start);
            self.run(stop(&tree));
        } else {
            self.run(start);
            self.count(stop(&tree));
        }
    }

    /// From a failure to the next incarnation's first step, that many times, among siblings.
    fn restart(&self, strategy: Strategy, times: u64) {
        let (fail, running) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let root = Supervisor::new("root")
            .strategy(strategy)
            .intensity(u32::MAX, Duration::from_secs(1))
            .children((1..GROUP).map(|n| idle(format!("c{n}"))))
            .child(failing(&fail, &running));
        let tree = self.run(root.start()).expect("tasks start");
        self.run(running.notified());
        self.count(async {
            for _ in 0..times {
                fail.notify_one();
                running.notified().await;
            }
        });
        self.run(stop(&tree));
    }
}

fn flat() -> Supervisor {
    Supervisor::new("root").children((0..MANY).map(|n| idle(format!("c{n}"))))
}

fn chain() -> Supervisor {
    let leaf = Supervisor::new("s").child(idle("leaf".into()));
    (1..DEEP).fold(leaf, |below, _| Supervisor::new("s").child(below))
}

fn idle(id: String) -> ChildSpec {
    ChildSpec::task(id, |cx| async move { cx.stopping().await })
}

/// A task that says that it runs, and fails when it is told to.
fn failing(fail: &Arc<Notify>, running: &Arc<Notify>) -> ChildSpec {
    let (fail, running) = (Arc::clone(fail), Arc::clone(running));
    ChildSpec::task("failing", move |cx| {
        let (fail, running) = (Arc::clone(&fail), Arc::clone(&running));
        async move {
            running.notify_one();
            tokio::select! {
                () = fail.notified() => Exit::Failed { error: "it was told to".into() },
                () = cx.stopping() => Exit::Normal,
            }
        }
    })
}

async fn stop(tree: &Tree) {
    assert!(tree.stop().await.clean, "tasks go when they are asked");
}

//! Under a clock that a test has paused, the system's time decides nothing about a tree, and the tree's own is what
//! every thread writes into its record.
//!
//! The thread of the paused runtime is blocked, and the test waits on another one.

use std::thread;
use std::time::Duration;

use rootward::report::Ending;
use rootward::{ChildSpec, EventKind, Supervisor, TreeBuilder};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::support::{
    Blocked, EventLog, GivenTree, OtherRuntime, builder, launched_tree, obedient, work_for,
};

#[test]
fn a_thread_that_stands_still_uses_up_nothing_of_a_deadline() {
    let (blocked, release) = Blocked::new();
    let root = Supervisor::new("root").child(obedient("a")).child(blocked.task("b"));
    let paused = Paused::launch(builder(root).deadline(SHORT));
    paused.elsewhere.block_on(blocked.is_there());

    paused.tree.request_stop();
    paused.elsewhere.block_on(report_of_a_standstill());
    drop(release);

    let report = paused.elsewhere.block_on(paused.tree.wait());
    assert!(report.clean, "{report}");
    assert_eq!(report.elapsed, Duration::ZERO);
}

#[test]
fn what_the_detector_writes_has_the_time_of_the_tree() {
    let (blocked, release) = Blocked::new();
    let mut paused = Paused::launch(
        builder(Supervisor::new("root").child(an_hour_later(&blocked))).stall_threshold(SHORT),
    );

    let stalled = paused.elsewhere.block_on(paused.log.wait_for_event("a", "stalled"));

    assert_eq!(stalled.at, HOUR);
    drop(release);
}

#[test]
fn what_a_thread_of_no_runtime_asks_for_has_the_time_of_the_tree() {
    let (blocked, release) = Blocked::new();
    let paused = Paused::launch(builder(Supervisor::new("root").child(an_hour_later(&blocked))));
    paused.elsewhere.block_on(blocked.is_there());

    paused.tree.report_now();

    let record = paused.elsewhere.block_on(paused.log.until_the_end());
    assert_eq!(record.find("root", "stopping").at, HOUR);
    let last = record.find("root", "stopped");
    let EventKind::Stopped { elapsed, .. } = last.what else { panic!("{last:?}") };
    assert_eq!((last.at, elapsed), (HOUR, Duration::ZERO));
    drop(release);
}

const SHORT: Duration = Duration::from_millis(100);
const HOUR: Duration = Duration::from_secs(3600);

/// A task that blocks its thread when an hour has passed.
fn an_hour_later(blocked: &Blocked) -> ChildSpec {
    let blocked = blocked.clone();
    ChildSpec::task("a", move |cx| {
        let blocked = blocked.clone();
        async move {
            work_for(HOUR).await;
            blocked.stay();
            cx.stopping().await;
        }
    })
}

/// Has the detector report a tree with the same deadline that stands still in real time.
async fn report_of_a_standstill() {
    let (blocked, release) = Blocked::new();
    let runtime = OtherRuntime::new(1);
    let (tree, _log) = {
        let _inside = runtime.enter();
        launched_tree(builder(Supervisor::new("root").child(blocked.task("a"))).deadline(SHORT))
    };
    blocked.is_there().await;
    let report = tree.stop().await;
    assert_eq!(report.ending, Ending::Incomplete);
    drop(release);
}

/// A tree on a runtime whose clock is paused, and another runtime to wait on.
struct Paused {
    tree: GivenTree,
    log: EventLog,
    elsewhere: OtherRuntime,
    /// The runtime goes on for as long as this is there.
    _goes_on: oneshot::Sender<()>,
}

impl Paused {
    fn launch(tree: TreeBuilder) -> Self {
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
        let runtime = runtime.expect("the system has descriptors for it");
        let (tree, log) = {
            let _inside = runtime.enter();
            launched_tree(tree)
        };
        let (goes_on, is_over) = oneshot::channel();
        thread::spawn(move || runtime.block_on(is_over));
        Self { tree, log, elsewhere: OtherRuntime::new(1), _goes_on: goes_on }
    }
}

//! Values of users that look at the tree, block or panic when a supervisor drops them.
//!
//! The last spec of a child is dropped by its supervisor, and what the user's closure has captured goes with it.

use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use rootward::report::{Ending, Outcome};
use rootward::{ChildSpec, DynamicSupervisor, Restart, Supervisor, SupervisorHandle};
use tokio::sync::Notify;

use crate::support::{
    Blocked, Deed, EventLog, GivenTree, Hostile, Lookout, Place, Puppet, WhenDropped, blocks, builder, given,
    given_tree, obedient, panics, settle, until, within,
};

// --- a look at the tree ---

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dynamic_supervisor_goes_on_when_what_a_child_had_captured_looks_at_the_tree() {
    let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
    let lookout = Lookout::default();
    lookout.sees(&tree);
    let jobs = jobs_of(&tree);

    start_and_end(&jobs, lookout.looks()).await;
    until("it has looked", || lookout.has_looked()).await;

    within("the start of the next", jobs.start_child(obedient("next"))).await.unwrap();
    assert!(tree.stop().await.clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_static_supervisor_goes_on_when_what_a_temporary_child_had_captured_looks_at_the_tree() {
    let lookout = Lookout::default();
    let (tree, mut log) = given(Supervisor::new("root").child(obedient("b"))).await;
    lookout.sees(&tree);
    let root = tree.root().unwrap();

    start_and_end(&root, lookout.looks()).await;
    log.wait_for_event("a", "exited").await;
    until("it has looked", || lookout.has_looked()).await;

    assert!(tree.stop().await.clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_that_ends_lets_what_its_children_had_captured_look_at_the_tree() {
    let lookout = Lookout::default();
    let (tree, _log) = given(Supervisor::new("root").child(DynamicSupervisor::new("jobs"))).await;
    lookout.sees(&tree);
    let child = waits("a", lookout.looks());
    within("the start of the child", jobs_of(&tree).start_child(child)).await.unwrap();

    let root = tree.root().unwrap();
    within("the end of the supervisor", root.terminate_child("jobs")).await.unwrap();

    until("it has looked", || lookout.has_looked()).await;
    assert!(tree.stop().await.clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_of_a_child_may_look_at_the_tree_when_it_is_dropped() {
    let lookout = Lookout::default();
    let child = Hostile::child("a", Place::Drop, lookout.looks());
    let inner = Supervisor::new("inner").child(child);
    let (tree, _log) = given(Supervisor::new("root").child(inner)).await;
    lookout.sees(&tree);

    assert!(tree.stop().await.clean);

    assert!(lookout.has_looked());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_future_may_look_at_the_tree_when_it_is_dropped_at_its_end_and_by_an_abort() {
    let lookouts = [Lookout::default(), Lookout::default()];
    let holds = |id, lookout: &Lookout| {
        let looks = lookout.looks();
        ChildSpec::task(id, move |cx| {
            let held = WhenDropped(Arc::clone(&looks));
            async move {
                let _held = held;
                match id {
                    "a" => cx.stopping().await,
                    _ => std::future::pending().await,
                }
            }
        })
    };
    let aborted = holds("b", &lookouts[1]).shutdown(Duration::ZERO);
    let (tree, _log) = given(Supervisor::new("root").child(holds("a", &lookouts[0])).child(aborted)).await;
    lookouts.iter().for_each(|lookout| lookout.sees(&tree));

    let report = tree.stop().await;

    assert_eq!(report.ending, Ending::Forced);
    assert!(lookouts.iter().all(Lookout::has_looked));
}

// --- specs that are not wanted: their callers have given up waiting, so that the supervisor holds them last ---

#[tokio::test(start_paused = true)]
async fn a_spec_whose_id_is_taken_may_panic_or_look_at_the_tree_when_it_is_declined() {
    for (deed, lookout) in deeds() {
        let (tree, _log) = given(Supervisor::new("root").child(obedient("a"))).await;
        lookout.sees(&tree);

        offer_and_leave(&tree.root().unwrap(), captures("a", deed));
        settle().await;

        assert!(lookout.has_looked());
        within("a start", tree.root().unwrap().start_child(obedient("b"))).await.unwrap();
        assert!(tree.stop().await.clean);
    }
}

#[tokio::test(start_paused = true)]
async fn a_spec_that_is_one_too_many_may_panic_or_look_at_the_tree_when_it_is_declined() {
    for (deed, lookout) in deeds() {
        let jobs = DynamicSupervisor::new("jobs").max_children(1);
        let (tree, _log) = given(Supervisor::new("root").child(jobs)).await;
        lookout.sees(&tree);
        jobs_of(&tree).start_child(obedient("a")).await.unwrap();

        offer_and_leave(&jobs_of(&tree), captures("b", deed));
        settle().await;

        assert!(lookout.has_looked());
        assert_eq!(jobs_of(&tree).count_children().active, 1);
        assert!(tree.stop().await.clean);
    }
}

#[tokio::test(start_paused = true)]
async fn a_spec_that_comes_too_late_may_panic_or_look_at_the_tree_when_it_is_refused() {
    for (deed, lookout) in deeds() {
        let (tree, mut log) = given(Supervisor::new("root").child(takes_a_second("a"))).await;
        lookout.sees(&tree);
        let root = tree.root().unwrap();
        tree.request_stop();
        log.wait_for_event("a", "stopping").await;

        offer_and_leave(&root, captures("b", deed));
        settle().await;

        assert!(lookout.has_looked());
        let report = tree.wait().await;
        assert_eq!((report.clean, report.refused), (true, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_spec_that_is_deleted_may_panic_or_look_at_the_tree() {
    for (deed, lookout) in deeds() {
        let (tree, _log) = given(Supervisor::new("root")).await;
        lookout.sees(&tree);
        let root = tree.root().unwrap();
        root.start_child(waits("a", deed).restart(Restart::Permanent)).await.unwrap();
        root.terminate_child("a").await.unwrap();

        within("an answer", root.delete_child("a")).await.unwrap();

        settle().await;
        assert!(lookout.has_looked());
        assert!(tree.stop().await.clean);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_children_of_a_supervisor_that_gives_up_had_captured_may_panic_or_look_at_the_tree() {
    for (deed, lookout) in deeds() {
        let fails = Puppet::new("fails");
        let (jobs, others) = (DynamicSupervisor::new("jobs").intensity(0, SECOND), obedient("others"));
        let root = Supervisor::new("root").intensity(1, SECOND).child(jobs).child(others);
        let (tree, mut log) = given(root).await;
        lookout.sees(&tree);
        jobs_of(&tree).start_child(fails.spec()).await.unwrap();
        jobs_of(&tree).start_child(waits("a", deed)).await.unwrap();

        fails.fails();
        log.wait_for_event("jobs", "gave_up").await;
        log.wait_for_event("jobs", "started").await;

        assert!(lookout.has_looked());
        assert!(tree.stop().await.clean);
    }
}

#[test]
fn a_spec_that_waits_in_the_mailbox_when_the_runtime_goes_may_panic_or_look_at_the_tree() {
    for (deed, lookout) in deeds() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let tree = runtime.block_on(Supervisor::new("root").child(obedient("a")).start()).unwrap();
        lookout.sees(&tree);

        offer_and_leave(&tree.root().unwrap(), captures("b", deed));
        drop(runtime);

        assert!(lookout.has_looked());
    }
}

// --- a drop that does not end ---

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_that_is_blocked_by_what_a_child_had_captured_holds_up_no_other() {
    let (blocked, release) = Blocked::new();
    let (tree, _log) = given_jobs_and_others().await;
    start_and_end(&jobs_of(&tree), blocks(&blocked)).await;
    blocked.is_there().await;

    let others = tree.supervisor("root/others").unwrap();
    within("a start elsewhere", others.start_child(obedient("b"))).await.unwrap();
    let report = tree.stop().await;

    assert_eq!(report.ending, Ending::Incomplete);
    let left: Vec<_> = report.unreapable().iter().map(|node| node.path.to_string()).collect();
    assert_eq!(left, ["root/jobs", "root"]);
    assert_eq!(report.find("root/others").unwrap().outcome, Outcome::Graceful);
    drop(release);
    assert_eq!(tree.wait_gone().await.ending, Ending::Forced);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_that_is_blocked_by_what_its_children_had_captured_is_reported_with_how_they_went() {
    let (blocked, release) = Blocked::new();
    let root = Supervisor::new("root").child(obedient("a")).child(waits("b", blocks(&blocked)));
    let (tree, _log) = given_tree(builder(root).deadline(SHORT)).await;

    let report = tree.stop().await;

    assert_eq!(report.ending, Ending::Incomplete);
    let outcome = |path: &str| report.find(path).map(|node| node.outcome);
    assert_eq!(outcome("root"), Some(Outcome::Unreapable));
    assert_eq!(["root/a", "root/b"].map(outcome), [Some(Outcome::Graceful); 2]);
    drop(release);
    tree.wait_gone().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_that_is_blocked_by_the_drop_of_what_it_holds_of_a_child_is_named_at_the_deadline() {
    let (blocked, release) = Blocked::new();
    let inner = Supervisor::new("inner").child(Hostile::child("a", Place::Drop, blocks(&blocked)));
    let root = Supervisor::new("root").child(inner).child(obedient("b"));
    let (tree, _log) = given_tree(builder(root).deadline(SHORT)).await;

    let report = tree.stop().await;

    let outcome = |path: &str| report.find(path).map(|node| node.outcome);
    assert_eq!(outcome("root/inner"), Some(Outcome::Unreapable));
    assert_eq!(outcome("root/b"), Some(Outcome::Graceful));
    assert_eq!(outcome("root/inner/a"), Some(Outcome::Graceful), "it is gone, whatever its drop does");
    drop(release);
    tree.wait_gone().await;
}

const SECOND: Duration = Duration::from_secs(1);
const SHORT: Duration = Duration::from_secs(2);

/// A deed and what shows that it has been done: a look at the tree, and a look followed by a panic.
fn deeds() -> [(Deed, Lookout); 2] {
    let (looks, panicking) = (Lookout::default(), Lookout::default());
    let (before, panics) = (panicking.looks(), panics());
    let looks_and_panics: Deed = Arc::new(move || {
        before();
        panics();
    });
    [(looks.looks(), looks), (looks_and_panics, panicking)]
}

/// Starts a child that has captured something, and has it end when its supervisor is the last that holds its
/// description.
async fn start_and_end(supervisor: &SupervisorHandle, deed: Deed) {
    let (captured, end) = (WhenDropped(deed), Arc::new(Notify::new()));
    let ends = Arc::clone(&end);
    let run = move |_| {
        let (_, ends) = (&captured, Arc::clone(&ends));
        async move { ends.notified().await }
    };
    let child = ChildSpec::task("a", run).restart(Restart::Temporary);
    within("the start of the child", supervisor.start_child(child)).await.expect("it starts");
    end.notify_one();
}

/// A temporary child that ends at once and has captured something that does this deed when it is dropped.
fn captures(id: &str, deed: Deed) -> ChildSpec {
    let captured = WhenDropped(deed);
    let run = move |_| {
        let _ = &captured;
        async {}
    };
    ChildSpec::task(id, run).restart(Restart::Temporary)
}

/// The same, for a child that waits until it is asked to stop.
fn waits(id: &str, deed: Deed) -> ChildSpec {
    let captured = WhenDropped(deed);
    let run = move |cx: rootward::TaskContext| {
        let _ = &captured;
        async move { cx.stopping().await }
    };
    ChildSpec::task(id, run).restart(Restart::Temporary)
}

fn takes_a_second(id: &str) -> ChildSpec {
    crate::support::takes(id, SECOND)
}

/// Offers a child and does not wait for what becomes of it.
fn offer_and_leave(supervisor: &SupervisorHandle, child: ChildSpec) {
    let mut offer = Box::pin(supervisor.start_child(child));
    let answered = offer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(answered.is_pending(), "the supervisor has had no turn yet");
}

fn jobs_of(tree: &GivenTree) -> SupervisorHandle {
    tree.supervisor("root/jobs").expect("it runs")
}

async fn given_jobs_and_others() -> (GivenTree, EventLog) {
    let (jobs, others) = (DynamicSupervisor::new("jobs"), DynamicSupervisor::new("others"));
    given_tree(builder(Supervisor::new("root").child(jobs).child(others)).deadline(SHORT)).await
}

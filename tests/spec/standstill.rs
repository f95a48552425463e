//! A tree whose only runtime stands still, because tasks have taken all of its threads: how it is reported all the
//! same, and when.
//!
//! The tests wait on a thread of their own, as `main` does in `block_on`. In real time, like the detector.

use std::time::Duration;

use rootward::error::{StartError, TreeStartError};
use rootward::event::StopCause;
use rootward::report::{Ending, Outcome, StuckIn};
use rootward::spec::OnDeadline;
use rootward::{ChildSpec, EventKind, Restart, Supervisor, TreeBuilder};
use tokio_util::sync::CancellationToken;

use crate::support::{
    Blocked, EventLog, GivenTree, OtherRuntime, builder, fixture, given_tree, identity_of, launched_tree,
    obedient, until,
};

#[test]
fn a_stop_is_over_at_its_deadline_although_no_task_of_the_runtime_gets_a_turn() {
    let (blocked, release) = Blocked::new();
    let runtime = OtherRuntime::new(1);
    let root = Supervisor::new("root").child(obedient("a")).child(blocked.task("b"));
    let (tree, _log) = given_blocked(&runtime, builder(root).deadline(SHORT), &blocked);

    let report = runtime.block_on(tree.stop());

    assert_eq!((report.ending, report.cause), (Ending::Incomplete, StopCause::Api));
    assert!(report.elapsed >= SHORT);
    let seen =
        |path| report.find(path).map(|node| (node.outcome, node.stuck.as_ref().map(|stuck| stuck.why)));
    assert_eq!(seen("root/a"), Some((Outcome::Unreapable, None)), "it has not even been asked");
    assert_eq!(seen("root/b"), Some((Outcome::Unreapable, Some(StuckIn::Poll))));
    drop(release);
}

#[test]
fn what_is_said_of_a_standstill_keeps_all_rules_of_a_record() {
    let (blocked, release) = Blocked::new();
    let runtime = OtherRuntime::new(1);
    let group = Supervisor::new("group").child(obedient("a")).child(blocked.task("b"));
    let root = Supervisor::new("root").child(group);
    let (tree, log) = given_blocked(&runtime, builder(root).deadline(SHORT), &blocked);

    let _ = runtime.block_on(tree.stop());

    let record = runtime.block_on(log.until_the_end());
    assert_eq!(record.paths("stopping"), ["root", "group", "group/a", "group/b"]);
    assert_eq!(record.paths("stopped"), ["group/b", "group/a", "group", "root"]);
    assert_eq!(record.cause("group/a"), StopCause::Deadline);
    drop(release);
}

#[test]
fn a_runtime_that_goes_on_stops_the_tree_after_all_and_completes_the_report() {
    let (blocked, release) = Blocked::new();
    let runtime = OtherRuntime::new(1);
    let root = Supervisor::new("root").child(obedient("a")).child(blocked.task("b"));
    let (tree, _log) = given_blocked(&runtime, builder(root).deadline(SHORT), &blocked);
    let report = runtime.block_on(tree.stop());

    drop(release);
    let completed = runtime.block_on(tree.wait_gone());

    let outcomes = ["root/a", "root/b"].map(|path| completed.find(path).map(|node| node.outcome));
    assert_eq!(outcomes, [Some(Outcome::Graceful); 2]);
    let again = runtime.block_on(tree.wait());
    assert_eq!(
        (report.ending, again.ending),
        (Ending::Incomplete, Ending::Incomplete),
        "it is not taken back"
    );
}

#[test]
fn processes_of_a_tree_that_stands_still_can_be_killed_before_one_leaves() {
    let (blocked, release) = Blocked::new();
    let runtime = OtherRuntime::new(1);
    let process = fixture!("ignores_sigterm").into_child("a").restart(Restart::Temporary);
    let root = Supervisor::new("root").child(process).child(blocked.task("b"));
    let (tree, mut log) = given_blocked(&runtime, builder(root).deadline(SHORT), &blocked);
    let process = identity_of(&runtime.block_on(log.wait_for_event("a", "started")));
    let report = runtime.block_on(tree.stop());
    assert_eq!(report.find("root/a").map(|a| a.outcome), Some(Outcome::Unreapable));

    tree.kill_processes();

    runtime.block_on(until("it is dead", || !process.is_alive()));
    drop(release);
    runtime.block_on(tree.wait_gone());
}

#[test]
fn a_token_that_is_cancelled_and_a_handle_that_is_dropped_are_seen_in_a_standstill_too() {
    let (blocked, release) = Blocked::new();
    let runtime = OtherRuntime::new(1);
    let token = CancellationToken::new();
    let by_token = builder(Supervisor::new("root").child(obedient("a"))).deadline(SHORT);
    let (by_token, _log) = given_idle(&runtime, by_token.stop_on(token.clone()));
    let by_drop = builder(Supervisor::new("root").child(blocked.task("b"))).deadline(SHORT);
    let (by_drop, log) = given_blocked(&runtime, by_drop, &blocked);

    token.cancel();
    drop(by_drop);

    assert_eq!(runtime.block_on(by_token.wait()).cause, StopCause::Token);
    let record = runtime.block_on(log.until_the_end());
    assert_eq!(record.cause("root"), StopCause::Dropped);
    let last = &record.find("root", "stopped").what;
    assert!(matches!(last, EventKind::Stopped { outcome: Outcome::Unreapable, .. }), "{last:?}");
    drop(release);
}

#[test]
fn a_tree_that_has_not_come_to_its_start_is_told_so() {
    let (blocked, release) = Blocked::new();
    let runtime = OtherRuntime::new(1);
    let blocks = blocked.clone();
    let a = ChildSpec::service("a", move |_| {
        blocks.stay();
        async {}
    });
    let root = Supervisor::new("root").child(a).child(obedient("b"));
    let (tree, _log) = given_blocked(&runtime, builder(root).deadline(SHORT), &blocked);

    let report = runtime.block_on(tree.stop());
    let started = runtime.block_on(tree.started());

    let Err(TreeStartError::Start { error, .. }) = started else { panic!("it has not started") };
    assert!(matches!(error, StartError::Stopped), "{error}");
    assert_eq!(report.ending, Ending::Incomplete);
    assert!(report.find("root/b").is_none(), "its turn never came");
    drop(release);
}

#[test]
fn a_tree_that_waits_for_ever_waits_through_a_standstill_as_well() {
    let (blocked, release) = Blocked::new();
    let runtime = OtherRuntime::new(1);
    let waits = builder(Supervisor::new("root").child(obedient("a"))).deadline(SHORT / 2);
    let (waits, mut log) = given_idle(&runtime, waits.on_deadline(OnDeadline::Wait));
    let reports = builder(Supervisor::new("root").child(blocked.task("b"))).deadline(SHORT);
    let (reports, _log) = given_blocked(&runtime, reports, &blocked);

    waits.request_stop();
    let _ = runtime.block_on(reports.stop());

    assert_eq!(log.so_far().count("root", "stopped"), 0);
    drop(release);
    assert!(runtime.block_on(waits.wait()).clean);
}

const SHORT: Duration = Duration::from_millis(100);

/// A tree on a runtime that stands still.
fn given_blocked(runtime: &OtherRuntime, builder: TreeBuilder, blocked: &Blocked) -> (GivenTree, EventLog) {
    let given = {
        let _inside = runtime.enter();
        launched_tree(builder)
    };
    runtime.block_on(blocked.is_there());
    given
}

/// A tree that has started, on a runtime that still goes.
fn given_idle(runtime: &OtherRuntime, builder: TreeBuilder) -> (GivenTree, EventLog) {
    runtime.block_on(given_tree(builder))
}

//! A child that is stuck takes nothing from the others: its siblings are asked and get their grace, and the supervisors
//! above it go on with them.

use std::time::Duration;

use rootward::report::{Ending, Outcome, StuckIn};
use rootward::{ChildSpec, Restart, Shutdown, StopOrder, Strategy, Supervisor};

use crate::support::{
    Blocked, Double, OtherRuntime, Puppet, builder, given, given_tree, obedient, settle, takes,
};

#[tokio::test(start_paused = true)]
async fn a_child_that_is_stuck_below_a_nested_supervisor_keeps_no_child_above_it_from_being_asked() {
    let stuck = Double::running("stuck");
    let inner = Supervisor::new("inner").child(takes("x", SECOND)).child(stuck.spec().shutdown(SECOND));
    let (tree, mut log) = given(Supervisor::new("root").child(takes("a", SECOND)).child(inner)).await;

    tree.request_stop();
    log.wait_for_event("a", "stopped").await;

    let record = log.so_far();
    assert_eq!(record.paths("stopped"), ["inner/x", "a"]);
    assert_eq!(record.paths("stopping"), ["root", "inner", "inner/stuck", "inner/x", "a"]);
    stuck.ends();
    let report = tree.wait().await;
    assert_eq!(report.ending, Ending::Forced);
    let outcome = |path: &str| report.find(path).map(|node| node.outcome);
    assert_eq!(outcome("root/inner/stuck"), Some(Outcome::Killed));
    assert_eq!(["root/a", "root/inner/x"].map(outcome), [Some(Outcome::Graceful); 2]);
    let expected = ["a stopped", "inner/stuck stopped", "inner stopped", "root stopped"];
    assert_eq!(log.until_the_end().await.lines_from("a stopped"), expected);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_stuck_until_the_deadline_is_named_and_all_others_went_by_themselves() {
    let stuck = Double::running("stuck");
    let inner = Supervisor::new("inner").child(takes("x", SECOND)).child(stuck.spec().shutdown(SECOND));
    let root = Supervisor::new("root").child(takes("a", 2 * SECOND)).child(inner);
    let (tree, _log) = given_tree(builder(root).deadline(20 * SECOND)).await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed), (Ending::Incomplete, 20 * SECOND));
    let left: Vec<_> = report.unreapable().iter().map(|node| node.path.to_string()).collect();
    assert_eq!(left, ["root/inner/stuck", "root/inner", "root"]);
    let outcome = |path: &str| report.find(path).map(|node| (node.outcome, node.forced));
    assert_eq!(["root/a", "root/inner/x"].map(outcome), [Some((Outcome::Graceful, false)); 2]);
    stuck.ends();
    tree.wait_gone().await;
}

#[tokio::test(start_paused = true)]
async fn a_child_of_a_task_that_is_stuck_keeps_no_sibling_of_the_task_from_being_asked() {
    let stuck = Double::running("stuck");
    let (spec, (ready, mut is_ready)) = (stuck.spec(), tokio::sync::mpsc::unbounded_channel());
    let host = ChildSpec::task("host", move |cx| {
        let (spec, ready) = (spec.clone().restart(Restart::Temporary), ready.clone());
        async move {
            cx.start_child(spec).await.unwrap();
            cx.start_child(obedient("x")).await.unwrap();
            ready.send(()).unwrap();
            cx.stopping().await;
        }
    });
    let root = Supervisor::new("root").child(takes("a", SECOND)).child(host.shutdown(SECOND));
    let (tree, mut log) = given(root).await;
    is_ready.recv().await;

    tree.request_stop();
    log.wait_for_event("a", "stopped").await;

    assert_eq!(log.so_far().paths("stopped"), ["host/x", "a"]);
    stuck.ends();
    let report = tree.wait().await;
    assert_eq!(report.find("root/a").map(|a| a.outcome), Some(Outcome::Graceful));
    assert_eq!(log.until_the_end().await.paths("stopped"), ["host/x", "a", "host/stuck", "host", "root"]);
}

#[tokio::test]
async fn blocking_work_that_does_not_return_keeps_no_sibling_from_being_asked() {
    let (blocked, release) = Blocked::new();
    let blocks = blocked.clone();
    let work = ChildSpec::blocking("work", move |_| blocks.stay()).shutdown(Duration::ZERO);
    let root = Supervisor::new("root").child(obedient("a")).child(work);
    let (tree, mut log) = given_tree(builder(root).deadline(None)).await;
    blocked.is_there().await;

    tree.request_stop();
    log.wait_for_event("a", "stopped").await;

    assert_eq!(log.so_far().count("work", "stopped"), 0);
    drop(release);
    let report = tree.wait().await;
    assert_eq!(report.find("root/a").map(|a| a.outcome), Some(Outcome::Graceful));
    assert_eq!(log.until_the_end().await.paths("stopped"), ["a", "work", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_stuck_under_a_concurrent_supervisor_keeps_neither_its_siblings_nor_its_uncles() {
    let stuck = Double::running("stuck");
    let all = Supervisor::new("all").stop_order(StopOrder::Concurrent);
    let all = all.child(takes("x", 2 * SECOND)).child(stuck.spec().shutdown(SECOND)).child(obedient("y"));
    let (tree, mut log) = given(Supervisor::new("root").child(obedient("a")).child(all)).await;

    tree.request_stop();
    log.wait_for_event("a", "stopped").await;

    assert_eq!(log.so_far().paths("stopped"), ["all/y", "all/x", "a"]);
    stuck.ends();
    assert_eq!(tree.wait().await.ending, Ending::Forced);
    assert_eq!(
        log.until_the_end().await.paths("stopped"),
        ["all/y", "all/x", "a", "all/stuck", "all", "root"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_restart_goes_on_with_the_siblings_of_a_stuck_child_and_starts_none_until_it_is_gone() {
    let (stuck, fails) = (Double::running("stuck"), Puppet::new("fails"));
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).intensity(9, SECOND);
    let root = root.child(takes("a", SECOND)).child(stuck.spec().shutdown(SECOND)).child(fails.spec());
    let (tree, mut log) = given(root).await;

    fails.fails();
    log.wait_for_event("a", "stopped").await;
    settle().await;
    crate::support::work_for(60 * SECOND).await;

    let record = log.so_far();
    assert_eq!(record.paths("stopped"), ["a"]);
    assert_eq!(["a", "stuck", "fails"].map(|id| record.count(id, "starting")), [1; 3], "{record}");
    stuck.ends();
    log.wait_for_event("fails", "started").await;
    let record = log.so_far();
    assert_eq!(["a", "stuck", "fails"].map(|id| record.count(id, "started")), [2; 3]);
    tree.request_stop();
    log.wait_for_event("stuck", "stopping").await;
    stuck.ends();
    assert!(tree.wait().await.clean);
}

#[tokio::test(start_paused = true)]
async fn several_stuck_children_are_passed_one_after_the_other() {
    let stuck = ["p", "q", "r"].map(Double::running);
    let specs = stuck.iter().map(|child| child.spec().shutdown(SECOND));
    let root = Supervisor::new("root").child(takes("a", SECOND)).children(specs);
    let (tree, mut log) = given(root).await;

    tree.request_stop();
    let stopped = log.wait_for_event("a", "stopped").await;

    let record = log.so_far();
    assert_eq!(record.paths("stopping"), ["root", "r", "q", "p", "a"]);
    // A grace and a second for each of them.
    assert_eq!(stopped.at - record.find("root", "stopping").at, 7 * SECOND);
    stuck.iter().for_each(Double::ends);
    assert_eq!(tree.wait().await.find("root/a").map(|a| a.outcome), Some(Outcome::Graceful));
}

#[tokio::test(start_paused = true)]
async fn a_child_that_goes_late_while_a_sibling_is_asked_is_acknowledged_at_once_and_none_is_asked_twice() {
    let stuck = Double::running("stuck");
    let root = Supervisor::new("root").child(obedient("a")).child(takes("b", 3 * SECOND));
    let (tree, mut log) = given(root.child(stuck.spec().shutdown(SECOND))).await;

    tree.request_stop();
    log.wait_for_event("b", "stopping").await;
    stuck.ends();

    let report = tree.wait().await;
    assert_eq!(report.ending, Ending::Forced);
    let record = log.until_the_end().await;
    assert_eq!(record.paths("stopped"), ["stuck", "b", "a", "root"]);
    assert_eq!(record.paths("stopping"), ["root", "stuck", "b", "a"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_killed_at_once_and_does_not_go_keeps_no_sibling_waiting_for_more_than_a_second() {
    let stuck = Double::running("stuck");
    let root = Supervisor::new("root").child(obedient("a")).child(stuck.spec().shutdown(Shutdown::Kill));
    let (tree, mut log) = given(root).await;

    tree.request_stop();
    let stopped = log.wait_for_event("a", "stopped").await;

    assert_eq!(stopped.at - log.so_far().find("stuck", "stopping").at, SECOND);
    stuck.ends();
    let _ = tree.wait().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_the_detector_has_seen_inside_one_poll_keeps_no_sibling_waiting_at_all() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let a = Double::running("a");
    let root = Supervisor::new("root").child(a.spec()).child(blocked.task("b").shutdown(Duration::ZERO));
    let builder = builder(root).deadline(None).stall_threshold(SECOND);
    let mut builder = builder.task_runtime(elsewhere.handle().clone());
    let mut events = builder.subscribe();
    let (tree, mut log) = given_tree(builder).await;
    // This runtime's clock must not run ahead of the detector's, so that its thread waits elsewhere.
    let seen = std::thread::spawn(move || {
        while events.blocking_next().unwrap().expect("it is not the last").what.name() != "stalled" {}
    });
    seen.join().expect("the detector sees it");

    tree.request_stop();
    let asked = log.wait_for_event("a", "stopping").await;

    assert_eq!(asked.at, log.so_far().find("b", "escalated").at);
    a.ends();
    log.wait_for_event("a", "stopped").await;
    tree.report_now();
    let report = tree.wait().await;
    assert_eq!(report.find("root/a").map(|a| a.outcome), Some(Outcome::Graceful));
    assert_eq!(
        report.find("root/b").and_then(|b| b.stuck.clone()).map(|stuck| stuck.why),
        Some(StuckIn::Poll)
    );
    drop(release);
}

const SECOND: Duration = Duration::from_secs(1);

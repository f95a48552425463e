//! In which order a tree goes, and what does not happen any more while it does (OTP rules 8 to 13).

use std::time::Duration;

use rootward::event::StopCause;
use rootward::report::{Ending, NodeReport, Outcome};
use rootward::sibling::request_stop_for;
use rootward::{Exit, Restart, StopOrder, Strategy, Supervisor};

use crate::support::{Double, Puppet, given, obedient, settle, takes};

/// OTP rule 8.
#[tokio::test(start_paused = true)]
async fn children_stop_in_reverse_start_order() {
    let (tree, log) = given(Supervisor::new("root").children(["db", "cache", "web"].map(obedient))).await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(log.until_the_end().await.paths("stopped"), ["web", "cache", "db", "root"]);
}

/// OTP rule 8.
#[tokio::test(start_paused = true)]
async fn a_child_is_asked_when_the_one_after_it_is_gone_and_not_before() {
    let b = Double::running("b");
    let (tree, mut log) = given(Supervisor::new("root").child(obedient("a")).child(b.spec())).await;

    tree.request_stop();
    log.wait_for_event("b", "stopping").await;
    settle().await;
    assert_eq!(log.so_far().count("a", "stopping"), 0);
    b.ends();

    let expected = ["b stopped", "a stopping", "a stopped", "root stopped"];
    assert_eq!(log.until_the_end().await.lines_from("b stopped"), expected);
}

/// OTP rule 8.
#[tokio::test(start_paused = true)]
async fn a_child_that_does_not_go_although_it_was_forced_keeps_the_one_before_it_waiting_no_longer_than_a_second()
 {
    let b = Double::running("b");
    let root = Supervisor::new("root").child(obedient("a")).child(b.spec().shutdown(SECOND));
    let (tree, mut log) = given(root).await;

    tree.request_stop();
    let forced = log.wait_for_event("b", "escalated").await;
    let stopped = log.wait_for_event("a", "stopped").await;
    settle().await;
    assert_eq!(stopped.at - forced.at, SECOND);
    assert_eq!(log.so_far().count("root", "stopped"), 0, "the root waits for it all the same");
    b.ends();

    let expected = ["a stopping", "a stopped", "b stopped", "root stopped"];
    assert_eq!(log.until_the_end().await.lines_from("a stopping"), expected);
    assert_eq!(tree.wait().await.find("root/a").unwrap().outcome, Outcome::Graceful);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_cannot_be_asked_and_does_not_go_keeps_the_one_before_it_waiting_for_no_grace() {
    let b = Double::running("b").that_panics_in("stop");
    let root = Supervisor::new("root").child(obedient("a")).child(b.spec().shutdown(9 * SECOND));
    let (tree, mut log) = given(root).await;

    tree.request_stop();
    let asked = log.wait_for_event("b", "stopping").await;
    let stopped = log.wait_for_event("a", "stopped").await;

    assert_eq!(stopped.at - asked.at, SECOND);
    b.ends();
    let _ = tree.wait().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_goes_down_the_tree_and_its_acknowledgement_comes_back_up() {
    let inner = Supervisor::new("inner").child(obedient("b")).child(obedient("c"));
    let root = Supervisor::new("root").child(obedient("a")).child(inner).child(obedient("d"));
    let (tree, log) = given(root).await;

    let _ = tree.stop().await;

    let expected = [
        "root stopping",
        "d stopping",
        "d stopped",
        "inner stopping",
        "inner/c stopping",
        "inner/c stopped",
        "inner/b stopping",
        "inner/b stopped",
        "inner stopped",
        "a stopping",
        "a stopped",
        "root stopped",
    ];
    assert_eq!(log.until_the_end().await.lines_from("root stopping"), expected);
}

#[tokio::test(start_paused = true)]
async fn every_child_is_told_that_its_parent_stops_and_the_root_why() {
    let inner = Supervisor::new("inner").child(obedient("a"));
    let (tree, log) = given(Supervisor::new("root").child(inner)).await;

    request_stop_for(&tree, StopCause::Signal("SIGTERM"));

    let record = log.until_the_end().await;
    assert_eq!(record.cause("root"), StopCause::Signal("SIGTERM"));
    assert_eq!(["inner", "inner/a"].map(|path| record.cause(path)), [StopCause::Parent; 2]);
}

/// OTP rule 12.
#[tokio::test(start_paused = true)]
async fn a_child_that_fails_while_it_stops_is_gone_and_not_started_again() {
    let a = Double::running("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;

    tree.request_stop();
    log.wait_for_event("a", "stopping").await;
    a.ends_with(Exit::Code(1));
    let report = tree.wait().await;

    let node = report.find("root/a").unwrap();
    assert_eq!((node.outcome, &node.status), (Outcome::Graceful, &Some(Exit::Code(1))));
    assert_eq!(report.ending, Ending::Clean);
    assert_eq!(a.calls(), ["start", "stop"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_fails_while_another_one_stops_is_not_started_again() {
    let (a, b) = (Puppet::new("a"), Double::running("b"));
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec()).child(b.spec())).await;

    tree.request_stop();
    log.wait_for_event("b", "stopping").await;
    a.fails();
    log.wait_for_event("a", "exited").await;
    b.ends();

    assert_eq!(tree.wait().await.find("root/a").unwrap().outcome, Outcome::AlreadyGone);
    assert_eq!(log.until_the_end().await.of_child("a"), ["starting", "started", "exited"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_group_restart_that_is_under_way() {
    let (a, b) = (Puppet::new("a"), Double::running("b"));
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).child(a.spec()).child(b.spec());
    let (tree, mut log) = given(root).await;
    a.fails();
    log.wait_for_event("b", "stopping").await;

    tree.request_stop();
    settle().await;
    b.ends();

    assert!(tree.wait().await.clean);
    assert_eq!(log.until_the_end().await.paths("starting"), ["root", "a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_about_a_child_that_had_ended_before_the_stop() {
    let a = Puppet::new("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec().restart(Restart::Transient))).await;
    a.ends();
    log.wait_for_event("a", "exited").await;

    let report = tree.stop().await;

    let node = report.find("root/a").unwrap();
    assert_eq!((node.outcome, &node.status), (Outcome::AlreadyGone, &Some(Exit::Normal)));
    assert_eq!(log.until_the_end().await.paths("stopped"), ["root"]);
}

#[tokio::test(start_paused = true)]
async fn the_report_names_every_child_in_start_order_and_how_it_ended() {
    let inner = Supervisor::new("inner").child(obedient("b")).child(obedient("c"));
    let (tree, _log) = given(Supervisor::new("root").child(obedient("a")).child(inner)).await;

    let report = tree.stop().await;

    let paths: Vec<_> = report.root.walk().into_iter().map(|node| node.path.to_string()).collect();
    assert_eq!(paths, ["root", "root/a", "root/inner", "root/inner/b", "root/inner/c"]);
    let is_normal = |node: &&NodeReport| node.children.is_empty() && node.status == Some(Exit::Normal);
    assert_eq!(report.root.walk().iter().filter(|node| is_normal(node)).count(), 3);
    assert!(report.root.walk().iter().all(|node| node.outcome == Outcome::Graceful && !node.forced));
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_as_long_as_its_children_take_and_no_longer() {
    let (tree, _log) =
        given(Supervisor::new("root").child(takes("a", SECOND)).child(takes("b", 2 * SECOND))).await;

    let report = tree.stop().await;

    let elapsed = |path: &str| report.find(path).unwrap().elapsed.as_millis();
    assert_eq!((elapsed("root/a"), elapsed("root/b"), elapsed("root")), (1000, 2000, 3000));
}

#[tokio::test(start_paused = true)]
async fn a_tree_of_a_thousand_levels_stops_as_well_as_one_of_two() {
    let leaf = Supervisor::new("s").child(obedient("leaf"));
    let deep = (0..1000).fold(leaf, |inner, _| Supervisor::new("s").child(inner));
    let (tree, _log) = given(Supervisor::new("root").child(deep)).await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(report.root.walk().len(), 1003);
}

#[tokio::test(start_paused = true)]
async fn children_may_stop_all_at_once_which_takes_as_long_as_the_slowest() {
    let workers = Supervisor::new("workers").stop_order(StopOrder::Concurrent);
    let workers =
        workers.child(takes("a", SECOND)).child(takes("b", 3 * SECOND)).child(takes("c", 2 * SECOND));
    let (tree, log) = given(Supervisor::new("root").child(obedient("first")).child(workers)).await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed.as_secs()), (Ending::Clean, 3));
    let expected = ["workers/a", "workers/c", "workers/b", "workers", "first", "root"];
    assert_eq!(log.until_the_end().await.paths("stopped"), expected);
}

const SECOND: Duration = Duration::from_secs(1);

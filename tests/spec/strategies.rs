//! Which siblings are restarted together with a child (OTP rules 22 to 27, OTP rules 30 to 32).

use std::time::Duration;

use rootward::event::StopCause;
use rootward::snapshot::ChildState;
use rootward::{Exit, Restart, Strategy, Supervisor};

use crate::support::{Double, EventLog, GivenTree, Puppet, given, obedient, ready_made, settle};

/// OTP rule 22.
#[tokio::test(start_paused = true)]
async fn one_for_one_restarts_only_the_child_that_failed() {
    let b = Puppet::new("b");
    let (_tree, mut log) = given(of_three(Strategy::OneForOne, &b)).await;

    b.fails();
    settle().await;

    assert_eq!(log.so_far().lines_from("b exited"), ["b exited", "b restarting", "b starting", "b started"]);
}

/// OTP rule 23.
#[tokio::test(start_paused = true)]
async fn one_for_all_stops_the_others_the_last_first_and_then_starts_all_in_order() {
    let b = Puppet::new("b");
    let (_tree, mut log) = given(of_three(Strategy::OneForAll, &b)).await;

    b.fails();
    settle().await;

    let expected = [
        "b exited",
        "b restarting",
        "c stopping",
        "c stopped",
        "a stopping",
        "a stopped",
        "a starting",
        "a started",
        "b starting",
        "b started",
        "c starting",
        "c started",
    ];
    assert_eq!(log.so_far().lines_from("b exited"), expected);
}

/// OTP rule 23.
#[tokio::test(start_paused = true)]
async fn rest_for_one_restarts_those_that_were_started_after_it_and_leaves_the_others_alone() {
    let b = Puppet::new("b");
    let (_tree, mut log) = given(of_three(Strategy::RestForOne, &b)).await;

    b.fails();
    settle().await;

    let expected = [
        "b exited",
        "b restarting",
        "c stopping",
        "c stopped",
        "b starting",
        "b started",
        "c starting",
        "c started",
    ];
    assert_eq!(log.so_far().lines_from("b exited"), expected);
}

#[tokio::test(start_paused = true)]
async fn siblings_that_are_stopped_for_a_restart_are_told_so() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).child(a.spec()).child(obedient("b"));
    let (_tree, mut log) = given(root).await;

    a.fails();

    log.wait_for_event("b", "stopping").await;
    assert_eq!(log.so_far().cause("b"), StopCause::Sibling);
}

#[tokio::test(start_paused = true)]
async fn a_group_restart_waits_until_every_sibling_is_gone() {
    let (a, b) = (Puppet::new("a"), Double::running("b"));
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).child(a.spec()).child(b.spec());
    let (_tree, mut log) = given(root).await;

    a.fails();
    log.wait_for_event("b", "stopping").await;
    settle().await;
    assert_eq!(log.so_far().count("a", "starting"), 1);
    b.ends();

    log.wait_for_event("a", "starting").await;
}

/// OTP rule 24.
#[tokio::test(start_paused = true)]
async fn a_group_restart_revives_a_child_that_had_been_left_down() {
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let root = Supervisor::new("root").strategy(Strategy::OneForAll);
    let (tree, mut log) = given(root.child(a.spec().restart(Restart::Transient)).child(b.spec())).await;
    a.ends();
    log.wait_for_event("a", "exited").await;

    b.fails();
    log.wait_for_event("b", "started").await;

    assert_eq!(tree.snapshot().find("root/a").unwrap().state, ChildState::Running);
}

/// OTP rule 25.
#[tokio::test(start_paused = true)]
async fn a_group_restart_stops_temporary_siblings_and_forgets_them() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").strategy(Strategy::OneForAll);
    let (tree, mut log) = given(root.child(a.spec()).child(obedient("b").restart(Restart::Temporary))).await;

    a.fails();
    log.wait_for_event("b", "stopped").await;
    log.wait_for_event("a", "started").await;
    settle().await;

    assert!(tree.snapshot().find("root/b").is_none());
    assert_eq!(log.so_far().count("b", "starting"), 1);
}

/// OTP rule 25.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_child_that_is_not_restarted_touches_no_sibling() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        for restart in [Restart::Temporary, Restart::Transient] {
            let a = Puppet::new("a");
            let root = Supervisor::new("root").strategy(strategy);
            let (_tree, mut log) = given(root.child(a.spec().restart(restart)).child(obedient("b"))).await;

            a.ends();
            log.wait_for_event("a", "exited").await;
            settle().await;

            assert_eq!(log.so_far().of_child("b"), ["starting", "started"], "{strategy:?} {restart:?}");
        }
    }
}

/// OTP rule 30.
#[tokio::test(start_paused = true)]
async fn a_group_restart_counts_once_however_many_children_it_touches() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).intensity(1, SECOND);
    let (tree, mut log) = given(root.child(a.spec()).child(obedient("b")).child(obedient("c"))).await;

    a.fails();
    log.wait_for_event("c", "stopped").await;
    log.wait_for_event("c", "started").await;

    assert!(!tree.is_stopping());
    let restarts = |id: &str| tree.snapshot().find(id).unwrap().restarts;
    assert_eq!(["root/a", "root/b", "root/c"].map(restarts), [1, 0, 0]);
}

/// OTP rule 26.
#[tokio::test(start_paused = true)]
async fn siblings_that_die_together_are_one_group_restart() {
    let (a, b) = (Double::running("a"), Double::running("b"));
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).intensity(1, SECOND);
    let (_tree, mut log) = given(root.child(a.spec()).child(b.spec())).await;

    a.ends_with(Exit::Aborted);
    b.ends_with(Exit::Aborted);
    settle().await;

    let expected =
        ["a exited", "b exited", "a restarting", "a starting", "a started", "b starting", "b started"];
    assert_eq!(log.so_far().lines_from("a exited"), expected);
}

/// OTP rule 26.
#[tokio::test(start_paused = true)]
async fn siblings_that_die_together_are_two_restarts_one_for_one() {
    let (a, b) = (Double::running("a"), Double::running("b"));
    let root = Supervisor::new("root").intensity(1, SECOND).child(a.spec()).child(b.spec());
    let (tree, mut log) = given(root).await;

    a.ends_with(Exit::Aborted);
    b.ends_with(Exit::Aborted);
    log.wait_for_event("root", "gave_up").await;
    a.ends();

    assert_eq!(tree.wait().await.cause, StopCause::GaveUp);
}

/// OTP rule 32.
#[tokio::test(start_paused = true)]
async fn when_a_start_fails_in_a_one_for_all_restart_those_that_were_started_are_stopped_and_all_start_again()
{
    let (a, b) = (Puppet::new("a"), Double::new("b"));
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).intensity(5, SECOND);
    let (_tree, mut log) = given_with_a_double(root.child(a.spec()).child(b.spec()), &b).await;

    a.fails();
    let log = end_and_fail_to_start_again(&mut log, &b).await;

    let expected = [
        "a exited",
        "a restarting",
        "b stopping",
        "b stopped",
        "a starting",
        "a started",
        "b starting",
        "b start_failed",
        "b restarting",
        "a stopping",
        "a stopped",
        "a starting",
        "a started",
        "b starting",
        "b started",
    ];
    assert_eq!(log.lines_from("a exited"), expected);
}

/// OTP rule 32.
#[tokio::test(start_paused = true)]
async fn when_a_start_fails_in_a_rest_for_one_restart_it_goes_on_from_the_child_that_failed() {
    let (a, b) = (Puppet::new("a"), Double::new("b"));
    let root = Supervisor::new("root").strategy(Strategy::RestForOne).intensity(5, SECOND);
    let (_tree, mut log) = given_with_a_double(root.child(a.spec()).child(b.spec()), &b).await;

    a.fails();
    let log = end_and_fail_to_start_again(&mut log, &b).await;

    let expected = [
        "a exited",
        "a restarting",
        "b stopping",
        "b stopped",
        "a starting",
        "a started",
        "b starting",
        "b start_failed",
        "b restarting",
        "b starting",
        "b started",
    ];
    assert_eq!(log.lines_from("a exited"), expected);
}

/// OTP rule 27.
#[tokio::test(start_paused = true)]
async fn a_restarted_child_keeps_its_place_in_the_order() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").child(a.spec()).child(obedient("b"));
    let (tree, mut log) = given(root).await;

    a.fails();
    log.wait_for_event("a", "restarting").await;
    log.wait_for_event("a", "started").await;
    drop(tree);

    assert_eq!(log.until_the_end().await.paths("stopped"), ["b", "a", "root"]);
}

const SECOND: Duration = Duration::from_secs(1);

/// Children `a`, `b` and `c`, and a temporary one that has been forgotten by the time anything happens.
fn of_three(strategy: Strategy, b: &Puppet) -> Supervisor {
    let root = Supervisor::new("root").strategy(strategy);
    root.child(obedient("a")).child(b.spec()).child(obedient("c")).child(ready_made("done"))
}

/// A tree whose one double has been started.
async fn given_with_a_double(root: Supervisor, double: &Double) -> (GivenTree, EventLog) {
    let (tree, mut log) = crate::support::launched(root);
    log.wait_for_event("b", "starting").await;
    double.is_ready();
    tree.started().await.expect("all have started");
    (tree, log)
}

/// The double `b` is stopped for a restart, cannot be started again the first time, and can the second
/// time.
async fn end_and_fail_to_start_again(log: &mut EventLog, b: &Double) -> crate::support::Record {
    log.wait_for_event("b", "stopping").await;
    b.ends();
    log.wait_for_event("b", "starting").await;
    b.cannot_start();
    log.wait_for_event("b", "starting").await;
    b.is_ready();
    log.wait_for_event("b", "started").await;
    log.so_far()
}

//! Supervisors that have not been asked to stop yet, while a sibling behind them takes its time.

use std::time::Duration;

use rootward::error::{RestartChildError, StartChildError, TerminateChildError};
use rootward::event::StopCause;
use rootward::report::{Ending, Outcome};
use rootward::{
    AutoShutdown, Backoff, ChildSpec, DynamicSupervisor, Restart, Strategy, Supervisor, SupervisorHandle,
};

use super::{SECOND, begun_after, root_with};
use crate::support::{Double, EventLog, GivenTree, Puppet, given, launched, obedient, takes, work_for};

/// OTP rule 14.
#[tokio::test(start_paused = true)]
async fn a_child_that_ends_stays_down() {
    let x = Puppet::new("x");
    let (tree, mut log) = given(root_with(group().child(x.spec()))).await;
    begin_to_stop(&tree, &mut log).await;

    x.fails();

    let report = tree.wait().await;
    assert_eq!((report.ending, report.elapsed), (Ending::Clean, 3 * SECOND));
    assert_eq!(report.find("root/group/x").unwrap().outcome, Outcome::AlreadyGone);
    assert_eq!(log.until_the_end().await.of_child("group/x"), ["starting", "started", "exited"]);
}

/// R19: restarts in the middle of a stop.
#[tokio::test(start_paused = true)]
async fn a_child_that_ends_again_and_again_does_so_for_the_last_time() {
    let crashing = ChildSpec::task("x", |_| async {
        work_for(Duration::from_millis(300)).await;
        Err::<(), _>("it crashes")
    });
    let inner = Supervisor::new("inner").intensity(1000, SECOND).child(crashing);
    let (tree, mut log) = given(root_with(group().child(inner))).await;
    log.wait_for_event("group/inner/x", "restarting").await;

    let _ = tree.stop().await;

    let record = log.until_the_end().await;
    assert_eq!(begun_after(&record, "root stopping"), [""; 0]);
    assert_eq!(record.count("group/inner/x", "exited"), 2, "and once more after the stop had begun");
}

#[tokio::test(start_paused = true)]
async fn a_child_that_would_be_one_restart_too_many_does_not_end_its_supervisor() {
    let (x, y) = (Puppet::new("x"), Puppet::new("y"));
    let hasty = Supervisor::new("group").intensity(0, SECOND).child(y.spec()).child(x.spec());
    let (tree, mut log) = given(root_with(hasty)).await;
    begin_to_stop(&tree, &mut log).await;

    x.fails();

    let report = tree.wait().await;
    assert_eq!((report.cause, report.ending), (StopCause::Api, Ending::Clean));
    let record = log.until_the_end().await;
    assert_eq!(begun_after(&record, "root stopping"), [""; 0]);
    assert_eq!(record.cause("group/y"), StopCause::Parent, "it has stayed until its turn");
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_was_put_off_is_not_made() {
    let x = Puppet::new("x");
    let later = x.spec().backoff(Backoff::new(SECOND, SECOND));
    let (tree, mut log) = given(root_with(group().child(later))).await;
    x.fails();
    log.wait_for_event("group/x", "restarting").await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed), (Ending::Clean, 3 * SECOND));
    assert_eq!(begun_after(&log.until_the_end().await, "root stopping"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_would_be_restarted_with_its_siblings_takes_none_of_them_down() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let (x, y) = (Puppet::new("x"), Puppet::new("y"));
        let (tree, mut log) =
            given(root_with(group().strategy(strategy).child(x.spec()).child(y.spec()))).await;
        begin_to_stop(&tree, &mut log).await;

        x.fails();

        let _ = tree.wait().await;
        let record = log.until_the_end().await;
        assert_eq!(begun_after(&record, "root stopping"), [""; 0]);
        assert_eq!(record.find("group/y", "stopping").at, 3 * SECOND, "it has stayed until its turn");
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_restart_that_is_under_way_comes_to_nothing() {
    let x = Puppet::new("x");
    let children = group().strategy(Strategy::OneForAll).child(x.spec()).child(takes("y", SECOND));
    let (tree, mut log) = given(root_with(children)).await;
    x.fails();
    log.wait_for_event("group/y", "stopping").await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed), (Ending::Clean, 3 * SECOND));
    let record = log.until_the_end().await;
    assert_eq!(begun_after(&record, "root stopping"), [""; 0]);
    assert_eq!(record.find("group/y", "stopped").at, SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_that_is_being_restarted_starts_no_more_children() {
    let (x, first) = (Puppet::new("x"), Double::new("first"));
    let inner = Supervisor::new("inner").child(first.spec()).child(obedient("second")).child(x.spec());
    let (tree, mut log) = launched(root_with(group().child(inner.intensity(0, SECOND))));
    log.wait_for_event("group/inner/first", "starting").await;
    first.is_ready();
    tree.started().await.unwrap();
    x.fails();
    log.wait_for_event("group/inner/first", "stopping").await;
    first.ends();
    log.wait_for(|event| event.path.id() == "first" && event.what.name() == "starting").await;

    tree.request_stop();
    log.wait_for_event("slow", "stopping").await;
    first.is_ready();
    log.wait_for_event("group/inner/first", "stopping").await;
    first.ends();

    let record = log.until_the_end().await;
    assert_eq!(begun_after(&record, "root stopping"), [""; 0]);
    assert_eq!(record.count("group/inner/second", "starting"), 1);
}

#[tokio::test(start_paused = true)]
async fn significant_children_that_end_stop_nothing() {
    let x = Puppet::new("x");
    let significant = x.spec().restart(Restart::Transient).significant(true);
    let children =
        group().auto_shutdown(AutoShutdown::AnySignificant).child(obedient("y")).child(significant);
    let (tree, mut log) = given(root_with(children)).await;
    begin_to_stop(&tree, &mut log).await;

    x.ends();

    let _ = tree.wait().await;
    let record = log.until_the_end().await;
    assert_eq!((record.cause("group/y"), record.cause("group")), (StopCause::Parent, StopCause::Parent));
    assert_eq!(record.find("group/y", "stopping").at, 3 * SECOND, "it has stayed until its turn");
}

#[tokio::test(start_paused = true)]
async fn a_dynamic_supervisor_hands_back_what_it_does_not_start_and_counts_it() {
    let (tree, mut log) = given(root_with(DynamicSupervisor::new("group"))).await;
    let jobs = begin_to_stop(&tree, &mut log).await;

    let refused = jobs.start_child(obedient("job")).await;

    let Err(StartChildError::Stopping { spec }) = refused else { panic!("{refused:?}") };
    assert_eq!(spec.id(), "job");
    let report = tree.wait().await;
    assert_eq!((report.refused, report.find("root/group").unwrap().refused), (1, 1));
    assert_eq!(begun_after(&log.until_the_end().await, "root stopping"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_down_is_not_restarted_by_hand_and_one_that_runs_can_be_terminated() {
    let (tree, mut log) = given(root_with(group().child(obedient("x")).child(obedient("y")))).await;
    tree.supervisor("root/group").unwrap().terminate_child("x").await.unwrap();
    let group = begin_to_stop(&tree, &mut log).await;

    let restarted = group.restart_child("x").await;
    let terminated: Result<(), TerminateChildError> = group.terminate_child("y").await;

    assert!(matches!(restarted, Err(RestartChildError::Stopping)), "{restarted:?}");
    assert_eq!(terminated, Ok(()));
    let record = log.until_the_end().await;
    assert_eq!(begun_after(&record, "root stopping"), [""; 0]);
    assert_eq!(record.cause("group/y"), StopCause::Api);
}

#[tokio::test(start_paused = true)]
async fn when_a_supervisor_is_terminated_that_holds_for_what_is_below_it_and_for_nothing_else() {
    let (x, y) = (Puppet::new("x"), Puppet::new("y"));
    let inner = group().child(Supervisor::new("inner").child(x.spec())).child(takes("slow", 3 * SECOND));
    let (tree, mut log) = given(Supervisor::new("root").child(y.spec()).child(inner)).await;
    let root = tree.root().unwrap();

    let (terminated, ()) = tokio::join!(root.terminate_child("group"), async {
        log.wait_for_event("group/slow", "stopping").await;
        x.fails();
        y.fails();
        log.wait_for_event("y", "started").await;
    });

    assert_eq!(terminated, Ok(()));
    let _ = tree.stop().await;
    let record = log.until_the_end().await;
    assert_eq!(begun_after(&record, "group stopping"), ["y restarting", "y starting"]);
    assert_eq!(record.find("y", "restarting").at, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn when_a_supervisor_goes_down_with_a_sibling_that_holds_until_it_is_started_again() {
    let (x, y) = (Puppet::new("x"), Puppet::new("y"));
    let inner = group().child(Supervisor::new("inner").child(x.spec())).child(takes("slow", 3 * SECOND));
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).child(y.spec()).child(inner);
    let (tree, mut log) = given(root).await;
    y.fails();
    log.wait_for_event("group/slow", "stopping").await;

    x.fails();
    log.wait_for_event("group", "stopped").await;
    log.wait_for_event("group/inner/x", "started").await;
    x.fails();
    log.wait_for_event("group/inner/x", "restarting").await;

    let _ = tree.stop().await;
    let record = log.until_the_end().await;
    let of_x = ["starting", "started", "exited", "starting", "started", "exited", "restarting"];
    assert_eq!(record.of_child("group/inner/x")[..7], of_x);
    assert_eq!(record.find("group", "stopped").at, 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn when_a_supervisor_has_given_up_that_holds_for_what_is_below_it() {
    let (x, y) = (Puppet::new("x"), Puppet::new("y"));
    let inner = Supervisor::new("inner").child(x.spec());
    let hasty = Supervisor::new("group").intensity(0, SECOND).child(inner).child(takes("slow", 3 * SECOND));
    let (tree, mut log) = given(Supervisor::new("root").child(hasty.child(y.spec()))).await;
    y.fails();
    log.wait_for_event("group/slow", "stopping").await;

    x.fails();
    log.wait_for_event("group", "restarting").await;

    let _ = tree.stop().await;
    let record = log.until_the_end().await;
    assert_eq!(record.of_child("group/inner/x")[..4], ["starting", "started", "exited", "starting"]);
    assert_eq!(record.find("group", "restarting").at, 3 * SECOND);
}

fn group() -> Supervisor {
    Supervisor::new("group").intensity(1000, SECOND)
}

/// Begins to stop the tree, and waits until the last child has been asked. What stands before it waits for its turn.
async fn begin_to_stop(tree: &GivenTree, log: &mut EventLog) -> SupervisorHandle {
    let group = tree.supervisor("root/group").expect("it runs");
    tree.request_stop();
    log.wait_for_event("slow", "stopping").await;
    group
}

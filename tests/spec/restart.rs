//! Which exits lead to a restart (OTP rules 17 to 21).

use std::io;
use std::time::Duration;

use rootward::report::{Ending, Outcome};
use rootward::snapshot::ChildState;
use rootward::{ChildSpec, EventKind, Exit, Restart, Supervisor};

use crate::support::{Double, Puppet, given, ignored, obedient, settle};

#[tokio::test(start_paused = true)]
async fn a_permanent_child_that_fails_is_started_again() {
    let a = Puppet::new("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;

    a.fails();

    let started = log.wait_for(|event| event.what.name() == "started" && event.incarnation == 2).await;
    assert_eq!(started.path, "root/a");
    drop(tree);
    assert_eq!(
        log.until_the_end().await.of_child("a")[..5],
        ["starting", "started", "exited", "restarting", "starting"]
    );
}

/// OTP rule 7, OTP rule 56.
#[test]
fn children_are_permanent_unless_they_are_tasks_or_run_once() {
    let task = ChildSpec::task("a", |_| async {});
    let service = ChildSpec::service("a", |_| async {});
    let once = ChildSpec::once("a", |_| async {});
    let supervisor = ChildSpec::from(Supervisor::new("a"));

    let restarts = [task, service, once, supervisor, ignored("a")].map(|child| child.restart_type());

    use Restart::{Permanent, Temporary, Transient};
    assert_eq!(restarts, [Transient, Permanent, Temporary, Permanent, Permanent]);
}

/// OTP rule 17.
#[tokio::test(start_paused = true)]
async fn a_permanent_child_that_ends_normally_is_started_again() {
    let a = Puppet::new("a");
    let spec = a.spec().restart(Restart::Permanent);
    let (tree, mut log) = given(Supervisor::new("root").child(spec)).await;

    a.ends();

    log.wait_for(|event| event.what.name() == "started" && event.incarnation == 2).await;
    assert_eq!(tree.snapshot().find("root/a").unwrap().restarts, 1);
}

/// OTP rule 17.
#[tokio::test(start_paused = true)]
async fn a_transient_child_is_started_again_after_every_abnormal_end() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").intensity(9, SECOND).child(a.spec().restart(Restart::Transient));
    let (_tree, mut log) = given(root).await;

    for (end, incarnation) in abnormal_ends().into_iter().zip(2..) {
        a.ends_with(end);
        log.wait_for(|event| event.what.name() == "started" && event.incarnation == incarnation).await;
    }
    a.panics();

    log.wait_for(|event| event.what.name() == "restarting" && event.incarnation == 4).await;
}

/// OTP rule 18.
#[tokio::test(start_paused = true)]
async fn a_transient_child_that_ends_normally_is_left_down() {
    for end in [Exit::Normal, Exit::Shutdown, Exit::Code(0)] {
        let a = Puppet::new("a");
        let (tree, mut log) =
            given(Supervisor::new("root").child(a.spec().restart(Restart::Transient))).await;

        a.ends_with(end);
        log.wait_for_event("a", "exited").await;
        settle().await;

        assert_eq!(tree.snapshot().find("root/a").unwrap().state, ChildState::Down);
        let report = tree.stop().await;
        assert_eq!(report.find("root/a").unwrap().outcome, Outcome::AlreadyGone);
        assert_eq!(log.until_the_end().await.of_child("a"), ["starting", "started", "exited"]);
    }
}

/// OTP rule 17, OTP rule 18.
#[tokio::test(start_paused = true)]
async fn a_temporary_child_is_never_started_again_and_is_forgotten() {
    let a = Puppet::new("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec().restart(Restart::Temporary))).await;

    a.fails();
    log.wait_for_event("a", "exited").await;
    settle().await;

    assert!(tree.snapshot().find("root/a").is_none());
    assert!(tree.stop().await.find("root/a").is_none());
    assert_eq!(log.until_the_end().await.of_child("a"), ["starting", "started", "exited"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_is_started_again_when_it_is_gone_and_not_before() {
    let a = Double::running("a");
    let (_tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;

    settle().await;
    assert_eq!(a.calls(), ["start"]);
    a.ends();

    log.wait_for_event("a", "restarting").await;
    assert_eq!(a.calls(), ["start", "start"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_whose_reporter_falls_silent_counts_as_aborted_and_is_started_again() {
    let a = Double::running("a");
    let (_tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;

    a.falls_silent();

    let exited = log.wait_for_event("a", "exited").await;
    assert!(matches!(&exited.what, EventKind::Exited { status: Some(Exit::Aborted), .. }), "{exited:?}");
    log.wait_for_event("a", "started").await;
}

#[tokio::test(start_paused = true)]
async fn attempts_are_counted_from_one_and_anew_after_a_child_has_run_well() {
    let a = Puppet::new("a");
    let (_tree, mut log) = given(Supervisor::new("root").intensity(2, SECOND).child(a.spec())).await;
    let mut attempts = Vec::new();

    for pause in [Duration::ZERO, Duration::ZERO, 2 * SECOND] {
        tokio::time::advance(pause).await;
        a.fails();
        let restarting = log.wait_for_event("a", "restarting").await;
        log.wait_for_event("a", "started").await;
        let EventKind::Restarting { attempt, delay } = restarting.what else { unreachable!() };
        attempts.push((attempt, delay));
    }

    assert_eq!(attempts, [(1, Duration::ZERO), (2, Duration::ZERO), (1, Duration::ZERO)]);
}

/// OTP rule 20, OTP rule 21.
#[tokio::test(start_paused = true)]
async fn a_permanent_supervisor_that_gave_up_is_started_again_with_all_its_children_and_a_new_history() {
    let a = Puppet::new("a");
    let workers = Supervisor::new("workers").intensity(1, SECOND).child(a.spec()).child(obedient("b"));
    let (_tree, mut log) = given(Supervisor::new("root").child(workers)).await;

    a.fails();
    log.wait_for_event("workers/a", "started").await;
    a.fails();
    log.wait_for_event("workers", "exited").await;
    log.wait_for_event("workers", "started").await;
    a.fails();

    let restarting = log.wait_for_event("workers/a", "restarting").await;
    assert!(matches!(restarting.what, EventKind::Restarting { attempt: 1, .. }), "{restarting:?}");
    assert_eq!(log.so_far().paths("gave_up"), ["workers"]);
}

/// OTP rule 20.
#[tokio::test(start_paused = true)]
async fn a_transient_supervisor_that_gave_up_is_left_down() {
    let a = Puppet::new("a");
    let workers = Supervisor::new("workers").intensity(0, SECOND).child(a.spec()).into_child();
    let (tree, mut log) = given(Supervisor::new("root").child(workers.restart(Restart::Transient))).await;

    a.fails();
    log.wait_for_event("workers", "exited").await;
    settle().await;

    assert_eq!(tree.snapshot().find("root/workers").unwrap().state, ChildState::Down);
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

const SECOND: Duration = Duration::from_secs(1);

fn abnormal_ends() -> [Exit; 3] {
    [Exit::failed(&io::Error::other("no")), Exit::Aborted, Exit::Code(1)]
}

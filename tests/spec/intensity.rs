//! How many restarts are too many (OTP rules 28 to 36).

use std::time::Duration;

use rootward::event::StopCause;
use rootward::report::{Ending, Outcome};
use rootward::snapshot::ChildState;
use rootward::{EventKind, Restart, Strategy, Supervisor};

use crate::support::{Double, Puppet, given, launched, obedient, settle};

/// OTP rule 28.
#[tokio::test(start_paused = true)]
async fn a_supervisor_with_n_restarts_starts_a_crashing_child_one_and_n_times_and_gives_up_once() {
    let a = Puppet::new("a");
    let (tree, mut log) = given(Supervisor::new("root").intensity(3, SECOND).child(a.spec())).await;

    for _ in 0..4 {
        a.fails();
        log.wait_for_event("a", "exited").await;
    }
    let report = tree.wait().await;

    assert_eq!((report.ending, report.cause), (Ending::Failed, StopCause::GaveUp));
    let record = log.until_the_end().await;
    assert_eq!((record.count("a", "starting"), record.count("root", "gave_up")), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn what_was_allowed_is_written_down_when_it_is_used_up() {
    let a = Puppet::new("a");
    let (_tree, mut log) = given(Supervisor::new("root").intensity(0, 7 * SECOND).child(a.spec())).await;

    a.fails();

    let gave_up = log.wait_for_event("root", "gave_up").await;
    assert_eq!(gave_up.what, EventKind::GaveUp { restarts: 0, within: 7 * SECOND });
}

/// OTP rule 28.
#[tokio::test(start_paused = true)]
async fn with_intensity_zero_the_first_crash_is_the_end() {
    let a = Puppet::new("a");
    let (tree, log) = given(Supervisor::new("root").intensity(0, SECOND).child(a.spec())).await;

    a.fails();

    assert_eq!(tree.wait().await.ending, Ending::Failed);
    assert_eq!(log.until_the_end().await.of_child("a"), ["starting", "started", "exited"]);
}

/// OTP rule 7.
#[tokio::test(start_paused = true)]
async fn the_default_is_one_restart_within_five_seconds() {
    let a = Puppet::new("a");
    let (tree, mut log) = given(Supervisor::new("root").child(a.spec())).await;

    a.fails();
    log.wait_for_event("a", "restarting").await;
    log.wait_for_event("a", "started").await;
    tokio::time::advance(6 * SECOND).await;
    a.fails();
    log.wait_for_event("a", "started").await;
    tokio::time::advance(4 * SECOND).await;
    a.fails();

    assert_eq!(tree.wait().await.cause, StopCause::GaveUp);
    assert_eq!(log.until_the_end().await.count("a", "restarting"), 2);
}

/// OTP rule 29.
#[tokio::test(start_paused = true)]
async fn restarts_that_have_left_the_window_are_forgotten() {
    let a = Puppet::new("a");
    let (tree, mut log) = given(Supervisor::new("root").intensity(1, SECOND).child(a.spec())).await;

    for _ in 0..20 {
        a.fails();
        log.wait_for_event("a", "restarting").await;
        log.wait_for_event("a", "started").await;
        tokio::time::advance(2 * SECOND).await;
    }

    assert_eq!(tree.snapshot().find("root/a").unwrap().restarts, 20);
    assert!(!tree.is_stopping());
}

/// OTP rule 28.
#[tokio::test(start_paused = true)]
async fn all_children_of_a_supervisor_share_its_restarts() {
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let root = Supervisor::new("root").intensity(1, SECOND).child(a.spec()).child(b.spec());
    let (tree, mut log) = given(root).await;

    a.fails();
    log.wait_for_event("a", "restarting").await;
    b.fails();

    assert_eq!(tree.wait().await.cause, StopCause::GaveUp);
}

/// OTP rule 19.
#[tokio::test(start_paused = true)]
async fn an_end_that_leads_to_no_restart_is_not_counted() {
    let (a, b, c) = (Puppet::new("a"), Puppet::new("b"), Puppet::new("c"));
    let root = Supervisor::new("root").intensity(1, SECOND);
    let root = root.child(a.spec().restart(Restart::Temporary)).child(b.spec().restart(Restart::Transient));
    let (tree, mut log) = given(root.child(c.spec())).await;

    a.fails();
    b.ends();
    log.wait_for_event("b", "exited").await;
    c.fails();
    log.wait_for_event("c", "started").await;

    assert!(!tree.is_stopping());
}

/// OTP rule 36.
#[tokio::test(start_paused = true)]
async fn a_supervisor_that_gives_up_stops_the_others_in_reverse_order_and_tells_them_why() {
    let b = Puppet::new("b");
    let root = Supervisor::new("root").intensity(0, SECOND);
    let (tree, log) = given(root.child(obedient("a")).child(b.spec()).child(obedient("c"))).await;

    b.fails();
    tree.wait().await;

    let record = log.until_the_end().await;
    assert_eq!(record.paths("stopped"), ["c", "a", "root"]);
    assert_eq!(["a", "c"].map(|path| record.cause(path)), [StopCause::GaveUp; 2]);
}

/// OTP rule 31.
#[tokio::test(start_paused = true)]
async fn a_start_that_fails_again_and_again_uses_up_the_restarts() {
    let a = Double::new("a");
    let (tree, mut log) = launched(Supervisor::new("root").intensity(3, SECOND).child(a.spec()));
    log.wait_for_event("a", "starting").await;
    a.is_ready();
    log.wait_for_event("a", "started").await;

    a.ends();
    for _ in 0..3 {
        log.wait_for_event("a", "starting").await;
        a.cannot_start();
    }

    assert_eq!(tree.wait().await.cause, StopCause::GaveUp);
    assert_eq!(log.until_the_end().await.count("a", "start_failed"), 3);
}

/// OTP rule 31.
#[tokio::test(start_paused = true)]
async fn a_stop_comes_between_two_attempts_to_start_a_child_again() {
    let a = Double::new("a");
    let (tree, mut log) = launched(Supervisor::new("root").intensity(u32::MAX, SECOND).child(a.spec()));
    log.wait_for_event("a", "starting").await;
    a.is_ready();
    log.wait_for_event("a", "started").await;
    a.ends();
    log.wait_for_event("a", "starting").await;

    tree.request_stop();
    log.wait_for_event("a", "stopping").await;
    a.cannot_start();

    let report = tree.wait().await;
    assert_eq!((report.ending, a.calls().len()), (Ending::Clean, 3), "{:?}", a.calls());
}

/// OTP rule 20.
#[tokio::test(start_paused = true)]
async fn a_nested_supervisor_that_gives_up_counts_as_one_restart_of_its_parent() {
    let a = Puppet::new("a");
    let workers = Supervisor::new("workers").intensity(2, SECOND).child(a.spec());
    let (tree, mut log) = given(Supervisor::new("root").intensity(1, SECOND).child(workers)).await;

    for _ in 0..6 {
        a.fails();
        log.wait_for_event("workers/a", "exited").await;
        settle().await;
    }

    assert_eq!(tree.wait().await.ending, Ending::Failed);
    let record = log.until_the_end().await;
    assert_eq!(record.paths("gave_up"), ["workers", "workers", "root"]);
    assert_eq!(record.count("workers/a", "starting"), 6);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_with_unlimited_restarts_never_gives_up() {
    let a = Puppet::new("a");
    let (tree, mut log) = given(Supervisor::new("root").unlimited_restarts().child(a.spec())).await;

    for _ in 0..100 {
        a.fails();
        log.wait_for_event("a", "exited").await;
        settle().await;
    }

    assert!(tree.stop().await.clean);
    let record = log.until_the_end().await;
    assert_eq!((record.count("a", "starting"), record.paths("gave_up").len()), (101, 0));
}

#[tokio::test(start_paused = true)]
async fn the_child_that_was_one_too_many_is_shown_as_gone_by_itself() {
    let a = Puppet::new("a");
    let root = Supervisor::new("root").strategy(Strategy::OneForAll).intensity(0, SECOND);
    let (tree, _log) = given(root.child(a.spec()).child(obedient("b"))).await;

    a.fails();
    let report = tree.wait().await;

    let outcome = |path: &str| report.find(path).unwrap().outcome;
    assert_eq!((outcome("root/a"), outcome("root/b")), (Outcome::AlreadyGone, Outcome::Graceful));
    assert_eq!(tree.snapshot().root.state, ChildState::Down);
}

const SECOND: Duration = Duration::from_secs(1);

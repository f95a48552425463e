//! The log: what is waited for is found, and what never comes ends the test with all that has happened.

use std::time::Duration;

use rootward::testing::{EventLog, TestChild, within};
use rootward::{ChildSpec, EventKind, Supervisor};

use crate::{SHORT, failure, given};

#[tokio::test]
async fn what_has_happened_already_is_found_at_once_and_each_wait_finds_another_event() {
    let db = TestChild::new("db");
    let (_tree, mut log) = given([&db]).await;
    db.fail("first");
    db.started(2).await;

    let first = log.wait_for("app/db", |what| matches!(what, EventKind::Started { .. })).await;
    let second = log.wait_for("app/db", |what| matches!(what, EventKind::Started { .. })).await;

    assert_eq!((first.incarnation, second.incarnation), (1, 2));
}

#[tokio::test]
async fn a_wait_that_is_given_up_loses_no_event() {
    let db = TestChild::new("db");
    let (_tree, mut log) = given([&db]).await;
    let given_up = log.wait_for_event(|_| false);
    tokio::select! {
        biased;
        _ = given_up => unreachable!("no event fits"),
        () = tokio::task::yield_now() => {}
    }

    let started = log.wait_for("app/db", |what| matches!(what, EventKind::Started { .. })).await;

    assert_eq!(started.incarnation, 1);
}

#[tokio::test]
async fn a_log_that_is_attached_later_has_what_happens_from_then_on() {
    let db = TestChild::new("db");
    let (tree, _log) = given([&db]).await;

    let mut log = EventLog::of(&tree);
    db.finish();
    log.ended("app/db").await;

    assert_eq!(log.events().len(), 1);
}

#[tokio::test]
async fn events_are_counted_as_of_now() {
    let db = TestChild::new("db");
    let (tree, mut log) = given([&db]).await;
    tree.stop().await;

    assert_eq!(log.count("app/db", |what| matches!(what, EventKind::Started { .. })), 1);
    assert_eq!(log.count("app", |what| matches!(what, EventKind::Stopped { .. })), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_what_never_comes_fails_by_the_systems_clock_with_its_place_and_the_log() {
    let db = TestChild::new("db");
    let (_tree, log) = given([&db]).await;
    let mut log = log.backstop(SHORT);
    let (real, virtually) = (std::time::SystemTime::now(), tokio::time::Instant::now());

    let failure = failure(log.wait_for("app/db", |what| matches!(what, EventKind::Exited { .. }))).await;

    assert!(real.elapsed().unwrap() >= SHORT);
    assert_eq!(virtually.elapsed(), Duration::ZERO, "the clock of the tasks has not moved");
    assert!(failure.contains("log.rs:"), "{failure}");
    assert!(failure.contains("an event of `app/db` was waited for 50ms and has not come"), "{failure}");
    assert!(failure.contains("app/db #1 started"), "{failure}");
}

#[tokio::test]
async fn a_wait_fails_at_once_when_the_tree_is_over() {
    let db = TestChild::new("db");
    let (tree, mut log) = given([&db]).await;
    tree.stop().await;

    let failure = failure(log.wait_for_event(|_| false)).await;

    assert!(failure.contains("the tree is over, and an event was waited for"), "{failure}");
    assert!(failure.contains("app/db #1 stopped · graceful"), "{failure}");
}

#[tokio::test]
async fn a_tree_that_does_not_start_fails_the_test_with_the_reason() {
    let app =
        Supervisor::new("app").child(ChildSpec::service("db", |_| async { Err::<(), _>("no such host") }));

    let failure = failure(EventLog::start(app)).await;

    assert!(failure.contains("the tree has not started: "), "{failure}");
    assert!(failure.contains("app/db #1 start_failed · ") && failure.contains("no such host"), "{failure}");
}

#[tokio::test]
async fn a_log_that_has_lost_events_says_so() {
    let db = TestChild::new("db");
    let app = Supervisor::new("app").intensity(10, Duration::from_secs(60)).child(db.spec());
    let (_tree, mut log) = EventLog::launch(app.into_tree().unwrap().event_capacity(2));
    for start in 1..4 {
        db.started(start).await;
        db.fail("again");
    }
    db.started(4).await;

    let failure = failure(log.wait_for_event(|_| false)).await;

    assert!(failure.contains("the log has lost") && failure.contains("event_capacity"), "{failure}");
}

#[tokio::test]
async fn what_happens_within_the_backstop_is_handed_back() {
    assert_eq!(within("a number", async { 7 }).await, 7);
}

//! Readiness of a path: waited for as long as it may come, and not longer.

use std::time::Duration;

use rootward::snapshot::ChildState;
use rootward::testing::{EventLog, TestChild};
use rootward::{Backoff, ChildSpec, DynamicSupervisor, EventKind, Restart, Strategy, Supervisor};

use crate::{SHORT, failure, given};

#[tokio::test]
async fn a_child_that_is_ready_is_not_waited_for() {
    let db = TestChild::new("db");
    let (_tree, mut log) = given([&db]).await;

    let node = log.ready("app/db").await;

    assert_eq!((node.state, node.incarnation), (ChildState::Running, 1));
    assert_eq!(log.ready("app").await.path, *"app");
}

#[tokio::test]
async fn a_service_is_ready_when_it_says_so() {
    let db = TestChild::service("db");
    let (tree, log) = EventLog::launch(Supervisor::new("app").child(db.spec()).into_tree().unwrap());
    let mut log = log.backstop(SHORT);
    db.started(1).await;

    let failure = failure(log.ready("app/db")).await;
    db.ready();

    assert!(failure.contains("`app/db` is not ready after 50ms: it is starting"), "{failure}");
    log.ready("app/db").await;
    tree.started().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_going_to_be_restarted_is_waited_for() {
    let db = TestChild::new("db");
    let spec = db.spec().backoff(Backoff::new(Duration::from_secs(60), Duration::from_secs(3600)));
    let (_tree, mut log) = EventLog::start(Supervisor::new("app").child(spec)).await;
    db.fail("first");
    log.ended("app/db").await;

    let node = log.ready("app/db").await;

    assert_eq!(node.incarnation, 2);
}

#[tokio::test(start_paused = true)]
async fn a_sibling_that_waits_for_the_restart_of_another_child_is_waited_for() {
    let (db, cache) = (TestChild::new("db"), TestChild::new("cache"));
    let backoff = Backoff::new(Duration::from_secs(60), Duration::from_secs(3600));
    let app = Supervisor::new("app").strategy(Strategy::RestForOne);
    let (_tree, mut log) = EventLog::start(app.child(db.spec().backoff(backoff)).child(cache.spec())).await;
    db.fail("first");
    log.ended("app/cache").await;

    let node = log.ready("app/cache").await;

    assert_eq!(node.incarnation, 2);
}

#[tokio::test]
async fn a_child_that_has_ended_for_good_fails_the_wait_with_what_has_happened() {
    let db = TestChild::new("db");
    let (_tree, mut log) = given([&db]).await;
    db.finish();
    log.ended("app/db").await;

    let failure = failure(log.ready("app/db")).await;

    assert!(
        failure.contains("`app/db` does not become ready: `app/db` is down and is not started again"),
        "{failure}"
    );
    assert!(
        failure.contains("ready.rs:") && failure.contains("app/db #1 exited · ended normally"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_child_of_a_supervisor_that_gave_up_fails_the_wait() {
    let db = TestChild::new("db");
    let data = Supervisor::new("data").intensity(0, Duration::from_secs(1)).child(db.spec());
    let app = Supervisor::new("app").child(ChildSpec::from(data).restart(Restart::Temporary));
    let (_tree, mut log) = EventLog::start(app).await;
    db.panic("the disk is gone");
    log.ended("app/data").await;

    // A temporary child is forgotten, so that it is not there at all.
    let failure = failure(log.backstop(SHORT).ready("app/data/db")).await;

    assert!(failure.contains("app/data #1 gave_up"), "{failure}");
}

#[tokio::test]
async fn a_tree_that_has_stopped_fails_the_wait() {
    let db = TestChild::new("db");
    let (tree, mut log) = given([&db]).await;
    tree.stop().await;

    let while_it_is_held = failure(log.ready("app/db")).await;
    drop(tree);
    let when_it_is_gone = failure(log.ready("app/db")).await;

    assert!(while_it_is_held.contains("the tree is stopping or has stopped"), "{while_it_is_held}");
    assert!(when_it_is_gone.contains("the tree is gone"), "{when_it_is_gone}");
}

#[tokio::test]
async fn a_path_that_is_not_in_the_tree_is_named() {
    let db = TestChild::new("db");
    let (_tree, log) = given([&db]).await;
    let mut log = log.backstop(SHORT);

    let misspelt = failure(log.ready("app/dv")).await;
    let elsewhere = failure(log.ready("shop/db")).await;

    assert!(misspelt.contains("`app` is running and has no such child"), "{misspelt}");
    assert!(elsewhere.contains("the root of this tree is `app`"), "{elsewhere}");
}

#[tokio::test]
async fn a_child_that_is_added_later_is_waited_for() {
    let app = Supervisor::new("app").child(DynamicSupervisor::new("jobs"));
    let (tree, mut log) = EventLog::start(app).await;
    let jobs = tree.supervisor("app/jobs").unwrap();
    let job = TestChild::new("job");

    let (node, child) = tokio::join!(log.ready("app/jobs/job-0"), jobs.start_child(job.spec()));

    assert_eq!(node.path, child.unwrap().path);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_of_which_the_supervisor_has_not_decided_yet_is_no_end_for_good() {
    let children: Vec<_> = (0..50).map(|n| TestChild::new(format!("c{n}"))).collect();
    let app = Supervisor::new("app").intensity(1_000_000, Duration::from_secs(1));
    let app = children.iter().fold(app, |app, child| app.child(child.spec()));
    let (_tree, mut log) = EventLog::start(app).await;

    for round in 1..=50 {
        // Many ends are heard before the first of them is decided upon.
        children.iter().for_each(|child| child.fail("all at once"));
        log.wait_for("app/c0", |what| matches!(what, EventKind::Exited { .. })).await;
        log.ready("app/c0").await;
        for (n, child) in children.iter().enumerate() {
            child.started(round + 1).await;
            log.ready(&format!("app/c{n}")).await;
        }
    }
}

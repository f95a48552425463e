//! The child that does as the test says.

use std::time::Duration;

use rootward::report::{Ending, Outcome};
use rootward::testing::{EventLog, TestChild};
use rootward::{EventKind, Exit, Shutdown, Supervisor, Tree};

use crate::given;

async fn exit_of(log: &mut EventLog) -> Exit {
    let end = log.ended("app/db").await;
    let EventKind::Exited { status: Some(exit), .. } = &end.what else {
        panic!("it has not ended by itself: {end:?}")
    };
    exit.clone()
}

async fn outcome_of(tree: &Tree) -> Outcome {
    tree.stop().await.find("app/db").expect("it was started").outcome
}

#[tokio::test]
async fn it_ends_as_it_is_told() {
    let db = TestChild::new("db");
    let (_tree, mut log) =
        EventLog::start(Supervisor::new("app").intensity(9, Duration::from_secs(9)).child(db.spec())).await;

    db.fail("no such table");
    assert_eq!(exit_of(&mut log).await, Exit::Failed { error: "no such table".to_owned() });
    db.panic("index out of bounds");
    assert!(
        matches!(exit_of(&mut log).await, Exit::Panicked(panic) if panic.message == "index out of bounds")
    );
    db.finish();
    assert_eq!(exit_of(&mut log).await, Exit::Normal);

    assert_eq!((db.starts(), db.runs()), (3, false));
}

#[tokio::test]
async fn a_service_gets_ready_when_it_is_told_every_time_anew() {
    let (db, web) = (TestChild::service("db"), TestChild::new("web"));
    let app = Supervisor::new("app").child(db.spec()).child(web.spec());
    let (tree, mut log) = EventLog::launch(app.into_tree().unwrap());
    db.started(1).await;
    assert_eq!(web.starts(), 0);

    db.ready();
    web.started(1).await;
    db.fail("connection lost");
    db.started(2).await;
    db.ready();

    log.ready("app/db").await;
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test]
async fn it_stops_when_it_is_asked_to() {
    let db = TestChild::new("db");
    let (tree, _log) = given([&db]).await;

    assert_eq!(outcome_of(&tree).await, Outcome::Graceful);
    db.asked_to_stop().await;
    assert!(!db.runs());
}

#[tokio::test(start_paused = true)]
async fn a_slow_one_is_stopped_within_its_grace_and_forced_beyond() {
    for (seconds, outcome) in [(4, Outcome::Graceful), (6, Outcome::Killed)] {
        let db = TestChild::new("db");
        db.stops_after(Duration::from_secs(seconds));
        let spec = db.spec().shutdown(Shutdown::Grace(Duration::from_secs(5)));
        let (tree, _log) = EventLog::start(Supervisor::new("app").child(spec)).await;

        assert_eq!(outcome_of(&tree).await, outcome, "{seconds} seconds");
    }
}

#[tokio::test]
async fn one_that_ignores_the_stop_ends_when_it_is_told() {
    let db = TestChild::new("db");
    db.ignores_stop();
    let (tree, _log) = given([&db]).await;
    tree.request_stop();
    db.asked_to_stop().await;
    assert!(db.runs());

    db.finish();

    assert_eq!(tree.wait().await.find("app/db").unwrap().outcome, Outcome::Graceful);
}

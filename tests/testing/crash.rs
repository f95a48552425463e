//! Crashes: a task, an actor and a process each end as if by themselves, and their supervisor restarts them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rootward::ractor::{Actor, ActorProcessingErr, ActorRef};
use rootward::report::Ending;
use rootward::testing::{EventLog, TestChild, crash};
use rootward::{Backoff, ChildSpec, EventKind, Exit, Restart, Strategy, Supervisor};

use crate::{failure, given, takes_its_time};

#[tokio::test]
async fn a_task_that_crashes_has_panicked_and_is_restarted() {
    let db = TestChild::new("db");
    let (tree, mut log) = given([&db]).await;

    let exit = crash(&tree, "app/db").await;

    let Exit::Panicked(panic) = exit else { panic!("{exit}") };
    assert_eq!(panic.message, "crashed on purpose");
    assert_eq!(log.ready("app/db").await.incarnation, 2);
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test]
async fn what_a_task_holds_is_given_back_before_its_crash_is_told() {
    struct Holds(Arc<AtomicBool>);
    impl Drop for Holds {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let given_back = Arc::new(AtomicBool::new(false));
    let db = ChildSpec::task_with("db", Arc::clone(&given_back), |cx, given_back| async move {
        let _holds = Holds(given_back);
        cx.stopping().await;
    });
    let (tree, _log) = EventLog::start(Supervisor::new("app").child(db.restart(Restart::Temporary))).await;

    crash(&tree, "app/db").await;

    assert!(given_back.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_crash_counts_and_takes_siblings_along() {
    let (db, cache) = (TestChild::new("db"), TestChild::new("cache"));
    let app = Supervisor::new("app").strategy(Strategy::RestForOne).intensity(1, Duration::from_secs(60));
    let (tree, mut log) = EventLog::start(app.child(db.spec()).child(cache.spec())).await;

    crash(&tree, "app/db").await;
    cache.started(2).await;
    crash(&tree, "app/db").await;

    log.wait_for("app", |what| matches!(what, EventKind::GaveUp { restarts: 1, .. })).await;
    let report = tree.wait().await;
    assert_eq!(report.blame.as_ref().unwrap().child, *"app/db");
}

#[tokio::test]
async fn the_children_of_a_task_that_crashes_are_stopped() {
    let job = TestChild::new("job");
    let spec = job.spec();
    let boss = ChildSpec::task("boss", move |cx| {
        let spec = spec.clone();
        async move {
            cx.start_child(spec).await.unwrap();
            cx.stopping().await;
        }
    });
    let (tree, mut log) = EventLog::start(Supervisor::new("app").child(boss)).await;
    log.ready("app/boss/job").await;

    crash(&tree, "app/boss").await;

    job.started(2).await;
    assert_eq!(log.count("app/boss/job", |what| matches!(what, EventKind::Stopped { .. })), 1);
    crash(&tree, "app/boss/job").await;
}

struct Idle;

impl Actor for Idle {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

#[tokio::test]
async fn an_actor_that_crashes_was_killed_and_is_restarted() {
    let app = Supervisor::new("app").child(ChildSpec::actor("mailer", || (Idle, ())));
    let (tree, mut log) = EventLog::start(app).await;

    let exit = crash(&tree, "app/mailer").await;

    assert_eq!(exit, Exit::Aborted);
    assert_eq!(log.ready("app/mailer").await.incarnation, 2);
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test]
async fn a_process_that_crashes_got_sigkill_and_is_restarted() {
    let app = Supervisor::new("app").child(takes_its_time(0, 0).into_child("worker"));
    let (tree, mut log) = EventLog::start(app).await;
    let before = log.ready("app/worker").await;

    let exit = crash(&tree, "app/worker").await;

    assert!(matches!(&exit, Exit::Signal { number: 9, .. }), "{exit}");
    let after = log.ready("app/worker").await;
    assert_eq!(after.incarnation, 2);
    assert_ne!(after.pid, before.pid);
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test]
async fn what_cannot_crash_fails_the_test() {
    let db = TestChild::new("db");
    let blocking =
        ChildSpec::blocking("blocking", |cx| while !cx.wait_stopping(Duration::from_secs(3600)) {});
    let data = Supervisor::new("data").child(db.spec());
    let (tree, mut log) = EventLog::start(Supervisor::new("app").child(data).child(blocking)).await;
    db.finish();
    log.ended("app/data/db").await;

    let of_a_supervisor = failure(crash(&tree, "app/data")).await;
    let of_blocking_work = failure(crash(&tree, "app/blocking")).await;
    let of_what_is_down = failure(crash(&tree, "app/data/db")).await;
    let of_the_root = failure(crash(&tree, "app")).await;

    assert!(of_a_supervisor.contains("`app/data` is a supervisor that cannot crash"), "{of_a_supervisor}");
    assert!(of_blocking_work.contains("`app/blocking` is a task that cannot crash"), "{of_blocking_work}");
    assert!(of_what_is_down.contains("`app/data/db` is not there to crash"), "{of_what_is_down}");
    assert!(of_the_root.contains("`app` is not there to crash"), "{of_the_root}");
    assert!(of_the_root.contains("crash.rs:"), "{of_the_root}");
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_followed_by_the_backoff() {
    let db = TestChild::new("db");
    let hour = Duration::from_secs(3600);
    let spec = db.spec().backoff(Backoff::new(hour, 10 * hour));
    let (tree, mut log) = EventLog::start(Supervisor::new("app").child(spec)).await;
    let began = tokio::time::Instant::now();

    crash(&tree, "app/db").await;
    log.ready("app/db").await;

    assert!(began.elapsed() >= hour / 2, "{:?}", began.elapsed());
}

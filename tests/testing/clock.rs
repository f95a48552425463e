//! Paused time: tasks follow it, and no process is judged by it before it has had its time.

use std::time::{Duration, SystemTime};

use rootward::process::{Containment, Health, Process, Ready};
use rootward::report::{Ending, Outcome};
use rootward::testing::{EventLog, TestChild, crash, real_time};
use rootward::{ChildSpec, EventKind, Exit, Restart, Shutdown, Supervisor};
use tokio::time::{Instant, sleep};

use crate::{SHORT, failure, takes_its_time};

const HOUR: Duration = Duration::from_secs(3600);

/// How much real time the processes here need. None of it is seen before it has passed.
const REAL: u64 = 300;

#[expect(clippy::disallowed_methods, reason = "the clock is what is tested")]
async fn pass(time: Duration) {
    sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn the_restarts_of_a_task_are_counted_in_paused_time() {
    let db = TestChild::new("db");
    let app = Supervisor::new("app").intensity(1, Duration::from_secs(5)).child(db.spec());
    let (tree, mut log) = EventLog::start(app).await;

    for crashes in 1..=10 {
        crash(&tree, "app/db").await;
        assert_eq!(log.ready("app/db").await.incarnation, crashes + 1);
        pass(Duration::from_secs(6)).await;
    }
    crash(&tree, "app/db").await;
    crash(&tree, "app/db").await;

    log.wait_for("app", |what| matches!(what, EventKind::GaveUp { .. })).await;
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stops_within_its_grace_is_not_killed() {
    let spec = takes_its_time(0, REAL).into_child("worker").shutdown(Duration::from_secs(5));
    let (tree, _log) = EventLog::start(Supervisor::new("app").child(spec)).await;

    let report = tree.stop().await;

    let worker = report.find("app/worker").unwrap();
    assert_eq!((worker.outcome, worker.status.clone()), (Outcome::Graceful, Some(Exit::Code(0))), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_gets_ready_in_time_has_started() {
    let worker = takes_its_time(REAL, 0).ready_timeout(Duration::from_secs(5));
    let app = Supervisor::new("app").child(worker.into_child("worker"));

    let (tree, _log) = EventLog::start(app).await;

    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_readiness_check_gets_its_time() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ready");
    let script = format!("sleep 0.3; : > '{}'; exec sleep 1000", file.display());
    let worker = rootward::process::Process::new("sh").args(["-c", &script]).ready(Ready::path(&file));
    let app = Supervisor::new("app").child(worker.into_child("worker"));

    let (tree, _log) = EventLog::start(app).await;

    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test(start_paused = true)]
async fn the_start_timeout_of_a_spec_and_the_deadline_of_the_tree_wait_for_a_process() {
    let worker = takes_its_time(REAL, REAL).into_child("worker").start_timeout(Duration::from_secs(5));
    let builder = Supervisor::new("app").child(worker).into_tree().unwrap().deadline(Duration::from_secs(10));
    let (tree, mut log) = EventLog::launch(builder);

    tree.started().await.unwrap_or_else(|error| panic!("{error}\n{:?}", log.events()));
    let report = tree.stop().await;

    assert_eq!(report.ending, Ending::Clean, "{report}");
}

#[tokio::test(start_paused = true)]
async fn the_timers_of_tasks_do_not_take_the_time_of_a_process() {
    let ticker = ChildSpec::task("ticker", |cx| async move {
        while cx.unless_stopping(pass(Duration::from_millis(1))).await.is_some() {}
    });
    let worker = takes_its_time(REAL, REAL).into_child("worker").shutdown(Duration::from_secs(5));
    let (tree, _log) = EventLog::start(Supervisor::new("app").child(ticker).child(worker)).await;

    let report = tree.stop().await;

    assert_eq!(report.ending, Ending::Clean, "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_does_not_stop_is_killed_when_its_grace_has_passed_in_real_time() {
    let grace = Duration::from_millis(REAL);
    let spec = takes_its_time(0, 600_000).into_child("worker").shutdown(Shutdown::Grace(grace));
    let (tree, _log) = EventLog::start(Supervisor::new("app").child(spec)).await;
    let real = SystemTime::now();

    let report = tree.stop().await;

    assert_eq!(report.find("app/worker").unwrap().outcome, Outcome::Killed);
    assert!(real.elapsed().unwrap() >= grace * 9 / 10, "{:?}", real.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_process_that_a_warden_starts_and_stops_gets_its_time() {
    let worker = takes_its_time(REAL, REAL).ready_timeout(Duration::from_secs(5)).into_child("worker");
    let builder = Supervisor::new("app").child(worker.shutdown(Duration::from_secs(5))).into_tree().unwrap();
    let (tree, mut log) = EventLog::launch(Containment::auto().apply(builder));

    log.ready("app/worker").await;
    let report = tree.stop().await;

    assert_eq!(report.ending, Ending::Clean, "{report}");
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_free_while_a_process_runs_and_when_it_is_gone() {
    let worker = takes_its_time(0, 0).into_child("worker").restart(Restart::Temporary);
    let (tree, _log) = EventLog::start(Supervisor::new("app").child(worker)).await;
    let real = SystemTime::now();

    pass(HOUR).await;
    tree.stop().await;
    pass(HOUR).await;

    assert!(real.elapsed().unwrap() < HOUR);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_crashes_and_comes_again_gets_its_time() {
    let worker = takes_its_time(REAL, REAL).ready_timeout(Duration::from_secs(5));
    let (tree, mut log) = EventLog::start(Supervisor::new("app").child(worker.into_child("worker"))).await;

    crash(&tree, "app/worker").await;

    assert_eq!(log.ready("app/worker").await.incarnation, 2);
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_health_check_by_a_command_gets_its_time() {
    let directory = tempfile::tempdir().unwrap();
    let script =
        format!("cd '{}'; test -e looked && exec sleep 0.3; : > looked; exit 1", directory.path().display());
    let check = Health::command(["sh", "-c", &script]).timeout(Duration::from_secs(60)).threshold(2);
    let worker = Process::new("sleep").arg("1000").health(check);
    let (tree, mut log) = EventLog::start(Supervisor::new("app").child(worker.into_child("worker"))).await;

    log.wait_for("app/worker", |what| matches!(what, EventKind::Healthy)).await;

    let ends = |event: &rootward::Event| matches!(event.what, EventKind::Exited { .. });
    assert!(!log.events().iter().any(|event| ends(event)), "it was misjudged");
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_watchdog_gives_a_process_its_time() {
    let worker = Process::new(env!("CARGO_BIN_EXE_says_it_is_alive")).arg("2");
    let worker = worker.health(Health::watchdog(Duration::from_secs(10)));
    let (tree, mut log) = EventLog::start(Supervisor::new("app").child(worker.into_child("worker"))).await;

    let second = |what: &EventKind| matches!(what, EventKind::Output { line, .. } if line == "alive 2");
    log.wait_for("app/worker", second).await;

    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test(start_paused = true)]
async fn blocking_work_stops_a_paused_clock() {
    let work = ChildSpec::blocking("work", |cx| while !cx.wait_stopping(HOUR) {});
    let (tree, log) = EventLog::start(Supervisor::new("app").child(work)).await;
    let (mut log, began) = (log.backstop(SHORT), Instant::now());

    tokio::select! {
        _ = failure(log.wait_for_event(|_| false)) => {}
        () = pass(Duration::from_millis(1)) => panic!("the clock has moved"),
    }

    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_test_can_hold_the_clock_and_let_it_go() {
    let (began, real) = (Instant::now(), SystemTime::now());
    let held = real_time();

    pass(Duration::from_millis(100)).await;
    let passed = real.elapsed().unwrap();
    drop(held);
    pass(HOUR).await;

    assert!(passed >= Duration::from_millis(80), "{passed:?}");
    assert!(began.elapsed() >= HOUR && real.elapsed().unwrap() < HOUR);
}

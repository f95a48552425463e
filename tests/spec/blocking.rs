//! Blocking work as children.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rootward::error::{SpawnErrorKind, TaskError};
use rootward::report::{Ending, Outcome, StuckIn};
use rootward::task::BlockingContext;
use rootward::{ChildSpec, DynamicSupervisor, Exit, Restart, Supervisor, TaskSupervisor};

use crate::support::{EventLog, GivenTree, builder, given, given_tree, obedient, stuck, within};

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn blocking_work_is_asked_and_ends_in_its_turn() {
    let work = ChildSpec::blocking("work", |cx| assert!(cx.wait_stopping(LONG)));
    let (tree, log) = given(Supervisor::new("root").child(obedient("first")).child(work)).await;

    let report = tree.stop().await;

    assert!(report.clean, "{report:?}");
    assert_eq!(report.find("root/work").unwrap().status, Some(Exit::Normal));
    assert_eq!(log.until_the_end().await.paths("stopped"), ["work", "first", "root"]);
}

#[tokio::test]
async fn blocking_work_ends_with_what_it_returns_and_is_restarted_like_any_task() {
    let work = ChildSpec::blocking("work", |cx| match cx.incarnation() {
        1 => Err("no"),
        _ if cx.wait_stopping(LONG) => Ok(()),
        _ => Err("it was not asked"),
    });
    let (tree, mut log) = given(Supervisor::new("root").child(work)).await;

    let exited = log.wait_for_event("work", "exited").await;
    log.wait_for_event("work", "started").await;

    assert_eq!(serde_json::to_value(&*exited).unwrap()["status"]["error"], "no");
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn code_that_has_kept_the_context_of_blocking_work_is_told_when_that_is_over() {
    let (sender, mut kept) = tokio::sync::mpsc::unbounded_channel();
    let work = ChildSpec::blocking("work", move |cx: BlockingContext| sender.send(cx).unwrap());
    let root = Supervisor::new("root").child(work.restart(Restart::Temporary));
    let (_tree, mut log) = given(root).await;
    let cx = within("the work", kept.recv()).await.unwrap();

    log.wait_for_event("work", "exited").await;

    assert!(cx.is_stopping());
    assert_eq!(cx.grace(), Some(Duration::ZERO));
}

#[tokio::test]
async fn a_panic_in_blocking_work_is_its_exit() {
    let work = ChildSpec::blocking("work", |_| panic!("boom")).restart(Restart::Temporary);
    let (tree, mut log) = given(Supervisor::new("root").child(work)).await;

    let exited = log.wait_for_event("work", "exited").await;

    assert_eq!(serde_json::to_value(&*exited).unwrap()["status"]["panic"], "boom");
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn blocking_work_that_has_begun_cannot_be_aborted_and_the_report_says_so() {
    let (release, blocked) = mpsc::channel::<()>();
    let (says, mut said) = tokio::sync::mpsc::unbounded_channel();
    let blocked = Arc::new(Mutex::new(blocked));
    let work = ChildSpec::blocking("work", move |cx| {
        says.send(cx.path().to_string()).unwrap();
        drop(blocked.lock().map(|blocked| blocked.recv()));
        assert!(cx.is_stopping());
    });
    let builder = builder(Supervisor::new("root").child(work)).deadline(Duration::from_millis(50));
    let (tree, _log) = given_tree(builder).await;
    assert_eq!(within("the start", said.recv()).await.unwrap(), "root/work");

    let report = tree.stop().await;

    let stuck = stuck(&report, "root/work");
    assert_eq!(stuck.why, StuckIn::Blocking);
    assert!(stuck.thread.is_some() && stuck.elapsed.is_some());
    release.send(()).unwrap();
    let completed = tree.wait_gone().await;
    let work = completed.find("root/work").unwrap();
    assert_eq!((work.outcome, &work.status), (Outcome::Killed, &Some(Exit::Normal)));
}

#[test]
fn blocking_work_that_has_not_begun_is_aborted() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime =
        runtime.max_blocking_threads(1).enable_all().build().expect("the system has a thread for it");
    runtime.block_on(async {
        let first = ChildSpec::blocking("first", |cx| assert!(cx.wait_stopping(LONG)));
        let second = ChildSpec::blocking("second", |_| ()).restart(Restart::Temporary);
        let (tree, _log) = given(Supervisor::new("root").child(first).child(second)).await;

        tree.force();

        let report = tree.wait().await;
        assert_eq!(report.find("root/second").unwrap().status, Some(Exit::Aborted));
    });
}

// --- work that runs once ---

#[tokio::test]
async fn blocking_work_that_runs_once_owns_what_cannot_be_cloned_and_is_not_started_again() {
    let (sender, mut received) = tokio::sync::oneshot::channel();
    let work = ChildSpec::blocking_once("work", move |_| {
        sender.send(7).unwrap();
        Err::<(), _>("it is not tried again")
    });
    let (tree, mut log) = given(Supervisor::new("root").child(work)).await;

    log.wait_for_event("work", "exited").await;

    assert_eq!(received.try_recv(), Ok(7));
    let log = {
        assert!(tree.stop().await.clean);
        log.until_the_end().await
    };
    assert_eq!(log.paths("restarting"), [""; 0]);
}

// --- work with a result ---

#[tokio::test]
async fn a_caller_gets_the_result_of_blocking_work_when_its_place_is_free_again() {
    let (tree, _log, jobs) = given_one_place().await;

    for n in 0..100 {
        let job = jobs.run_blocking(move |cx| (n, cx.path().to_string())).await.unwrap();
        let (result, path) = within("the result", job).await.unwrap();
        assert_eq!((result, path.starts_with("root/jobs/")), (n, true));
    }

    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn a_caller_gets_the_panic_of_blocking_work_and_its_supervisor_hears_of_it() {
    let (tree, mut log, jobs) = given_one_place().await;

    let job = jobs.run_blocking(|_| panic!("boom")).await.unwrap();
    let result: Result<(), TaskError> = within("the result", job).await;

    let Err(TaskError::Panicked(panic)) = result else { panic!("{result:?}") };
    assert_eq!(panic.message, "boom");
    let exited = log.wait_for(|event| event.what.name() == "exited").await;
    assert_eq!(serde_json::to_value(&*exited).unwrap()["status"]["panic"], "boom");
    assert!(tree.stop().await.clean);
}

#[tokio::test]
async fn blocking_work_is_asked_to_stop_when_its_result_is_dropped_unless_that_is_detached() {
    let (tree, mut log, jobs) = given_one_place().await;
    let work = |cx: BlockingContext| cx.wait_stopping(LONG);

    drop(jobs.run_blocking(work).await.unwrap());
    log.wait_for(|event| event.what.name() == "exited").await;
    drop(jobs.run_blocking(work).await.unwrap().detach());

    assert!(matches!(jobs.run_blocking(work).await.unwrap_err().kind(), SpawnErrorKind::MaxChildren));
    assert_eq!(tree.stop().await.ending, Ending::Clean);
}

#[tokio::test]
async fn blocking_work_that_is_stopped_is_asked_and_its_caller_gets_what_it_returns() {
    let (tree, _log, jobs) = given_one_place().await;
    let permit = jobs.reserve().await.unwrap();
    let job = permit.run_blocking(|cx: BlockingContext| cx.wait_stopping(LONG)).await.unwrap();

    let (report, result) = tokio::join!(tree.stop(), job);

    assert_eq!((report.ending, result), (Ending::Clean, Ok(true)));
}

#[test]
fn blocking_work_for_which_no_thread_is_free_is_never_called_and_its_caller_is_told() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime =
        runtime.max_blocking_threads(1).enable_all().build().expect("the system has a thread for it");
    runtime.block_on(async {
        let (tree, _log, jobs) = given_jobs(2).await;
        let owned = Arc::new(());
        let theirs = Arc::clone(&owned);
        let (says, mut said) = tokio::sync::mpsc::unbounded_channel();
        let first =
            jobs.run_blocking(move |cx: BlockingContext| (says.send(()), cx.wait_stopping(LONG))).await;
        within("the first", said.recv()).await.unwrap();
        let second = jobs.run_blocking(move |_| unreachable!("{theirs:?}")).await.unwrap();

        tree.force();
        let report = tree.wait().await;

        assert_eq!(within("the result", second).await, Err::<(), _>(TaskError::Stopped));
        assert_eq!(Arc::strong_count(&owned), 1, "gone means gone");
        assert_eq!(report.ending, Ending::Forced);
        drop(first);
    });
}

async fn given_one_place() -> (GivenTree, EventLog, TaskSupervisor) {
    given_jobs(1).await
}

async fn given_jobs(most: usize) -> (GivenTree, EventLog, TaskSupervisor) {
    let jobs = DynamicSupervisor::new("jobs").max_children(most);
    let (tree, log) = given(Supervisor::new("root").child(jobs)).await;
    let jobs = TaskSupervisor::new(tree.supervisor("root/jobs").expect("it runs"));
    (tree, log, jobs)
}

//! When the result of a task is there: its supervisor has taken note of the task's end by then, and another one may
//! take its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rootward::error::TaskError;
use rootward::{
    ChildSpec, DynamicSupervisor, Restart, Supervisor, SupervisorHandle, TaskContext, TaskSupervisor,
};
use tokio::sync::{Mutex, Notify, oneshot};

use crate::support::{
    Act, Blocked, EventLog, Flag, GivenTree, Odd, OtherRuntime, given, launched, poll, until, within,
    work_for,
};

const SECOND: Duration = Duration::from_secs(1);
const JOBS: u64 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_job_after_the_other_is_never_refused_where_there_may_be_one() {
    let (tree, _log, jobs) = given_one_place().await;
    let tasks = TaskSupervisor::new(jobs.clone());

    for n in 0..JOBS {
        let job = tasks.run(move |_| async move { n }).await.expect("there is room for it");
        assert_eq!(within("the result", job).await, Ok(n));
        assert_eq!(jobs.count_children().specs, 0, "after job {n}");
    }

    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn one_job_after_the_other_is_never_refused_on_one_thread_either() {
    let (tree, _log, jobs) = given_one_place().await;
    let tasks = TaskSupervisor::new(jobs.clone());

    for n in 0..JOBS {
        let job = tasks.run(move |_| async move { n }).await.expect("there is room for it");
        assert_eq!(within("the result", job).await, Ok(n));
    }

    assert!(tree.stop().await.clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_panics_has_left_its_place_when_the_panic_is_told() {
    let (tree, _log, jobs) = given_one_place().await;
    let tasks = TaskSupervisor::new(jobs.clone());

    for n in 0..200 {
        let job = tasks.run(|_| async { panic!("boom") }).await.expect("there is room for it");
        let result: Result<(), TaskError> = within("the result", job).await;
        assert!(matches!(result, Err(TaskError::Panicked(_))), "{result:?}");
        assert_eq!(jobs.count_children().specs, 0, "after job {n}");
    }

    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_aborted_has_left_its_place_when_that_is_told() {
    let (tree, mut log, jobs) = given_one_place().await;
    let tasks = TaskSupervisor::new(jobs.clone());

    for _ in 0..200 {
        let job = tasks.run(|_| std::future::pending::<()>()).await.expect("there is room for it");
        let is_job = |path: &str| path.starts_with("root/jobs/");
        let started =
            log.wait_for(|event| event.what.name() == "started" && is_job(event.path.as_str())).await;
        let next = async {
            assert_eq!(within("the result", job).await, Err(TaskError::Stopped));
            let next = tasks.run(|_| async { 7 }).await.expect("there is room for it");
            assert_eq!(within("the next result", next).await, Ok(7));
        };
        let (terminated, ()) = tokio::join!(jobs.terminate_child(started.path.id()), next);
        terminated.expect("it was there");
        log.wait_for(|event| event.what.name() == "exited").await;
    }

    assert!(tree.stop().await.clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_items_goes_through_one_place() {
    let (tree, _log, jobs) = given_one_place().await;
    let tasks = TaskSupervisor::new(jobs);

    let mut results = tasks.map(1, 0..1000u64, |_, n| async move { n });
    let mut all = Vec::new();
    while let Some(result) = within("the next result", results.next()).await.expect("nothing is refused") {
        all.push(result.expect("it has a result"));
    }

    assert_eq!(all, (0..1000).collect::<Vec<_>>());
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_job_with_children_of_its_own_has_its_result_when_they_are_gone() {
    let (tree, mut log, jobs) = given_one_place().await;
    let tasks = TaskSupervisor::new(jobs.clone());
    let slow = |cx: TaskContext| async move {
        cx.stopping().await;
        work_for(SECOND).await;
    };

    let job = tasks.run(move |cx: TaskContext| async move {
        cx.start_child(ChildSpec::task("slow", slow)).await.expect("it can be started");
    });
    let result = within("the result", job.await.expect("there is room for it")).await;

    assert_eq!(result, Ok(()));
    assert_eq!(jobs.count_children().specs, 0);
    let stopped = log.wait_for(|event| event.what.name() == "stopped").await;
    assert_eq!((stopped.path.id(), stopped.at), ("slow", SECOND));
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_ends_while_a_sibling_is_restarted_leaves_its_place_to_what_is_started_next() {
    let (tree, mut log, jobs) = given_places(2).await;
    let tasks = TaskSupervisor::new(jobs.clone());
    let (fails, times) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
    let its_end = Arc::clone(&fails);
    let service = ChildSpec::service("service", move |cx| {
        let (fails, is_first) = (Arc::clone(&its_end), times.fetch_add(1, Ordering::SeqCst) == 0);
        async move {
            if !is_first {
                work_for(3 * SECOND).await;
            }
            cx.ready();
            tokio::select! {
                () = fails.notified() => Err("it fails"),
                () = cx.stopping() => Ok(()),
            }
        }
    });
    jobs.start_child(service.restart(Restart::Permanent)).await.expect("it can be started");
    let first = tasks.run(|_| work_for(SECOND)).await.expect("there is room for it");
    fails.notify_one();
    log.wait_for(|event| event.what.name() == "restarting").await;

    assert_eq!(within("the first result", first).await, Ok(()));
    let second = tasks.run(|_| async { 7 }).await.expect("there is room for it");

    assert_eq!(within("the second result", second).await, Ok(7));
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_job_may_wait_for_the_result_of_another_one_while_everything_stops() {
    let (tree, _log, jobs) = given_places(2).await;
    let tasks = TaskSupervisor::new(jobs);
    let first = tasks.run(|cx: TaskContext| async move { cx.stopping().await }).await.expect("there is room");
    let told = Flag::default();
    let its_flag = told.clone();
    let second = tasks.run(move |_| async move {
        if first.await == Ok(()) {
            its_flag.raise();
        }
    });
    let _second = second.await.expect("there is room for it");

    let report = tree.stop().await;

    assert!(report.clean && told.is_raised(), "{report}");
}

#[tokio::test]
async fn a_result_is_told_when_its_runtime_is_gone() {
    let runtime = OtherRuntime::new(2);
    let (sender, result) = oneshot::channel();
    let sender = Arc::new(Mutex::new(Some(sender)));
    runtime.spawn(async move {
        let (_tree, _log, jobs) = given_one_place().await;
        let job = TaskSupervisor::new(jobs).run(|_| std::future::pending::<()>()).await;
        let _ = sender.lock().await.take().map(|sender| sender.send(job.expect("there is room for it")));
        std::future::pending::<()>().await;
    });
    let job = within("the job", result).await.expect("it is sent");

    drop(runtime);

    assert_eq!(within("the result", job).await, Err(TaskError::Stopped));
}

#[tokio::test]
async fn a_waker_that_waits_for_a_result_keeps_no_supervisor() {
    for wake in ["panics", "blocks"] {
        let runtime = OtherRuntime::new(3);
        let (blocked, release) = Blocked::new();
        let blocks = blocked.clone();
        let act: Act = match wake {
            "panics" => Box::new(|| panic!("a waker panics")),
            _ => Box::new(move || blocks.stay()),
        };
        let woken = Flag::default();
        let odd = Odd { wake: act, woken: woken.clone(), ..Odd::default() };
        let entered = runtime.enter();
        let (tree, _log) = launched(Supervisor::new("root").child(DynamicSupervisor::new("jobs")));
        drop(entered);
        tree.started().await.expect("the tree can be started");
        let tasks = TaskSupervisor::new(tree.supervisor("root/jobs").expect("it has just been started"));
        let go = Arc::new(Notify::new());
        let goes = Arc::clone(&go);
        let job = tasks.run(|_| async move { goes.notified().await }).await.expect("there is room for it");
        let mut waits = Box::pin(async move { drop(job.await) });
        assert!(poll(waits.as_mut(), &odd.waker()).is_pending());

        go.notify_one();
        until("the waker is woken", || woken.is_raised()).await;
        let next = tasks.run(|_| async { 7 }).await.expect("the supervisor goes on");

        assert_eq!(within("the next result", next).await, Ok(7), "{wake}");
        assert!(tree.stop().await.clean, "{wake}");
        drop(release);
    }
}

async fn given_one_place() -> (GivenTree, EventLog, SupervisorHandle) {
    given_places(1).await
}

async fn given_places(places: usize) -> (GivenTree, EventLog, SupervisorHandle) {
    let jobs = DynamicSupervisor::new("jobs").max_children(places);
    let (tree, log) = given(Supervisor::new("root").child(jobs)).await;
    let jobs = tree.supervisor("root/jobs").expect("it has just been started");
    (tree, log, jobs)
}

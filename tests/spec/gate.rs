//! What may still be started below a task that stops: nothing, but for clean-up work.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rootward::error::{SpawnErrorKind, StartChildError};
use rootward::report::{Ending, Outcome};
use rootward::{Backoff, ChildSpec, DynamicSupervisor, Restart, Supervisor, TaskContext};
use tokio::sync::mpsc;

use crate::support::{Flag, given, obedient, settle, stubborn, within, work_for};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_task_that_stops_starts_nothing_and_gets_the_future_and_the_spec_back() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let task = ChildSpec::task("task", move |cx| {
        let sender = sender.clone();
        async move {
            cx.stopping().await;
            let refused = cx.spawn_named("late", |_| async {}).await.unwrap_err();
            sender.send(format!("{refused}")).unwrap();
            refused.into_run().unwrap()(cx.clone()).await;
            let Err(StartChildError::Stopping { spec }) = cx.start_child(obedient("later")).await else {
                panic!("it was started")
            };
            sender.send(spec.id().to_owned()).unwrap();
        }
    });
    let (tree, log) = given(Supervisor::new("root").child(task)).await;
    settle().await;

    let report = tree.stop().await;

    assert_eq!(told.recv().await.unwrap(), "no task could be started below `root/task`: it is stopping");
    assert_eq!(told.recv().await.unwrap(), "later");
    assert!(report.clean);
    assert_eq!((report.find("root/task").unwrap().refused, report.refused), (2, 2));
    assert!(log.until_the_end().await.lines().iter().all(|line| !line.contains("late")));
}

#[tokio::test(start_paused = true)]
async fn refusals_stand_in_the_report_where_there_are_any() {
    let task = ChildSpec::task("task", |cx| async move {
        cx.stopping().await;
        let _ = cx.spawn(|_| async {}).await;
    });
    let (tree, _log) = given(Supervisor::new("root").child(obedient("quiet")).child(task)).await;
    settle().await;

    let report = serde_json::to_value(&*tree.stop().await).unwrap();

    let children = &report["root"]["children"];
    assert_eq!((&report["refused"], &children[1]["refused"]), (&1.into(), &1.into()));
    assert!(children[0].get("refused").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_that_stops_counts_the_starts_that_it_refuses() {
    let dynamic = DynamicSupervisor::new("jobs");
    let keeper = ChildSpec::task("keeper", |cx| async move {
        cx.stopping().await;
        work_for(SECOND).await;
    });
    let (tree, mut log) = given(Supervisor::new("root").child(dynamic)).await;
    let jobs = tree.supervisor("root/jobs").unwrap();
    jobs.start_child(keeper).await.unwrap();
    settle().await;

    tree.request_stop();
    log.wait_for_event("jobs", "stopping").await;
    let refused = jobs.start_child(obedient("late")).await;

    assert!(matches!(refused, Err(StartChildError::Stopping { .. })));
    let report = tree.wait().await;
    assert_eq!((report.find("root/jobs").unwrap().refused, report.refused), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn tasks_that_start_tasks_end_within_one_generation() {
    let started = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&started);
    let task = ChildSpec::task("task", move |cx: TaskContext| {
        let count = Arc::clone(&count);
        async move {
            respawn(cx.clone(), count).await;
            cx.stopping().await;
        }
    });
    let (tree, _log) = given(Supervisor::new("root").child(task)).await;
    within("a few generations", async {
        while started.load(Ordering::SeqCst) < 10 {
            settle().await;
        }
    })
    .await;

    let report = tree.stop().await;

    assert!(report.clean, "{report:?}");
    assert_eq!(report.refused, 1);
}

/// Work whose last deed is to start its successor.
fn respawn(cx: TaskContext, count: Arc<AtomicU64>) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        count.fetch_add(1, Ordering::SeqCst);
        let successor = respawn(cx.clone(), count);
        let work = async move {
            work_for(Duration::from_millis(20)).await;
            successor.await;
        };
        if let Err(refused) = cx.spawn(move |_| work).await {
            assert!(matches!(refused.kind(), SpawnErrorKind::Stopping));
        }
    })
}

#[tokio::test(start_paused = true)]
async fn clean_up_work_is_let_in_during_the_stop_and_waited_for() {
    let task = ChildSpec::task("task", |cx| async move {
        cx.stopping().await;
        cx.clean_up_named("flush", move |_| work_for(2 * SECOND)).await.unwrap();
    });
    let (tree, log) = given(Supervisor::new("root").child(task)).await;
    settle().await;

    let report = tree.stop().await;

    assert!(report.clean, "{report:?}");
    assert_eq!(report.find("root/task").unwrap().elapsed, 2 * SECOND);
    assert_eq!(report.find("root/task").unwrap().refused, 0);
    let record = log.until_the_end().await;
    assert_eq!(record.of_child("task/flush"), ["starting", "started", "stopping", "stopped"]);
    assert_eq!(record.paths("stopped"), ["task/flush", "task", "root"]);
}

#[tokio::test(start_paused = true)]
async fn clean_up_work_is_let_in_beside_children_that_stop() {
    let task = ChildSpec::task("task", |cx| async move {
        cx.start_child(stubborn("a").shutdown(SECOND)).await.unwrap();
        cx.start_child(stubborn("b").shutdown(SECOND)).await.unwrap();
        cx.stopping().await;
        cx.clean_up(move |_| work_for(SECOND / 2)).await.unwrap();
        cx.clean_up(move |_| work_for(3 * SECOND)).await.unwrap();
    });
    let (tree, log) = given(Supervisor::new("root").child(task)).await;
    settle().await;

    let report = tree.stop().await;

    assert_eq!(report.find("root/task").unwrap().elapsed, 3 * SECOND);
    let gone = ["task/clean-up-1", "task/b", "task/a", "task/clean-up-2", "task", "root"];
    assert_eq!(log.until_the_end().await.paths("stopped"), gone);
}

#[tokio::test(start_paused = true)]
async fn clean_up_work_gets_no_grace_beyond_what_is_left_to_its_task() {
    let task = ChildSpec::task("task", |cx| async move {
        cx.stopping().await;
        work_for(2 * SECOND).await;
        cx.clean_up_named("flush", move |_| pending::<()>()).await.unwrap();
    });
    let (tree, _log) = given(Supervisor::new("root").child(task.shutdown(3 * SECOND))).await;
    settle().await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed), (Ending::Forced, 3 * SECOND));
    let flush = report.find("root/task/flush").unwrap();
    assert_eq!((flush.outcome, flush.elapsed), (Outcome::Killed, SECOND));
}

#[tokio::test(start_paused = true)]
async fn clean_up_work_may_not_start_anything_itself() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let task = ChildSpec::task("task", move |cx: TaskContext| {
        let sender = sender.clone();
        async move {
            cx.stopping().await;
            let inner = cx.clone();
            let work = async move {
                let more = inner.clean_up(|_| async {}).await.unwrap_err();
                let other = inner.spawn(|_| async {}).await.unwrap_err();
                let is_refused = |kind: &SpawnErrorKind| matches!(kind, SpawnErrorKind::CleaningUp);
                sender.send((is_refused(more.kind()), is_refused(other.kind()))).unwrap();
            };
            cx.clean_up(move |_| work).await.unwrap();
        }
    });
    let (tree, _log) = given(Supervisor::new("root").child(task)).await;
    settle().await;

    let report = tree.stop().await;

    assert_eq!(told.recv().await.unwrap(), (true, true));
    assert_eq!((report.clean, report.refused), (true, 2));
}

#[tokio::test(start_paused = true)]
async fn clean_up_work_before_the_stop_is_a_child_like_any_other() {
    let done = Flag::default();
    let seen = done.clone();
    let task = ChildSpec::task("task", move |cx| {
        let seen = seen.clone();
        async move {
            cx.clean_up(move |_| async move { seen.raise() }).await.unwrap();
            cx.stopping().await;
        }
    });
    let (tree, mut log) = given(Supervisor::new("root").child(task)).await;

    log.wait_for_event("task/clean-up-1", "exited").await;

    assert!(done.is_raised());
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_let_in_once_everything_is_forced() {
    let kept = Arc::new(std::sync::Mutex::new(None::<TaskContext>));
    let keep = Arc::clone(&kept);
    let task = ChildSpec::task("task", move |cx| {
        *keep.lock().unwrap() = Some(cx);
        pending::<()>()
    });
    let (tree, _log) = given(Supervisor::new("root").child(task)).await;
    settle().await;
    let cx = kept.lock().unwrap().take().unwrap();

    tree.force();
    let _ = tree.wait().await;

    let refused = cx.clean_up(|_| async {}).await.unwrap_err();
    assert!(matches!(refused.kind(), SpawnErrorKind::Stopping));
}

#[tokio::test(start_paused = true)]
async fn children_of_children_are_turned_away_as_well() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let task = ChildSpec::task("task", move |cx: TaskContext| {
        let sender = sender.clone();
        async move {
            let child = ChildSpec::task("child", move |cx: TaskContext| {
                let sender = sender.clone();
                async move {
                    cx.stopping().await;
                    sender
                        .send(cx.spawn(|_| async {}).await.unwrap_err().path().unwrap().to_string())
                        .unwrap();
                }
            });
            cx.start_child(child).await.unwrap();
            cx.stopping().await;
        }
    });
    let (tree, _log) = given(Supervisor::new("root").child(task)).await;
    settle().await;

    let report = tree.stop().await;

    assert_eq!(told.recv().await.unwrap(), "root/task/child");
    assert_eq!(report.find("root/task/child").unwrap().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_is_put_off_is_called_off_by_the_stop() {
    let backoff = Backoff::new(10 * SECOND, 10 * SECOND);
    let failing = ChildSpec::task("a", |_| async { Err::<(), _>("no") }).backoff(backoff);
    let task = ChildSpec::task("task", move |cx: TaskContext| {
        let failing = failing.clone();
        async move {
            cx.start_child(failing).await.unwrap();
            cx.stopping().await;
        }
    });
    let (tree, mut log) = given(Supervisor::new("root").child(task.restart(Restart::Temporary))).await;
    log.wait_for_event("task/a", "restarting").await;

    let report = tree.stop().await;

    assert_eq!((report.clean, report.elapsed), (true, Duration::ZERO));
    assert_eq!(log.until_the_end().await.count("task/a", "starting"), 1);
}

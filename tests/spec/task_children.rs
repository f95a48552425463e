//! Tasks with children of their own: where they stand, how they stop, and in which order they are gone.

use std::future::pending;
use std::time::Duration;

use rootward::error::StartChildError;
use rootward::report::{Ending, Outcome};
use rootward::snapshot::ChildKind;
use rootward::{ChildSpec, Exit, Restart, Supervisor, TaskContext};
use tokio::sync::mpsc;

use crate::support::{
    Double, EventLog, Flag, GivenTree, given, launched, obedient, settle, stubborn, takes, work_for,
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn the_children_of_a_task_stand_below_it_in_snapshots_events_and_reports() {
    let (tree, log) = given_parent(|cx| async move {
        cx.start_child(obedient("a")).await.unwrap();
        cx.start_child(Supervisor::new("group").child(obedient("b"))).await.unwrap();
        cx.stopping().await;
    })
    .await;

    let snapshot = tree.snapshot();
    let kinds = ["root/task", "root/task/a", "root/task/group", "root/task/group/b"]
        .map(|path| snapshot.find(path).map(|node| node.kind));
    let report = tree.stop().await;

    let (task, group) = (Some(ChildKind::Task), Some(ChildKind::Supervisor));
    assert_eq!(kinds, [task, task, group, task]);
    assert!(report.clean);
    assert_eq!(report.find("root/task/group/b").unwrap().outcome, Outcome::Graceful);
    let stopped = ["task/group/b", "task/group", "task/a", "task", "root"];
    assert_eq!(log.until_the_end().await.paths("stopped"), stopped);
}

#[tokio::test(start_paused = true)]
async fn a_report_holds_the_children_of_a_task() {
    let (tree, _log) = given_parent(|cx| async move {
        cx.start_child(obedient("a")).await.unwrap();
        cx.stopping().await;
    })
    .await;

    let report = serde_json::to_value(&*tree.stop().await).unwrap();

    let task = &report["root"]["children"][0];
    assert_eq!((&task["kind"], &task["children"][0]["path"]), (&"task".into(), &"root/task/a".into()));
}

#[tokio::test(start_paused = true)]
async fn a_task_and_its_children_are_asked_at_once_and_the_task_is_acknowledged_last() {
    let (tree, log) = given_parent(|cx| async move {
        cx.start_child(takes("slow", 3 * SECOND)).await.unwrap();
        cx.start_child(obedient("quick")).await.unwrap();
        cx.stopping().await;
    })
    .await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(report.find("root/task").unwrap().elapsed, 3 * SECOND);
    let record = log.until_the_end().await;
    assert_eq!(record.find("task/slow", "stopping").at, record.find("task", "stopping").at);
    assert_eq!(record.paths("stopped"), ["task/quick", "task/slow", "task", "root"]);
}

#[tokio::test(start_paused = true)]
async fn the_children_of_a_task_have_no_more_grace_than_the_task_has() {
    let task = |cx: TaskContext| async move {
        cx.start_child(stubborn("a").shutdown(100 * SECOND)).await.unwrap();
        cx.stopping().await;
    };
    let (tree, _log) = given(
        Supervisor::new("root").child(ChildSpec::service("task", ready_after(task)).shutdown(2 * SECOND)),
    )
    .await;

    let report = tree.stop().await;

    assert_eq!((report.ending, report.elapsed), (Ending::Forced, 2 * SECOND));
    assert_eq!(report.find("root/task/a").unwrap().outcome, Outcome::Killed);
}

#[tokio::test(start_paused = true)]
async fn a_force_goes_down_to_the_children_of_a_task() {
    let (tree, _log) = given_parent(|cx| async move {
        cx.start_child(Supervisor::new("group").child(stubborn("a"))).await.unwrap();
        pending::<()>().await;
    })
    .await;

    tree.force();

    let report = tree.wait().await;
    assert_eq!((report.ending, report.elapsed), (Ending::Forced, Duration::ZERO));
    assert_eq!(report.find("root/task/group/a").unwrap().status, Some(Exit::Aborted));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ends_while_its_children_run_is_gone_when_they_are() {
    let (tree, mut log) = given_parent(|cx| async move {
        cx.start_child(takes("slow", SECOND)).await.unwrap();
        Err::<(), _>("the parent fails")
    })
    .await;

    let exited = log.wait_for_event("task", "exited").await;

    assert_eq!(exited.at, SECOND);
    assert_eq!(
        log.so_far().lines_from("task/slow stopping")[..3],
        ["task/slow stopping", "task/slow stopped", "task exited"]
    );
    let _ = tree.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_aborted_task_is_gone_when_its_children_are() {
    let child = Double::running("a");
    let spec = child.spec();
    let (tree, mut log) = given_parent(move |cx| {
        let spec = spec.clone();
        async move {
            cx.start_child(spec).await.unwrap();
            pending::<()>().await;
        }
    })
    .await;

    tree.force();
    log.wait_for_event("task/a", "escalated").await;
    settle().await;
    assert_eq!(log.so_far().count("task", "stopped"), 0);
    child.ends();

    assert_eq!(log.until_the_end().await.paths("stopped"), ["task/a", "task", "root"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_stops_may_wait_for_children_that_end_in_any_order() {
    let (tree, log) = given_parent(|cx| async move {
        for delay in [1, 2] {
            let parent = cx.clone();
            let child = async move {
                parent.stopping().await;
                work_for(delay * SECOND).await;
            };
            cx.spawn(move |_| child).await.unwrap();
        }
        cx.stopping().await;
        cx.wait_for_children().await;
    })
    .await;

    let report = tree.stop().await;

    assert!(report.clean);
    assert_eq!(report.find("root/task").unwrap().elapsed, 2 * SECOND);
    assert_eq!(log.until_the_end().await.count("task", "escalated"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_task_may_wait_for_its_children() {
    let (tree, mut log) = given_parent(|cx| async move {
        for n in 1..4 {
            cx.spawn(move |_| work_for(n * SECOND)).await.unwrap();
        }
        cx.wait_for_children().await;
    })
    .await;

    let exited = log.wait_for_event("task", "exited").await;

    assert_eq!(exited.at, 3 * SECOND);
    assert_eq!(log.so_far().paths("exited"), ["task/task-1", "task/task-2", "task/task-3", "task"]);
    let _ = tree.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_child_of_a_task_is_restarted_as_under_a_supervisor() {
    let (tree, mut log) = given_parent(|cx| async move {
        let (sender, mut orders) = mpsc::unbounded_channel::<()>();
        drop(sender);
        orders.recv().await;
        cx.start_child(fails_once("a")).await.unwrap();
        cx.stopping().await;
    })
    .await;

    log.wait_for_event("task/a", "restarting").await;
    log.wait_for_event("task/a", "started").await;

    let report = tree.stop().await;
    assert_eq!((report.clean, report.find("root/task/a").unwrap().restarts), (true, 1));
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_children_give_up_is_asked_to_stop_and_has_failed() {
    let stopped = Flag::default();
    let seen = stopped.clone();
    let (tree, mut log) = given_parent(move |cx| {
        let seen = seen.clone();
        async move {
            cx.start_child(ChildSpec::task("a", |_| async { Err::<(), _>("no") })).await.unwrap();
            cx.stopping().await;
            seen.raise();
        }
    })
    .await;

    let gave_up = log.wait_for_event("task", "gave_up").await;
    let exited = log.wait_for_event("task", "exited").await;

    assert!(stopped.is_raised());
    assert_eq!(gave_up.child_kind, ChildKind::Task);
    let status = &serde_json::to_value(&*exited).unwrap()["status"];
    assert_eq!(status["error"], "its children used up their restart intensity");
    let _ = tree.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_listen_when_its_children_give_up_is_aborted_after_its_grace() {
    let task = |cx: TaskContext| async move {
        cx.start_child(ChildSpec::task("a", |_| async { Err::<(), _>("no") })).await.unwrap();
        pending::<()>().await;
    };
    let spec = ChildSpec::service("task", ready_after(task)).shutdown(7 * SECOND);
    let (tree, mut log) = launched(Supervisor::new("root").child(spec.restart(Restart::Temporary)));

    let exited = log.wait_for_event("task", "exited").await;

    assert_eq!(exited.at, 7 * SECOND);
    let _ = tree.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_restarted_task_begins_without_children() {
    let (tree, mut log) = {
        let task = ChildSpec::task("task", |cx: TaskContext| async move {
            if cx.incarnation() == 1 {
                cx.start_child(obedient("a")).await.unwrap();
                return Err("once");
            }
            cx.stopping().await;
            Ok(())
        });
        launched(Supervisor::new("root").child(task))
    };

    log.wait_for_event("task", "exited").await;
    log.wait_for_event("task", "started").await;

    assert!(tree.snapshot().find("root/task/a").is_none());
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn the_children_of_a_task_can_be_looked_after_like_those_of_a_supervisor() {
    let (tree, mut log) = given_parent(|cx| async move {
        assert!(cx.children().is_none());
        cx.start_child(obedient("a")).await.unwrap();
        cx.children().expect("it has one").terminate_child("a").await.unwrap();
        cx.stopping().await;
    })
    .await;

    log.wait_for_event("task/a", "stopped").await;

    assert_eq!(tree.supervisor("root/task").unwrap().count_children().active, 0);
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_description_that_makes_no_sense_is_refused_with_its_place() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let (tree, _log) = given_parent(move |cx| {
        let sender = sender.clone();
        async move {
            let error = cx.start_child(obedient("a/b")).await.unwrap_err();
            sender.send(error.to_string()).unwrap();
            cx.stopping().await;
        }
    })
    .await;

    assert_eq!(told.recv().await.unwrap(), "`root/task/a/b`: the id \"a/b\" holds '/'");
    assert!(tree.stop().await.clean);
}

#[tokio::test(start_paused = true)]
async fn a_service_has_started_when_it_says_so() {
    let service = ChildSpec::service("a", |cx| async move {
        work_for(3 * SECOND).await;
        cx.ready();
        cx.ready();
        cx.stopping().await;
    });
    let (tree, log) = given(Supervisor::new("root").child(service).child(obedient("b"))).await;

    assert!(tree.stop().await.clean);

    let record = log.until_the_end().await;
    assert_eq!((record.find("a", "started").at, record.find("b", "starting").at), (3 * SECOND, 3 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_ends_before_it_is_ready_has_not_been_started() {
    let service = ChildSpec::service("a", |_| async {});

    let error = Supervisor::new("root").child(service).start().await.unwrap_err();

    let text = format!("{:#?}", error);
    assert!(text.contains("Ended("), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_takes_too_long_to_be_ready_is_given_up() {
    let service = ChildSpec::service("a", |cx| async move { cx.stopping().await }).start_timeout(SECOND);
    let (tree, log) = launched(Supervisor::new("root").child(service));

    let report = tree.wait().await;

    assert_eq!(report.ending, Ending::Failed);
    assert_eq!(log.until_the_end().await.count("a", "start_failed"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_knows_how_much_of_its_grace_is_left() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let task = ChildSpec::task("a", move |cx| {
        let sender = sender.clone();
        async move {
            sender.send(cx.grace()).unwrap();
            cx.stopping().await;
            sender.send(cx.grace()).unwrap();
            work_for(SECOND).await;
            sender.send(cx.grace()).unwrap();
        }
    });
    let (tree, _log) = given(Supervisor::new("root").child(task.shutdown(3 * SECOND))).await;
    settle().await;

    let _ = tree.stop().await;

    let graces = [told.recv().await, told.recv().await, told.recv().await].map(Option::unwrap);
    assert_eq!(graces, [None, Some(3 * SECOND), Some(2 * SECOND)]);
}

#[tokio::test(start_paused = true)]
async fn a_child_with_the_same_id_is_not_started_twice() {
    let (tree, mut log) = given_parent(|cx| async move {
        cx.start_child(obedient("a")).await.unwrap();
        let again = cx.start_child(obedient("a")).await;
        assert!(matches!(again, Err(StartChildError::AlreadyStarted)));
        let refused = cx.spawn_named("a", move |_| async { 7 }.map_unit()).await.unwrap_err();
        refused.into_run().unwrap()(cx.clone()).await;
    })
    .await;

    let exited = log.wait_for_event("task", "exited").await;

    assert_eq!(serde_json::to_value(&*exited).unwrap()["status"]["ok"], true);
    let _ = tree.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_child_that_will_not_go_makes_its_task_unreapable_too() {
    let child = Double::running("a");
    let spec = child.spec();
    let (tree, _log) = given_parent(move |cx| {
        let spec = spec.clone();
        async move {
            cx.start_child(spec).await.unwrap();
            cx.stopping().await;
        }
    })
    .await;

    let report = tree.stop().await;

    let left: Vec<_> = report.unreapable().iter().map(|node| node.path.to_string()).collect();
    assert_eq!(
        (report.ending, left),
        (Ending::Incomplete, ["root/task/a", "root/task", "root"].map(String::from).to_vec())
    );
    child.ends();
    tree.wait_gone().await;
}

/// A tree with one temporary task, which has started when it has begun.
async fn given_parent<F, Fut>(run: F) -> (GivenTree, EventLog)
where
    F: Fn(TaskContext) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: rootward::task::IntoExit,
{
    let task = ChildSpec::task("task", run).restart(Restart::Temporary);
    let (tree, log) = given(Supervisor::new("root").child(task)).await;
    settle_now().await;
    (tree, log)
}

/// Lets everything happen that can happen, in no time at all.
async fn settle_now() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// A task that says that it is ready before it does anything else.
fn ready_after<F, Fut>(run: F) -> impl Fn(TaskContext) -> Fut + Send + Sync + 'static
where
    F: Fn(TaskContext) -> Fut + Send + Sync + 'static,
{
    move |cx| {
        cx.ready();
        run(cx)
    }
}

fn fails_once(id: &str) -> ChildSpec {
    ChildSpec::task(id, |cx: TaskContext| async move {
        if cx.incarnation() == 1 {
            return Err("once");
        }
        cx.stopping().await;
        Ok(())
    })
}

trait MapUnit: Future + Sized {
    /// Forgets what a future returns.
    fn map_unit(self) -> impl Future<Output = ()> + Send
    where
        Self: Send,
    {
        async move {
            self.await;
        }
    }
}

impl<T: Future> MapUnit for T {}

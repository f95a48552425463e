//! Tasks that cannot be ended: what the report says of them, and which events warn before.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use rootward::report::{Ending, Outcome, StuckIn};
use rootward::spec::OnDeadline;
use rootward::{ChildSpec, EventKind, Shutdown, Supervisor};

use crate::support::{Blocked, OtherRuntime, builder, given_tree, obedient, stubborn, stuck, until};

#[tokio::test]
async fn a_task_that_never_yields_is_reported_as_inside_one_poll_with_its_thread() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let builder =
        builder(Supervisor::new("root").child(blocked.task("a"))).deadline(Duration::from_millis(200));
    let (tree, _log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;
    blocked.is_there().await;

    let report = tree.stop().await;

    let stuck = stuck(&report, "root/a");
    assert_eq!(stuck.why, StuckIn::Poll);
    assert!(stuck.thread.unwrap().starts_with("task-thread"));
    assert!(stuck.elapsed.unwrap() >= Duration::from_millis(100));
    let json = serde_json::to_value(&*report).unwrap();
    assert_eq!(json["root"]["children"][0]["stuck"]["in"], "poll");
    drop(release);
}

#[tokio::test]
async fn the_report_is_completed_when_the_last_of_them_is_gone() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let builder =
        builder(Supervisor::new("root").child(blocked.task("a"))).deadline(Duration::from_millis(50));
    let (tree, _log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;
    blocked.is_there().await;
    let report = tree.stop().await;

    drop(release);
    let completed = tree.wait_gone().await;

    let a = completed.find("root/a").unwrap();
    assert_eq!((completed.ending, a.outcome, &a.stuck), (Ending::Forced, Outcome::Killed, &None));
    let endings = (report.ending, tree.wait().await.ending);
    assert_eq!(endings, (Ending::Incomplete, Ending::Incomplete), "what was said is not taken back");
}

#[tokio::test]
async fn a_tree_that_waits_for_ever_reports_nothing_before_everything_is_gone() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let builder =
        builder(Supervisor::new("root").child(blocked.task("a"))).deadline(Duration::from_millis(20));
    let builder = builder.on_deadline(OnDeadline::Wait).task_runtime(elsewhere.handle().clone());
    let (tree, mut log) = given_tree(builder).await;
    blocked.is_there().await;

    tree.request_stop();
    log.wait_for_event("a", "escalated").await;
    assert_eq!(log.so_far().count("root", "stopped"), 0);
    drop(release);

    assert_eq!(tree.wait().await.ending, Ending::Forced);
}

#[tokio::test]
async fn a_drop_that_does_not_end_is_reported_as_such() {
    let (blocked, release) = Blocked::new();
    let (holds, held) = mpsc::channel();
    let slow = Mutex::new(Some(blocked.when_dropped()));
    let a = ChildSpec::task("a", move |_| {
        let slow = slow.lock().unwrap().take();
        let holds = holds.clone();
        async move {
            let _slow = slow;
            holds.send(()).unwrap();
            std::future::pending::<()>().await;
        }
    });
    let elsewhere = OtherRuntime::new(1);
    let builder = builder(Supervisor::new("root").child(a));
    let builder = builder.deadline(LONG_ENOUGH).task_runtime(elsewhere.handle().clone());
    let (tree, _log) = given_tree(builder).await;
    until("it holds it", || held.try_recv().is_ok()).await;

    tree.force();
    blocked.is_there().await;
    let report = tree.wait().await;

    let stuck = stuck(&report, "root/a");
    assert_eq!(stuck.why, StuckIn::Drop);
    drop(release);
    tree.wait_gone().await;
}

#[tokio::test]
async fn a_task_for_which_its_runtime_has_no_thread_is_told_from_the_one_that_has_it() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let root = Supervisor::new("root")
        .child(stubborn("victim").shutdown(Shutdown::Kill))
        .child(blocked.task("guilty"));
    let builder = builder(root).deadline(LONG_ENOUGH);
    let (tree, _log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;
    blocked.is_there().await;

    tree.force();
    let report = tree.wait().await;

    assert_eq!(stuck(&report, "root/guilty").why, StuckIn::Poll);
    assert_eq!(stuck(&report, "root/victim").why, StuckIn::NotPolled);
    drop(release);
    tree.wait_gone().await;
}

#[tokio::test]
async fn a_task_that_does_not_yield_is_named_while_it_runs() {
    let (blocked, release) = Blocked::new();
    let elsewhere = OtherRuntime::new(1);
    let builder = builder(Supervisor::new("root").child(obedient("b")).child(blocked.task("a")));
    let builder = builder.stall_threshold(Duration::from_millis(100));
    let (tree, mut log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;

    let stalled = log.wait_for_event("a", "stalled").await;

    let EventKind::Stalled { elapsed, thread } = &stalled.what else { unreachable!("it is called that") };
    assert!(*elapsed >= Duration::from_millis(100) && thread.starts_with("task-thread"));
    let written = serde_json::to_value(&*stalled).expect("an event can be written as JSON");
    assert!(
        written["elapsed_ms"].is_u64() && written["thread"].is_string(),
        "as the contract has it: {written}"
    );
    drop(release);
    assert!(tree.stop().await.clean);
    let record = log.until_the_end().await;
    assert_eq!((record.count("a", "stalled"), record.count("b", "stalled")), (1, 0));
}

#[tokio::test]
async fn a_task_that_is_to_be_aborted_and_still_runs_learns_that_no_grace_is_left() {
    let (blocked, release) = Blocked::new();
    let (says, mut said) = tokio::sync::mpsc::unbounded_channel();
    let blocks = blocked.clone();
    let a = ChildSpec::task("a", move |cx| {
        let (blocks, says) = (blocks.clone(), says.clone());
        async move {
            blocks.stay();
            says.send(cx.grace()).unwrap();
        }
    });
    let elsewhere = OtherRuntime::new(1);
    let builder = builder(Supervisor::new("root").child(a)).task_runtime(elsewhere.handle().clone());
    let (tree, mut log) = given_tree(builder).await;
    blocked.is_there().await;

    tree.force();
    log.wait_for_event("a", "escalated").await;
    // Answered when the supervisor has done what it wrote down.
    let _ = tree.root().expect("it is there").terminate_child("missing").await;
    drop(release);

    assert_eq!(said.recv().await, Some(Some(Duration::ZERO)));
    assert_eq!(tree.wait().await.ending, Ending::Forced);
}

#[tokio::test]
async fn a_task_that_is_ended_unasked_and_still_runs_learns_that_it_has_to_stop() {
    let (blocked, release) = Blocked::new();
    let (says, mut said) = tokio::sync::mpsc::unbounded_channel();
    let blocks = blocked.clone();
    let a = ChildSpec::task("a", move |cx| {
        let (blocks, says) = (blocks.clone(), says.clone());
        async move {
            let token = cx.token();
            let before = cx.is_stopping();
            blocks.stay();
            says.send((before, cx.is_stopping(), token.is_cancelled())).unwrap();
        }
    });
    let elsewhere = OtherRuntime::new(1);
    let root = Supervisor::new("root").child(a.shutdown(Shutdown::Kill));
    let (tree, mut log) = given_tree(builder(root).task_runtime(elsewhere.handle().clone())).await;
    blocked.is_there().await;

    tree.request_stop();
    log.wait_for_event("a", "stopping").await;
    // Answered when the supervisor has done what it wrote down.
    let _ = tree.root().expect("it is there").terminate_child("missing").await;
    drop(release);

    assert_eq!(said.recv().await, Some((false, true, true)));
    let _ = tree.wait().await;
}

#[tokio::test]
async fn children_of_tasks_are_named_as_well_when_they_do_not_yield() {
    let (blocked, release) = Blocked::new();
    let spec = blocked.task("a");
    let parent = ChildSpec::task("parent", move |cx| {
        let spec = spec.clone();
        async move {
            cx.start_child(spec).await.unwrap();
            cx.stopping().await;
        }
    });
    let elsewhere = OtherRuntime::new(2);
    let builder = builder(Supervisor::new("root").child(parent)).stall_threshold(Duration::from_millis(100));
    let (tree, mut log) = given_tree(builder.task_runtime(elsewhere.handle().clone())).await;

    log.wait_for_event("parent/a", "stalled").await;

    drop(release);
    assert!(tree.stop().await.clean);
}

/// A deadline that is far enough away for everything to have been forced before, however busy the machine is.
const LONG_ENOUGH: Duration = Duration::from_secs(1);
